"""The training command: all stages from nothing to a pipeline folder, and again without repeating work."""

import json
from pathlib import Path

import pytest
import torch
from weft_nodes.families.controls import control_family, list_controls
from weft_nodes.families.loras import lora_traits
from weft_nodes.starter.loop import Schedule
from weft_nodes.starter.networks import load_model
from weft_nodes.starter.steering import EDGES, OUTLINED
from weft_nodes.starter.train import Options, main

STAGES = ("vae64", "vae128", "text", "unet", "decoder")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out: Path = tmp_path_factory.mktemp("training")
    assert main(["--out", str(out), "--steps", "1", "--batch", "1", "--scenes", "2"]) == 0
    return out


def test_all_stages_end_in_a_model_that_loads(trained: Path) -> None:
    parts = load_model(trained / "model")
    latents = torch.zeros(1, 4, 16, 16)
    states = parts.text_encoder(torch.zeros(1, 32, dtype=torch.long)).last_hidden_state
    velocity = parts.unet(latents, 10, encoder_hidden_states=states).sample

    assert velocity.shape == latents.shape
    assert parts.vae.decode(latents).sample.shape == (1, 3, 128, 128)


def test_the_exported_weights_are_half_precision_and_small(trained: Path) -> None:
    sizes = [path.stat().st_size for path in (trained / "model").rglob("*.safetensors")]

    assert len(sizes) == 3
    assert sum(sizes) <= 16_000_000


def test_every_stage_leaves_a_checkpoint_to_resume_from(trained: Path) -> None:
    for stage in STAGES:
        # Whoever resumes reads weights alone, which takes three times as long.
        assert torch.load(trained / stage / "checkpoint.pt", weights_only=False, mmap=True)["step"] == 1


def test_running_again_resumes_and_repeats_nothing(trained: Path) -> None:
    checkpoint = trained / "text" / "checkpoint.pt"
    before = torch.load(checkpoint, weights_only=True)
    assert main(["--out", str(trained), "--steps", "1", "--batch", "1", "--stage", "text"]) == 0
    after = torch.load(checkpoint, weights_only=True)

    assert after["step"] == 1
    assert all(torch.equal(weights, after["module"][name]) for name, weights in before["module"].items())


def test_training_goes_on_from_a_finished_model_without_its_checkpoints_and_is_exported_elsewhere(
    trained: Path, tmp_path: Path
) -> None:
    start, end = trained / "model", tmp_path / "elsewhere"
    common = ["--out", str(tmp_path), "--base", str(start), "--batch", "1"]
    for stage in ("latents", "unet"):
        assert main([*common, "--stage", stage, "--scenes", "2", "--pairs", "0", "--steps", "1"]) == 0
    assert main([*common, "--stage", "export", "--model", str(end)]) == 0

    assert str(start) not in (end / "unet" / "config.json").read_text()
    assert json.loads((end / "model_index.json").read_text())["_class_name"] == "StableDiffusionPipeline"
    before, after = load_model(start), load_model(end)
    for part in ("text_encoder", "vae"):
        for old, new in zip(
            getattr(before, part).parameters(), getattr(after, part).parameters(), strict=True
        ):
            torch.testing.assert_close(old, new)
    pairs = zip(before.unet.parameters(), after.unet.parameters(), strict=True)
    assert any(not torch.equal(old, new) for old, new in pairs)


def test_what_steers_a_model_is_trained_beside_it(trained: Path) -> None:
    common = ["--out", str(trained), "--steps", "1", "--batch", "1", "--scenes", "2"]
    for stage in ("control", "lora"):
        assert main([*common, "--stage", stage]) == 0
    models = trained / "steering"

    assert list_controls([models]) == {EDGES.name: models / EDGES}
    assert control_family(models / EDGES) == "starter"
    assert lora_traits(models / OUTLINED) == {"family": "starter"}


def test_a_stage_whose_forerunner_was_not_trained_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="vae"):
        main(["--out", str(tmp_path), "--stage", "latents", "--scenes", "2"])


def test_the_clock_ends_a_stage_unless_steps_are_given() -> None:
    schedule = Schedule(100)

    assert Options(Path()).schedule("unet", schedule).minutes == 75
    assert Options(Path(), minutes=3).schedule("unet", schedule).minutes == 3
    assert Options(Path(), steps=5).schedule("unet", schedule) == Schedule(5)


def test_an_unknown_stage_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--out", "nowhere", "--stage", "everything"])

    assert "invalid choice" in capsys.readouterr().err
