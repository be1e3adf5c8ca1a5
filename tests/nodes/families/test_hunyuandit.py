"""HunyuanDiT reads prompts of any length in pieces, and versions that are told no sizes run too."""

import pytest
import tiny_models
import torch
from tiny.hunyuandit import tiny_hunyuandit
from torch import Tensor
from weft.sdk import LocalRun, Paths
from weft_nodes.diffusion.spaces import DiffusionSpace
from weft_nodes.families import FAMILIES, Checkpoint, ModelStore, open_checkpoint
from weft_nodes.models.wording import Span, Wording

Opened = tuple[ModelStore, Checkpoint]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    """A tiny checkpoint."""
    folder = tmp_path_factory.mktemp("hunyuandit")
    store = LocalRun(paths=Paths.below(folder)).service(ModelStore)
    model = tiny_models.write_folder(folder / "model", "hunyuandit")
    return store, open_checkpoint(model, memory=store.digests)


def tensors(opened: Opened, prompt: str | Wording) -> dict[str, Tensor]:
    """What the network reads of a prompt."""
    store, checkpoint = opened
    return dict(store.encode_prompt(checkpoint.encoder, prompt).entries[0].tensors)


def test_a_long_prompt_is_read_in_pieces_that_end_between_words(opened: Opened) -> None:
    word = "abcdefghij "

    found = tensors(opened, word * 15)

    assert found["encoder_hidden_states"].shape[1] == found["bert_mask"].shape[1] == 3 * 77
    assert [int(piece.sum()) for piece in found["bert_mask"].reshape(3, 77)] == [72, 72, 12]
    assert found["encoder_hidden_states"][:, :77].equal(
        tensors(opened, (word * 7).rstrip())["encoder_hidden_states"]
    )


def test_words_keep_their_weights_when_a_prompt_is_cut(opened: Opened) -> None:
    def read(weight: float) -> Tensor:
        spans = (Span("abcdefghij " * 8), Span("strong ", weight), Span("end"))
        return tensors(opened, Wording((spans,)))["encoder_hidden_states"]

    changed = (read(1.5) != read(1.0)).any(dim=-1)[0]

    assert not changed[:77].any()
    assert changed[77:].any()


def test_what_follows_a_piece_reaches_the_network(opened: Opened) -> None:
    store, checkpoint = opened
    network = store.network(checkpoint.model)
    long = "abcdefghij " * 15

    found = [
        network.predict(torch.ones(1, 4, 8, 4), torch.tensor([500.0]), tensors(opened, long + end))
        for end in ("red", "blue", "red")
    ]

    assert found[0].shape == (1, 4, 8, 4)
    assert found[0].equal(found[2])
    assert not found[0].equal(found[1])


def test_tokens_that_are_missing_are_masked(opened: Opened) -> None:
    store, checkpoint = opened
    network = store.network(checkpoint.model)
    whole = tensors(opened, "red")
    short = whole | {
        "encoder_hidden_states": whole["encoder_hidden_states"][:, :8],
        "bert_mask": whole["bert_mask"][:, :8],
    }

    found = [network.predict(torch.ones(1, 4, 8, 4), torch.tensor([9.0]), read) for read in (whole, short)]

    assert int(whole["bert_mask"].sum()) < 8
    assert found[0].equal(found[1])


def test_versions_that_are_told_no_sizes_run_too(opened: Opened) -> None:
    module = tiny_hunyuandit(is_told_sizes=False).transformer
    space = DiffusionSpace.from_betas(torch.linspace(0.001, 0.02, 1000))
    network = FAMILIES["hunyuandit"].network(module, space=space, key="key")

    found = network.predict(torch.ones(2, 4, 8, 4), torch.tensor([9.0, 9.0]), _twice(tensors(opened, "red")))

    assert found.shape == (2, 4, 8, 4)


def _twice(read: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: torch.cat([tensor, tensor]) for name, tensor in read.items()}


def test_both_encoders_may_have_words_of_their_own(opened: Opened) -> None:
    short, long = "a red circle", "abcdefghij " * 15
    apart = (("bert", Wording.plain(long)), ("t5", Wording.plain("a star")))

    found = tensors(opened, Wording(Wording.plain(short).chunks, apart=apart))

    assert found["encoder_hidden_states"].equal(tensors(opened, long)["encoder_hidden_states"])
    assert found["encoder_hidden_states_t5"].equal(tensors(opened, "a star")["encoder_hidden_states_t5"])
