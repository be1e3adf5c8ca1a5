"""Control networks are loaded once, shared by all who are steered, and refused by those of another family."""

from dataclasses import replace
from pathlib import Path

import pytest
import tiny_models
import torch
from tiny.controls import tiny_control, write_control
from weft.sdk import Image
from weft_nodes.diffusion.values import Control
from weft_nodes.families import Checkpoint, ModelStore
from weft_nodes.families.controls import open_control
from weft_nodes.models.controls import ControlNet, control_nets
from weft_nodes.models.errors import CheckpointChangedError, ControlMismatchError, LatentMismatchError


@pytest.fixture
def control(store: ModelStore, tmp_path: Path) -> ControlNet:
    """The handle of a tiny control network."""
    write_control(tmp_path / "controlnet" / "edges", tiny_control(tiny_models.tiny_sd15(), "sd15"), "sd15")
    return open_control("edges", [tmp_path], store.digests)


def test_every_network_shares_one_copy_of_a_control_network(
    store: ModelStore, checkpoint: Checkpoint, control: ControlNet
) -> None:
    store.network(checkpoint.model, [control])
    before = store.statistics()
    store.network(replace(checkpoint.model, prediction="v_prediction"), [control, control])

    assert store.statistics().bases == before.bases
    assert store.statistics().held_bytes == before.held_bytes


def test_a_network_without_controls_stays_as_it_was(
    store: ModelStore, checkpoint: Checkpoint, control: ControlNet
) -> None:
    plain = store.network(checkpoint.model)
    beside = store.network(checkpoint.model, [control])

    assert beside is not plain
    assert beside.batch_key == plain.batch_key
    assert store.network(checkpoint.model) is plain


def test_a_control_network_of_another_family_is_refused(
    store: ModelStore, checkpoint: Checkpoint, control: ControlNet
) -> None:
    with pytest.raises(ControlMismatchError, match="it was made for sdxl, and the model is of sd15"):
        store.network(checkpoint.model, [replace(control, family="sdxl")])


def test_a_hint_is_encoded_by_the_autoencoder_of_its_space_only(
    store: ModelStore, checkpoint: Checkpoint, control: ControlNet
) -> None:
    picture = Image(torch.zeros(1, 16, 16, 3))

    with pytest.raises(LatentMismatchError, match="reads latents of 'flux'"):
        store.encode_hint(replace(control, space="flux"), checkpoint.vae, picture)


def test_a_changed_file_is_noticed(store: ModelStore, checkpoint: Checkpoint, control: ControlNet) -> None:
    config = Path(control.weights.path) / "config.json"
    config.write_text(config.read_text() + "\n")

    with pytest.raises(CheckpointChangedError):
        store.network(checkpoint.model, [control])


def test_each_control_network_of_some_prompts_is_named_once(
    store: ModelStore, checkpoint: Checkpoint, control: ControlNet
) -> None:
    hint = Control(control, torch.zeros(1, 3, 16, 16), cell=8)
    prompt = store.encode_prompt(checkpoint.encoder, "").controlled_by(hint)

    assert control_nets([prompt, None, prompt.controlled_by(hint)]) == (control,)
