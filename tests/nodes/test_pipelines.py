"""A Modular Pipeline of diffusers runs whole, shows its steps, and ends when it is told to."""

import json
import warnings
from collections.abc import Iterator
from pathlib import Path

import diffusers
import numpy as np
import pytest
import tiny_models
import torch
from numpy.typing import NDArray
from weft.sdk import CancelledRunError, LocalRun, Paths
from weft_nodes.models.errors import CheckpointCorruptError, ModelFileMissingError, ModelFileRefusedError
from weft_nodes.models.modular import PipelineUnfitError
from weft_nodes.pipelines import pipelines_by_name, run_pipeline

PROMPT = "a red circle"
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    """A run over a folder with a tiny pipeline."""
    found = LocalRun(paths=Paths.below(tmp_path_factory.mktemp("pipelines")))
    write_modular(found.paths.models[0] / "pipelines" / "tiny")
    yield found
    found.close()


def write_modular(folder: Path) -> Path:
    """Write a tiny Stable Diffusion XL as a modular pipeline, whose index names another place."""
    pipeline = diffusers.StableDiffusionXLAutoBlocks().init_pipeline()
    parts = tiny_models.MAKERS["sdxl"]().components
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipeline.update_components(
            **{name: part for name, part in parts.items() if part and name in pipeline.component_names}
        )
        pipeline.save_pretrained(str(folder))
    index = folder / "modular_model_index.json"
    index.write_text(index.read_text().replace(str(folder), "somebody/somewhere"))
    return folder


def small(run: LocalRun, name: str = "tiny", **options: object) -> torch.Tensor:
    """A picture of 64 x 64 pixels in two steps."""
    settings: dict[str, object] = {"width": 64, "height": 64, "steps": 2, "guidance_scale": 2.0}
    return run_pipeline(run, name, PROMPT, **(settings | options)).pixels_BHWC  # type: ignore[arg-type]


def test_pipelines_are_listed_by_their_folders(run: LocalRun) -> None:
    assert pipelines_by_name(run.paths) == {"tiny": {}}


def test_a_pipeline_makes_the_picture_that_it_makes_by_itself(run: LocalRun) -> None:
    pixels = small(run, seed=3)

    whole = tiny_models.quiet(tiny_models.MAKERS["sdxl"]())
    theirs = whole(
        PROMPT,
        width=64,
        height=64,
        num_inference_steps=2,
        guidance_scale=2.0,
        generator=torch.Generator().manual_seed(3),
        output_type="pt",
    )[0]
    assert pixels.shape == (1, 64, 64, 3)
    assert [report[:2] for report in run.steps] == [(1, 2), (2, 2)]
    assert [preview.shape for preview in run.previews] == [(8, 8, 3)] * 2
    torch.testing.assert_close(pixels.movedim(-1, 1), theirs, rtol=0, atol=1e-4)


class Impatient(LocalRun):
    """Cancels as soon as it is shown something."""

    def preview(self, image_HWC_uint8: NDArray[np.uint8]) -> None:
        """Look once."""
        super().preview(image_HWC_uint8)
        self.cancel()


def test_a_cancelled_pipeline_ends_within_a_step(run: LocalRun) -> None:
    impatient = Impatient(paths=run.paths)

    with pytest.raises(CancelledRunError):
        small(impatient, steps=50)

    assert len(impatient.previews) == 1
    impatient.close()


def test_code_of_others_is_refused(run: LocalRun) -> None:
    folder = run.paths.models[0] / "pipelines" / "foreign"
    folder.mkdir()
    (folder / "modular_model_index.json").write_text(json.dumps({"unet": ["mine", "Net", {}]}))

    with pytest.raises(PipelineUnfitError, match="unet is a class of mine"):
        small(run, "foreign")


def test_a_pickle_is_refused_and_a_damaged_pipeline_is_told(run: LocalRun) -> None:
    folder = run.paths.models[0] / "pipelines" / "pickled"
    (folder / "unet").mkdir(parents=True)
    (folder / "unet" / "config.json").write_text("{}")
    (folder / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"")
    (folder / "model_index.json").write_text(json.dumps({"unet": ["diffusers", "UNet2DConditionModel"]}))

    with pytest.raises(ModelFileRefusedError):
        small(run, "pickled")
    (folder / "unet" / "diffusion_pytorch_model.bin").rename(folder / "unet" / "x.safetensors")
    with pytest.raises(CheckpointCorruptError, match="diffusers cannot load it"):
        small(run, "pickled")
    with pytest.raises(ModelFileMissingError, match="none"):
        small(run, "none")
