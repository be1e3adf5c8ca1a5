"""Models are shown what to change, regions go back to their places, and large pictures are seen in tiles."""

import asyncio
from collections.abc import Iterator

import pytest
import tiny_models
import torch
from tiny_runs import load_tiny, tiny_paths
from torch import Tensor
from weft.engine.codec import decode, digest, encode
from weft.sdk import Image, LocalRun, Mask
from weft_nodes import editing, guidance
from weft_nodes.checkpoints import LoadedCheckpoint
from weft_nodes.diffusion.errors import ConditioningError, JobError
from weft_nodes.diffusion.sights import CONCAT, references_of
from weft_nodes.diffusion.values import Conditioning, Latent
from weft_nodes.editing import Region, RegionEmptyError
from weft_nodes.latents import empty_latent, encode_latent, paste_latent
from weft_nodes.models.guiding import Guiding
from weft_nodes.models.handles import Model
from weft_nodes.pixels.errors import PictureCountError, PictureSizeError
from weft_nodes.prompts import encode_prompt
from weft_nodes.sampling import sample_latent, sample_steps


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    """A run with tiny checkpoints."""
    found = LocalRun(paths=tiny_paths(tmp_path_factory.mktemp("editing")))
    yield found
    found.close()


@pytest.fixture(scope="module")
def checkpoint(run: LocalRun) -> LoadedCheckpoint:
    """The tiny checkpoint."""
    return load_tiny(run)


@pytest.fixture(scope="module")
def words(run: LocalRun, checkpoint: LoadedCheckpoint) -> Conditioning:
    """A prompt."""
    return encode_prompt(run, checkpoint.encoder, "a red circle")


def noise(width: int, height: int, count: int = 1) -> Image:
    """Pictures in which no two pixels are alike."""
    return Image(torch.rand(count, height, width, 3, generator=torch.Generator().manual_seed(width)))


def hole(width: int, height: int, rows: slice, columns: slice) -> Mask:
    """A mask that selects a rectangle."""
    mask = Mask(torch.zeros(1, height, width))
    mask.values_BHW[:, rows, columns] = 1
    return mask


def sampled(run: LocalRun, model: Model, positive: Conditioning, latent: Latent) -> Tensor:
    """Two steps of sampling."""
    found = asyncio.run(sample_latent(run, model, positive, None, latent, steps=2))
    return found.samples_BChw


def test_two_prompts_meet_in_one_picture_between_two_parts_of_a_sampling(
    run: LocalRun, checkpoint: LoadedCheckpoint, words: Conditioning
) -> None:
    other = encode_prompt(run, checkpoint.encoder, "a blue star")

    def part(positive: Conditioning, latent: Latent, start: int, end: int) -> Latent:
        work = sample_steps(
            run,
            checkpoint.model,
            positive,
            None,
            latent,
            steps=4,
            start_step=start,
            end_step=end,
            add_noise=start == 0,
            sampler="euler",
        )
        return asyncio.run(work)

    whole = part(words, empty_latent(checkpoint.model, 64, 32), 0, 2)
    small = part(other, empty_latent(checkpoint.model, 32, 32), 0, 2)
    joined = part(words, paste_latent(whole, small, 32, 0, feather=1), 2, 4).samples_BChw

    alone = part(words, whole, 2, 4).samples_BChw
    change = (joined - alone).abs().mean(dim=(0, 1, 2))
    assert bool(joined.isfinite().all())
    assert float(change[5:].mean()) > float(change[:3].mean())


def test_an_inpainting_model_is_shown_the_mask_and_the_picture_with_grey_in_its_place(
    run: LocalRun, checkpoint: LoadedCheckpoint, words: Conditioning
) -> None:
    image, mask = noise(32, 32), hole(32, 32, slice(8, 24), slice(16, 32))

    shown = editing.show_to_inpaint(run, words, image, mask, checkpoint.vae).entries[0].tensors[CONCAT]

    grey = torch.where(mask.values_BHW[..., None] > 0, 0.5, image.pixels_BHWC)
    assert torch.equal(shown[:, :1], mask.values_BHW[:, None, ::8, ::8])
    assert torch.equal(shown[:, 1:], encode_latent(run, Image(grey), checkpoint.vae).samples_BChw)


def test_a_model_that_reads_no_picture_refuses_to_be_shown_one(
    run: LocalRun, checkpoint: LoadedCheckpoint, words: Conditioning
) -> None:
    image, mask = noise(32, 32), hole(32, 32, slice(8, 24), slice(16, 32))
    shown = editing.show_to_inpaint(run, words, image, mask, checkpoint.vae)

    with pytest.raises(ConditioningError, match="5 channels"):
        sampled(run, checkpoint.model, shown, empty_latent(checkpoint.model, 32, 32))


