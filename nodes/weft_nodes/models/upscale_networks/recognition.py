"""Which network a file holds, told by the names and shapes of its tensors."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from weft_nodes.models.errors import CheckpointUnknownError
from weft_nodes.models.upscale_networks.compact import Compact
from weft_nodes.models.upscale_networks.dat import Dat
from weft_nodes.models.upscale_networks.esrgan import Esrgan, renewed
from weft_nodes.models.upscale_networks.hat import Hat
from weft_nodes.models.upscale_networks.network import Layout, LayoutError, Shape, UpscaleNetwork
from weft_nodes.models.upscale_networks.realplksr import RealPlksr
from weft_nodes.models.upscale_networks.span import Span
from weft_nodes.models.upscale_networks.swinir import SwinIr

# Trainers keep averaged weights beside the last ones; the averaged ones are those that are meant.
_WRAPPERS: Final = ("params_ema.", "params.", "module.")
# A HAT has all that a SwinIR has, and more.
_KINDS: Final = (Esrgan, Compact, Span, Dat, Hat, SwinIr, RealPlksr)


def unwrapped(names: Sequence[str]) -> Mapping[str, str]:
    """Map the names of a file to those of our networks.

    Args:
        names: Names of its tensors.

    Returns:
        New names by those of the file; weights that a trainer keeps beside the averaged ones are left out.
    """
    wrapper = next((found for found in _WRAPPERS if any(name.startswith(found) for name in names)), "")
    return renewed({name: name.removeprefix(wrapper) for name in names if name.startswith(wrapper)})


def network_of(path: Path, shapes: Mapping[str, Shape]) -> UpscaleNetwork:
    """Build the network that a file holds, with weights still to come.

    Args:
        path: The file, for the error.
        shapes: Shapes of its tensors by our names; see `unwrapped`.

    Raises:
        CheckpointUnknownError: It is of no architecture that is known here.
    """
    layout = Layout(shapes)
    tried = []
    for kind in _KINDS:
        try:
            return kind(layout)
        except LayoutError as error:
            tried.append(f"it is no {kind.kind}, since {error}")
    examples = ", ".join(sorted(shapes)[:3]) or "none"
    raise CheckpointUnknownError(
        path=path, seen=f"{len(shapes)} tensors ({examples}) of no upscaler known here", tried=tried
    )
