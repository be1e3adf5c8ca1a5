"""Text encoders read words of their own where they are given any, and those for all where they are not."""

import pytest
import tiny_models
from weft.sdk import LocalRun, Paths
from weft_nodes.diffusion.errors import ConditioningError
from weft_nodes.diffusion.values import Conditioning
from weft_nodes.encoding import encode_each
from weft_nodes.families import Checkpoint, ModelStore, open_checkpoint
from weft_nodes.prompts import encode_prompt

FIRST = slice(0, tiny_models.WIDTH)
SECOND = slice(tiny_models.WIDTH, None)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> LocalRun:
    """A run, with a folder of its own."""
    return LocalRun(paths=Paths.below(tmp_path_factory.mktemp("encoding")))


@pytest.fixture(scope="module")
def checkpoint(run: LocalRun) -> Checkpoint:
    """A tiny SDXL, whose two encoders stand side by side."""
    folder = tiny_models.write_folder(run.paths.data_dir / "sdxl", "sdxl")
    return open_checkpoint(folder, memory=run.service(ModelStore).digests)


def states(conditioning: Conditioning, features: slice) -> list[list[float]]:
    """What one encoder says."""
    (entry,) = conditioning.entries
    states_1TD = entry.tensors["encoder_hidden_states"]
    return states_1TD[0, :, features].tolist()


def test_without_words_of_their_own_all_encoders_read_the_text(run: LocalRun, checkpoint: Checkpoint) -> None:
    each = encode_each(run, checkpoint.encoder, "a (singer:1.2)")

    plain = encode_prompt(run, checkpoint.encoder, "a (singer:1.2)")
    for name, tensor in plain.entries[0].tensors.items():
        assert each.entries[0].tensors[name].equal(tensor)


def test_words_for_one_encoder_are_read_by_it_alone(run: LocalRun, checkpoint: Checkpoint) -> None:
    each = encode_each(run, checkpoint.encoder, "an inn", clip_g="a (singer:1.2)")

    inn = encode_prompt(run, checkpoint.encoder, "an inn")
    singer = encode_prompt(run, checkpoint.encoder, "a (singer:1.2)")
    assert states(each, FIRST) == states(inn, FIRST)
    assert states(each, SECOND) == states(singer, SECOND)
    assert each.entries[0].tensors["text_embeds"].equal(singer.entries[0].tensors["text_embeds"])


def test_an_empty_text_for_one_encoder_is_read_as_one(run: LocalRun, checkpoint: Checkpoint) -> None:
    each = encode_each(run, checkpoint.encoder, "an inn", clip_l="")

    assert states(each, FIRST) == states(encode_prompt(run, checkpoint.encoder, ""), FIRST)


def test_the_words_for_all_may_change_on_the_way(run: LocalRun, checkpoint: Checkpoint) -> None:
    each = encode_each(run, checkpoint.encoder, "[an inn:a drink:0.5]", clip_g="a singer")

    early, late = (Conditioning((entry,)) for entry in each.entries)
    assert states(early, FIRST) == states(encode_prompt(run, checkpoint.encoder, "an inn"), FIRST)
    assert states(late, FIRST) == states(encode_prompt(run, checkpoint.encoder, "a drink"), FIRST)
    assert states(early, SECOND) == states(late, SECOND)


def test_words_for_an_encoder_that_is_not_there_are_refused(run: LocalRun, checkpoint: Checkpoint) -> None:
    with pytest.raises(ConditioningError, match="words for t5, but the text encoders of sdxl are clip_l and"):
        encode_each(run, checkpoint.encoder, "an inn", clip_l="a singer", t5="a drink")
