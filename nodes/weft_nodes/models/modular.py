"""Whole pipelines of diffusers, for families that are not taken apart here: run as they are, step by step.

A pipeline is a folder of diffusers, with `modular_model_index.json`, or with the `model_index.json` of a
family that diffusers has a Modular Pipeline for. It is read from its own folder alone, whatever its files
name, and runs no code but that of diffusers and transformers. What is called between its steps sees the
latents, and may end the run by raising.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

import torch
from torch import Tensor, nn
from weft.sdk import NodeError, ServiceScope

from weft_nodes.models.errors import CheckpointCorruptError, ModelFileMissingError
from weft_nodes.models.loading import read_json
from weft_nodes.models.shelf import Shelf
from weft_nodes.models.weights import component_files, count_bytes

if TYPE_CHECKING:
    from diffusers import ModularPipeline
    from diffusers.modular_pipelines import LoopSequentialPipelineBlocks

INDICES: Final = ("modular_model_index.json", "model_index.json")
"""Files by which the folder of a pipeline is known, the first one first."""

_LIBRARIES: Final = ("diffusers", "transformers")
_PICTURES: Final = "images"

OnLatents = Callable[[int, Tensor | None], None]
"""Told after each step how many are done, and the latents if there are any by that name."""


class PipelineUnfitError(NodeError):
    """A pipeline cannot be run, or not with what it was given.

    Args:
        path: Its folder.
        problem: What is wrong, as the end of the sentence "The pipeline … cannot be run: …".
        hint: What to do about it.
    """

    code: ClassVar[str] = "pipeline-unfit"

    def __init__(self, *, path: Path, problem: str, hint: str) -> None:
        super().__init__(f"The pipeline {path.name} cannot be run: {problem}.", hint=hint)


@dataclass(frozen=True, slots=True, eq=False)
class LivePipeline:
    """A pipeline with its weights.

    Args:
        path: Its folder.
        pipeline: The pipeline. Its parts keep state, so that runs take turns.
        turn: Held during a run.
    """

    path: Path
    pipeline: ModularPipeline
    turn: threading.Lock = field(default_factory=threading.Lock)

    def pictures(self, inputs: Mapping[str, object], *, scale: float | None, on_latents: OnLatents) -> Tensor:
        """Run the pipeline.

        Args:
            inputs: What it is given by the names of diffusers; those that are None are left out.
            scale: Guidance scale; None is that of the pipeline.
            on_latents: Told after each step; what it raises ends the run.

        Returns:
            Float32 pictures [B, H, W, 3] in 0..1, on the CPU.

        Raises:
            PipelineUnfitError: It does not take an input, or makes no pictures.
        """
        given = {name: value for name, value in inputs.items() if value is not None}
        # Its public blocks are copies.
        blocks: Any = self.pipeline._blocks  # noqa: SLF001
        taken = {parameter.name for parameter in blocks.inputs}
        unknown = sorted(given.keys() - taken)
        if unknown:
            raise PipelineUnfitError(
                path=self.path,
                problem=f"it takes no {unknown[0]}",
                hint="Leave it empty, or use another pipeline.",
            )
        if _PICTURES not in blocks.output_names:
            raise PipelineUnfitError(path=self.path, problem="it makes no pictures", hint="Use another.")
        with self.turn, self._guided(scale, taken) as guidance, _watched(_loops(blocks), on_latents):
            made = self.pipeline(**given, **guidance, output_type="pt", output=_PICTURES)
        pixels_BCHW = made if isinstance(made, Tensor) else torch.stack(list(made))
        return pixels_BCHW.float().clamp(0, 1).movedim(1, -1).contiguous().cpu()

    @contextmanager
    def _guided(self, scale: float | None, taken: set[str]) -> Iterator[Mapping[str, float]]:
        """Set the guidance for a run; yields what is to be said to the pipeline itself."""
        guider = getattr(self.pipeline, "guider", None)
        if scale is None:
            yield {}
        elif guider is not None and hasattr(guider, "guidance_scale"):
            self.pipeline.update_components(guider=guider.new(guidance_scale=scale))
            try:
                yield {}
            finally:
                self.pipeline.update_components(guider=guider)
        elif "guidance_scale" in taken:
            yield {"guidance_scale": scale}
        else:
            raise PipelineUnfitError(
                path=self.path, problem="it knows no guidance scale", hint="Set guidance_scale to 0."
            )

    def own_bytes(self) -> int:
        """Return the bytes of its weights."""
        parts = self.pipeline.components.values()
        return sum(count_bytes(part) for part in parts if isinstance(part, nn.Module))


class PipelineShelf:
    """Keeps pipelines that were run, as a service: one per worker.

    Args:
        device: Where they run.
    """

    def __init__(self, device: str) -> None:
        self._device = device
        self._shelf: Shelf[LivePipeline] = Shelf(LivePipeline.own_bytes)

    @classmethod
    def create(cls, scope: ServiceScope) -> Self:
        """Build the shelf of a worker."""
        return cls(scope.device)

    def get(self, path: Path, key: str) -> LivePipeline:
        """Return a pipeline, loading it when it is first needed.

        Args:
            path: Its folder.
            key: Digest of its content.

        Raises:
            ModelError: Its files are missing, damaged or pickles.
            PipelineUnfitError: diffusers has no Modular Pipeline for it, or it needs code of its own.
        """
        return self._shelf.get((str(path), key), lambda: load_pipeline(path, self._device))

    def held_bytes(self) -> int:
        """Return the bytes of all weights."""
        return self._shelf.held_bytes()

    def release(self, needed_bytes: int) -> int:
        """Forget what was used longest ago; see `weft.sdk.Service`."""
        return self._shelf.release(needed_bytes)

    def close(self) -> None:
        """Forget everything."""
        self._shelf.clear()


def load_pipeline(path: Path, device: str) -> LivePipeline:
    """Build a pipeline from its folder and nothing else; see `PipelineShelf.get`."""
    index = next((path / name for name in INDICES if (path / name).is_file()), None)
    if index is None:
        raise ModelFileMissingError(path=path / INDICES[0], hint="The folder holds no pipeline.")
    names = _parts(path, read_json(index))
    from diffusers import ModularPipeline

    try:
        pipeline = ModularPipeline.from_pretrained(str(path), local_files_only=True, trust_remote_code=False)
        # What the index names as its place may lie elsewhere by now, or on a hub.
        pipeline.load_components(
            [name for name in names if name in pipeline.component_names],
            pretrained_model_name_or_path=str(path),
            local_files_only=True,
            torch_dtype=torch.float32 if device == "cpu" else torch.bfloat16,
        )
        pipeline.to(device)
    # diffusers and transformers raise whatever they like on files they do not understand.
    except Exception as error:
        raise CheckpointCorruptError(path=path, problem=f"diffusers cannot load it ({error})") from error
    pipeline.set_progress_bar_config(disable=True)
    return LivePipeline(path, pipeline)


def latents_as_picture(latents: Tensor, size_hw: tuple[int, int]) -> Tensor | None:
    """Draw latents of an unknown space: what varies most in them, as red, green and blue.

    Args:
        latents: Planes [1, C, h, w], or tokens [1, N, D] in rows.
        size_hw: Height and width of the picture, whose shape tells that of the rows.

    Returns:
        Picture [h, w, 3], uint8, on the CPU; None for latents that are no picture.
    """
    first = latents[0].detach().float().cpu()
    if latents.ndim == 3:
        rows = round(math.sqrt(len(first) * size_hw[0] / size_hw[1]))
        if rows < 1 or len(first) % rows:
            return None
        first = first.T.reshape(first.shape[1], rows, -1)
    if first.ndim != 3 or first.shape[0] < 3:
        return None
    flat_CN = first.flatten(1)
    centred_CN = flat_CN - flat_CN.mean(dim=1, keepdim=True)
    _, vectors_CC = torch.linalg.eigh(centred_CN @ centred_CN.T)
    planes_3N: Tensor = vectors_CC[:, -3:].flip(1).T @ centred_CN
    # The sign of a direction is arbitrary; brighter is where its largest value is.
    planes_3N = planes_3N * planes_3N.gather(1, planes_3N.abs().argmax(dim=1, keepdim=True)).sign()
    spread = planes_3N.std(dim=1, keepdim=True).clamp_min(1e-6)
    pixels_3N = (planes_3N / spread / 5.0 + 0.5).clamp(0, 1) * 255.0
    return pixels_3N.reshape(3, *first.shape[1:]).movedim(0, -1).to(torch.uint8)


def _parts(path: Path, index: Mapping[str, object]) -> Sequence[str]:
    """List the parts that lie in the folder; refuse code of others, and pickles."""
    found = []
    for name, entry in index.items():
        if not isinstance(entry, list) or len(entry) < 2 or entry[0] is None or entry[1] is None:
            continue
        if entry[0] not in _LIBRARIES:
            raise PipelineUnfitError(
                path=path,
                problem=f"{name} is a class of {entry[0]}, and only diffusers and transformers are trusted",
                hint="Use a pipeline whose parts are of these.",
            )
        folder = path / name
        if not folder.is_dir():
            continue
        if (folder / "config.json").is_file():
            component_files(folder)
        found.append(name)
    return found


def _loops(blocks: object) -> Iterator[LoopSequentialPipelineBlocks]:
    """Find the denoising loops among the blocks of a pipeline."""
    from diffusers.modular_pipelines import LoopSequentialPipelineBlocks

    for block in getattr(blocks, "sub_blocks", {}).values():
        if isinstance(block, LoopSequentialPipelineBlocks):
            yield block
        else:
            yield from _loops(block)


@contextmanager
def _watched(loops: Iterator[LoopSequentialPipelineBlocks], on_latents: OnLatents) -> Iterator[None]:
    """Call back after each step of some loops."""
    watched: list[Any] = list(loops)
    for loop in watched:
        loop.loop_step = _reporting(loop.loop_step, on_latents)
    try:
        yield
    finally:
        for loop in watched:
            del loop.loop_step


def _reporting(step: Callable[..., Any], on_latents: OnLatents) -> Callable[..., Any]:
    def reported(components: object, state: object, **places: object) -> object:
        result = step(components, state, **places)
        latents, number = getattr(result[1], "latents", None), places.get("i")
        done = number + 1 if isinstance(number, int) else 1
        on_latents(done, latents if isinstance(latents, Tensor) else None)
        return result

    return reported
