"""SPAN (https://arxiv.org/abs/2311.12770): convolutions whose answers weigh themselves."""

from collections.abc import Sequence
from typing import ClassVar, Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import override

from weft_nodes.models.upscale_networks.network import Layout, LayoutError, UpscaleNetwork

# Of the pictures that SPAN was made with; files do not tell, and none is known that has others.
_MEAN: Final = (0.4488, 0.4371, 0.4040)
_RANGE: Final = 255.0
_UNCENTRED: Final = "no_norm"
_BLOCKS: Final = 6
_TRAINED: Final = ("sk", "conv.0", "conv.1", "conv.2")
_FOLDED: Final = "eval_conv"


class _Convolution(nn.Module):
    """A convolution of which training keeps four."""

    def __init__(self, read: int, written: int) -> None:
        super().__init__()
        self.eval_conv = nn.Conv2d(read, written, 3, padding=1)

    def forward(self, x_BChw: Tensor) -> Tensor:
        return cast("Tensor", self.eval_conv(x_BChw))


class _Block(nn.Module):
    """Three convolutions; the further the last answer is from zero, the more it counts."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.c1_r, self.c2_r, self.c3_r = (_Convolution(features, features) for _ in range(3))

    def forward(self, x_BChw: Tensor) -> tuple[Tensor, Tensor]:
        first = functional.silu(self.c1_r(x_BChw))
        last = self.c3_r(functional.silu(self.c2_r(first)))
        return (last + x_BChw) * (last.sigmoid() - 0.5), first


class Span(UpscaleNetwork):
    """SPAN: six blocks, of which four answers are joined and spread over the larger picture.

    Args:
        layout: Its tensors, as training or as a release leaves them.

    Raises:
        LayoutError: They are not those of a SPAN.
    """

    kind: ClassVar[str] = "SPAN"

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        is_trained = "conv_1.sk.weight" in layout
        features, read = layout.shape(f"conv_1.{'sk' if is_trained else _FOLDED}.weight", 4)[:2]
        if read != 3:
            raise LayoutError(f"conv_1 reads {read} channels, not three")
        self.scale = layout.factor("upsampler.0.weight", 3)
        if _UNCENTRED in layout:
            self.register_buffer(_UNCENTRED, torch.empty(layout.shape(_UNCENTRED, 1)))
        self.is_centred = _UNCENTRED not in layout
        self.conv_1 = _Convolution(read, features)
        for index in range(1, _BLOCKS + 1):
            setattr(self, f"block_{index}", _Block(features))
        self.conv_2 = _Convolution(features, features)
        self.conv_cat = nn.Conv2d(4 * features, features, 1)
        self.upsampler = nn.Sequential(
            nn.Conv2d(features, 3 * self.scale**2, 3, padding=1), nn.PixelShuffle(self.scale)
        )

    @override
    def prepared(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Fold the four convolutions of training into one each."""
        kept = dict(tensors)
        for place in [name.removesuffix(".sk.weight") for name in tensors if name.endswith(".sk.weight")]:
            parts = [f"{place}.{layer}.{kind}" for layer in _TRAINED for kind in ("weight", "bias")]
            found = [tensors[part] for part in parts if part in tensors]
            if _fit(found):
                # What a file keeps as the one convolution may be that of an earlier step of the training.
                kept[f"{place}.{_FOLDED}.weight"], kept[f"{place}.{_FOLDED}.bias"] = _folded(found)
                for part in parts:
                    del kept[part]
        return kept

    @override
    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Enlarge pictures [B, C, H, W], 0..1."""
        if self.is_centred:
            x_BCHW = (x_BCHW - x_BCHW.new_tensor(_MEAN).view(3, 1, 1)) * _RANGE
        answers = [self.conv_1(x_BCHW)]
        inner = answers[0]
        for index in range(1, _BLOCKS + 1):
            found, inner = getattr(self, f"block_{index}")(answers[-1])
            answers.append(found)
        joined = torch.cat([answers[0], self.conv_2(answers[-1]), answers[1], inner], 1)
        return cast("Tensor", self.upsampler(self.conv_cat(joined)))


def _fit(found: Sequence[Tensor]) -> bool:
    """Tell whether these are four convolutions that follow each other as those of training do."""
    if len(found) != 2 * len(_TRAINED) or any(weight.dim() != 4 for weight in found[::2]):
        return False
    (written, read), middle, inner = found[0].shape[:2], found[2].shape[0], found[4].shape[0]
    ends = ((written, read), (middle, read), (inner, middle), (written, inner))
    sizes = [
        shape
        for (to, of), side in zip(ends, (1, 1, 3, 1), strict=True)
        for shape in ((to, of, side, side), (to,))
    ]
    return [tuple(tensor.shape) for tensor in found] == sizes


def _folded(found: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Return the one convolution that equals three in a row with another one beside them.

    Args:
        found: Weights and offsets by turns: of single pixels beside the row; then of the row: single pixels,
            3 x 3, single pixels.
    """
    beside, beside_bias, first, first_bias, middle, middle_bias, last, last_bias = found
    weight = torch.einsum("om,mnhw,ni->oihw", last[..., 0, 0], middle, first[..., 0, 0])
    # Edges need no care: training surrounds pictures with zeros before the row, not between its parts.
    bias = last[..., 0, 0] @ (middle.sum((2, 3)) @ first_bias + middle_bias) + last_bias
    return weight + functional.pad(beside, (1, 1, 1, 1)), bias + beside_bias