def test_what_is_shown_must_be_one_picture_with_a_mask_of_its_size(
    run: LocalRun, checkpoint: LoadedCheckpoint, words: Conditioning
) -> None:
    mask = hole(32, 32, slice(8, 24), slice(16, 32))

    with pytest.raises(PictureCountError, match="image holds 2"):
        editing.show_to_inpaint(run, words, noise(32, 32, 2), mask, checkpoint.vae)
    with pytest.raises(PictureSizeError):
        editing.show_to_inpaint(run, words, noise(64, 32), mask, checkpoint.vae)


def test_a_model_that_changes_pictures_is_shown_the_latent_that_the_autoencoder_gives(
    run: LocalRun, checkpoint: LoadedCheckpoint, words: Conditioning
) -> None:
    xl = load_tiny(run, "xl")
    image = noise(32, 32)
    prompts = encode_prompt(run, xl.encoder, "make it snow")

    shown = editing.show_picture(run, prompts, image, xl.vae).entries[0].tensors[CONCAT]

    scaling = tiny_models.shared("sdxl").vae.config.scaling_factor
    torch.testing.assert_close(shown * scaling, encode_latent(run, image, xl.vae).samples_BChw)
    with pytest.raises(PictureCountError, match="image holds 2"):
        editing.show_picture(run, words, noise(32, 32, 2), checkpoint.vae)


