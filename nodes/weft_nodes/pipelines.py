"""Whole pipelines of diffusers, for model families that weft does not take apart itself."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import torch
from torch import Tensor
from weft.sdk import FingerprintScope, Image, ModelFile, Paths, Run, Seed, Slider, Text, listing, node

from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.errors import ModelFileMissingError
from weft_nodes.models.modular import INDICES, PipelineShelf, latents_as_picture

_FOLDER: Final = "pipelines"
_FILES: Final = (".safetensors", ".json", ".txt", ".model")


@listing("pipeline")
def pipelines_by_name(paths: Paths) -> Mapping[str, Mapping[str, str]]:
    """Name the pipelines in the `pipelines` folders of the models folders.

    Args:
        paths: Where to look.

    Returns:
        Names with no traits: nothing but pictures goes in and comes out.
    """
    return {name: {} for name in sorted(_pipelines(paths))}


def _digest_of_pipeline(run: FingerprintScope, pipeline: str) -> str:
    """Tell pipelines apart by the content of all their files."""
    path = _pipelines(run.paths).get(pipeline)
    return "missing" if path is None else _digest(run.paths, path)


@node("pipeline.run", lane="device", output="image", fingerprint=_digest_of_pipeline)
def run_pipeline(  # noqa: PLR0913 - its widgets are what pipelines take
    run: Run,
    pipeline: Annotated[str, ModelFile("pipeline", (_FOLDER,))],
    prompt: Annotated[str, Text(multiline=True)] = "",
    negative_prompt: Annotated[str, Text(multiline=True)] = "",
    image: Image | None = None,
    *,
    width: Annotated[int, Slider(64, 4096, step=8)] = 1024,
    height: Annotated[int, Slider(64, 4096, step=8)] = 1024,
    seed: Seed = 0,
    steps: Annotated[int, Slider(1, 200)] = 30,
    guidance_scale: Annotated[float, Slider(0, 30, step=0.1)] = 0.0,
) -> Image:
    """Run a whole pipeline of diffusers, for model families that have no nodes of their own here.

    Families that weft knows are better loaded with checkpoint.load, whose samplers, guidance, controls and
    LoRA work on all of them alike.

    Args:
        run: The run this is part of.
        pipeline: Name of a folder of diffusers in the `pipelines` folder of a models folder, with
            modular_model_index.json, or of a family that diffusers has a Modular Pipeline for.
        prompt: What the picture shall show.
        negative_prompt: What it shall not show; empty says nothing.
        image: A picture to begin with, for pipelines that take one.
        width: Width of the picture in pixels, 64..4096.
        height: Height of the picture in pixels, 64..4096.
        seed: The same seed gives the same picture.
        steps: Steps to take, 1..200.
        guidance_scale: How strictly the prompt is followed, 0..30; 0 takes what the pipeline is used to.

    Returns:
        The pictures that the pipeline makes.

    Raises:
        ModelFileMissingError: There is no pipeline of that name, or a part of it is missing.
        ModelFileRefusedError: Weights are a pickle, which could run code.
        CheckpointCorruptError: diffusers cannot load it.
        PipelineUnfitError: The pipeline does not take what it was given, or makes no pictures.
        CancelledRunError: The run was cancelled; it stops within one step.
    """
    path = _pipelines(run.paths).get(pipeline)
    if path is None:
        raise ModelFileMissingError(
            path=Path(pipeline), hint=f"Put its folder into a {_FOLDER} folder of a models folder."
        )
    digest = _digest(run.paths, path)
    run.note_file(pipeline, digest)
    live = run.service(PipelineShelf).get(path, digest)

    def on_latents(done: int, latents: Tensor | None) -> None:
        run.check_cancelled()
        run.progress(min(done, steps), steps)
        shown = None if latents is None else latents_as_picture(latents, (height, width))
        if shown is not None:
            run.preview(shown.numpy())

    inputs = {
        "prompt": prompt,
        "negative_prompt": negative_prompt or None,
        "image": None if image is None else image.pixels_BHWC.movedim(-1, 1),
        "width": width,
        "height": height,
        "num_inference_steps": steps,
        "generator": torch.Generator().manual_seed(seed),
    }
    return Image(live.pictures(inputs, scale=guidance_scale or None, on_latents=on_latents))


def _pipelines(paths: Paths) -> Mapping[str, Path]:
    found: dict[str, Path] = {}
    for folder in (models / _FOLDER for models in paths.models):
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if any((path / name).is_file() for name in INDICES):
                found.setdefault(path.name, path)
    return found


def _digest(paths: Paths, path: Path) -> str:
    files = {file.relative_to(path).as_posix(): file for file in path.rglob("*") if file.suffix in _FILES}
    return DigestMemory.of(paths).files(files)
