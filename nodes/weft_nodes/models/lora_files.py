"""Files of trained changes, of every layout: kohya, diffusers, PEFT and LyCORIS, read for one network.

Every tensor of a file is used, or the file is refused by the name of the one that was not: a change that
lacks layers looks like a weak one, and nobody finds out.
"""

import json
import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple, cast

import torch
from torch import Tensor, nn

from weft_nodes.models.errors import CheckpointCorruptError, PatchMismatchError
from weft_nodes.models.lora_changes import (
    Change,
    FullChange,
    HadamardChange,
    KroneckerChange,
    LowRankChange,
)
from weft_nodes.models.lora_names import DENOISER, Place, known, places, section_of
from weft_nodes.models.weights import Header, iterate_tensors, read_header


class LayerChange(NamedTuple):
    """What a file does to one layer.

    Args:
        change: What is added to its weight, as strong as it was trained.
        magnitude: The new lengths of its weight's rows or columns (DoRA); None leaves the lengths alone.
    """

    change: Change
    magnitude: Tensor | None = None


_ROLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        ".lora_A.weight": "down",
        ".lora_B.weight": "up",
        ".lora_down.weight": "down",
        ".lora_up.weight": "up",
        ".lora_mid.weight": "middle",
        ".lora.down.weight": "down",
        ".lora.up.weight": "up",
        ".lora_linear_layer.down.weight": "down",
        ".lora_linear_layer.up.weight": "up",
        ".lora_magnitude_vector.weight": "magnitude of outputs",
        ".lora_magnitude_vector": "magnitude of outputs",
        ".dora_scale": "magnitude",
        ".alpha": "alpha",
        ".diff": "diff",
        ".diff_b": "diff_b",
    }
    | {f".hada_{name}": f"hada_{name}" for name in ("w1_a", "w1_b", "w2_a", "w2_b", "t1", "t2")}
    | {f".lokr_{name}": f"lokr_{name}" for name in ("w1", "w1_a", "w1_b", "w2", "w2_a", "w2_b", "t2")},
)
_OLD_TEXT: Final = re.compile(r"\.self_attn\.to_(q|k|v|out)_lora\.")


def split_name(key: str) -> tuple[str, str]:
    """Part the name of a tensor into the layer it changes and what it is of the change.

    Args:
        key: As the file writes it.

    Returns:
        The layer, and the role such as "down"; empty where the kind of tensor is not known.
    """
    key = _OLD_TEXT.sub(r".self_attn.\1_proj.lora.", key.replace(".default.", "."))
    if ".processor.to_" in key:
        # Files of diffusers before 0.22 name attention layers after their processor; diffusers knows all.
        from diffusers.utils import convert_unet_state_dict_to_peft

        key = str(next(iter(convert_unet_state_dict_to_peft({key: torch.empty(0)}))))
    for suffix, role in _ROLES.items():
        if key.endswith(suffix):
            return key.removesuffix(suffix), role
    return key, ""


def changed_parts(names: Iterable[str]) -> tuple[str, ...]:
    """List the networks that a file changes, from the names in its header.

    Args:
        names: Names of its tensors.

    Returns:
        Some of `DENOISER`, "text_encoder", "text_encoder_2" and "text_encoder_3", in this order; the
        denoising network only if a tensor is of a known kind.
    """
    found = set()
    for name in names:
        layer, role = split_name(name)
        section, _ = section_of(layer)
        if role or section != DENOISER:
            found.add(section)
    return tuple(sorted(found))


