"""Networks, text encoders and autoencoders in files apart, as they are published for large families.

A network's family is read from its header. Which text encoders and which autoencoder belong to it then
follows from the model they are loaded for: headers of autoencoders do not tell, since those of different
families have the same shapes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from weft.sdk import ModelError

from weft_nodes.families.checkpoints import (
    configs_for,
    tokenizers_for,
    unpacked,
    weights_below,
)
from weft_nodes.families.facts import FACTS
from weft_nodes.families.identify import Identified, identify, identify_network
from weft_nodes.families.registry import FAMILIES
from weft_nodes.models import loading
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.errors import (
    CheckpointCorruptError,
    CheckpointUnknownError,
    FamilyUnknownError,
    LatentMismatchError,
    ModelFileMissingError,
)
from weft_nodes.models.handles import Dtype, Model, TextEncoder, Vae, Weights
from weft_nodes.models.hub_cache import cached_models, find_listed
from weft_nodes.models.weights import read_header

NETWORKS: Final = ("diffusion_models", "unet")
"""Folders of a models folder in which networks lie by themselves."""

ENCODERS: Final = ("text_encoders", "clip")
"""Folders of a models folder in which text encoders lie by themselves."""

SMALL_VAES: Final = "vae_approx"
"""Folder of a models folder for small autoencoders, by which pictures are shown while they take shape."""

VAES: Final = ("vae", SMALL_VAES)
"""Folders of a models folder in which autoencoders lie by themselves."""

# What the table of a text encoder's words is called: by CLIP and OpenCLIP, T5, and language models.
_WORDS: Final = ("token_embedding.weight", "shared.weight", "embed_tokens.weight")


def list_parts(kinds: Sequence[str], folders: Sequence[Path]) -> Mapping[str, Path]:
    """List the files of one kind that can be loaded by name.

    Args:
        kinds: Names of the folders in which they lie, first match first.
        folders: Folders of models, first match first.

    Returns:
        Paths by name: the path below that folder, with forward slashes. The file of an autoencoder in the
        layout of diffusers has the name of its folder.
    """
    found: dict[str, Path] = {}
    for folder in (models / kind for models in folders for kind in kinds):
        for path in weights_below(folder, "config.json"):
            inside = path.glob("diffusion_pytorch_model*.safetensors") if set(kinds) <= set(VAES) else ()
            files = [path] if path.is_file() else sorted(inside)
            if len(files) == 1:
                found.setdefault(path.relative_to(folder).as_posix(), files[0])
    return dict(sorted(found.items()))


def find_part(name: str, kinds: Sequence[str], folders: Sequence[Path]) -> Path:
    """Return the path of a listed file.

    Args:
        name: As `list_parts` gives it; a name that is not listed is never looked up as a path.
        kinds: Names of the folders in which it may lie.
        folders: Folders of models.

    Raises:
        ModelFileMissingError: No file of this name is listed.
    """
    listed = list_parts(kinds, folders)
    if name not in listed:
        known = ", ".join(listed) or "none yet"
        raise ModelFileMissingError(path=Path(name), hint=f"Files in folders {' or '.join(kinds)}: {known}.")
    return listed[name]


def list_networks(folders: Sequence[Path], cache: Path) -> Mapping[str, Path]:
    """List the networks that can be loaded by name: files of their own, and those of cached models.

    Args:
        folders: Folders of models, first match first.
        cache: The cache of Hugging Face.

    Returns:
        Paths of files by name, as `list_parts` gives them, and folders by the name of their repository.
    """
    parts = {family.network_part.name for family in FAMILIES.values()}
    cached = {
        name: folder
        for name, folder in cached_models(cache).items()
        if any((folder / part).is_dir() for part in parts)
    }
    return dict(sorted({**cached, **list_parts(NETWORKS, folders)}.items()))


def find_network(name: str, folders: Sequence[Path], cache: Path) -> Path:
    """Return the path of a listed network.

    Args:
        name: As `list_networks` gives it; a name that is not listed is never looked up as a path.
        folders: Folders of models.
        cache: The cache of Hugging Face.

    Raises:
        ModelFileMissingError: No network of this name is listed.
    """
    return find_listed(name, list_networks(folders, cache), "networks")


def network_traits(path: Path) -> Mapping[str, str]:
    """Return what the check of a workflow may know of a network; none for a file that cannot be read."""
    try:
        found = _identified(path)
    except ModelError:
        return {}
    adapter = FAMILIES[found.family]
    known = {"family": found.family, "space": adapter.latent_space, "network": adapter.network_part.name}
    return {**known, **found.traits}


def open_network(
    path: Path,
    *,
    memory: DigestMemory,
    family: str = "auto",
    config: Path | None = None,
    dtype: Dtype = "auto",
) -> Model:
    """Make the handle of a network in a file of its own, or of the network of a model folder.

    Args:
        path: The file, in the original layout or in that of diffusers; or a folder with `model_index.json`.
        memory: Remembers digests of files; the first opening of a file reads all of it.
        family: Id of the family; "auto" finds it out from names and shapes of the tensors.
        config: Folder of configurations for a file; None takes what `checkpoints.configs_for` finds.
        dtype: Type to compute in; see `Weights`.

    Raises:
        ModelFileMissingError: There is no such file, or there are no configurations for its family.
        ModelFileRefusedError: It is a pickle.
        CheckpointCorruptError: It is damaged.
        CheckpointUnknownError: No known family has these tensors.
        PackageMissingError: It needs a package that is not installed.
    """
    path = path.absolute()
    found = _identified(path) if family == "auto" else Identified(family, "given by the caller")
    adapter = FAMILIES[found.family]
    weights = Weights("", str(path), dtype=dtype)
    if not path.is_dir():
        configs = config or configs_for(path, found)
        weights = replace(weights, config=str(configs), parts=tokenizers_for(path, adapter, configs))
    source = loading.network_digest(loading.open_weights(weights), adapter, memory)
    return Model(
        found.family,
        adapter.latent_space,
        replace(weights, source=source),
        adapter.network_part.name,
        found.prediction,
        found.has_zero_terminal_snr,
        found.is_cosine,
    )


def open_encoders(
    paths: Sequence[Path], model: Model, *, memory: DigestMemory, dtype: Dtype = "auto"
) -> TextEncoder:
    """Make the handle of text encoders in files of their own.

    Args:
        paths: One file for each text encoder that the family of the model needs, in any order.
        model: The model whose prompts they read.
        memory: Remembers digests of files.
        dtype: Type to compute in; see `Weights`.

    Raises:
        CheckpointUnknownError: A file is none of the family's text encoders.
        ModelFileMissingError: A text encoder is missing.
        ModelFileRefusedError: A file is a pickle.
        CheckpointCorruptError: A file is damaged.
    """
    adapter = FAMILIES[model.family]
    configs, tokenizers = _configs_of(model)
    parts = {part.encoder.name: part for part in adapter.text_parts}
    sizes = {name: _size_of_words(configs / name) for name in parts}
    files: dict[str, Path] = {}
    for path in paths:
        held = _words_in(path)
        fitting = [name for name, size in sizes.items() if size == held and name not in files]
        if not fitting:
            raise CheckpointUnknownError(
                path=path,
                seen=f"a table of {held[0]} words of width {held[1]}" if held else "no table of words",
                tried=[f"{name}: has {size[0]} words of width {size[1]}" for name, size in sizes.items()],
            )
        files[fitting[0]] = path.absolute()
    for name, part in parts.items():
        if name not in files and not part.is_optional:
            words, width = sizes[name]
            raise ModelFileMissingError(
                path=Path(name),
                hint=f"{FACTS[model.family].title} reads prompts with {len(parts)} text encoders; add the "
                f"file of the one with {words} words of width {width}.",
            )
    places = tuple((name, str(path)) for name, path in files.items())
    weights = Weights("", str(next(iter(files.values()))), str(configs), dtype, (*places, *tokenizers))
    source = loading.text_digest(loading.open_weights(weights), adapter, memory)
    return TextEncoder(model.family, replace(weights, source=source))


def open_vae(path: Path, model: Model, *, memory: DigestMemory, dtype: Dtype = "auto") -> Vae:
    """Make the handle of an autoencoder in a file of its own.

    Args:
        path: The file, in the original layout or in that of diffusers.
        model: The model whose latents it decodes.
        memory: Remembers digests of files.
        dtype: Type to compute in; see `Weights`.

    Raises:
        ModelFileMissingError: There is no such file.
        ModelFileRefusedError: It is a pickle.
        CheckpointCorruptError: It is damaged.
        LatentMismatchError: The model samples pictures, and needs no autoencoder.
    """
    adapter = FAMILIES[model.family]
    if adapter.vae_part.is_weightless:
        raise LatentMismatchError(
            f"{path.name} is an autoencoder, but {FACTS[model.family].title} samples pictures.",
            hint="Connect the VAE of the checkpoint, which leaves them as they are.",
        )
    configs, _ = _configs_of(model)
    weights = unpacked(Weights("", str(path.absolute()), str(configs), dtype))
    read_header(path)
    source = loading.vae_digest(loading.open_weights(weights), adapter, memory)
    return Vae(model.family, model.space, replace(weights, source=source))


def _identified(path: Path) -> Identified:
    found = identify(path) if path.is_dir() else identify_network(path)
    if found.family not in FAMILIES:
        raise FamilyUnknownError(family=found.family, known=tuple(FAMILIES))
    return found


def _configs_of(model: Model) -> tuple[Path, tuple[tuple[str, str], ...]]:
    """Return where the configurations of a model's other parts are, and its tokenizers that lie elsewhere."""
    path = Path(model.weights.path)
    if path.is_dir():
        return path, ()
    tokenizers = {part.tokenizer for part in FAMILIES[model.family].text_parts}
    parts = model.weights.parts
    return Path(model.weights.config), tuple(part for part in parts if part[0] in tokenizers)


def _words_in(path: Path) -> tuple[int, ...]:
    """Return number and width of the words that the text encoder of a file knows; empty for another file."""
    shapes = (info.shape for name, info in read_header(path).tensors.items() if name.endswith(_WORDS))
    return next(shapes, ())


def _size_of_words(folder: Path) -> tuple[int, int]:
    config = loading.read_json(folder / "config.json")
    inner = config.get("text_config")
    match inner if isinstance(inner, dict) else config:
        case {"vocab_size": int(words), "d_model": int(width)} | {
            "vocab_size": int(words),
            "hidden_size": int(width),
        }:
            return words, width
    raise CheckpointCorruptError(
        path=folder / "config.json", problem="it does not say how many words there are"
    )
