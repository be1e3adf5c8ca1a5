"""From files to modules, offline: a diffusers folder, or a single file with a folder of configurations.

Both layouts go the same way: build the module from its configuration without storage, bring the tensors'
names to its own, check every name and shape, and put the tensors in one by one. Nothing here ever looks at a
network address.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from weft_nodes.models.adapter import Family, ModulePart, TextPart
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.errors import CheckpointCorruptError, CheckpointIncompleteError, ModelFileMissingError
from weft_nodes.models.filling import Placement, fill
from weft_nodes.models.gguf_files import shape_of
from weft_nodes.models.handles import Weights
from weft_nodes.models.mapped import MappedFile
from weft_nodes.models.packed import Storage
from weft_nodes.models.scales import converted
from weft_nodes.models.weights import component_files, iterate_tensors, read_header

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class Checkpoint(Protocol):
    """The files of one checkpoint, in either layout."""

    def config(self, part: str, file: str = "config.json") -> dict[str, object]:
        """Read the configuration of a part.

        Args:
            part: Such as "unet" or "scheduler".
            file: Its file name.

        Raises:
            ModelFileMissingError: There is no such file.
            CheckpointCorruptError: It is not a JSON object.
        """

    def fitted_config(self, part: ModulePart) -> dict[str, object]:
        """Read the configuration of a network, with what the header of its file shows of it.

        Args:
            part: Which network.

        Raises:
            ModelFileMissingError: There is no such file.
            CheckpointCorruptError: It is not a JSON object, or the header is damaged.
        """

    def tensors(self, part: ModulePart, module: nn.Module, mapped: list[MappedFile]) -> dict[str, Tensor]:
        """Read the tensors of a part, by the module's own names, with scales where there are some.

        Args:
            part: Which network.
            module: Built for it.
            mapped: Is given the files of which the tensors may be views.
        """

    def has(self, part: TextPart) -> bool:
        """Tell whether a text encoder is there, or at least must be."""

    def tokenizer(self, part: TextPart) -> PreTrainedTokenizerBase:
        """Build a tokenizer of its own for the caller."""

    def digest(self, memory: DigestMemory, *, modules: tuple[str, ...], others: tuple[str, ...]) -> str:
        """Return the digest of the content of some parts.

        Args:
            memory: Remembers digests of files.
            modules: Parts with weights and a configuration.
            others: Parts of other files: tokenizers and the scheduler.
        """


@dataclass(frozen=True, slots=True)
class CheckpointFolder:
    """A checkpoint in the diffusers layout: one folder per part.

    Args:
        path: The folder with `model_index.json`.
    """

    path: Path

    def config(self, part: str, file: str = "config.json") -> dict[str, object]:
        """Read the configuration of a part; see `Checkpoint`."""
        return read_json(self._place(part) / file)

    def fitted_config(self, part: ModulePart) -> dict[str, object]:
        """Read the configuration of a network, which knows its file; see `Checkpoint`."""
        return self.config(part.name)

    def tensors(self, part: ModulePart, module: nn.Module, mapped: list[MappedFile]) -> dict[str, Tensor]:
        """Read the tensors of a part; see `Checkpoint`."""
        files = component_files(self._place(part.name))
        found = {name: tensor for file in files for name, tensor in iterate_tensors(file, mapped=mapped)}
        return converted(lambda tensors: part.rename(module, tensors), found)

    def has(self, part: TextPart) -> bool:
        """Tell whether a text encoder is there; see `Checkpoint`."""
        return not part.is_optional or (self.path / part.encoder.name).is_dir()

    def tokenizer(self, part: TextPart) -> PreTrainedTokenizerBase:
        """Build a tokenizer; see `Checkpoint`."""
        return part.load(self.path / part.tokenizer)

    def digest(self, memory: DigestMemory, *, modules: tuple[str, ...], others: tuple[str, ...]) -> str:
        """Return the digest of some parts; see `Checkpoint`."""
        paths = [path for name in modules for path in component_files(self._place(name))]
        paths += [path for name in (*modules, *others) for path in _texts(self._place(name))]
        return memory.files({path.relative_to(self.path).as_posix(): path for path in paths})

    def _place(self, part: str) -> Path:
        """Return the folder of a part, which the oldest models have beside the index."""
        folder = self.path / part
        return folder if folder.is_dir() or not is_flat(self.path) else self.path


@dataclass(frozen=True, slots=True)
class CheckpointFile:
    """A checkpoint in one file in the layout of the original training code, or in files apart.

    Args:
        path: The file.
        configs: Folder of configurations and tokenizers, in the diffusers layout but without weights.
        parts: Files of single parts, and folders of tokenizers, that lie elsewhere, by the name of the part.
    """

    path: Path
    configs: Path
    parts: Mapping[str, Path] = field(default_factory=dict, hash=False)

    def config(self, part: str, file: str = "config.json") -> dict[str, object]:
        """Read the configuration of a part; see `Checkpoint`."""
        return read_json(self.configs / part / file)

    def fitted_config(self, part: ModulePart) -> dict[str, object]:
        """Read the configuration of a network, with what its header shows; see `Checkpoint`."""
        config = self.config(part.name)
        if part.fit is None:
            return config
        tensors = read_header(self.file(part)).tensors
        prefix = part.prefixes[0]
        return config | part.fit({name.removeprefix(prefix): info.shape for name, info in tensors.items()})

    def file(self, part: ModulePart) -> Path:
        """Return the file that holds a part."""
        return self.parts.get(part.name, self.path)

    def tensors(self, part: ModulePart, module: nn.Module, mapped: list[MappedFile]) -> dict[str, Tensor]:
        """Read the tensors of a part, whether its file holds others too or it alone; see `Checkpoint`."""
        file = self.file(part)
        if any(name.startswith(part.prefixes) for name in read_header(file).tensors):
            found = dict(iterate_tensors(file, prefixes=part.prefixes, mapped=mapped))
            return converted(lambda tensors: part.convert(module, tensors), found)
        found = dict(iterate_tensors(file, mapped=mapped))
        return converted(lambda tensors: _of_part_alone(part, module, tensors), found)

    def has(self, part: TextPart) -> bool:
        """Tell whether a text encoder is there; see `Checkpoint`."""
        if not part.is_optional or part.encoder.name in self.parts:
            return True
        names = read_header(self.path).tensors
        return any(name.startswith(part.encoder.prefixes) for name in names)

    def tokenizer(self, part: TextPart) -> PreTrainedTokenizerBase:
        """Build a tokenizer; see `Checkpoint`."""
        folder = self._folder(part.tokenizer)
        if not folder.is_dir():
            raise ModelFileMissingError(
                path=folder,
                hint=f"Fetch the folder {part.tokenizer} of the model's diffusers repository once, and put "
                "it into the folder of its family in `configs` of the models folder, such as configs/flux.",
            )
        return part.load(folder)

    def digest(self, memory: DigestMemory, *, modules: tuple[str, ...], others: tuple[str, ...]) -> str:
        """Return the digest of the files and of the configurations of some parts; see `Checkpoint`."""
        files = {name: self.parts[name] for name in modules if name in self.parts}
        if len(files) < len(modules):
            files["weights"] = self.path
        for name in (*modules, *others):
            folder = self.configs / name if name in modules else self._folder(name)
            files |= {f"{name}/{path.name}": path for path in _texts(folder)}
        return memory.files(files)

    def _folder(self, tokenizer: str) -> Path:
        return self.parts.get(tokenizer, self.configs / tokenizer)


def _of_part_alone(part: ModulePart, module: nn.Module, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Name the tensors of a file that holds one part: as its module does, or as a whole checkpoint would."""
    wanted = module.state_dict()
    renamed = part.rename(module, dict(tensors))
    if sum(name in renamed for name in wanted) > len(wanted) // 2:
        return renamed
    return part.convert(module, {part.prefixes[0] + name: tensor for name, tensor in tensors.items()})


