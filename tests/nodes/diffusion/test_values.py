"""Values on wires: they check themselves, are never written into, and copy with changes."""

import pytest
import torch
from weft_nodes.diffusion.errors import ConditioningError, JobError
from weft_nodes.diffusion.values import Conditioning, Latent, Prompt, Sigmas


def _prompt(**changes: object) -> Prompt:
    return Prompt({"encoder_hidden_states": torch.ones(1, 3, 2)}, **changes)  # type: ignore[arg-type]


def test_an_item_of_a_batch_keeps_its_place_and_its_mask() -> None:
    masks = torch.arange(3.0).reshape(3, 1, 1, 1).expand(3, 1, 2, 2)
    batch = Latent(torch.arange(3.0).reshape(3, 1, 1, 1).expand(3, 4, 2, 2), "sd", masks)

    item = batch.item(2)

    assert item.indices == (2,)
    assert bool((item.samples_BChw == 2.0).all())
    assert item.mask_B1hw is not None
    assert bool((item.mask_B1hw == 2.0).all())


def test_an_item_of_an_item_is_still_the_same_item_of_the_first_batch() -> None:
    batch = Latent(torch.zeros(4, 4, 2, 2), "sd", indices=(3, 1, 0, 2))

    assert batch.item(1).item(0).indices == (1,)


def test_one_mask_serves_all_items() -> None:
    mask = torch.ones(1, 1, 2, 2)
    batch = Latent(torch.zeros(2, 4, 2, 2), "sd", mask)

    assert batch.item(1).mask_B1hw is mask


def test_other_samples_keep_space_mask_and_indices() -> None:
    latent = Latent(torch.zeros(1, 4, 2, 2), "sdxl", torch.ones(1, 1, 2, 2), (5,))

    changed = latent.with_samples(torch.ones(1, 4, 2, 2))

    assert (changed.space, changed.indices) == ("sdxl", (5,))
    assert changed.mask_B1hw is latent.mask_B1hw
    assert latent.samples_BChw.sum() == 0


def test_a_latent_counts_its_items() -> None:
    assert Latent(torch.zeros(3, 4, 2, 2), "sd").batch_size == 3


def test_a_latent_is_shown_without_its_numbers() -> None:
    masked = Latent(
        torch.zeros(1, 4, 2, 2), "sd", torch.ones(1, 1, 2, 2), original_BChw=torch.ones(1, 4, 2, 2)
    )

    assert repr(masked) == "Latent(space='sd', indices=None, is_mask_gradual=False)"


@pytest.mark.parametrize(
    ("samples", "mask", "indices"),
    [
        (torch.zeros(4, 4), None, None),
        (torch.zeros(2, 4, 2, 2), None, (0,)),
        (torch.zeros(2, 4, 2, 2), torch.ones(2, 1, 4, 4), None),
        (torch.zeros(2, 4, 2, 2), torch.ones(3, 1, 2, 2), None),
        (torch.zeros(2, 4, 2, 2), torch.ones(2, 4, 2, 2), None),
        (torch.zeros(2, 4, 2, 2), torch.ones(2, 2), None),
    ],
)
def test_a_latent_whose_parts_do_not_fit_is_refused(
    samples: torch.Tensor, mask: torch.Tensor | None, indices: tuple[int, ...] | None
) -> None:
    with pytest.raises(JobError):
        Latent(samples, "sd", mask, indices)


def test_what_a_mask_keeps_is_as_large_as_the_latent_and_is_taken_out_with_its_item() -> None:
    original = torch.arange(2.0).reshape(2, 1, 1, 1).expand(2, 4, 2, 2)
    latent = Latent(torch.zeros(2, 4, 2, 2), "sd", is_mask_gradual=True, original_BChw=original)

    item = latent.item(1)

    assert item.is_mask_gradual
    assert item.original_BChw is not None
    assert item.original_BChw.eq(1).all()
    with pytest.raises(JobError, match="original"):
        Latent(torch.zeros(2, 4, 2, 2), "sd", original_BChw=original[:1])


def test_a_prompt_takes_one_batch_item() -> None:
    with pytest.raises(ConditioningError, match="encoder_hidden_states"):
        Prompt({"encoder_hidden_states": torch.zeros(2, 3, 4)})


@pytest.mark.parametrize(
    "changes",
    [
        {"strength": -1.0},
        {"start": 0.6, "end": 0.5},
        {"end": 1.5},
        {"mask_hw": torch.ones(1, 1, 2, 2)},
        {"turn": 2, "turns": 2},
    ],
)
def test_a_prompt_out_of_bounds_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ConditioningError):
        _prompt(**changes)


def test_the_inputs_of_a_prompt_cannot_be_exchanged() -> None:
    inputs = {"encoder_hidden_states": torch.ones(1, 3, 2)}
    prompt = Prompt(inputs)

    inputs["pooled"] = torch.ones(1, 2)

    assert list(prompt.tensors) == ["encoder_hidden_states"]
    with pytest.raises(TypeError):
        prompt.tensors["pooled"] = torch.ones(1, 2)  # type: ignore[index]


def test_a_prompt_on_its_device_stays_itself() -> None:
    prompt = _prompt()

    assert prompt.on(torch.device("cpu")) is prompt


def test_a_change_reaches_every_prompt_and_leaves_the_rest() -> None:
    two = Conditioning((_prompt(strength=0.5, family="sd"), _prompt(strength=0.7)))

    changed = two.with_(start=0.2, end=0.9)

    assert [(entry.strength, entry.start, entry.end) for entry in changed.entries] == [
        (0.5, 0.2, 0.9),
        (0.7, 0.2, 0.9),
    ]
    assert changed.entries[0].family == "sd"
    assert two.entries[0].start == 0.0


def test_a_region_and_a_strength_can_be_given_later() -> None:
    mask = torch.ones(4, 4)

    changed = Conditioning((_prompt(),)).with_(strength=2.0, mask_hw=mask)

    assert changed.entries[0].strength == 2.0
    assert changed.entries[0].mask_hw is mask


def test_combined_conditionings_hold_the_prompts_of_both() -> None:
    first, second = Conditioning((_prompt(),)), Conditioning((_prompt(),))

    assert first.combined_with(second).entries == first.entries + second.entries


def test_noise_levels_are_one_more_than_steps() -> None:
    assert Sigmas((3.0, 2.0, 0.0)).steps == 2
