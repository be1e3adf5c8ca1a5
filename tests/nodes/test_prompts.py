"""Prompts are joined, limited and silenced without touching those they were made from."""

from collections.abc import Iterator

import pytest
import torch
from safetensors.torch import save_file
from tiny_models import WIDTH
from tiny_runs import load_tiny, tiny_paths
from weft.sdk import FingerprintScope, LocalRun, Mask, NodeError
from weft_nodes import prompts
from weft_nodes.checkpoints import LoadedCheckpoint
from weft_nodes.diffusion.errors import ConditioningError
from weft_nodes.diffusion.sights import showing
from weft_nodes.diffusion.values import Conditioning, Prompt
from weft_nodes.hints import set_size_hint
from weft_nodes.models.embeddings import EmbeddingUnknownError
from weft_nodes.models.errors import ModelFileMissingError, PatchMismatchError
from weft_nodes.models.handles import TextEncoder, Weights
from weft_nodes.models.wording import PromptUnreadableError


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    """A run with tiny checkpoints."""
    found = LocalRun(paths=tiny_paths(tmp_path_factory.mktemp("prompts")))
    yield found
    found.close()


@pytest.fixture(scope="module")
def checkpoint(run: LocalRun) -> LoadedCheckpoint:
    """The tiny checkpoint."""
    return load_tiny(run)


def made(value: float, tokens: int = 3) -> Conditioning:
    """A prompt made by hand."""
    words = {
        "encoder_hidden_states": torch.full((1, tokens, 4), value),
        "text_embeds": torch.full((1, 4), value),
        "time_ids": torch.ones(1, 6),
    }
    return Conditioning((Prompt(words),))


def states(conditioning: Conditioning) -> torch.Tensor:
    """What the network reads of the first prompt."""
    return conditioning.entries[0].tensors["encoder_hidden_states"]


def test_the_same_text_is_encoded_the_same_and_another_is_not(
    run: LocalRun, checkpoint: LoadedCheckpoint
) -> None:
    first = prompts.encode_prompt(run, checkpoint.encoder, "a red circle")

    assert states(prompts.encode_prompt(run, checkpoint.encoder, "a red circle")).equal(states(first))
    assert not states(prompts.encode_prompt(run, checkpoint.encoder, "a blue star")).equal(states(first))
    assert first.entries[0].family == "starter"


def test_a_long_text_is_read_to_its_end(run: LocalRun, checkpoint: LoadedCheckpoint) -> None:
    long = "a red circle " * 60

    assert states(prompts.encode_prompt(run, checkpoint.encoder, long)).shape[1] > 77
    assert not states(prompts.encode_prompt(run, checkpoint.encoder, long + "x")).equal(
        states(prompts.encode_prompt(run, checkpoint.encoder, long + "y"))
    )


def test_a_weight_changes_its_words_alone(run: LocalRun, checkpoint: LoadedCheckpoint) -> None:
    plain = states(prompts.encode_prompt(run, checkpoint.encoder, "a b c"))

    weighed = states(prompts.encode_prompt(run, checkpoint.encoder, "a (b:1.5) c"))

    # The start token, then one token for each word.
    changed = (weighed - plain).abs().amax(dim=(0, 2)) > 1e-4
    assert changed.nonzero().flatten().tolist() == [2]


def test_both_encoders_of_a_family_weigh_words(run: LocalRun) -> None:
    encoder = load_tiny(run, "xl").encoder
    plain = states(prompts.encode_prompt(run, encoder, "a b c"))

    weighed = states(prompts.encode_prompt(run, encoder, "a (b:1.5) c"))

    for half in (slice(None, WIDTH), slice(WIDTH, None)):
        changed = (weighed - plain)[..., half].abs().amax(dim=(0, 2)) > 1e-4
        assert changed.nonzero().flatten().tolist() == [2]


def test_weights_may_be_read_in_another_way_or_not_at_all(
    run: LocalRun, checkpoint: LoadedCheckpoint
) -> None:
    text = "a (b:1.5) c"
    interpolated, rescaled, literal = (
        states(prompts.encode_prompt(run, checkpoint.encoder, text, weighting))
        for weighting in ("interpolate", "rescale", "off")
    )

    assert not interpolated.equal(literal)
    assert not interpolated.equal(rescaled)
    assert literal.equal(states(prompts.encode_prompt(run, checkpoint.encoder, r"a \(b\:1.5\) c")))


