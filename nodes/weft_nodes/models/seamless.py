"""Pictures that continue at the opposite edge: convolutions that wrap around."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from torch import Tensor, nn
from torch.nn import functional

from weft_nodes.models.errors import PatchMismatchError
from weft_nodes.models.handles import key_of
from weft_nodes.models.lora_changes import ChangedLayer
from weft_nodes.models.patches import DENOISER, Patch
from weft_nodes.models.windows import WindowPatch

VAE: Final = "vae"
"""The part of a checkpoint that is its autoencoder."""

_NAME: Final = "Seamless tiling"


@dataclass(frozen=True, slots=True)
class Seamless:
    """Convolutions that wrap around, along one axis or both.

    Args:
        across: Whether left and right edges meet.
        down: Whether upper and lower edges meet.
        part: `DENOISER` or `VAE`.
    """

    across: bool = True
    down: bool = True
    part: str = DENOISER

    # Behind changes of layers, whose convolutions wrap around as well.
    order = 1

    @property
    def key(self) -> str:
        """Return a digest of the axes and the part."""
        return key_of("seamless", str(self.across), str(self.down), self.part)

    def apply(self, net: nn.Module) -> None:
        """Let every convolution with a border wrap around; see `Patch`."""
        if self.part == DENOISER and not hasattr(net, "down_blocks"):
            raise PatchMismatchError(
                patch=_NAME,
                problem="its network is no U-Net, and knows each place by its number",
                hint="Use a model with a U-Net, such as Stable Diffusion XL.",
            )
        for layer, convolution in list(_bordered(net)):
            down, across = (int(border) for border in convolution.padding)
            wrapped = (down if self.down else 0, across if self.across else 0)
            convolution.padding = (down - wrapped[0], across - wrapped[1])
            layer.register_forward_pre_hook(_wrap(*wrapped))


def _bordered(net: nn.Module) -> Iterator[tuple[nn.Module, nn.Conv2d]]:
    """List convolutions with a border, each with the outermost layer around it, which a change may be."""
    known: set[int] = set()
    for layer in net.modules():
        inner = layer.root if isinstance(layer, ChangedLayer) else layer
        if not isinstance(inner, nn.Conv2d) or id(inner) in known:
            continue
        known.add(id(inner))
        if not isinstance(inner.padding, str) and any(inner.padding):
            yield layer, inner


def _wrap(down: int, across: int) -> Callable[[nn.Module, tuple[Tensor, ...]], tuple[Tensor, ...]]:
    def wrapped(_: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        x_BChw, *others = inputs
        return functional.pad(x_BChw, (across, across, down, down), mode="circular"), *others

    return wrapped


def check_together(patches: Sequence[Patch]) -> None:
    """Refuse patches that cannot work together.

    Raises:
        PatchMismatchError: The edges of windows would meet, and not those of the picture.
    """
    kinds = {type(patch) for patch in patches}
    if {Seamless, WindowPatch} <= kinds:
        raise PatchMismatchError(
            patch=_NAME,
            problem="it sees the latent through windows, whose edges are not those of the picture",
            hint="Keep one of them.",
        )
