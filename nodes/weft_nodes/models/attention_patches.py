"""Changes to what a network attends to: weakened networks that guidance moves away from, and FreeU.

They add no weights. Weakened are the layers that the papers found best; "middle" is the narrowest part of a
U-Net, or the block half way through a transformer.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from weft_nodes.models.errors import PatchMismatchError
from weft_nodes.models.patches import DENOISER

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from diffusers.models.attention_processor import Attention

Layers = Literal["middle", "all"]


class _LayerPatch:
    """What the patches of this page share: the part they change, and a key of their class and values."""

    __slots__ = ()

    @property
    def part(self) -> str:
        """Return that the denoising network is changed, whatever its name."""
        return DENOISER

    @property
    def key(self) -> str:
        """Return a digest of the kind of change and its values."""
        words = (type(self).__name__, *astuple(cast("DataclassInstance", self)))
        return hashlib.blake2b(json.dumps(words).encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class PerturbedAttention(_LayerPatch):
    """Self-attention where each place sees only itself (Ahn et al. 2024, arXiv 2403.17377, section 4).

    Where text is read by the same layers, each place sees that too, and the text sees all.

    Args:
        layers: Which layers.
    """

    layers: Layers = "middle"

    def apply(self, net: nn.Module) -> None:
        """Replace the attention map of self-attention by the identity; see `Patch`."""
        processor = _Processor(_attend_to_itself, _join_to_itself)
        _replace_processors(net, self.layers, processor, patch="Perturbed attention")


@dataclass(frozen=True, slots=True)
class SmoothedAttention(_LayerPatch):
    """Self-attention where all places ask the same question (Hong 2024, arXiv 2408.00760, "SEG").

    The paper blurs the queries; this is its limit of an infinitely wide blur, which it recommends: the mean.

    Args:
        layers: Which layers.
    """

    layers: Layers = "middle"

    def apply(self, net: nn.Module) -> None:
        """Replace the queries of self-attention by their mean; see `Patch`."""
        processor = _Processor(_attend_alike, _join_alike)
        _replace_processors(net, self.layers, processor, patch="Smoothed attention")


@dataclass(frozen=True, slots=True)
class SkippedBlocks(_LayerPatch):
    """A transformer without some of its blocks ("SLG": Stable Diffusion 3.5 by Stability AI).

    Args:
        blocks: Their numbers, from 0.
    """

    blocks: tuple[int, ...]

    def apply(self, net: nn.Module) -> None:
        """Let what comes into the blocks come out as it is; see `Patch`."""
        stack = getattr(net, "transformer_blocks", None)
        if not isinstance(stack, nn.ModuleList):
            raise PatchMismatchError(
                patch="Layer skipping",
                problem="it has no stack of transformer blocks",
                hint="Use perturbed or smoothed attention with U-Nets.",
            )
        for number in self.blocks:
            if not 0 <= number < len(stack):
                raise PatchMismatchError(
                    patch="Layer skipping",
                    problem=f"it has {len(stack)} blocks, counted from 0, and none is number {number}",
                    hint=f"Use numbers from 0 to {len(stack) - 1}.",
                )
            stack[number] = _SkippedBlock(stack[number])


@dataclass(frozen=True, slots=True)
class FreeU(_LayerPatch):
    """FreeU (Si et al. 2023, arXiv 2309.11497): more of a U-Net's backbone, less of its skips' coarse parts.

    Args:
        backbone: Factors on half of the backbone's channels in the first and the second stage of the decoder.
        skip: Factors on the low frequencies of the skip connections in the same stages.
    """

    backbone: tuple[float, float] = (1.5, 1.6)
    skip: tuple[float, float] = (0.9, 0.2)

    def apply(self, net: nn.Module) -> None:
        """Switch it on in all blocks of the decoder, which know their stage; see `Patch`."""
        switch = getattr(net, "enable_freeu", None)
        if switch is None:
            raise PatchMismatchError(
                patch="FreeU", problem="its network is no U-Net", hint="Take FreeU out of the workflow."
            )
        switch(s1=self.skip[0], s2=self.skip[1], b1=self.backbone[0], b2=self.backbone[1])


class _SkippedBlock(nn.Module):
    """Stands in for a block that is left out.

    Args:
        block: The block.
    """

    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        self.is_joint = _is_joint(block)
        # By which Stable Diffusion 3 knows whether controls add behind a block.
        self.context_pre_only = getattr(block, "context_pre_only", False)

    def forward(
        self, hidden_states: Tensor, *_: object, encoder_hidden_states: Tensor | None = None, **__: object
    ) -> Tensor | tuple[Tensor | None, Tensor]:
        """Return what came in, in the way of the block it stands for."""
        return (encoder_hidden_states, hidden_states) if self.is_joint else hidden_states


# Kinds of blocks that pass on text and picture side by side.
_JOINT_BLOCK: Final = "JointTransformerBlock"
_JOINT: Final = frozenset({_JOINT_BLOCK, "FluxTransformerBlock"})


def _is_joint(block: nn.Module) -> bool:
    """Tell whether a block gives back text and picture; refuse blocks that are not known here."""
    name = type(block).__name__
    if isinstance(block, _SkippedBlock):
        return block.is_joint
    if name in _JOINT or name == "BasicTransformerBlock":
        return name in _JOINT
    raise PatchMismatchError(
        patch="Layer skipping",
        problem=f"its blocks are of the kind {name}, which cannot be left out",
        hint="Disconnect the guidance method.",
    )


_Attend = Callable[["Attention", Tensor], Tensor]
_Join = Callable[["_Heads", "_Heads"], Tensor]


class _Heads(NamedTuple):
    """What an attention layer asks, offers and says of some tokens, each [B, heads, T, D]."""

    query: Tensor
    key: Tensor
    value: Tensor


class _Processor:
    """An attention processor of diffusers around functions that attend.

    Args:
        attend: Answers where picture tokens attend to each other alone.
        join: Answers, of the heads of picture and text, for picture tokens where both are read as one.
    """

    def __init__(self, attend: _Attend, join: _Join) -> None:
        self._attend = attend
        self._join = join

    def __call__(
        self,
        attn: "Attention",
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        *_: object,
        **__: object,
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Attend; the parameters have the names that diffusers gives them."""
        if encoder_hidden_states is None or attn.add_q_proj is None:
            return _said(attn, self._attend(attn, hidden_states))
        picture = _heads(attn, hidden_states, "to_{}", "norm_{}")
        text = _heads(attn, encoder_hidden_states, "add_{}_proj", "norm_added_{}")
        keys, values = torch.cat([picture.key, text.key], 2), torch.cat([picture.value, text.value], 2)
        # What the text asks is not weakened.
        told_BTD = _flat(functional.scaled_dot_product_attention(text.query, keys, values))
        seen_BND = _flat(self._join(picture, text))
        return _said(attn, seen_BND), told_BTD if attn.context_pre_only else attn.to_add_out(told_BTD)


