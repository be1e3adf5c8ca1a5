"""Sana reads a prompt behind an instruction, which leaves no trace of its own length."""

import pytest
import tiny_models
import torch
from tiny.sana import tiny_sana
from torch import Tensor
from weft.sdk import LocalRun, Paths
from weft_nodes.diffusion.spaces import FlowSpace
from weft_nodes.families import FAMILIES, Checkpoint, ModelStore, open_checkpoint
from weft_nodes.models.wording import Span, Wording

Opened = tuple[ModelStore, Checkpoint]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    """A tiny checkpoint."""
    folder = tmp_path_factory.mktemp("sana")
    store = LocalRun(paths=Paths.below(folder)).service(ModelStore)
    model = tiny_models.write_folder(folder / "model", "sana")
    return store, open_checkpoint(model, memory=store.digests)


def tensors(opened: Opened, prompt: str | Wording) -> dict[str, Tensor]:
    """What the network reads of a prompt."""
    store, checkpoint = opened
    return dict(store.encode_prompt(checkpoint.encoder, prompt).entries[0].tensors)


def test_prompts_are_as_long_as_the_network_was_trained_on(opened: Opened) -> None:
    short, empty = tensors(opened, " A red Star "), tensors(opened, "")

    assert short["encoder_hidden_states"].shape == empty["encoder_hidden_states"].shape == (1, 300, 32)
    # The first token, the last of the instruction, and the letters.
    assert int(short["encoder_attention_mask"].sum()) == 2 + len("a red star")
    assert int(empty["encoder_attention_mask"].sum()) == 1
    assert short["encoder_hidden_states"].equal(tensors(opened, "a red star")["encoder_hidden_states"])


def test_only_words_with_a_weight_and_what_they_stand_for_change(opened: Opened) -> None:
    def read(weight: float) -> Tensor:
        spans = (Span("a "), Span("red", weight), Span(" star"))
        return tensors(opened, Wording((spans,)))["encoder_hidden_states"]

    changed = (read(1.5) != read(0.5)).any(dim=-1)[0]

    assert changed.nonzero().flatten().tolist() == [4, 5, 6]
    torch.testing.assert_close(read(1.0001), read(1.0), atol=1e-2, rtol=1e-2)


def test_time_is_told_in_the_units_of_the_network() -> None:
    module = tiny_sana().transformer
    told = []
    module.time_embed.register_forward_pre_hook(lambda _, inputs: told.append(inputs[0]))
    network = FAMILIES["sana"].network(module, space=FlowSpace(), key="key")
    conditions = {
        "encoder_hidden_states": torch.ones(1, 3, 32),
        "encoder_attention_mask": torch.ones(1, 3, dtype=torch.int64),
    }

    found = network.predict(torch.ones(1, 32, 2, 3), torch.tensor([500.0]), conditions)

    assert found.shape == (1, 32, 2, 3)
    assert [time.tolist() for time in told] == [[250.0]]