def test_words_that_change_on_the_way_are_several_prompts_in_time(
    run: LocalRun, checkpoint: LoadedCheckpoint
) -> None:
    found = prompts.encode_prompt(run, checkpoint.encoder, "a [red:blue:0.4] star").entries

    assert [(entry.start, entry.end) for entry in found] == [(0.0, 0.4), (0.4, 1.0)]
    for entry, text in zip(found, ("a red star", "a blue star"), strict=True):
        alone = states(prompts.encode_prompt(run, checkpoint.encoder, text))
        assert entry.tensors["encoder_hidden_states"].equal(alone)


def test_words_that_take_turns_are_encoded_once_each(run: LocalRun, checkpoint: LoadedCheckpoint) -> None:
    found = prompts.encode_prompt(run, checkpoint.encoder, "[red|blue|red|blue] star").entries

    assert [(entry.turn, entry.turns) for entry in found] == [(0, 4), (1, 4), (2, 4), (3, 4)]
    assert found[0].tensors == found[2].tensors
    assert found[0].tensors["encoder_hidden_states"] is found[2].tensors["encoder_hidden_states"]


def test_several_prompts_of_a_text_have_their_strengths(run: LocalRun, checkpoint: LoadedCheckpoint) -> None:
    found = prompts.encode_prompt(run, checkpoint.encoder, "a star AND a circle:0.5").entries

    assert [entry.strength for entry in found] == [1.0, 0.5]


def test_a_prompt_that_means_nothing_is_told_before_weights_are_read(run: LocalRun) -> None:
    absent = TextEncoder("starter", Weights("none", "nowhere"))

    with pytest.raises(PromptUnreadableError, match="character 3"):
        prompts.encode_prompt(run, absent, "a (red circle")


def embedded(run: LocalRun, encoder: TextEncoder, name: str, **tensors: torch.Tensor) -> TextEncoder:
    """An encoder that learned a word from a file."""
    path = run.paths.models[0] / "embeddings" / f"{name}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path)
    return prompts.add_embedding(run, encoder, f"{name}.safetensors")


def test_a_learned_word_is_read_by_the_encoder_it_was_added_to(
    run: LocalRun, checkpoint: LoadedCheckpoint
) -> None:
    encoder = embedded(run, checkpoint.encoder, "dusk", emb_params=torch.randn(2, WIDTH))

    found = states(prompts.encode_prompt(run, encoder, "a embedding:dusk b"))

    assert not found.equal(states(prompts.encode_prompt(run, encoder, "a b")))
    assert run.files["dusk.safetensors"]
    assert states(prompts.encode_prompt(run, encoder, "a b")).equal(
        states(prompts.encode_prompt(run, checkpoint.encoder, "a b"))
    )
    with pytest.raises(EmbeddingUnknownError):
        prompts.encode_prompt(run, checkpoint.encoder, "a embedding:dusk b")


def test_a_learned_word_of_two_encoders_changes_what_both_read(run: LocalRun) -> None:
    xl = load_tiny(run, "xl").encoder
    encoder = embedded(run, xl, "dawn", clip_l=torch.randn(1, WIDTH), clip_g=torch.randn(1, WIDTH + 8))
    other = embedded(run, xl, "noon", clip_l=torch.randn(1, WIDTH), clip_g=torch.randn(1, WIDTH + 8))

    difference = states(prompts.encode_prompt(run, encoder, "embedding:dawn")) - states(
        prompts.encode_prompt(run, other, "embedding:noon")
    )

    assert difference[..., :WIDTH].any()
    assert difference[..., WIDTH:].any()


def test_learned_words_are_listed_and_told_apart_by_content(
    run: LocalRun, checkpoint: LoadedCheckpoint
) -> None:
    embedded(run, checkpoint.encoder, "sets/night", emb_params=torch.randn(2, WIDTH))
    scope = FingerprintScope(run.paths)

    before = prompts._digest_of_embedding(scope, "sets/night.safetensors")
    embedded(run, checkpoint.encoder, "sets/night", emb_params=torch.randn(3, WIDTH))

    embedded(run, checkpoint.encoder, "sets/day", emb_params=torch.randn(2, 1024))

    listed = prompts.embeddings_by_name(run.paths)
    assert (listed["sets/night.safetensors"], listed["sets/day.safetensors"]) == ({}, {"family": "sd2"})
    assert prompts._digest_of_embedding(scope, "sets/night.safetensors") != before
    assert prompts._digest_of_embedding(scope, "absent") == "missing"


