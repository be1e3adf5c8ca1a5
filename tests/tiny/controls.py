"""Tiny control networks of the families that have some."""

import inspect
import json
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    ControlNetModel,
    ControlNetUnionModel,
    FluxControlNetModel,
    QwenImageControlNetModel,
    SD3ControlNetModel,
    T2IAdapter,
)
from torch import nn


def tiny_control(pipeline: Any, family: str, *, seed: int = 11, **options: Any) -> Any:
    """A control network beside the network of a tiny pipeline, with nothing left at zero.

    Args:
        pipeline: A tiny pipeline of the family.
        family: Its id.
        seed: Of the weights.
        options: Settings that differ from those of the pipeline's network.
    """
    torch.manual_seed(seed)
    kinds: dict[str, Any] = {"sd3": SD3ControlNetModel, "flux": FluxControlNetModel}
    if family == "qwen-image":
        settings = dict(pipeline.transformer.config) | {"num_layers": 1} | options
        known = QwenImageControlNetModel.__init__.__wrapped__.__code__.co_varnames
        return _stirred(
            QwenImageControlNetModel(**{key: value for key, value in settings.items() if key in known})
        )
    if family in kinds:
        settings = dict(pipeline.transformer.config)
        settings |= {"num_layers": 1} | ({"num_single_layers": 1} if family == "flux" else {})
        known = kinds[family].__init__.__wrapped__.__code__.co_varnames
        settings = {name: value for name, value in (settings | options).items() if name in known}
        return _stirred(kinds[family](**settings))
    made = ControlNetModel.from_unet(
        pipeline.unet, load_weights_from_unet=False, conditioning_embedding_out_channels=(4, 4, 8, 8)
    )
    return _stirred(made)


def tiny_union(pipeline: Any, *, seed: int = 11, kinds: int = 8) -> Any:
    """A control network for several kinds of pictures beside the U-Net of a tiny pipeline.

    Args:
        pipeline: A tiny pipeline.
        seed: Of the weights.
        kinds: How many it tells apart.
    """
    torch.manual_seed(seed)
    settings = dict(pipeline.unet.config)
    known = inspect.signature(ControlNetUnionModel.__init__).parameters
    width = settings["block_out_channels"][0]
    return _stirred(
        ControlNetUnionModel(
            **{name: value for name, value in settings.items() if name in known},
            conditioning_embedding_out_channels=(4, 4, 8, 8),
            num_control_type=kinds,
            num_trans_channel=width,
            num_proj_channel=width,
            num_trans_head=2,
        )
    )


def tiny_hints(pipeline: Any, family: str, *, seed: int = 11, channels: int = 3) -> Any:
    """A T2I-Adapter beside the U-Net of a tiny pipeline.

    Args:
        pipeline: A tiny pipeline of the family.
        family: Its id; "sdxl" has a kind of its own.
        seed: Of the weights.
        channels: Of the pictures it reads; 1 is grey.
    """
    torch.manual_seed(seed)
    widths = list(pipeline.unet.config.block_out_channels)
    downscale, kind = (16, "full_adapter_xl") if family == "sdxl" else (8, "full_adapter")
    return _stirred(T2IAdapter(channels, widths, 1, downscale, kind))


def write_control(folder: Path, net: Any, family: str) -> Path:
    """Write a control network as diffusers does, with the name of its family, which its widths do not say."""
    net.save_pretrained(folder, safe_serialization=True)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"_weft_family": family}))
    return folder


def _stirred(net: nn.Module) -> nn.Module:
    # What joins a fresh control network to its model is zero, and would hide every mistake.
    with torch.no_grad():
        for parameter in net.parameters():
            if not parameter.any():
                parameter.normal_(std=0.05)
    return net.eval()
