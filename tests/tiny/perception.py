"""Tiny random networks that read pictures, in folders as transformers publishes them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

MEAN, SPREAD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def write_depth(folder: Path, *, is_metric: bool = False) -> Path:
    """Write a tiny Depth Anything."""
    import transformers

    stages = [f"stage{index}" for index in range(1, 5)]
    backbone = transformers.Dinov2Config(
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        image_size=28,
        patch_size=14,
        out_features=stages,
        reshape_hidden_states=False,
    )
    config = transformers.DepthAnythingConfig(
        backbone_config=backbone,
        reassemble_hidden_size=16,
        neck_hidden_sizes=[8, 8, 8, 8],
        fusion_hidden_size=8,
        head_hidden_size=8,
        depth_estimation_type="metric" if is_metric else "relative",
        max_depth=10 if is_metric else 1,
    )
    processor = {
        "image_processor_type": "DPTImageProcessor",
        "size": {"height": 28, "width": 28},
        "keep_aspect_ratio": True,
        "ensure_multiple_of": 14,
        "image_mean": MEAN,
        "image_std": SPREAD,
    }
    return _write(folder, transformers.DepthAnythingForDepthEstimation(config), processor)


def write_segmentation(folder: Path) -> Path:
    """Write a tiny SegFormer that knows a sky, a person and a tree."""
    import transformers

    config = transformers.SegformerConfig(
        hidden_sizes=[8, 8, 8, 8],
        depths=[1, 1, 1, 1],
        num_attention_heads=[1, 1, 1, 1],
        decoder_hidden_size=8,
        id2label={0: "sky", 1: "person", 2: "tree"},
        label2id={"sky": 0, "person": 1, "tree": 2},
    )
    processor = {
        "image_processor_type": "SegformerImageProcessor",
        "size": {"height": 64, "width": 64},
        "image_mean": MEAN,
        "image_std": SPREAD,
    }
    return _write(folder, transformers.SegformerForSemanticSegmentation(config), processor)


def _write(folder: Path, network: Any, processor: Mapping[str, object]) -> Path:
    generator = torch.Generator().manual_seed(6)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(0.3 * torch.randn(parameter.shape, generator=generator))
    folder.mkdir(parents=True)
    config = {**network.config.to_dict(), "architectures": [type(network).__name__]}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    save_file(
        {name: tensor.contiguous() for name, tensor in network.state_dict().items()},
        folder / "model.safetensors",
    )
    return folder


def write_pose(folder: Path) -> Path:
    """Write a tiny ViTPose for the joints of COCO."""
    import transformers

    backbone = transformers.VitPoseBackboneConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=(64, 48),
        patch_size=(8, 8),
        out_indices=[1],
    )
    config = transformers.VitPoseConfig(backbone_config=backbone, num_labels=17, scale_factor=4)
    processor = {
        "image_processor_type": "VitPoseImageProcessor",
        "size": {"height": 64, "width": 48},
        "image_mean": MEAN,
        "image_std": SPREAD,
    }
    return _write(folder, transformers.VitPoseForPoseEstimation(config), processor)