def is_flat(folder: Path) -> bool:
    """Tell whether a model folder is of the oldest layout: its only network lies beside the index.

    Args:
        folder: The folder with `model_index.json`.
    """
    return (folder / "scheduler_config.json").is_file() and (folder / "config.json").is_file()


def open_weights(weights: Weights) -> Checkpoint:
    """Return access to the files behind a handle.

    Args:
        weights: Of the handle.

    Raises:
        ModelFileMissingError: Nothing lies at its path any more.
    """
    path = Path(weights.path)
    if path.is_dir():
        return CheckpointFolder(path)
    if not path.is_file():
        raise ModelFileMissingError(
            path=path, hint="It was moved or deleted; put it back, or load another checkpoint."
        )
    parts = {name: Path(place) for name, place in weights.parts}
    return CheckpointFile(path, Path(weights.config), parts)


def network_digest(checkpoint: Checkpoint, family: Family, memory: DigestMemory) -> str:
    """Return the digest of the denoising network and its noise schedule."""
    return checkpoint.digest(memory, modules=(family.network_part.name,), others=("scheduler",))


def text_digest(checkpoint: Checkpoint, family: Family, memory: DigestMemory) -> str:
    """Return the digest of all text encoders and tokenizers."""
    parts = text_parts(checkpoint, family)
    modules = tuple(part.encoder.name for part in parts)
    return checkpoint.digest(memory, modules=modules, others=tuple(part.tokenizer for part in parts))


def text_parts(checkpoint: Checkpoint, family: Family) -> tuple[TextPart, ...]:
    """Return the text parts of a family that a checkpoint has, and those it lacks though it must not."""
    return tuple(part for part in family.text_parts if checkpoint.has(part))


