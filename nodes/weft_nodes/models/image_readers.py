"""The layers of IP-Adapters beside the attention of a network, on a clone that answers words as before.

Three kinds of networks read pictures, each by what its adapters were trained to say:

    U-Nets     beside cross-attention over words stands one over the tokens of pictures, with the same query;
               both answers add up (Ye et al. 2023, arXiv 2308.06721)
    FLUX.1     the same beside the attention of its double blocks, but the answer is added behind the block
    SD 3       tokens are made of what an encoder sees anew at each step, for they depend on the noise, and
               the places of the picture attend to each other and to them at once
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from weft_nodes.diffusion.controls import ImageRows, sequence_mask
from weft_nodes.models.blocks import Blocks, check_blocks, factor_on
from weft_nodes.models.errors import CheckpointIncompleteError, ControlMismatchError, PatchMismatchError
from weft_nodes.models.patches import DENOISER
from weft_nodes.models.weights import iterate_tensors

if TYPE_CHECKING:
    from diffusers.models.attention_processor import Attention

LAYERS: Final = ("ip_adapter.", "double_blocks.")
"""What the names of an adapter's layers begin with."""

PROJECTION: Final = ("image_proj.", "ip_adapter_proj_model.")
"""What the names of the layers begin with that make tokens of what an image encoder sees."""

# How the first adapters for FLUX.1 name what all others call otherwise.
_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "processor.ip_adapter_double_stream_k_proj": "to_k_ip",
        "processor.ip_adapter_double_stream_v_proj": "to_v_ip",
    }
)
# Types that are computed in; weights may also be stored in others.
_COMPUTED: Final = frozenset({torch.float32, torch.float16, torch.bfloat16})
# Where changed attention keeps the layers of adapters, where a changed network keeps what makes tokens at
# each step and names all adapters, and what diffusers passes on to attention as it is.
_READERS: Final = "image_readers"
_RESAMPLERS: Final = "image_resamplers"
_KNOWN: Final = "image_adapters"
_ROWS: Final = "ip_hidden_states"


def name_of_layer(name: str) -> str:
    """Return a name in a file as all adapters have it, such as "1.to_k_ip.weight"; empty for others."""
    prefix = next((prefix for prefix in LAYERS if name.startswith(prefix)), None)
    if prefix is None:
        return ""
    name = name.removeprefix(prefix)
    for old, new in _NAMES.items():
        name = name.replace(old, new)
    return name


def read_projection(path: Path) -> dict[str, Tensor]:
    """Read the tensors of an adapter that make tokens, by their names without what these begin with."""
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in iterate_tensors(path, prefixes=PROJECTION)
        for prefix in PROJECTION
        if name.startswith(prefix)
    }


@dataclass(frozen=True, slots=True)
class ImageReading:
    """The layers of an IP-Adapter beside the attention of a network.

    A prompt without pictures is answered by the changed network as by the one below it.

    Args:
        path: The file of the adapter.
        key: The key of its handle, by which image prompts ask for it.
        blocks: Factors on what it adds in single blocks; see `blocks`.
    """

    path: str
    key: str
    blocks: Blocks = ()

    @property
    def part(self) -> str:
        """Return that the denoising network is changed, whatever its name."""
        return DENOISER

    def apply(self, net: nn.Module) -> None:
        """Put the layers of the file beside those of the network; see `Patch`."""
        layout = _layout_of(net)
        if layout is None:
            raise self._mismatch(f"its network, a {type(net).__name__}, reads no pictures")
        places = layout.places(net)
        tensors = self._layers()
        if tensors.keys() != {place.number for place in places}:
            raise self._mismatch(
                f"it has {len(tensors)} layers for the network's {len(places)} that read words"
            )
        check_blocks(net, self.blocks)
        setattr(net, _KNOWN, _known(net) | {self.key})
        like = next(found for found in net.parameters() if found.dtype in _COMPUTED)
        for place in places:
            factor = factor_on(place.name, self.blocks)
            # A guidance may have left out the block.
            if place.attention is not None and factor:
                with torch.device("meta"):
                    reader = layout.reader(place.attention, tensors[place.number])
                self._fill(reader, tensors[place.number], place.number, like)
                cast("Any", reader).factor = factor
                _add_reader(place.attention, self.key, reader, layout.processor)
        if layout.resamples:
            if not hasattr(net, _RESAMPLERS):
                net.add_module(_RESAMPLERS, nn.ModuleDict())
            getattr(net, _RESAMPLERS)[self.key] = _resampler(Path(self.path), like)

    def _layers(self) -> dict[int, dict[str, Tensor]]:
        """Read the tensors of each layer by its number in the file."""
        found: dict[int, dict[str, Tensor]] = {}
        for name, tensor in iterate_tensors(Path(self.path), prefixes=LAYERS):
            number, _, rest = name_of_layer(name).partition(".")
            if not number.isdecimal():
                raise self._mismatch(f"it has a layer {name}, which is of no kind known here")
            found.setdefault(int(number), {})[rest] = tensor
        return found

    def _fill(self, reader: nn.Module, tensors: Mapping[str, Tensor], number: int, like: Tensor) -> None:
        wanted = reader.state_dict()
        for name, empty in wanted.items():
            shape = list(tensors[name].shape) if name in tensors else "missing"
            if shape != list(empty.shape):
                raise self._mismatch(
                    f"{name} of its layer {number} is {shape}, and the network takes {list(empty.shape)}"
                )
        # Copies, for the file may change while it is mapped.
        own = {name: tensors[name].to(like, copy=True) for name in wanted}
        reader.load_state_dict(own, assign=True)
        reader.requires_grad_(requires_grad=False)

    def _mismatch(self, problem: str) -> PatchMismatchError:
        return PatchMismatchError(patch=f"The IP-Adapter {Path(self.path).name}", problem=problem)