def test_a_learned_word_has_a_name_that_prompts_can_say(run: LocalRun, checkpoint: LoadedCheckpoint) -> None:
    with pytest.raises(NodeError, match="no word that a prompt can name"):
        embedded(run, checkpoint.encoder, "my style", emb_params=torch.randn(2, WIDTH))
    with pytest.raises(ModelFileMissingError):
        prompts.add_embedding(run, checkpoint.encoder, "absent.safetensors")
    with pytest.raises(PatchMismatchError, match="no learned word"):
        embedded(run, checkpoint.encoder, "odd", a=torch.randn(2), b=torch.randn(2))


def test_combined_prompts_are_all_there_in_order() -> None:
    combined = prompts.combine_prompts(made(1.0), prompts.combine_prompts(made(2.0), made(3.0)))

    assert [float(entry.tensors["encoder_hidden_states"].mean()) for entry in combined.entries] == [1, 2, 3]


def test_a_prompt_is_read_behind_another() -> None:
    joined = states(prompts.concat_prompts(made(1.0, 3), made(2.0, 2)))

    assert joined[0, :, 0].tolist() == [1, 1, 1, 2, 2]


def test_prompts_of_different_width_are_not_joined() -> None:
    other = Conditioning((Prompt({"encoder_hidden_states": torch.ones(1, 3, 5)}),))

    with pytest.raises(ConditioningError, match="4 and 5 features"):
        prompts.concat_prompts(made(1.0), other)


@pytest.mark.parametrize(("amount", "expected"), [(0.0, 1.0), (0.25, 1.5), (1.0, 3.0)])
def test_an_average_lies_between_two_prompts(amount: float, expected: float) -> None:
    assert states(prompts.average_prompts(made(1.0), made(3.0), amount)).eq(expected).all()


@pytest.mark.parametrize("lengths", [(3, 2), (2, 3)])
def test_the_shorter_of_two_prompts_is_silent_where_the_longer_goes_on(lengths: tuple[int, int]) -> None:
    found = states(prompts.average_prompts(made(1.0, lengths[0]), made(1.0, lengths[1]), 0.5))

    assert found[:, :2].eq(1.0).all()
    assert found[:, 2:].eq(0.5).all()
    assert found.shape[1] == 3


def test_prompts_of_different_width_have_no_average() -> None:
    wide = Conditioning((Prompt({"encoder_hidden_states": torch.ones(1, 3, 99)}),))

    with pytest.raises(ConditioningError, match="differ in shape"):
        prompts.average_prompts(made(1.0, 3), wide)


def test_only_a_single_prompt_can_be_put_behind_or_averaged() -> None:
    several = prompts.combine_prompts(made(1.0), made(2.0))

    with pytest.raises(ConditioningError, match="b holds 2 prompts"):
        prompts.average_prompts(made(1.0), several)
    with pytest.raises(ConditioningError, match="b holds 2 prompts"):
        prompts.concat_prompts(made(1.0), several)
    assert len(prompts.average_prompts(several, made(1.0)).entries) == 2


def test_a_region_limits_a_prompt_and_leaves_the_given_one_everywhere() -> None:
    conditioning = made(1.0)
    mask = Mask(torch.rand(1, 8, 8))

    limited = prompts.limit_to_region(conditioning, mask, 0.5).entries[0]

    assert limited.mask_hw is not None
    assert limited.mask_hw.equal(mask.values_BHW[0])
    assert limited.strength == 0.5
    assert conditioning.entries[0].mask_hw is None


def test_a_region_is_one_mask() -> None:
    with pytest.raises(ConditioningError, match="there are 2"):
        prompts.limit_to_region(made(1.0), Mask(torch.ones(2, 4, 4)))


