"""Networks that read pictures: found by what they are for, and kept ready for all runs of a worker."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, Self, TypeAlias, cast

import torch
from torch import Tensor, nn
from weft.sdk import ModelError, ServiceScope

from weft_nodes.models.adapter import ModulePart
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.errors import CheckpointUnknownError, ModelFileMissingError
from weft_nodes.models.loading import CheckpointFolder, load_module, read_json
from weft_nodes.models.shelf import Shelf
from weft_nodes.models.weights import component_files, count_bytes

Task: TypeAlias = Literal["depth", "segmentation", "pose"]
"""What a network reads in a picture."""

FOLDER: Final = "preprocessors"
"""Folder of a models folder in which these networks lie."""

_ENDINGS: Final[Mapping[Task, tuple[str, ...]]] = MappingProxyType(
    {
        "depth": ("ForDepthEstimation",),
        "segmentation": ("ForSemanticSegmentation", "Mask2FormerForUniversalSegmentation"),
        "pose": ("VitPoseForPoseEstimation",),
    }
)
_PROCESSOR: Final = "preprocessor_config.json"
# These say how far things are; others say how near, without a unit.
_MEASURING: Final = frozenset({"zoedepth", "glpn", "depth_pro"})
_KEPT = 2


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Reader:
    """A live network with what prepares pictures for it.

    Attributes:
        network: A network of transformers.
        processor: Its image processor.
        measures_distance: Whether its depth grows with the distance.
        labels: Names of the classes that it tells apart, by number.
    """

    network: nn.Module
    processor: Any
    measures_distance: bool
    labels: Mapping[int, str]


def list_networks(task: Task, folders: Sequence[Path]) -> Mapping[str, Path]:
    """List the networks for a task.

    Args:
        task: What they read in pictures.
        folders: Folders of models, first match first; each may have a folder "preprocessors".

    Returns:
        Folders of transformers by name: the path below that folder, with forward slashes.
    """
    found: dict[str, Path] = {}
    for folder in (models / FOLDER for models in folders):
        for config in sorted(folder.rglob("config.json")) if folder.is_dir() else ():
            if _is_for(task, config):
                found.setdefault(config.parent.relative_to(folder).as_posix(), config.parent)
    return dict(sorted(found.items()))


def find_network(task: Task, name: str, folders: Sequence[Path]) -> Path:
    """Find a listed network.

    Args:
        task: What it reads in pictures.
        name: As `list_networks` gives it; a name that is not listed is never looked up as a path.
        folders: Folders of models.

    Raises:
        ModelFileMissingError: No network of this name is listed.
    """
    listed = list_networks(task, folders)
    if name not in listed:
        known = ", ".join(listed) or "none yet"
        raise ModelFileMissingError(
            path=Path(name),
            hint=f"Put its folder into the {FOLDER} folder of a models folder; known for {task}: {known}.",
        )
    return listed[name]


def network_digest(path: Path, memory: DigestMemory) -> str:
    """Return the digest of all files of a network that decide what it finds.

    Raises:
        ModelError: A file is missing, or the weights are a pickle.
    """
    files = (*component_files(path), path / "config.json", path / _PROCESSOR)
    for file in files:
        if not file.is_file():
            raise ModelFileMissingError(path=file, hint="The folder is incomplete; download it again.")
    return memory.files({file.name: file for file in files})


class ReaderStore:
    """Keeps networks that read pictures; one per worker.

    Args:
        device: Where networks live, such as "cpu" or "cuda:0".
    """

    def __init__(self, *, device: str) -> None:
        self._device = torch.device(device)
        self._readers: Shelf[Reader] = Shelf(lambda reader: count_bytes(reader.network), keep=_KEPT)

    @classmethod
    def create(cls, scope: ServiceScope) -> Self:
        """Build the store of a worker."""
        return cls(device=scope.device)

    def reader(self, path: Path, digest: str) -> Reader:
        """Return the live network of a folder, in single precision: these networks are small.

        Args:
            path: The folder.
            digest: What its content is known by.

        Raises:
            ModelError: Files are missing or damaged, or of an architecture that is not known here.
        """
        return self._readers.get((str(path), digest), lambda: self._load(path))

    def held_bytes(self) -> int:
        """Return the memory of all live networks."""
        return self._readers.held_bytes()

    def release(self, needed_bytes: int) -> int:
        """Forget networks until enough memory has come free; return how much."""
        return self._readers.release(needed_bytes)

    def close(self) -> None:
        """Forget all networks."""
        self._readers.clear()

    def _load(self, path: Path) -> Reader:
        from transformers import AutoImageProcessor

        part = ModulePart(
            name=path.name,
            build=lambda config: _build(path, config),
            rename=lambda _, tensors: tensors,
            prefixes=("",),
            convert=lambda _, tensors: tensors,
        )
        network = load_module(
            CheckpointFolder(path.parent), part, path=path, dtype=torch.float32, device=self._device
        )
        config = cast("Any", network).config
        measures = config.model_type in _MEASURING or getattr(config, "depth_estimation_type", "") == "metric"
        processor = AutoImageProcessor.from_pretrained(path, local_files_only=True)
        return Reader(network, processor, measures, MappingProxyType(dict(config.id2label)))


def read_depth(reader: Reader, picture_HW3: Tensor) -> Tensor:
    """Estimate the depth of one picture.

    Args:
        reader: A network for depth.
        picture_HW3: A picture, 0..1.

    Returns:
        Nearness [H, W], 0 for the farthest pixel and 1 for the nearest, float32, on the CPU.
    """
    size = picture_HW3.shape[:2]
    found = _outputs(reader, picture_HW3)
    finish = reader.processor.post_process_depth_estimation
    # One of them adds a margin to pictures, and has to know what it was added to.
    options = {"source_sizes": [size]} if "source_sizes" in inspect.signature(finish).parameters else {}
    depth_HW: Tensor = finish(found, target_sizes=[size], **options)[0]["predicted_depth"].float().cpu()
    near_HW = 1 / depth_HW.clamp_min(1e-3) if reader.measures_distance else depth_HW
    least, most = near_HW.min(), near_HW.max()
    return (near_HW - least) / (most - least).clamp_min(1e-12)


def read_classes(reader: Reader, picture_HW3: Tensor) -> Tensor:
    """Tell for each pixel of one picture what it shows.

    Args:
        reader: A network for segmentation.
        picture_HW3: A picture, 0..1.

    Returns:
        Numbers of classes [H, W], int64, on the CPU; `Reader.labels` names them.
    """
    found = _outputs(reader, picture_HW3)
    finished = reader.processor.post_process_semantic_segmentation(
        found, target_sizes=[picture_HW3.shape[:2]]
    )
    return cast("Tensor", finished[0]).cpu()


def _outputs(reader: Reader, picture_HW3: Tensor) -> object:
    picture = (picture_HW3.detach().cpu().clamp(0, 1) * 255).round().to(torch.uint8).numpy()
    inputs = reader.processor(images=picture, return_tensors="pt")
    device = next(reader.network.parameters()).device
    with torch.no_grad():
        return reader.network(**{name: tensor.to(device) for name, tensor in inputs.items()})


def _is_for(task: Task, config: Path) -> bool:
    try:
        architectures = read_json(config).get("architectures")
    except ModelError:
        return False
    names = architectures if isinstance(architectures, list) else []
    return any(isinstance(name, str) and name.endswith(_ENDINGS[task]) for name in names)


def _build(path: Path, config: Mapping[str, object]) -> nn.Module:
    """Make the network that a configuration names; the file runs no code of its own."""
    import transformers

    architectures = cast("Sequence[str]", config["architectures"])
    model: Any = getattr(transformers, architectures[0], None)
    is_known = inspect.isclass(model) and issubclass(model, transformers.PreTrainedModel)
    if not is_known:
        raise CheckpointUnknownError(
            path=path,
            seen=f"a network of the class {architectures[0]}",
            tried=("transformers has no such class",),
        )
    options = {name: option for name, option in config.items() if name != "model_type"}
    return cast("nn.Module", model(model.config_class(**options)))
