"""PixArt-Sigma reads prompts in lower case, with their weights, and gives noise without variance."""

import pytest
import tiny_models
import torch
from tiny.pixart import tiny_pixart
from weft.sdk import LocalRun, Paths
from weft_nodes.diffusion.spaces import FlowSpace
from weft_nodes.families import FAMILIES, Checkpoint, ModelStore, open_checkpoint
from weft_nodes.models.wording import Span, Wording


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> tuple[ModelStore, Checkpoint]:
    """A tiny checkpoint."""
    folder = tmp_path_factory.mktemp("pixart")
    store = LocalRun(paths=Paths.below(folder)).service(ModelStore)
    model = tiny_models.write_folder(folder / "model", "pixart-sigma")
    return store, open_checkpoint(model, memory=store.digests)


def states(opened: tuple[ModelStore, Checkpoint], prompt: str | Wording) -> torch.Tensor:
    """What the network reads of a prompt."""
    store, checkpoint = opened
    return store.encode_prompt(checkpoint.encoder, prompt).entries[0].tensors["encoder_hidden_states"]


def test_case_and_spaces_around_a_prompt_do_not_count(opened: tuple[ModelStore, Checkpoint]) -> None:
    assert states(opened, "  A Red Circle ").equal(states(opened, "a red circle"))
    assert not states(opened, "a red circle").equal(states(opened, "a blue circle"))


def test_weights_are_kept_when_the_case_is_lowered(opened: tuple[ModelStore, Checkpoint]) -> None:
    def weighted(text: str, weight: float) -> Wording:
        return Wording(((Span(text, weight), Span("circle")),))

    assert states(opened, weighted("RED ", 1.5)).equal(states(opened, weighted("red ", 1.5)))
    assert not states(opened, weighted("red ", 1.5)).equal(states(opened, weighted("red ", 1.2)))


def test_the_variance_is_left_out_of_the_prediction() -> None:
    network = FAMILIES["pixart-sigma"].network(tiny_pixart().transformer, space=FlowSpace(), key="key")
    conditions = {
        "encoder_hidden_states": torch.ones(1, 3, 32),
        "encoder_attention_mask": torch.ones(1, 3, dtype=torch.int64),
    }

    found = network.predict(torch.ones(1, 4, 8, 4), torch.tensor([500.0]), conditions)

    assert found.shape == (1, 4, 8, 4)
