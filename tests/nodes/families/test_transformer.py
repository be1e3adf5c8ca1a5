"""What families with transformers share: tokens are counted, and noise follows them where it shall."""

import pytest
from weft_nodes.diffusion.spaces import FlowSpace
from weft_nodes.families import FACTS, FAMILIES
from weft_nodes.families.transformer import TransformerFamily

DYNAMIC = {"_class_name": "FlowMatchEulerDiscreteScheduler", "use_dynamic_shifting": True}


def flux() -> TransformerFamily:
    """A family whose noise follows the size."""
    family = FAMILIES["flux"]
    assert isinstance(family, TransformerFamily)
    return family


def shift(size_hw: tuple[int, int] | None) -> float:
    """The shift for a latent of a size."""
    space = flux().space(DYNAMIC, size_hw=size_hw, steps=None)
    assert isinstance(space, FlowSpace)
    return space.shift


def test_a_latent_has_as_many_tokens_as_patches() -> None:
    assert flux().tokens((4, 6)) == 6
    assert flux().tokens(None) == 64 * 64


def test_larger_pictures_get_more_noise_and_no_size_means_that_of_the_training() -> None:
    assert shift((16, 16)) < shift((64, 64)) < shift((128, 128))
    assert shift(None) == shift((128, 128))


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_reads_a_space_for_any_size(name: str) -> None:
    config: dict[str, object] = {"_class_name": "DDIMScheduler"}
    found = {FAMILIES[name].space(config, size_hw=size, steps=4).key for size in (None, (8, 8), (64, 32))}

    assert len(found) == 1
    assert FAMILIES[name].latent_space == FACTS[name].latent_space
