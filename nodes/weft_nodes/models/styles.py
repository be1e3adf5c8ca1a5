"""Style models: what a picture looks like, told to a transformer in the place of words.

FLUX.1 Redux reads a picture by SigLIP and turns each of its patches into a token of the width of T5. The
tokens stand behind those of the words; the network itself stays as it is.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final, cast

import torch
from torch import Tensor, nn
from weft.sdk import Image, value

from weft_nodes.models.errors import CheckpointIncompleteError
from weft_nodes.models.image_encoders import PictureReader, as_siglip_sees, side_seen
from weft_nodes.models.weights import iterate_tensors

LAYERS: Final = ("redux_up.", "redux_down.")
"""What the tensors of the layers behind SigLIP begin with, in files of any layout."""


@value("style_model", color="#c5e1a5")
@dataclass(frozen=True, slots=True)
class StyleModel(PictureReader):
    """A network that turns pictures into tokens which a model family reads like words."""

    kind: ClassVar[str] = "style-model"


def load_embedder(path: Path, *, dtype: torch.dtype, device: torch.device) -> nn.Module:
    """Build the layers of a style model behind its image encoder.

    Args:
        path: Their file.
        dtype: Of their parameters.
        device: Where they are put.

    Raises:
        CheckpointIncompleteError: The file does not hold all of them.
    """
    from diffusers.pipelines.flux.modeling_flux import ReduxImageEncoder

    tensors = {name: tensor.to(dtype) for name, tensor in iterate_tensors(path, prefixes=LAYERS)}
    try:
        width, seen = tensors["redux_down.weight"].shape[0], tensors["redux_up.weight"].shape[1]
        with torch.device("meta"):
            made = ReduxImageEncoder(redux_dim=seen, txt_in_features=width)
        # Copies, for the file may change while it is mapped.
        own = {name: tensor.to(device, copy=True) for name, tensor in tensors.items()}
        made.load_state_dict(own, assign=True)
    except (KeyError, RuntimeError) as error:
        raise CheckpointIncompleteError(path=path, part=LAYERS[0], missing=[str(error)]) from error
    return cast("nn.Module", made).eval().requires_grad_(False)


def read_style(encoder: nn.Module, embedder: nn.Module, image: Image) -> Tensor:
    """Return what pictures look like.

    Args:
        encoder: The image encoder.
        embedder: The layers behind it.
        image: Pictures; each is squeezed to the square that the encoder sees. Transparency shows black.

    Returns:
        Tokens [B, T, D], those of each picture for themselves.
    """
    signed_BCHW = as_siglip_sees(image, side_seen(encoder)).to(next(encoder.parameters()))
    with torch.no_grad():
        seen = encoder(signed_BCHW).last_hidden_state
        return cast("Tensor", embedder(seen).image_embeds)