def _said(attn: "Attention", answer_BND: Tensor) -> Tensor:
    return cast("Tensor", attn.to_out[1](attn.to_out[0](answer_BND)))


def _heads(attn: "Attention", states_BTD: Tensor, layer: str, norm: str) -> _Heads:
    """Project tokens by the layers of a name; queries and keys are normalised where the model does."""
    found = []
    for part in "qkv":
        projected = getattr(attn, layer.format(part))(states_BTD)
        normalise = getattr(attn, norm.format(part), None)
        weight = getattr(normalise, "weight", None)
        # Sana normalises all heads as one, others each of them.
        if normalise is not None and weight is not None and weight.numel() == projected.shape[2]:
            projected, normalise = normalise(projected), None
        heads_BHTD = projected.unflatten(2, (attn.heads, -1)).transpose(1, 2)
        found.append(heads_BHTD if normalise is None else normalise(heads_BHTD))
    return _Heads(*found)


def _flat(answer_BHTD: Tensor) -> Tensor:
    return answer_BHTD.transpose(1, 2).flatten(2)


def _attend_to_itself(attn: "Attention", hidden_BTD: Tensor) -> Tensor:
    return cast("Tensor", attn.to_v(hidden_BTD))


def _join_to_itself(picture: _Heads, text: _Heads) -> Tensor:
    """Let each place see the text, and itself as the only place."""
    places, words = picture.query.shape[2], text.query.shape[2]
    device = picture.query.device
    is_seen = torch.cat(
        [
            torch.eye(places, dtype=torch.bool, device=device),
            torch.ones(places, words, dtype=torch.bool, device=device),
        ],
        dim=1,
    )
    keys, values = torch.cat([picture.key, text.key], 2), torch.cat([picture.value, text.value], 2)
    return functional.scaled_dot_product_attention(picture.query, keys, values, attn_mask=is_seen)


def _attend_alike(attn: "Attention", hidden_BTD: Tensor) -> Tensor:
    picture = _heads(attn, hidden_BTD, "to_{}", "norm_{}")
    # Equal queries have equal answers, so one is enough for all places.
    query = picture.query.mean(dim=2, keepdim=True)
    answer = functional.scaled_dot_product_attention(query, picture.key, picture.value, scale=attn.scale)
    return _flat(answer).expand(-1, hidden_BTD.shape[1], -1)


def _join_alike(picture: _Heads, text: _Heads) -> Tensor:
    keys, values = torch.cat([picture.key, text.key], 2), torch.cat([picture.value, text.value], 2)
    query = picture.query.mean(dim=2, keepdim=True)
    answer = functional.scaled_dot_product_attention(query, keys, values)
    return answer.expand_as(picture.query)


def _replace_processors(net: nn.Module, layers: Layers, processor: _Processor, *, patch: str) -> None:
    found = list(_self_attentions(net, layers))
    if not found:
        raise PatchMismatchError(
            patch=patch,
            problem="it has no self-attention apart from that over text",
            hint="Use layer skipping with transformers that read text and picture together.",
        )
    for attention in found:
        attention.set_processor(processor)


def _self_attentions(net: nn.Module, layers: Layers) -> Iterator["Attention"]:
    """List self-attention, which diffusers calls `attn1` in U-Nets and in transformers with text apart.

    In the blocks of Stable Diffusion 3 it is `attn`, over the text too, and in some `attn2`, over the picture
    alone.
    """
    stacks = {name: getattr(net, name, None) for name in ("transformer_blocks", "blocks")}
    halves = [
        f"{name}.{len(stack) // 2}." for name, stack in stacks.items() if isinstance(stack, nn.ModuleList)
    ]
    middle = halves[0] if halves else "mid_block."
    prefix = middle if layers == "middle" else ""
    for name, module in net.named_modules():
        if not f"{name}.".startswith(prefix):
            continue
        if name.endswith(".attn1"):
            yield cast("Attention", module)
        elif type(module).__name__ == _JOINT_BLOCK:
            yield from (part for part in (module.attn, module.attn2) if part is not None)
