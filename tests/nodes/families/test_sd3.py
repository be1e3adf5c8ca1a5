"""Stable Diffusion 3 reads two CLIPs and T5, and does without T5 where a checkpoint has none."""

import json
import shutil
from pathlib import Path

import pytest
import tiny_models
import torch
from weft.sdk import LocalRun, Paths
from weft_nodes.families import Checkpoint, ModelStore, open_checkpoint
from weft_nodes.models.errors import ModelFileMissingError

Opened = tuple[ModelStore, Checkpoint]


def opened(folder: Path, without: str = "") -> Opened:
    """A tiny checkpoint, which may lack a text encoder."""
    model = tiny_models.write_folder(folder / "model", "sd3")
    if without:
        shutil.rmtree(model / without)
        index = json.loads((model / "model_index.json").read_text())
        (model / "model_index.json").write_text(json.dumps(index | {without: [None, None]}))
    store = LocalRun(paths=Paths.below(folder)).service(ModelStore)
    return store, open_checkpoint(model, memory=store.digests)


def tensors(found: Opened, text: str) -> dict[str, torch.Tensor]:
    """What the network reads of a prompt."""
    return dict(found[0].encode_prompt(found[1].encoder, text).entries[0].tensors)


def test_the_states_of_t5_stand_behind_those_of_both_clips(tmp_path: Path) -> None:
    found = tensors(opened(tmp_path), "a red circle")

    states = found["encoder_hidden_states"]
    assert states.shape == (1, 77 + 256, 80)
    assert not states[:, :77, 72:].any()
    assert states[:, 77:].abs().sum(dim=-1).all()
    assert found["pooled_projections"].shape == (1, 72)


def test_without_t5_zeros_stand_in_its_place(tmp_path: Path) -> None:
    found = tensors(opened(tmp_path, without="text_encoder_3"), "a red circle")

    assert found["encoder_hidden_states"].shape == (1, 77 + 256, 4096)
    assert found["encoder_hidden_states"][:, :77, :72].any()
    assert not found["encoder_hidden_states"][:, 77:].any()


def test_no_other_encoder_may_be_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelFileMissingError):
        opened(tmp_path, without="text_encoder_2")