def test_a_picture_is_changed_by_instruction_and_kept_as_closely_as_asked(run: LocalRun) -> None:
    tiny_models.write_folder(run.paths.models[0] / "instruct", "sd15-instruct")
    model, encoder, vae = load_tiny(run, "instruct")
    words, empty = encode_prompt(run, encoder, "make it snow"), encode_prompt(run, encoder, "")
    shown = editing.show_picture(run, words, noise(32, 32), vae)
    latent = empty_latent(model, 32, 32)

    def changed(positive: Conditioning, guiding: Guiding | None) -> Tensor:
        work = sample_latent(run, model, positive, empty, latent, steps=2, guidance=guiding)
        return asyncio.run(work).samples_BChw

    plain, near, far = (
        changed(shown, None),
        *(changed(shown, guidance.use_picture_scale(scale)) for scale in (1.0, 2.0)),
    )

    # At 1 the prediction without the picture has no weight.
    torch.testing.assert_close(near, plain, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(far, plain, atol=1e-3)
    with pytest.raises(ConditioningError, match="0 channels"):
        changed(words, None)
    with pytest.raises(ConditioningError, match="needs a prompt that shows one"):
        changed(words, guidance.use_picture_scale())


def test_references_add_up_and_keep_their_size(
    run: LocalRun, checkpoint: LoadedCheckpoint, words: Conditioning
) -> None:
    one = editing.show_reference(run, words, noise(32, 32, 2), checkpoint.vae)
    more = editing.show_reference(run, one, noise(64, 32), checkpoint.vae)

    shapes = [tuple(each.shape) for each in references_of(more.entries[0].tensors)]
    assert shapes == [(1, 4, 4, 4), (1, 4, 4, 4), (1, 4, 4, 8)]
    assert references_of(words.entries[0].tensors) == ()


def test_latents_are_shown_as_the_pictures_they_were_encoded_from(
    run: LocalRun, checkpoint: LoadedCheckpoint, words: Conditioning
) -> None:
    picture = noise(32, 64, 2)
    latent = encode_latent(run, picture, checkpoint.vae)

    shown = references_of(editing.show_reference_latent(words, latent).entries[0].tensors)

    expected = references_of(editing.show_reference(run, words, picture, checkpoint.vae).entries[0].tensors)
    assert all(map(torch.equal, shown, expected))
    assert len(shown) == len(expected) == 2


@pytest.mark.parametrize("margin", [0, 5])
def test_a_region_has_the_proportions_asked_for_and_lies_around_the_mask(margin: int) -> None:
    image, mask = noise(100, 80), hole(100, 80, slice(30, 40), slice(50, 70))

    cut = editing.cut_region(image, mask, margin=margin, width=64, height=64)

    side = 20 + 2 * margin
    assert cut.image.pixels_BHWC.shape == (1, 64, 64, 3)
    assert cut.mask.values_BHW.shape == (1, 64, 64)
    assert cut.region.mask_BHW.shape == (1, side, side)
    assert (cut.region.left, cut.region.top) == (60 - side // 2, 35 - side // 2)
    assert float(cut.region.mask_BHW.sum()) == 200


def test_a_region_at_the_edge_is_moved_into_the_picture() -> None:
    cut = editing.cut_region(
        noise(100, 80), hole(100, 80, slice(0, 10), slice(90, 100)), margin=10, width=8, height=8
    )

    assert (cut.region.left, cut.region.top) == (70, 0)
    assert cut.region.mask_BHW.shape == (1, 30, 30)


def test_a_region_larger_than_the_picture_is_the_picture() -> None:
    cut = editing.cut_region(
        noise(32, 16), hole(32, 16, slice(0, 16), slice(0, 32)), margin=64, width=8, height=8
    )

    assert (cut.region.left, cut.region.top) == (0, 0)
    assert cut.region.mask_BHW.shape == (1, 16, 32)


def test_an_empty_mask_has_no_region() -> None:
    with pytest.raises(RegionEmptyError):
        editing.cut_region(noise(32, 16), Mask(torch.zeros(1, 16, 32)))


def test_a_region_that_was_not_changed_leaves_the_picture_as_it_was() -> None:
    image, mask = noise(100, 80), hole(100, 80, slice(30, 40), slice(50, 70))
    cut = editing.cut_region(image, mask, margin=6, width=32, height=32)

    pasted = editing.paste_region(image, cut.image, cut.region, feather=0)

    torch.testing.assert_close(pasted.pixels_BHWC, image.pixels_BHWC)


@pytest.mark.parametrize("feather", [0.0, 1.0, 3.0])
def test_what_is_pasted_changes_nothing_outside_the_mask(feather: float) -> None:
    image, mask = noise(100, 80), hole(100, 80, slice(20, 50), slice(40, 80))
    cut = editing.cut_region(image, mask, width=64, height=64)

    pasted = editing.paste_region(image, Image(torch.zeros(1, 64, 64, 3)), cut.region, feather=feather)

    is_changed = (pasted.pixels_BHWC != image.pixels_BHWC).any(dim=-1)
    assert not bool((is_changed & (mask.values_BHW == 0)).any())
    torch.testing.assert_close(pasted.pixels_BHWC[0, 35, 60], torch.zeros(3), atol=0.01, rtol=0)
    if feather:
        assert float(pasted.pixels_BHWC[0, 35, 40].sum()) > 0.5 * float(image.pixels_BHWC[0, 35, 40].sum())


def test_several_results_are_pasted_into_one_picture_and_one_into_several() -> None:
    image, mask = noise(40, 40), hole(40, 40, slice(8, 24), slice(8, 24))
    region = editing.cut_region(image, mask, margin=4, width=24, height=24).region

    many = editing.paste_region(image, noise(24, 24, 3), region)
    into_many = editing.paste_region(noise(40, 40, 2), noise(24, 24), region)

    assert many.pixels_BHWC.shape[0] == 3
    assert into_many.pixels_BHWC.shape[0] == 2


def test_a_region_belongs_to_pictures_of_one_size() -> None:
    cut = editing.cut_region(noise(40, 40), hole(40, 40, slice(8, 24), slice(8, 24)), width=24, height=24)

    with pytest.raises(PictureSizeError, match="48x40"):
        editing.paste_region(noise(48, 40), cut.image, cut.region)


def test_a_region_survives_the_cache() -> None:
    region = editing.cut_region(
        noise(40, 40), hole(40, 40, slice(8, 24), slice(8, 24)), width=24, height=24
    ).region

    kept = decode(encode(region))

    assert isinstance(kept, Region)
    assert digest(kept) == digest(region)
    assert kept.picture_size == (40, 40)


def test_a_picture_no_larger_than_a_tile_is_sampled_as_without_tiles(
    run: LocalRun, checkpoint: LoadedCheckpoint, words: Conditioning
) -> None:
    tiled = editing.tile_sampling(checkpoint.model, 64, 16)
    empty = empty_latent(checkpoint.model, 64, 64)

    assert tiled.key != checkpoint.model.key
    assert torch.equal(sampled(run, tiled, words, empty), sampled(run, checkpoint.model, words, empty))


def test_a_larger_picture_is_sampled_through_tiles_always_alike(
    run: LocalRun, checkpoint: LoadedCheckpoint, words: Conditioning
) -> None:
    tiled = editing.tile_sampling(checkpoint.model, 64, 16)
    empty = empty_latent(checkpoint.model, 96, 64)

    found = sampled(run, tiled, words, empty)

    assert found.shape == (1, 4, 8, 12)
    assert torch.equal(found, sampled(run, tiled, words, empty))
    assert not torch.equal(found, sampled(run, checkpoint.model, words, empty))


def test_tiles_are_rounded_to_what_the_model_can_read(checkpoint: LoadedCheckpoint) -> None:
    with pytest.raises(JobError, match="overlap"):
        editing.tile_sampling(checkpoint.model, 64, 48)

    assert (
        editing.tile_sampling(checkpoint.model, 70, 30).key
        == editing.tile_sampling(checkpoint.model, 64, 24).key
    )