class _Place(NamedTuple):
    """An attention layer beside which pictures are read, by its number in files; None if it was left out."""

    number: int
    name: str
    attention: "Attention | None"


@dataclass(frozen=True, slots=True)
class _Layout:
    """How a kind of network reads pictures.

    Args:
        places: Finds its layers.
        reader: Builds what stands beside one, to be filled with the tensors of a file.
        processor: How it is asked.
        resamples: Whether tokens are made anew at each step.
    """

    places: Callable[[nn.Module], list[_Place]]
    reader: Callable[["Attention", Mapping[str, Tensor]], nn.Module]
    processor: "type[_Reading]"
    resamples: bool = False


class _Reading(ABC):
    """An attention processor of diffusers that reads pictures too, where rows have some.

    Args:
        base: The processor that it stands for, of whatever kind.
    """

    is_behind: ClassVar[bool] = False
    """Whether the block adds what pictures say by itself, as a further answer; else it is projected."""

    def __init__(self, base: Callable[..., Any]) -> None:
        self._base = base

    def __call__(
        self,
        attn: "Attention",
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        *others: object,
        ip_hidden_states: tuple[ImageRows, ...] = (),
        **named: object,
    ) -> object:
        """Attend; the parameters have the names that diffusers gives them."""
        told = (encoder_hidden_states, *others)
        readers = getattr(attn, _READERS)
        # An adapter may read in some blocks only.
        read = [(readers[rows.key], rows) for rows in ip_hidden_states if rows.key in readers]
        if not read:
            return self._base(attn, hidden_states, *told, **named)
        # The network's own layers are asked once, both for its own answer and for what pictures say.
        asked = _Asked(attn, hidden_states)
        seen = [_weighed(_flat(self.seen(asked, *each)), *each) for each in read]
        seen_BND = cast("Tensor", sum(seen))
        if self.is_behind:
            return (*self._base(asked, hidden_states, *told, **named), seen_BND)
        asked.more_BND = seen_BND
        return self._base(asked, hidden_states, *told, **named)

    @abstractmethod
    def seen(self, asked: "_Asked", reader: nn.Module, rows: ImageRows) -> Tensor:
        """Return what places see of pictures, in heads."""


class _BesideWords(_Reading):
    """Cross-attention of U-Nets."""

    def seen(self, asked: "_Asked", reader: nn.Module, rows: ImageRows) -> Tensor:
        """See the tokens of pictures by the query for words."""
        layers = cast("Any", reader)
        keys, values = (asked.in_heads(layer(rows.tokens_BTD)) for layer in (layers.to_k_ip, layers.to_v_ip))
        return functional.scaled_dot_product_attention(asked.query(), keys, values)


class _BehindBlock(_BesideWords):
    """Attention of the double blocks of FLUX.1."""

    is_behind = True