def read_changes(path: Path, net: nn.Module, *, part: str) -> Mapping[str, LayerChange]:
    """Read what a file changes in one network.

    Args:
        path: A safetensors file.
        net: The network; its layers resolve the names of the file.
        part: Which of the file's networks: the name of a text encoder's folder, or any other name for the
            denoising network.

    Returns:
        Changes by the name of the layer.

    Raises:
        ModelFileMissingError: There is no such file.
        ModelFileRefusedError: The file is a pickle.
        CheckpointCorruptError: The file is damaged.
        PatchMismatchError: The file holds nothing for this network, or something that has no place in it.
    """
    section = part if part.startswith("text_encoder") else DENOISER
    patch = f"The LoRA {path.name}"
    header = read_header(path)
    tensors = {key: tensor.clone() for key, tensor in iterate_tensors(path) if section_of(key)[0] == section}
    if not tensors:
        raise PatchMismatchError(patch=patch, problem=f"the file changes nothing in a {part}")
    spelled = places(net)
    found, unknown = _sorted(tensors, spelled)
    if unknown:
        converted = _converted(net, tensors)
        found, unknown = _sorted(converted, spelled) if converted else (found, unknown)
    if unknown:
        raise PatchMismatchError(
            patch=patch, problem=f"it has no place for {len(unknown)} of its tensors: {known(unknown)}"
        )
    scale = _stated_alphas(header)
    changes: dict[str, LayerChange] = {}
    for layer, roles in found.items():
        try:
            change = _layer_change(layer, roles, scale)
            changes |= _placed(change, spelled[section_of(layer)[1]], net)
        except (KeyError, ValueError, RuntimeError, IndexError) as error:
            # Factors whose shapes do not belong together, in a file from anywhere.
            raise PatchMismatchError(patch=patch, problem=f"{layer} is damaged ({error})") from error
    return changes


_Found = dict[str, dict[str, Tensor]]


def _sorted(tensors: Mapping[str, Tensor], spelled: Mapping[str, Place]) -> tuple[_Found, list[str]]:
    """Sort tensors by layer and role, and list those without a place."""
    found: _Found = defaultdict(dict)
    unknown = []
    for key, tensor in tensors.items():
        layer, role = split_name(key)
        if role and section_of(layer)[1] in spelled:
            found[layer][role] = tensor
        else:
            unknown.append(key)
    return found, unknown


# Families whose files diffusers renames; those of other networks are read as they are.
_CONVERTERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "FluxTransformer2DModel": "FluxLoraLoaderMixin",
        "Flux2Transformer2DModel": "Flux2LoraLoaderMixin",
        "Lumina2Transformer2DModel": "Lumina2LoraLoaderMixin",
        "QwenImageTransformer2DModel": "QwenImageLoraLoaderMixin",
        "ZImageTransformer2DModel": "ZImageLoraLoaderMixin",
        "HiDreamImageTransformer2DModel": "HiDreamImageLoraLoaderMixin",
    }
)


