"""Token merging: self-attention over fewer places, since neighbours often say the same.

Bolya and Hoffman 2023, "Token Merging for Fast Stable Diffusion" (arXiv 2303.17604). One place of every two
by two stays; of the others those that are most like one that stays are merged into it before self-attention,
and get its answer after. The paper draws the one that stays; here it is the first, so that a seed gives the
same picture each time.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from weft_nodes.models.errors import PatchMismatchError
from weft_nodes.models.handles import key_of
from weft_nodes.models.patches import DENOISER

if TYPE_CHECKING:
    from diffusers.models.attention_processor import Attention


@dataclass(frozen=True, slots=True)
class TokenMerging:
    """Merging in the finest levels of a U-Net that have attention.

    Args:
        ratio: Share of the places that are merged away, 0..0.75.
        levels: In how many levels, from the finest on.
    """

    ratio: float = 0.5
    levels: int = 1

    @property
    def part(self) -> str:
        """Return that the denoising network is changed, whatever its name."""
        return DENOISER

    @property
    def key(self) -> str:
        """Return a digest of the values."""
        return key_of("token-merging", str(self.ratio), str(self.levels))

    def apply(self, net: nn.Module) -> None:
        """Merge before and unmerge after self-attention; see `Patch`."""
        blocks = getattr(net, "down_blocks", None)
        found = [
            (_level(name, len(blocks)), cast("Attention", layer))
            for name, layer in net.named_modules()
            if blocks is not None and name.endswith(".attn1")
        ]
        if not found:
            raise PatchMismatchError(
                patch="Token merging",
                problem="its network is no U-Net with attention",
                hint="Take token merging out of the workflow.",
            )
        merged = sorted({level for level, _ in found})[: self.levels]
        size = _Size()
        net.register_forward_pre_hook(size.note)
        for level, attention in found:
            if level in merged:
                inner = cast("Any", attention.processor)
                attention.set_processor(_Merging(inner, size, level, self.ratio))


def _level(name: str, levels: int) -> int:
    """Return how often the sides of the latent are halved where a layer of a U-Net is."""
    block, _, rest = name.partition(".")
    if block == "mid_block":
        return levels - 1
    place = int(rest.partition(".")[0])
    return place if block == "down_blocks" else levels - 1 - place


class _Size:
    """The size of the latent that a network is asked for; a live network is asked by one thread at a time."""

    def __init__(self) -> None:
        self.size_hw = (0, 0)

    def note(self, _: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        height, width = inputs[0].shape[-2:]
        self.size_hw = (int(height), int(width))

    def at(self, level: int) -> tuple[int, int]:
        height, width = self.size_hw
        for _ in range(level):
            height, width = (height + 1) // 2, (width + 1) // 2
        return height, width


class _Merging:
    """Self-attention of another processor over merged places."""

    def __init__(self, inner: Any, size: _Size, level: int, ratio: float) -> None:  # noqa: ANN401 - of any kind
        self._inner = inner
        self._size = size
        self._level = level
        self._ratio = ratio

    def __call__(self, attn: "Attention", hidden_states: Tensor, *others: object, **named: object) -> Tensor:
        matching = match(hidden_states, self._size.at(self._level), self._ratio)
        merged = matching.merge(hidden_states)
        return matching.unmerge(cast("Tensor", self._inner(attn, merged, *others, **named)))


class Matching(NamedTuple):
    """Which places stay, and into which of them others are merged; indices along the axis of places.

    Attributes:
        targets_M: The places of which one in every two by two stays.
        kept_BK: Other places that stay.
        merged_BR: Places that are merged.
        into_BR: Where they go, as positions among the targets.
    """

    targets_M: Tensor
    kept_BK: Tensor
    merged_BR: Tensor
    into_BR: Tensor

    def merge(self, x_BND: Tensor) -> Tensor:
        """Return the places that stay, targets first; what was merged into one is averaged with it."""
        width = x_BND.shape[2]
        targets = x_BND[:, self.targets_M].scatter_reduce(
            1, _wide(self.into_BR, width), x_BND.gather(1, _wide(self.merged_BR, width)), reduce="mean"
        )
        return torch.cat([targets, x_BND.gather(1, _wide(self.kept_BK, width))], dim=1)

    def unmerge(self, y_BMD: Tensor) -> Tensor:
        """Return answers for all places; a merged one gets that of where it went."""
        rows, _, width = y_BMD.shape
        count = len(self.targets_M)
        targets, kept = y_BMD[:, :count], y_BMD[:, count:]
        places = count + self.kept_BK.shape[1] + self.merged_BR.shape[1]
        answer = y_BMD.new_empty(rows, places, width)
        answer[:, self.targets_M] = targets
        answer.scatter_(1, _wide(self.kept_BK, width), kept)
        return answer.scatter_(1, _wide(self.merged_BR, width), targets.gather(1, _wide(self.into_BR, width)))


def match(x_BND: Tensor, size_hw: tuple[int, int], ratio: float) -> Matching:
    """Find the places that are most like one that stays, by the angle between what they say.

    Args:
        x_BND: What the places say, row by row of the picture.
        size_hw: Height and width in places.
        ratio: Share of all places to merge; at most all but the targets are.
    """
    height, width = size_hw
    numbers = torch.arange(height * width, device=x_BND.device).view(height, width)
    is_target = torch.zeros_like(numbers, dtype=torch.bool)
    is_target[::2, ::2] = True
    targets_M, sources_S = numbers[is_target], numbers[~is_target]
    directions = functional.normalize(x_BND, dim=-1)
    likeness = directions[:, sources_S] @ directions[:, targets_M].transpose(1, 2)
    best_BS, into_BS = likeness.max(dim=-1)
    order_BS = best_BS.argsort(dim=-1, descending=True, stable=True)
    count = min(int(height * width * ratio), len(sources_S))
    merged, kept = order_BS[:, :count], order_BS[:, count:]
    return Matching(targets_M, sources_S[kept], sources_S[merged], into_BS.gather(1, merged))


def _wide(index_BN: Tensor, width: int) -> Tensor:
    return index_BN[..., None].expand(-1, -1, width)