def test_a_range_limits_a_prompt_to_some_of_the_steps() -> None:
    limited = prompts.limit_to_range(made(1.0), 0.2, 0.6).entries[0]

    assert (limited.start, limited.end) == (0.2, 0.6)
    with pytest.raises(ConditioningError, match=r"range 0\.6\.\.0\.2"):
        prompts.limit_to_range(made(1.0), 0.6, 0.2)


def test_a_range_within_a_range_is_where_both_apply() -> None:
    halves = prompts.combine_prompts(
        prompts.limit_to_range(made(1.0), 0.0, 0.5), prompts.limit_to_range(made(2.0), 0.5, 1.0)
    )

    limited = prompts.limit_to_range(halves, 0.2, 0.8)

    assert [(entry.start, entry.end) for entry in limited.entries] == [(0.2, 0.5), (0.5, 0.8)]
    assert len(prompts.limit_to_range(halves, 0.6).entries) == 1


def test_a_strength_is_set() -> None:
    assert prompts.set_strength(made(1.0), 2.5).entries[0].strength == 2.5


def test_a_silent_prompt_keeps_its_shape_and_what_it_says_of_sizes() -> None:
    silent = prompts.zero_out(made(1.0)).entries[0]

    assert silent.tensors["encoder_hidden_states"].eq(0).all()
    assert silent.tensors["time_ids"].eq(1).all()


def test_an_average_changes_every_tensor_alike_and_keeps_region_and_range() -> None:
    limited = prompts.limit_to_range(prompts.limit_to_region(made(1.0), Mask(torch.ones(1, 4, 4)), 0.7), 0.2)
    other = made(3.0)

    entry = prompts.average_prompts(limited, other, 0.5).entries[0]

    assert entry.tensors["encoder_hidden_states"].eq(2.0).all()
    assert entry.tensors["text_embeds"].eq(2.0).all()
    assert (entry.start, entry.strength) == (0.2, 0.7)
    assert entry.mask_hw is not None


def test_an_average_keeps_what_the_first_prompt_says_of_sizes() -> None:
    hinted = set_size_hint(made(1.0), 640, 480, aesthetic_score=7.0)

    entry = prompts.average_prompts(hinted, made(2.0), 0.5).entries[0]

    assert entry.tensors["time_ids"].tolist() == [[480, 640, 0, 0, 0, 0]]
    assert entry.tensors["aesthetic_score"].tolist() == [[7.0]]


def test_a_silent_prompt_is_still_limited_as_before() -> None:
    limited = prompts.limit_to_range(prompts.set_strength(made(1.0), 0.4), 0.1, 0.9)

    silent = prompts.zero_out(limited).entries[0]

    assert (silent.start, silent.end, silent.strength) == (0.1, 0.9, 0.4)


def test_limits_apply_to_every_one_of_several_prompts() -> None:
    several = prompts.combine_prompts(made(1.0), made(2.0))

    limited = prompts.limit_to_range(prompts.set_strength(several, 0.3), 0.5)

    assert [(entry.start, entry.strength) for entry in limited.entries] == [(0.5, 0.3)] * 2


def test_prompts_read_one_behind_the_other_keep_their_order_when_joined_again() -> None:
    left = prompts.concat_prompts(prompts.concat_prompts(made(1.0, 1), made(2.0, 2)), made(3.0, 3))

    right = prompts.concat_prompts(made(1.0, 1), prompts.concat_prompts(made(2.0, 2), made(3.0, 3)))

    assert states(left).equal(states(right))


def test_a_change_leaves_the_given_prompt_as_it_was() -> None:
    given = made(1.0)

    prompts.zero_out(given)
    prompts.average_prompts(given, made(5.0))
    prompts.concat_prompts(given, made(5.0))

    assert states(given).eq(1.0).all()
    assert states(given).shape == (1, 3, 4)


def test_changes_of_the_words_leave_alone_what_a_prompt_shows() -> None:
    shown = torch.full((1, 5, 2, 2), 3.0)
    words = Conditioning((Prompt({"encoder_hidden_states": torch.ones(1, 2, 3)}),))
    showing_it = showing(words, concat_1Chw=shown, references=[shown])

    for changed in (prompts.zero_out(showing_it), prompts.average_prompts(showing_it, words, 0.5)):
        (entry,) = changed.entries
        assert entry.tensors["concat_latents"].equal(shown)
        assert entry.tensors["reference_latents/0"].equal(shown)
