"""IP-Adapters: their handle on wires, the layers they add to a U-Net, and what they make of a picture.

Ye et al. 2023, "IP-Adapter" (arXiv 2308.06721). Beside each cross-attention over words stands one over a few
tokens that say what a picture shows; both have the same query, and their answers add up.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from weft.sdk import Image, value

from weft_nodes.diffusion.controls import ImageRows, sequence_mask
from weft_nodes.models.adapter import ModulePart
from weft_nodes.models.architectures import text_model_part
from weft_nodes.models.errors import CheckpointIncompleteError, ControlMismatchError, PatchMismatchError
from weft_nodes.models.handles import Model, Weights, key_of
from weft_nodes.models.patches import DENOISER
from weft_nodes.models.weights import iterate_tensors
from weft_nodes.pixels.resizing import middle_of, resize_pixels, size_covering

if TYPE_CHECKING:
    from diffusers.models.attention_processor import Attention

LAYERS: Final = "ip_adapter."
PROJECTION: Final = "image_proj."

# What CLIP was trained to see: red, green and blue with these means and deviations.
_MEAN: Final = (0.48145466, 0.4578275, 0.40821073)
_DEVIATION: Final = (0.26862954, 0.26130258, 0.27577711)
# Types that are computed in; weights may also be stored in others.
_COMPUTED: Final = frozenset({torch.float32, torch.float16, torch.bfloat16})
# Where changed attention keeps the layers of adapters, where a changed network names them, and what diffusers
# passes on to attention as it is.
_READERS: Final = "image_readers"
_KNOWN: Final = "image_adapters"
_ROWS: Final = "ip_hidden_states"


@value("image_adapter", color="#f9a8d4")
@dataclass(frozen=True, slots=True)
class ImageAdapter:
    """An IP-Adapter: layers by which a U-Net reads pictures, and the network that sees them.

    Args:
        family: Id of the model family, such as "sdxl".
        weights: The adapter's own weights, one file.
        encoder: Weights of the image encoder, a folder.
    """

    family: str
    weights: Weights
    encoder: Weights

    @property
    def key(self) -> str:
        """Return a digest of all that decides what a picture says; the same in every process."""
        sources = (self.weights.source, self.encoder.source, self.weights.dtype)
        return key_of("image-adapter", self.family, *sources)

    @property
    def patch(self) -> "ImageReading":
        """Return the change that lets a network read what this adapter makes of pictures."""
        return ImageReading(self.weights.path, self.key)


@dataclass(frozen=True, slots=True)
class ImageReading:
    """The layers of an IP-Adapter beside the cross-attention of a U-Net.

    A prompt without pictures is answered by the changed network as by the one below it.

    Args:
        path: The file of the adapter.
        key: The key of its handle, by which image prompts ask for it.
    """

    path: str
    key: str

    @property
    def part(self) -> str:
        """Return that the denoising network is changed, whatever its name."""
        return DENOISER

    def apply(self, net: nn.Module) -> None:
        """Put the layers of the file beside those that read words; see `Patch`."""
        name = Path(self.path).name
        layers = [layer for path, layer in net.named_modules() if path.endswith(".attn2")]
        if not layers or not hasattr(net, "down_blocks"):
            raise PatchMismatchError(patch=f"The IP-Adapter {name}", problem="its network is no U-Net")
        tensors = dict(iterate_tensors(Path(self.path), prefixes=(LAYERS,)))
        if len(tensors) != 2 * len(layers):
            raise PatchMismatchError(
                patch=f"The IP-Adapter {name}",
                problem=f"it has {len(tensors) // 2} layers for the network's {len(layers)} that read words",
            )
        setattr(net, _KNOWN, _known(net) | {self.key})
        like = next(found for found in net.parameters() if found.dtype in _COMPUTED)
        for place, layer in enumerate(layers):
            # The file counts attention of both kinds, the network's layers over words being the odd ones.
            number = 2 * place + 1
            attention = cast("Attention", layer)
            if not hasattr(attention, _READERS):
                attention.add_module(_READERS, nn.ModuleDict())
                attention.set_processor(ReadingProcessor())
            readers = cast("nn.ModuleDict", getattr(attention, _READERS))
            readers[self.key] = self._reader(tensors, number, attention, like)

    def _reader(
        self, tensors: Mapping[str, Tensor], number: int, attention: "Attention", like: Tensor
    ) -> nn.ModuleDict:
        made = {}
        for name in ("to_k", "to_v"):
            key = f"{LAYERS}{number}.{name}_ip.weight"
            weight = tensors.get(key)
            wanted = (attention.inner_dim, attention.cross_attention_dim)
            if weight is None or tuple(weight.shape) != wanted:
                raise PatchMismatchError(
                    patch=f"The IP-Adapter {Path(self.path).name}",
                    problem=f"its {key} is {_shape(weight)}, and the network takes {list(wanted)}",
                )
            with torch.device("meta"):
                made[name] = nn.Linear(wanted[1], wanted[0], bias=False)
            # A copy, for the file may change while it is mapped.
            made[name].weight = nn.Parameter(weight.to(like, copy=True), requires_grad=False)
        return nn.ModuleDict(made)


class ReadingProcessor:
    """Cross-attention over words and, where the rows have some, over the tokens of pictures."""

    def __call__(
        self,
        attn: "Attention",
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        temb: Tensor | None = None,  # noqa: ARG002 - diffusers passes it
        ip_hidden_states: tuple[ImageRows, ...] = (),
    ) -> Tensor:
        """Attend; the parameters have the names that diffusers gives them."""
        words_BTD = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        query = _heads(attn, attn.to_q(hidden_states))
        if attention_mask is not None:
            attention_mask = attn.prepare_attention_mask(attention_mask, words_BTD.shape[1], len(words_BTD))
            attention_mask = attention_mask.view(len(words_BTD), attn.heads, -1, attention_mask.shape[-1])
        keys, values = (_heads(attn, layer(words_BTD)) for layer in (attn.to_k, attn.to_v))
        answer_BND = _attended(query, keys, values, attention_mask)
        readers = getattr(attn, _READERS)
        for rows in ip_hidden_states:
            reader = readers[rows.key]
            keys, values = (_heads(attn, reader[name](rows.tokens_BTD)) for name in ("to_k", "to_v"))
            seen_BND = _attended(query, keys, values) * rows.strength_B.view(-1, 1, 1)
            mask_BN1 = sequence_mask(rows.mask_B1hw, seen_BND.shape[1])
            answer_BND = answer_BND + (seen_BND if mask_BN1 is None else seen_BND * mask_BN1)
        return cast("Tensor", attn.to_out[1](attn.to_out[0](answer_BND)))


def _heads(attn: "Attention", states_BND: Tensor) -> Tensor:
    rows, places, _ = states_BND.shape
    return states_BND.view(rows, places, attn.heads, -1).transpose(1, 2)


def _attended(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
    answer = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    return answer.transpose(1, 2).flatten(start_dim=2)


def told_images(net: nn.Module, images: tuple[ImageRows, ...]) -> dict[str, object]:
    """Return the inputs by which a changed U-Net of diffusers is told what pictures say.

    Args:
        net: The network.
        images: The image prompts of all rows; none give no inputs.

    Raises:
        ControlMismatchError: The network lacks the layers of an adapter.
    """
    if not images:
        return {}
    if not {rows.key for rows in images} <= _known(net):
        raise ControlMismatchError(problem="it has no layers for the pictures of the prompt")
    return {"cross_attention_kwargs": {_ROWS: images}}


def with_adapters(model: Model, adapters: Iterable[ImageAdapter]) -> Model:
    """Return a model that reads what some adapters make of pictures; the order given does not count.

    Raises:
        ControlMismatchError: An adapter is for another family.
    """
    for adapter in adapters:
        if adapter.family != model.family:
            raise ControlMismatchError(
                problem=f"it was made for {adapter.family}, and the model is of {model.family}"
            )
    patches = {adapter.key: adapter.patch for adapter in adapters}
    if not patches:
        return model
    # Behind LoRA files, which look for layers by their names.
    return replace(model, patches=(*model.patches, *(patches[key] for key in sorted(patches))))


def encoder_part(name: str) -> ModulePart:
    """Describe the image encoder in a folder of a name."""
    return text_model_part(name, "CLIPVisionModelWithProjection", prefix="", half="float16")


def load_projection(path: Path, *, dtype: torch.dtype, device: torch.device) -> nn.Module:
    """Build the part of an adapter that turns what the image encoder says into tokens.

    Args:
        path: The file of the adapter.
        dtype: Of its parameters.
        device: Where they are put.

    Raises:
        CheckpointIncompleteError: The file does not fill any kind of projection.
    """
    from diffusers.loaders.unet import UNet2DConditionLoadersMixin

    tensors = iterate_tensors(path, prefixes=(PROJECTION,))
    own = {name.removeprefix(PROJECTION): tensor for name, tensor in tensors}
    try:
        # Without `low_cpu_mem_usage` it patches nothing in torch; the projection is small.
        made = UNet2DConditionLoadersMixin()._convert_ip_adapter_image_proj_to_diffusers(  # noqa: SLF001
            own, low_cpu_mem_usage=False
        )
    except (KeyError, RuntimeError) as error:
        raise CheckpointIncompleteError(path=path, part=PROJECTION, missing=[str(error)]) from error
    return cast("nn.Module", made).to(device, dtype).eval().requires_grad_(False)


def read_pictures(encoder: nn.Module, projection: nn.Module, image: Image) -> tuple[Tensor, Tensor]:
    """Return what pictures say, and what no picture says.

    Args:
        encoder: The image encoder.
        projection: The projection of the adapter.
        image: Pictures; of each the largest square in the middle is seen.

    Returns:
        Tokens [1, T, D] of all pictures one behind the other, and as many without pictures, float32.
    """
    from diffusers.models.embeddings import ImageProjection

    like = next(encoder.parameters())
    size = int(cast("Any", encoder).config.image_size)
    pixels_BCHW = _as_clip_sees(image, size).to(like)
    # The first adapters read the picture as a whole, all others the places of the last layer but one.
    if isinstance(projection, ImageProjection):
        seen = encoder(pixels_BCHW).image_embeds
        empty = torch.zeros_like(seen)
    else:
        seen = encoder(pixels_BCHW, output_hidden_states=True).hidden_states[-2]
        empty = encoder(torch.zeros_like(pixels_BCHW), output_hidden_states=True).hidden_states[-2]
    tokens_1TD, empty_1TD = (projection(states).flatten(0, 1)[None].float() for states in (seen, empty))
    return tokens_1TD, empty_1TD


def _as_clip_sees(image: Image, size: int) -> Tensor:
    """Return the middle of pictures at the size of an encoder, with its colours; transparency shows black."""
    pixels = image.pixels_BHWC
    pixels = pixels[..., :3] * pixels[..., 3:] if pixels.shape[-1] == 4 else pixels
    width, height = size_covering(pixels.shape[2], pixels.shape[1], least_width=size, least_height=size)
    pixels = resize_pixels(pixels, width=width, height=height, method="bicubic")
    square = middle_of(pixels, width=size, height=size)
    normal = (square - square.new_tensor(_MEAN)) / square.new_tensor(_DEVIATION)
    return normal.movedim(-1, 1)


def _known(net: nn.Module) -> frozenset[str]:
    return cast("frozenset[str]", getattr(net, _KNOWN, frozenset()))


def _shape(tensor: Tensor | None) -> str:
    return "missing" if tensor is None else str(list(tensor.shape))