class _AmongPlaces(_Reading):
    """Attention of Stable Diffusion 3, over places and tokens of pictures at once."""

    def seen(self, asked: "_Asked", reader: nn.Module, rows: ImageRows) -> Tensor:
        """See both by queries and keys of their own, which the time shifts."""
        layers = cast("Any", reader)
        tokens_BTD = layers.norm_ip(rows.tokens_BTD, temb=rows.time_BD)
        own, told = asked.in_heads(asked.to_k()), asked.in_heads(layers.to_k_ip(tokens_BTD))
        keys = torch.cat([layers.norm_k(own), layers.norm_ip_k(told)], dim=2)
        values = torch.cat([asked.in_heads(asked.to_v()), asked.in_heads(layers.to_v_ip(tokens_BTD))], dim=2)
        query = layers.norm_q(asked.in_heads(asked.to_q()))
        return functional.scaled_dot_product_attention(query, keys, values)


class _Asked:
    """An attention layer while it is asked: it projects the picture once, and says more than it attends to.

    Args:
        attention: The layer, to which all else is left.
        picture_BND: The states of the picture's places.
    """

    def __init__(self, attention: "Attention", picture_BND: Tensor) -> None:
        self._attention = attention
        self._picture_BND = picture_BND
        self._projected: dict[str, Tensor] = {}
        self.more_BND: Tensor | None = None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a layer has
        return getattr(self._attention, name)

    def to_q(self, states: Tensor | None = None) -> Tensor:
        return self._once("to_q", states)

    def to_k(self, states: Tensor | None = None) -> Tensor:
        return self._once("to_k", states)

    def to_v(self, states: Tensor | None = None) -> Tensor:
        return self._once("to_v", states)

    @property
    def to_out(self) -> tuple[Callable[[Tensor], Tensor], nn.Module]:
        last, dropout = self._attention.to_out
        more_BND = self.more_BND
        return (last if more_BND is None else lambda answer_BND: last(answer_BND + more_BND)), dropout

    def in_heads(self, states_BTD: Tensor) -> Tensor:
        rows, places, _ = states_BTD.shape
        return states_BTD.view(rows, places, self._attention.heads, -1).transpose(1, 2)

    def query(self) -> Tensor:
        """Return what the picture asks, as the network's own keys are asked."""
        query_BHND = self.in_heads(self.to_q())
        normalise = self._attention.norm_q
        return query_BHND if normalise is None else cast("Tensor", normalise(query_BHND))

    def _once(self, name: str, states: Tensor | None) -> Tensor:
        layer = getattr(self._attention, name)
        if states is not None and states is not self._picture_BND:
            return cast("Tensor", layer(states))
        if name not in self._projected:
            self._projected[name] = layer(self._picture_BND)
        return self._projected[name]


def _flat(answer_BHND: Tensor) -> Tensor:
    return answer_BHND.transpose(1, 2).flatten(2)


def _weighed(seen_BND: Tensor, reader: nn.Module, rows: ImageRows) -> Tensor:
    strength_B = rows.strength_B * cast("float", cast("Any", reader).factor)
    seen_BND = seen_BND * strength_B.view(-1, 1, 1)
    mask_BN1 = sequence_mask(rows.mask_B1hw, seen_BND.shape[1])
    return seen_BND if mask_BN1 is None else seen_BND * mask_BN1


def _add_reader(attention: "Attention", key: str, reader: nn.Module, processor: type[_Reading]) -> None:
    if not hasattr(attention, _READERS):
        attention.add_module(_READERS, nn.ModuleDict())
        attention.set_processor(processor(attention.processor))
    cast("nn.ModuleDict", getattr(attention, _READERS))[key] = reader


def _of_unet(net: nn.Module) -> list[_Place]:
    """List the layers over words; files count attention of both kinds, and these are the odd ones."""
    layers = [(name, layer) for name, layer in net.named_modules() if name.endswith(".attn2")]
    return [
        _Place(2 * place + 1, name, cast("Attention", layer)) for place, (name, layer) in enumerate(layers)
    ]


def _of_blocks(net: nn.Module) -> list[_Place]:
    """List the attention of all blocks that read picture and text side by side, in the order of files."""
    dual = getattr(cast("Any", net).config, "dual_attention_layers", ())
    found: list[_Place] = []
    for number, block in enumerate(cast("nn.ModuleList", net.transformer_blocks)):
        for name in ("attn", "attn2") if number in dual else ("attn",):
            attention = getattr(block, name, None)
            found.append(_Place(len(found), f"transformer_blocks.{number}.{name}", attention))
    return found