def vae_digest(checkpoint: Checkpoint, family: Family, memory: DigestMemory) -> str:
    """Return the digest of the autoencoder."""
    part = family.vae_part
    return checkpoint.digest(memory, modules=() if part.is_weightless else (part.name,), others=())


def load_module(
    checkpoint: Checkpoint,
    part: ModulePart,
    *,
    path: Path,
    dtype: torch.dtype,
    device: torch.device,
    storage: Storage = "plain",
) -> nn.Module:
    """Build one network of a checkpoint and fill it with its weights.

    Args:
        checkpoint: Where its files are.
        part: Which network.
        path: Named in errors.
        dtype: Of its floating-point parameters, but for packed weights.
        device: Where they are put.
        storage: How the weights of its linear layers are stored.

    Returns:
        The module, ready to run, without gradients, with nothing left that has no storage. It depends on its
        files no more: it neither changes nor crashes when they are overwritten.

    Raises:
        ModelFileMissingError: A file is missing.
        ModelFileRefusedError: The weights are a pickle.
        CheckpointCorruptError: A file is damaged.
        CheckpointIncompleteError: Tensors are missing or have another shape.
    """
    if part.is_weightless:
        # Nothing would be saved by another type than float32.
        return part.build({}).to(device).eval()
    module = build_without_storage(lambda: part.build(checkpoint.fitted_config(part)))
    wanted = module.state_dict(keep_vars=True)
    mapped: list[MappedFile] = []
    tensors = _under_every_name(wanted, checkpoint.tensors(part, module, mapped))
    shapes = {name: shape_of(tensor) for name, tensor in tensors.items()}
    missing = [name for name in wanted if name not in tensors]
    misshapen = [
        f"{name} is {list(shapes[name])} instead of {list(wanted[name].shape)}"
        for name in wanted
        if name in tensors and shapes[name] != wanted[name].shape
    ]
    if missing or misshapen:
        raise CheckpointIncompleteError(path=path, part=part.name, missing=missing, misshapen=misshapen)
    fill(module, wanted, tensors, Placement(dtype, device, storage, tuple(mapped)))
    module = module.to(device).eval().requires_grad_(False)
    unfilled = [
        name for name, tensor in (*module.named_parameters(), *module.named_buffers()) if tensor.is_meta
    ]
    if unfilled:
        raise CheckpointIncompleteError(path=path, part=part.name, missing=unfilled)
    return module


def _under_every_name(wanted: Mapping[str, Tensor], tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Name tied parameters, which files hold once, by each of the module's names for them."""
    known = {id(parameter): tensors[name] for name, parameter in wanted.items() if name in tensors}
    tied = {name: known[id(parameter)] for name, parameter in wanted.items() if id(parameter) in known}
    return tied | tensors


_FILLS = frozenset({"constant_", "fill_", "kaiming_uniform_", "normal_", "uniform_", "zero_"})
"""What fills a tensor with first values: without storage there is nothing to fill, only time to lose.

By name, since transformers puts functions of its own in the place of those of torch while it builds.
"""


class _WithoutStorage(TorchFunctionMode):
    """Sends new empty tensors, which is how layers make their parameters, to the meta device.

    Unlike accelerate's `init_empty_weights` it patches nothing, so that other threads are not affected, and
    unlike `torch.device("meta")` it leaves computed buffers such as position ids alone.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> object:
        options = dict(kwargs or {})
        if func is torch.empty and options.get("device") is None:
            options["device"] = "meta"
        elif getattr(func, "__name__", "") in _FILLS:
            filled = args[0] if args else options["tensor"]
            if filled.is_meta:
                return filled
        return func(*args, **options)


def build_without_storage(build: Callable[[], nn.Module]) -> nn.Module:
    """Call `build` so that the parameters of the module it makes take no memory until they are assigned."""
    mode: AbstractContextManager[object] = _WithoutStorage()
    with mode:
        return build()


def read_json(path: Path) -> dict[str, object]:
    """Read a JSON object from a file of a checkpoint.

    Args:
        path: The file.

    Raises:
        ModelFileMissingError: There is no such file.
        CheckpointCorruptError: It holds no JSON object.
    """
    if not path.is_file():
        raise ModelFileMissingError(path=path, hint="The model folder is incomplete; download it again.")
    try:
        content = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise CheckpointCorruptError(path=path, problem=f"it is not JSON ({error})") from error
    if not isinstance(content, dict):
        raise CheckpointCorruptError(path=path, problem="it is not a JSON object")
    return content


def _texts(folder: Path) -> list[Path]:
    """List the files beside the weights that decide what a part does: configurations and vocabularies."""
    return [path for path in sorted(folder.glob("*")) if path.suffix in (".json", ".txt", ".model")]
