"""Style models: what a picture looks like, told to a transformer in the place of words.

FLUX.1 Redux reads a picture by SigLIP and turns each of its patches into a token of the width of T5. The
tokens stand behind those of the words; the network itself stays as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import torch
from torch import Tensor, nn
from weft.sdk import Image, value

from weft_nodes.models.adapter import ModulePart
from weft_nodes.models.errors import CheckpointIncompleteError
from weft_nodes.models.handles import Weights, key_of
from weft_nodes.models.weights import iterate_tensors
from weft_nodes.pixels.resizing import resize_pixels

LAYERS: Final = ("redux_up.", "redux_down.")
"""What the tensors of the layers behind SigLIP begin with, in files of any layout."""

# What the names of SigLIP's tensors begin with in files that transformers wrote until 5.6.
_SEEING: Final = "vision_model."


@value("style_model", color="#c5e1a5")
@dataclass(frozen=True, slots=True)
class StyleModel:
    """A network that turns pictures into tokens which a model family reads like words.

    Args:
        family: Id of the model family, such as "flux".
        weights: The layers behind the image encoder, one file.
        encoder: Weights of the image encoder, a folder.
    """

    family: str
    weights: Weights
    encoder: Weights

    @property
    def key(self) -> str:
        """Return a digest of all that decides what a picture says; the same in every process."""
        sources = (self.weights.source, self.encoder.source, self.weights.dtype)
        return key_of("style-model", self.family, *sources)


def seeing_part(name: str) -> ModulePart:
    """Describe SigLIP's image encoder in a folder of a name, without the layers that sum a picture up."""

    def build(config: Mapping[str, object]) -> nn.Module:
        import transformers

        options = {**config, "vision_use_head": False}
        model = transformers.SiglipVisionModel
        return cast("nn.Module", model(transformers.SiglipVisionConfig.from_dict(options)))

    def rename(_: nn.Module, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        return {name.removeprefix(_SEEING): tensor for name, tensor in tensors.items()}

    return ModulePart(name, build, rename, prefixes=(_SEEING,), convert=rename, half="bfloat16")


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
    pixels = image.pixels_BHWC
    pixels = pixels[..., :3] * pixels[..., 3:] if pixels.shape[-1] == 4 else pixels
    side = int(cast("Any", encoder).config.image_size)
    square_BHWC = resize_pixels(pixels, width=side, height=side, method="bicubic")
    signed_BCHW = (square_BHWC * 2 - 1).movedim(-1, 1).to(next(encoder.parameters()))
    with torch.no_grad():
        seen = encoder(signed_BCHW).last_hidden_state
        return cast("Tensor", embedder(seen).image_embeds)
