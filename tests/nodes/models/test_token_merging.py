"""Token merging: what is merged, what comes back, and that a row's answer is its own and always the same."""

import pytest
import tiny_models
import torch
from torch import Tensor, nn
from weft_nodes.models.attention_patches import FreeU, PerturbedAttention
from weft_nodes.models.clones import light_clone
from weft_nodes.models.errors import PatchMismatchError
from weft_nodes.models.patches import Patch
from weft_nodes.models.token_merging import TokenMerging, match


def places(rows: int = 1, height: int = 4, width: int = 6) -> Tensor:
    """What places say, at random."""
    return torch.randn(rows, height * width, 8, generator=torch.Generator().manual_seed(3))


def test_one_place_of_four_stays_and_the_most_alike_others_are_merged() -> None:
    x_BND = places()
    # The place beside the first says what the first says, twice as loud.
    x_BND[0, 1] = 2 * x_BND[0, 0]
    matching = match(x_BND, (4, 6), 1 / 24)

    assert matching.targets_M.tolist() == [0, 2, 4, 12, 14, 16]
    assert matching.merged_BR.tolist() == [[1]]
    assert matching.into_BR.tolist() == [[0]]
    torch.testing.assert_close(matching.merge(x_BND)[0, 0], 1.5 * x_BND[0, 0])


def test_what_is_merged_is_averaged_with_where_it_goes_and_gets_its_answer() -> None:
    x_BND = places(rows=2)
    matching = match(x_BND, (4, 6), 0.5)
    merged_BMD = matching.merge(x_BND)

    back = matching.unmerge(merged_BMD)

    assert merged_BMD.shape == (2, 12, 8)
    for row in range(2):
        groups: dict[int, list[int]] = {}
        for place, into in zip(matching.merged_BR[row].tolist(), matching.into_BR[row].tolist(), strict=True):
            groups.setdefault(into, []).append(place)
        for number, target in enumerate(matching.targets_M.tolist()):
            members = [target, *groups.get(number, [])]
            mean = x_BND[row, members].mean(dim=0)
            for place in members:
                torch.testing.assert_close(back[row, place], mean)
        for place in matching.kept_BK[row].tolist():
            assert back[row, place].equal(x_BND[row, place])


def test_places_that_say_the_same_are_merged_without_loss() -> None:
    x_BND = torch.ones(1, 24, 8)

    matching = match(x_BND, (4, 6), 0.75)

    assert matching.unmerge(matching.merge(x_BND)).equal(x_BND)
    assert matching.kept_BK.shape == (1, 0)


@pytest.fixture(scope="module")
def unet() -> nn.Module:
    """A U-Net of Stable Diffusion's kind; nothing writes into it."""
    found: nn.Module = tiny_models.tiny_unet()
    return found


def predicted(net: nn.Module, rows: int = 2, size: tuple[int, int] = (8, 10)) -> Tensor:
    """What a U-Net predicts."""
    generator = torch.Generator().manual_seed(1)
    latent = torch.randn(2, 4, *size, generator=generator)[-rows:]
    words = torch.randn(2, 5, tiny_models.WIDTH, generator=generator)[-rows:]
    with torch.no_grad():
        output: Tensor = net(latent, torch.full((rows,), 500.0), words, return_dict=False)[0]
    return output


def patched(net: nn.Module, *patches: Patch) -> nn.Module:
    """A private clone with patches."""
    clone = light_clone(net)
    for patch in patches:
        patch.apply(clone)
    return clone


def test_merging_changes_a_clone_the_same_each_time_and_row_by_row(unet: nn.Module) -> None:
    before = predicted(unet)
    clone = patched(unet, TokenMerging(0.5))

    both = predicted(clone)

    assert not torch.allclose(both, before, atol=1e-4)
    assert predicted(clone).equal(both)
    torch.testing.assert_close(predicted(clone, rows=1), both[1:], atol=1e-5, rtol=1e-5)
    assert predicted(unet).equal(before)


def test_nothing_is_merged_at_a_ratio_of_zero_and_sizes_may_change(unet: nn.Module) -> None:
    clone = patched(unet, TokenMerging(0.0, levels=4))

    for size in ((8, 10), (6, 8)):
        torch.testing.assert_close(
            predicted(clone, size=size), predicted(unet, size=size), atol=1e-5, rtol=1e-5
        )


def test_levels_count_from_the_finest_that_has_attention(unet: nn.Module) -> None:
    def changed(levels: int) -> set[str]:
        clone = patched(unet, TokenMerging(levels=levels))
        found = clone.attn_processors.items()  # type: ignore[operator, union-attr]
        names = (name for name, processor in found if type(processor).__name__ == "_Merging")
        return {name.partition(".")[0] for name in names}

    assert changed(1) == {"down_blocks", "up_blocks"}
    assert changed(2) == {"down_blocks", "up_blocks", "mid_block"}


def test_it_composes_with_other_patches_and_is_refused_by_transformers(unet: nn.Module) -> None:
    for patch in (PerturbedAttention(), FreeU()):
        one, other = (
            predicted(patched(unet, *order)) for order in ((TokenMerging(), patch), (patch, TokenMerging()))
        )
        assert one.equal(other)
    with pytest.raises(PatchMismatchError, match="no U-Net"):
        patched(tiny_models.MAKERS["sd3"]().transformer, TokenMerging())


def test_keys_tell_values_apart() -> None:
    assert len({TokenMerging().key, TokenMerging(0.25).key, TokenMerging(levels=2).key}) == 3
