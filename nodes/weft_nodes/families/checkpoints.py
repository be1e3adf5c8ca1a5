"""From a name or a path to the three handles of a checkpoint, reading headers and digests but no weights."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from weft.sdk import ModelError

from weft_nodes.families.identify import Identified, identify
from weft_nodes.families.registry import FAMILIES
from weft_nodes.models import loading
from weft_nodes.models.adapter import Family
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.errors import FamilyUnknownError, ModelFileMissingError
from weft_nodes.models.handles import READERS, Dtype, Model, Prediction, TextEncoder, Vae, Weights
from weft_nodes.models.hub_cache import cached_models, find_listed
from weft_nodes.models.packed import PACKINGS

SUFFIXES: Final = frozenset({".safetensors", ".gguf"})
"""What the names of weight files end with."""

_CONFIGS: Final = "configs"
# How many folders above a file may hold configurations: more than the depth at which models are sorted.
_LEVELS: Final = 4

_VARIANTS: Final[Mapping[tuple[str, str], str]] = MappingProxyType({("flux", "none"): "flux-schnell"})
"""Folders of configurations of relatives with another noise schedule, by family and trait of guidance."""

_STARTER: Final = Path(__file__).parent.parent / "starter"

SHIPPED_STEERING: Final = _STARTER / "steering"
"""A folder of models that ships with weft: what steers the starter model."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The handles of one checkpoint.

    Args:
        model: Its denoising network.
        encoder: Its text encoders.
        vae: Its autoencoder.
        identified: Its family, and why.
        digests: Digest of the content behind each handle: "model", "encoder", "vae".
    """

    model: Model
    encoder: TextEncoder
    vae: Vae
    identified: Identified
    digests: Mapping[str, str]


def open_checkpoint(
    path: Path,
    *,
    memory: DigestMemory,
    family: str = "auto",
    config: Path | None = None,
    prediction: Prediction = "auto",
    dtype: Dtype = "auto",
) -> Checkpoint:
    """Make the handles of a checkpoint.

    Args:
        path: A folder in the diffusers layout, or a single file in the original layout.
        memory: Remembers digests of files; the first opening of a file reads all of it.
        family: Id of the family; "auto" finds it out from names and shapes of the tensors.
        config: Folder of configurations for a single file; None takes what `configs_for` finds. Ignored for
            folders.
        prediction: What the network predicts; "auto" takes what the checkpoint or its family says.
        dtype: Type to compute in; see `Weights`.

    Raises:
        ModelFileMissingError: There is no such file, or a folder lacks one.
        ModelFileRefusedError: The weights are a pickle.
        CheckpointCorruptError: A file is damaged.
        CheckpointUnknownError: No known family has these tensors.
        FamilyUnknownError: `family` names none.
    """
    # A handle outlives the process that made it, and so its working folder.
    path = path.absolute()
    found = identify(path) if family == "auto" else Identified(family, "given by the caller")
    if found.family not in FAMILIES:
        raise FamilyUnknownError(family=found.family, known=tuple(FAMILIES))
    adapter = FAMILIES[found.family]
    place = Weights("", str(path), dtype=dtype)
    if path.is_file():
        configs = config or configs_for(path, found)
        place = replace(place, config=str(configs), parts=tokenizers_for(path, adapter, configs))
    files = loading.open_weights(place)
    digests = {
        "model": loading.network_digest(files, adapter, memory),
        "encoder": loading.text_digest(files, adapter, memory),
        "vae": loading.vae_digest(files, adapter, memory),
    }
    space = adapter.latent_space
    return Checkpoint(
        Model(
            found.family,
            space,
            replace(place, source=digests["model"]),
            adapter.network_part.name,
            found.prediction if prediction == "auto" else prediction,
            found.has_zero_terminal_snr,
            found.is_cosine,
        ),
        TextEncoder(found.family, replace(place, source=digests["encoder"])),
        Vae(found.family, space, unpacked(replace(place, source=digests["vae"]))),
        found,
        digests,
    )


def unpacked(weights: Weights) -> Weights:
    """Return weights of an autoencoder: most of it are convolutions, which are not packed."""
    return replace(weights, dtype="auto") if weights.dtype in PACKINGS else weights


def configs_for(path: Path, found: Identified) -> Path:
    """Return the folder of configurations for a single file.

    Args:
        path: The file.
        found: Its family, and what it learned of guidance.

    Returns:
        `configs/<family>` beside the file or in a folder above it, where somebody put one with a
        configuration of the network; else the one that ships with weft.

    Raises:
        ModelFileMissingError: Neither is there.
    """
    adapter = FAMILIES[found.family]
    own = _folder_above(path, found.family)
    if own is not None and (own / adapter.network_part.name).is_dir():
        return own
    if adapter.configs is None:
        raise ModelFileMissingError(
            path=path.parent / _CONFIGS / found.family,
            hint=f"Put the folders of a diffusers model of the family {found.family} there, without its "
            "weights: its configurations and tokenizers. Or load the model as a folder.",
        )
    variant = _VARIANTS.get((found.family, found.traits.get("guidance", "")), adapter.configs.name)
    return adapter.configs.parent / variant


def tokenizers_for(path: Path, adapter: Family, configs: Path) -> tuple[tuple[str, str], ...]:
    """Find the tokenizers that do not ship with weft, in `configs/<family>` beside a file or above it.

    Args:
        path: The file.
        adapter: Its family.
        configs: Where its configurations are.

    Returns:
        Folders by the name of the tokenizer; those that are nowhere are missed when a prompt is encoded.
    """
    own = _folder_above(path, adapter.id)
    if own is None or own == configs:
        return ()
    places = [(part.tokenizer, own / part.tokenizer) for part in adapter.text_parts]
    return tuple((name, str(place)) for name, place in places if place.is_dir())


def _folder_above(path: Path, family: str) -> Path | None:
    places = (folder / _CONFIGS / family for folder in path.absolute().parents[:_LEVELS])
    return next((place for place in places if place.is_dir()), None)


def list_checkpoints(folders: Sequence[Path], cache: Path | None = None) -> Mapping[str, Path]:
    """List the checkpoints that can be loaded by name.

    Args:
        folders: Folders of models, first match first. Missing ones are passed over.
        cache: The cache of Hugging Face; None leaves it alone.

    Returns:
        Paths by name: the path below its folder, with forward slashes, such as "xl/base.safetensors", or the
        name of a repository in the cache, such as "owner/model". The model that ships with weft is always
        there, as "starter", unless a folder holds one of that name.
    """
    found: dict[str, Path] = {}
    for folder in folders:
        for path in weights_below(folder, "model_index.json"):
            found.setdefault(path.relative_to(folder).as_posix(), path)
    shipped = _STARTER / "model"
    if (shipped / "model_index.json").is_file():
        found.setdefault("starter", shipped)
    cached = {} if cache is None else cached_models(cache)
    return dict(sorted({**cached, **found}.items()))


def weights_below(folder: Path, index: str) -> Iterator[Path]:
    """Find single files and diffusers folders, however deep; nothing hidden, and nothing inside such folders.

    Args:
        folder: Where to look; it need not be there.
        index: Name of the file by which a folder of diffusers is known.

    Yields:
        Paths of files and folders.
    """
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        for path in sorted(place.iterdir()) if place.is_dir() else ():
            if path.name.startswith("."):
                continue
            if path.suffix in SUFFIXES or (path / index).is_file():
                yield path
            elif path.is_dir():
                waiting.append(path)


def checkpoint_traits(path: Path) -> Mapping[str, str]:
    """Return what the check of a workflow may know of a checkpoint, from its header alone.

    Args:
        path: A checkpoint.

    Returns:
        Those of `MODEL_TRAITS` and `ENCODER_TRAITS`, as far as they are known; none for a file that cannot
        be read or is of no known family: its error appears when it is loaded.
    """
    try:
        found = identify(path)
    except ModelError:
        return {}
    if found.family not in FAMILIES:
        return {}
    adapter = FAMILIES[found.family]
    known = {"family": found.family, "space": adapter.latent_space, "network": adapter.network_part.name}
    readers = {part.name for part in adapter.text_parts}
    unread = {name: "empty" for name in READERS if name not in readers}
    return {**known, **unread, **found.traits}


def find_checkpoint(name: str, folders: Sequence[Path], cache: Path | None = None) -> Path:
    """Return the path of a listed checkpoint.

    Args:
        name: As `list_checkpoints` gives it; a name that is not listed is never looked up as a path.
        folders: Folders of models.
        cache: The cache of Hugging Face; None leaves it alone.

    Raises:
        ModelFileMissingError: No checkpoint of this name is listed.
    """
    return find_listed(name, list_checkpoints(folders, cache), "checkpoints")
