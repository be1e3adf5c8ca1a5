"""Trains what steers the starter model: a control network for edges, and a LoRA of outlined shapes."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import torch
from diffusers import ControlNetModel
from safetensors.torch import save_file
from torch import nn

from weft_nodes.starter.networks import Parts
from weft_nodes.starter.train_unet import LatentCache, UnetObjective

_RANK = 8
_TRANSFORMERS = ("to_q", "to_k", "to_v", "to_out.0", "ff.net.0.proj", "ff.net.2")
_CHANGED = (*_TRANSFORMERS, "conv_in", "conv1", "conv2", "conv_shortcut", ".conv", "conv_out")


def build_control(parts: Parts) -> ControlNetModel:
    """Build a control network that begins as the first half of the U-Net and changes nothing yet."""
    control = ControlNetModel.from_unet(parts.unet, conditioning_embedding_out_channels=(8, 16, 32, 64))
    return cast("ControlNetModel", control)


class ControlObjective(UnetObjective):
    """Predict the velocity with the edges of the scene before one's eyes; the U-Net stays as it is."""

    def __init__(
        self, parts: Parts, control: ControlNetModel, cache: LatentCache, *, batch: int, device: str = "cpu"
    ) -> None:
        """Take the control network to train; all else is only read.

        Args:
            parts: The starter model.
            control: Trained in place.
            cache: Encoded scenes with their edges.
            batch: Latents per step.
            device: Where to train.
        """
        super().__init__(parts, cache, batch=batch, device=device)
        parts.unet.requires_grad_(requires_grad=False)
        self.module = control.to(device)
        self._control = control
        self._scenes = cache

    def predict(
        self, noisy: torch.Tensor, timesteps: torch.Tensor, context: torch.Tensor, indices: np.ndarray
    ) -> torch.Tensor:
        """Return the velocity that the U-Net predicts with the control network beside it."""
        down, middle = self._control(
            noisy,
            timesteps,
            encoder_hidden_states=context,
            controlnet_cond=self._scenes.edges(indices).to(noisy.device),
            return_dict=False,
        )
        velocity: torch.Tensor = self._unet(
            noisy,
            timesteps,
            encoder_hidden_states=context,
            down_block_additional_residuals=down,
            mid_block_additional_residual=middle,
        ).sample
        return velocity


class LowRankChanges(nn.Module):
    """Changes of low rank (Hu et al., arXiv 2106.09685) beside the layers of a network; at first none."""

    def __init__(self, network: nn.Module, *, rank: int = _RANK) -> None:
        """Change the convolutions and the layers of transformer blocks of a network from now on.

        Args:
            network: Gets a hook on each of these layers; its weights stay as they are.
            rank: Rank of each change, at least 1.
        """
        super().__init__()
        layers = {name: layer for name, layer in network.named_modules() if name.endswith(_CHANGED)}
        self._names = tuple(layers)
        self.changes = nn.ModuleList(_change(layer, rank) for layer in layers.values())
        for layer, change in zip(layers.values(), self.changes, strict=True):
            layer.register_forward_hook(lambda _, inputs, output, by=change: output + by(inputs[0]))

    def save(self, path: Path, *, strength: float = 1.0) -> None:
        """Write the changes in half precision, with the names that PEFT gives them.

        Args:
            path: Where to.
            strength: How strong they shall be to those who read them; 1 as trained.
        """
        tensors = {}
        for name, change in zip(self._names, self.changes, strict=True):
            for role, layer in zip(("lora_A", "lora_B"), cast("nn.Sequential", change), strict=True):
                weight = cast("torch.Tensor", layer.weight) * (strength if role == "lora_B" else 1)
                tensors[f"unet.{name}.{role}.weight"] = weight.half().contiguous()
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, path)


class LoraObjective(UnetObjective):
    """Predict the velocity with changes of low rank; the U-Net's own weights stay as they are."""

    def __init__(
        self, parts: Parts, changes: LowRankChanges, cache: LatentCache, *, batch: int, device: str = "cpu"
    ) -> None:
        """Take the changes to train; all else is only read.

        Args:
            parts: The starter model.
            changes: Changes of its U-Net, trained in place.
            cache: Encoded scenes in the style to learn.
            batch: Latents per step.
            device: Where to train.
        """
        super().__init__(parts, cache, batch=batch, device=device)
        parts.unet.requires_grad_(requires_grad=False)
        self.module = changes.to(device)


def _change(layer: nn.Module, rank: int) -> nn.Sequential:
    """Build what is added to the output of a layer: as the layer reads, down to `rank`, and up again."""
    down: nn.Module
    up: nn.Conv2d | nn.Linear
    if isinstance(layer, nn.Conv2d):
        size, stride, padding = (
            cast("tuple[int, int]", each) for each in (layer.kernel_size, layer.stride, layer.padding)
        )
        down = nn.Conv2d(layer.in_channels, rank, size, stride, padding, bias=False)
        up = nn.Conv2d(rank, layer.out_channels, 1, bias=False)
    else:
        linear = cast("nn.Linear", layer)
        down = nn.Linear(linear.in_features, rank, bias=False)
        up = nn.Linear(rank, linear.out_features, bias=False)
    nn.init.zeros_(up.weight)
    return nn.Sequential(down, up)