def _key_and_value(attention: "Attention", width: int, *, bias: bool) -> nn.Module:
    layers = {name: nn.Linear(width, attention.inner_dim, bias=bias) for name in ("to_k_ip", "to_v_ip")}
    return nn.ModuleDict(layers)


def _unet_reader(attention: "Attention", _: Mapping[str, Tensor]) -> nn.Module:
    return _key_and_value(attention, attention.cross_attention_dim, bias=False)


def _flux_reader(attention: "Attention", tensors: Mapping[str, Tensor]) -> nn.Module:
    # The width of its tokens is its own; they never meet those of the text.
    found = tensors.get("to_k_ip.weight")
    return _key_and_value(attention, 1 if found is None else found.shape[-1], bias=True)


def _sd3_reader(attention: "Attention", tensors: Mapping[str, Tensor]) -> nn.Module:
    from diffusers.models.attention_processor import SD3IPAdapterJointAttnProcessor2_0

    found = tensors.get("norm_ip.linear.weight")
    width = attention.inner_dim
    return cast(
        "nn.Module",
        SD3IPAdapterJointAttnProcessor2_0(
            hidden_size=width,
            ip_hidden_states_dim=width,
            head_dim=width // attention.heads,
            timesteps_emb_dim=1 if found is None else found.shape[-1],
        ),
    )


def _resampler(path: Path, like: Tensor) -> nn.Module:
    """Build what makes tokens of what an encoder sees, for a time."""
    from diffusers.loaders.transformer_sd3 import SD3Transformer2DLoadersMixin

    try:
        made = SD3Transformer2DLoadersMixin()._convert_ip_adapter_image_proj_to_diffusers(  # noqa: SLF001
            read_projection(path), low_cpu_mem_usage=False
        )
    except (KeyError, RuntimeError) as error:
        raise CheckpointIncompleteError(path=path, part=PROJECTION[0], missing=[str(error)]) from error
    return cast("nn.Module", made).to(like).eval().requires_grad_(requires_grad=False)


_LAYOUTS: Final[Mapping[str, _Layout]] = MappingProxyType(
    {
        "UNet2DConditionModel": _Layout(_of_unet, _unet_reader, _BesideWords),
        "FluxTransformer2DModel": _Layout(_of_blocks, _flux_reader, _BehindBlock),
        "SD3Transformer2DModel": _Layout(_of_blocks, _sd3_reader, _AmongPlaces, resamples=True),
    }
)


def _layout_of(net: nn.Module) -> _Layout | None:
    return _LAYOUTS.get(type(net).__name__)


def _known(net: nn.Module) -> frozenset[str]:
    return cast("frozenset[str]", getattr(net, _KNOWN, frozenset()))


def told_images(net: nn.Module, images: tuple[ImageRows, ...], timestep_B: Tensor) -> dict[str, object]:
    """Return the inputs by which a changed network of diffusers is told what pictures say.

    Args:
        net: The network.
        images: The image prompts of all rows; none give no inputs.
        timestep_B: What the network is told of the noise.

    Raises:
        ControlMismatchError: The network lacks the layers of an adapter.
    """
    if not images:
        return {}
    if not {rows.key for rows in images} <= _known(net):
        raise ControlMismatchError(problem="it has no layers for the pictures of the prompt")
    resamplers = getattr(net, _RESAMPLERS, None)
    if resamplers is None:
        name = "cross_attention_kwargs" if hasattr(net, "down_blocks") else "joint_attention_kwargs"
        return {name: {_ROWS: images}}
    told = tuple(_resampled(resamplers[rows.key], rows, timestep_B) for rows in images)
    return {"joint_attention_kwargs": {_ROWS: told}}


def _resampled(resampler: nn.Module, rows: ImageRows, timestep_B: Tensor) -> ImageRows:
    """Return the tokens of each picture for a time, one picture behind the other."""
    count, pictures = rows.tokens_BTD.shape[:2]
    tokens, times = resampler(rows.tokens_BTD.flatten(0, 1), timestep_B.repeat_interleave(pictures))
    return rows._replace(
        tokens_BTD=tokens.unflatten(0, (count, pictures)).flatten(1, 2), time_BD=times[::pictures]
    )