def _converted(net: nn.Module, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Let diffusers rename the tensors of further layouts; empty if it knows none, or would drop some."""
    mixin = _CONVERTERS.get(type(net).__name__)
    # diffusers warns of these and goes on without them.
    if mixin is None or any("dora_scale" in key for key in tensors):
        return {}
    from diffusers.loaders import lora_pipeline

    options = {"return_alphas": True} if mixin == "FluxLoraLoaderMixin" else {}
    try:
        converted = getattr(lora_pipeline, mixin).lora_state_dict(dict(tensors), **options)
    except Exception:  # noqa: BLE001 - foreign code over a foreign file; its tensors are reported instead
        return {}
    state, alphas = converted if isinstance(converted, tuple) else (converted, None)
    return {**state, **{key: torch.as_tensor(alpha) for key, alpha in (alphas or {}).items()}}


_Scale = Callable[[str, int], float]


def _layer_change(layer: str, roles: dict[str, Tensor], scale: _Scale) -> LayerChange:
    """Make the change of one layer; what is left of its tensors is an error."""
    left = dict(roles)
    alpha = left.pop("alpha", None)
    magnitude = left.pop("magnitude", None)
    lengths = left.pop("magnitude of outputs", None)
    if lengths is not None:
        magnitude = lengths.flatten()
    # Kinds are told apart by a tensor that each of them has.
    if "down" in left or "up" in left:
        change: Change = LowRankChange(left.pop("down"), left.pop("up"), left.pop("middle", None))
        rank = next(iter(change.factors.values())).shape[0]
        factor = (scale(layer, rank) if alpha is None else float(alpha)) / rank
    elif "hada_w1_b" in left:
        change, left = HadamardChange(left), {}
        factor = _ratio(alpha, change.factors["hada_w1_b"])
        change.weight()
    elif any(name.startswith("lokr_") for name in left):
        change, left = KroneckerChange(left), {}
        # Two whole matrices have no rank, and their alpha no meaning.
        low = change.factors.get("lokr_w2_b", change.factors.get("lokr_w1_b"))
        factor = 1.0 if low is None else _ratio(alpha, low)
        change.weight()
    else:
        change, factor = FullChange(left.pop("diff"), left.pop("diff_b", None)), 1.0
    if left:
        raise ValueError(f"it has a {min(left)} too many")
    return LayerChange(change if factor == 1 else change.scaled(factor), magnitude)


def _ratio(alpha: Tensor | None, low: Tensor) -> float:
    return 1.0 if alpha is None else float(alpha) / low.shape[0]


def _placed(change: LayerChange, place: Place, net: nn.Module) -> dict[str, LayerChange]:
    """Share a change out to the layers whose outputs make up the file's layer."""
    if len(place.layers) == 1 and not place.is_swapped:
        return {place.layers[0]: change}
    sizes = [int(cast("int", net.get_submodule(name).out_features)) for name in place.layers]
    if sum(sizes) != change.change.shape[0]:
        raise ValueError(f"it has {change.change.shape[0]} outputs for {sum(sizes)}")
    rows = torch.arange(sum(sizes))
    if place.is_swapped:
        rows = rows.roll(sum(sizes) // 2)
    lengths = change.magnitude
    is_of_outputs = lengths is not None and lengths.shape[0] == sum(sizes)
    found = {}
    for name, mine in zip(place.layers, torch.split(rows, sizes), strict=True):
        own = lengths[mine] if lengths is not None and is_of_outputs else lengths
        found[name] = LayerChange(change.change.rows(mine), own)
    return found


def _stated_alphas(header: Header) -> _Scale:
    """Read how strong a file was trained that says so once for all layers, as PEFT's do.

    PEFT keeps it in a file of its own beside the weights, diffusers in the metadata of the header.
    """
    stated = _json_object(header.path, header.metadata.get("lora_adapter_metadata", "{}"))
    beside = adapter_config(header.path)
    if beside is not None:
        own = _json_object(beside, beside.read_text())
        stated |= {f"base_model.model.{key}": value for key, value in own.items()}
    prefixes = [key.removesuffix("lora_alpha") for key in stated if key.endswith("lora_alpha")]

    def alpha(layer: str, rank: int) -> float:
        prefix = next((start for start in prefixes if layer.startswith(start)), None)
        if prefix is None:
            return float(rank)
        value = stated[f"{prefix}lora_alpha"]
        patterns = stated.get(f"{prefix}alpha_pattern")
        for pattern, other in patterns.items() if isinstance(patterns, dict) else ():
            if re.fullmatch(rf"(.*\.)?({pattern})", layer):
                value = other
        scale = math.sqrt(rank) if stated.get(f"{prefix}use_rslora") else 1.0
        return float(str(value)) * scale

    return alpha


def _json_object(path: Path, text: str) -> dict[str, object]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CheckpointCorruptError(
            path=path, problem=f"what it says of itself is damaged ({error})"
        ) from error
    return found if isinstance(found, dict) else {}


def adapter_config(path: Path) -> Path | None:
    """Return the file in which PEFT says how strong an adapter was trained; None if there is none.

    Args:
        path: The weights. Only files under PEFT's own name have one, so that no other's is taken.
    """
    beside = path.with_name("adapter_config.json")
    return beside if path.name == "adapter_model.safetensors" and beside.is_file() else None
