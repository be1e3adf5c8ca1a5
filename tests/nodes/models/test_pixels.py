"""Pictures and latents are each other's inverse in form, and impossible ones are refused with help."""

from collections.abc import Callable

import pytest
import tiny_models
import torch
from diffusers import AutoencoderDC, AutoencoderKLFlux2
from tiny.qwenimage import tiny_video_vae
from torch import Tensor, nn
from weft.sdk import Image, NotFiniteError
from weft_nodes.models.errors import LatentMismatchError
from weft_nodes.models.pixels import Normalisation, decode_latents, encode_pixels, reduction


def _noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _picture(*shape: int) -> Image:
    return Image(torch.rand(*shape, generator=torch.Generator().manual_seed(0)))


@pytest.mark.parametrize(("batch", "height", "width"), [(1, 64, 64), (3, 32, 96)])
def test_a_picture_becomes_a_latent_an_eighth_as_large_and_back(batch: int, height: int, width: int) -> None:
    vae = tiny_models.tiny_vae(scaling_factor=0.18215)

    latents = encode_pixels(vae, _picture(batch, height, width, 3))
    image = decode_latents(vae, latents)

    assert latents.shape == (batch, 4, height // 8, width // 8)
    assert image.pixels_BHWC.shape == (batch, height, width, 3)
    assert reduction(vae) == 8


def test_pixels_lie_between_zero_and_one() -> None:
    pixels = decode_latents(tiny_models.tiny_vae(), _noise(1, 4, 4, 4) * 100).pixels_BHWC

    assert pixels.dtype == torch.float32
    assert 0.0 <= float(pixels.min()) <= float(pixels.max()) <= 1.0


def test_a_picture_does_not_depend_on_its_company() -> None:
    vae = tiny_models.tiny_vae()
    latents = _noise(3, 4, 8, 8)

    together = decode_latents(vae, latents).pixels_BHWC
    alone = [decode_latents(vae, item[None]).pixels_BHWC for item in latents]

    assert torch.equal(together, torch.cat(alone))


@pytest.mark.parametrize(("scaling", "shift"), [(0.5, 0.0), (2.0, 0.25)])
def test_scaling_and_shift_apply_one_after_the_other_and_back(scaling: float, shift: float) -> None:
    vae = tiny_models.tiny_vae(scaling_factor=1.0)
    plain = encode_pixels(vae, _picture(1, 32, 32, 3))
    decoded = decode_latents(vae, plain).pixels_BHWC
    vae.register_to_config(scaling_factor=scaling, shift_factor=shift)

    scaled = encode_pixels(vae, _picture(1, 32, 32, 3))

    torch.testing.assert_close(scaled, (plain - shift) * scaling)
    torch.testing.assert_close(decode_latents(vae, scaled).pixels_BHWC, decoded)
    assert Normalisation.of(vae) == Normalisation((scaling,), (shift,))


def test_no_noise_is_drawn_when_encoding() -> None:
    vae, picture = tiny_models.tiny_vae(), _picture(1, 32, 32, 3)
    torch.manual_seed(1)
    first = encode_pixels(vae, picture)
    torch.manual_seed(2)

    assert torch.equal(encode_pixels(vae, picture), first)


def test_a_picture_smaller_than_a_tile_is_decoded_in_one_piece() -> None:
    vae, latents = tiny_models.tiny_vae(), _noise(1, 4, 8, 8)

    assert torch.equal(
        decode_latents(vae, latents, tile=128).pixels_BHWC, decode_latents(vae, latents).pixels_BHWC
    )


@pytest.mark.parametrize("tile", [64, 96, 128])
def test_tiles_keep_the_size_of_the_picture(tile: int) -> None:
    latents = _noise(1, 4, 20, 28)

    image = decode_latents(tiny_models.tiny_vae(), latents, tile=tile)

    assert image.pixels_BHWC.shape == (1, 160, 224, 3)


def test_tiles_are_blended_as_diffusers_blends_them() -> None:
    vae, latents = tiny_models.tiny_vae(scaling_factor=1.0), _noise(1, 4, 20, 28)
    ours = decode_latents(vae, latents, tile=96).pixels_BHWC
    vae.enable_tiling()
    vae.tile_sample_min_size, vae.tile_latent_min_size = 96, 12
    with torch.no_grad():
        theirs = (vae.decode(latents).sample / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1)

    assert torch.equal(ours, theirs)


def test_tiling_leaves_no_trace_on_the_autoencoder() -> None:
    vae, latents = tiny_models.tiny_vae(), _noise(1, 4, 16, 16)
    before = decode_latents(vae, latents).pixels_BHWC
    decode_latents(vae, latents, tile=64)

    assert vae.use_tiling is False
    assert torch.equal(decode_latents(vae, latents).pixels_BHWC, before)


@pytest.mark.parametrize("tile", [0, -64, 32, 65, 72])
def test_a_tile_that_does_not_fit_is_refused_with_one_that_does(tile: int) -> None:
    with pytest.raises(LatentMismatchError, match="multiple of 32") as caught:
        decode_latents(tiny_models.tiny_vae(), _noise(1, 4, 8, 8), tile=tile)

    assert "64" in caught.value.hint


@pytest.mark.parametrize("shape", [(1, 16, 8, 8), (4, 8, 8), (1, 4, 2, 8, 8)])
def test_a_latent_of_another_kind_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(LatentMismatchError, match="4 channels"):
        decode_latents(tiny_models.tiny_vae(), torch.zeros(shape))


def test_a_picture_with_alpha_is_refused() -> None:
    with pytest.raises(LatentMismatchError, match="4 channels") as caught:
        encode_pixels(tiny_models.tiny_vae(), _picture(1, 32, 32, 4))

    assert "alpha" in caught.value.hint


@pytest.mark.parametrize(("height", "width"), [(33, 32), (32, 12), (4, 4)])
def test_a_picture_whose_sides_do_not_divide_is_refused_with_a_size_that_does(
    height: int, width: int
) -> None:
    with pytest.raises(LatentMismatchError, match="multiples of 8") as caught:
        encode_pixels(tiny_models.tiny_vae(), _picture(1, height, width, 3))

    assert "Resize or crop" in caught.value.hint


def test_an_overflow_is_an_error_not_a_black_picture() -> None:
    with pytest.raises(NotFiniteError, match="decoded picture"):
        decode_latents(tiny_models.tiny_vae(), torch.full((1, 4, 4, 4), float("nan")))


def folding_vae() -> AutoencoderKLFlux2:
    """An autoencoder that folds squares of latent pixels, and has seen latents of some spread."""
    torch.manual_seed(1)
    vae = AutoencoderKLFlux2(
        block_out_channels=(4, 4),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        layers_per_block=1,
        norm_num_groups=2,
        latent_channels=3,
    ).eval()
    vae.bn.running_mean.copy_(_noise(12))
    vae.bn.running_var.copy_(_noise(12).abs() + 0.5)
    return vae


def compressing_vae() -> AutoencoderDC:
    """An autoencoder that shrinks twice, without a distribution of latents."""
    torch.manual_seed(1)
    return AutoencoderDC(
        in_channels=3,
        latent_channels=4,
        attention_head_dim=2,
        encoder_block_types=("ResBlock", "EfficientViTBlock"),
        decoder_block_types=("ResBlock", "EfficientViTBlock"),
        encoder_block_out_channels=(8, 8),
        decoder_block_out_channels=(8, 8),
        encoder_qkv_multiscales=((), (5,)),
        decoder_qkv_multiscales=((), (5,)),
        encoder_layers_per_block=(1, 1),
        decoder_layers_per_block=(1, 1),
        downsample_block_type="conv",
        upsample_block_type="interpolate",
        decoder_norm_types="rms_norm",
        decoder_act_fns="silu",
        scaling_factor=0.41407,
    ).eval()


OTHERS = pytest.mark.parametrize(
    ("make", "channels", "factor"), [(folding_vae, 12, 4), (compressing_vae, 4, 2), (tiny_video_vae, 16, 8)]
)


@OTHERS
def test_other_kinds_code_pictures_in_their_own_shape(
    make: Callable[[], nn.Module], channels: int, factor: int
) -> None:
    vae, picture = make(), _picture(2, 32, 64, 3)

    latents = encode_pixels(vae, picture)

    assert reduction(vae) == factor
    assert latents.shape == (2, channels, 32 // factor, 64 // factor)
    assert latents.equal(encode_pixels(vae, picture))
    assert decode_latents(vae, latents).pixels_BHWC.shape == picture.pixels_BHWC.shape


@OTHERS
def test_other_kinds_are_tiled_too(make: Callable[[], nn.Module], channels: int, factor: int) -> None:
    vae = make()
    latents = _noise(1, channels, 128 // factor, 96 // factor)

    tiled = decode_latents(vae, latents, tile=64).pixels_BHWC

    assert tiled.shape == (1, 128, 96, 3)
    assert not tiled.equal(decode_latents(vae, latents).pixels_BHWC)


def test_the_normalisation_of_channels_is_undone_exactly() -> None:
    latents = _noise(1, 12, 4, 4)

    scale = Normalisation.of(folding_vae())

    torch.testing.assert_close(scale.undone(scale.applied(latents)), latents)
    assert len(set(scale.scaling)) == 12


def test_decoding_a_frame_leaves_nothing_behind_for_another() -> None:
    vae = tiny_video_vae()
    decode_latents(vae, _noise(1, 16, 2, 2))

    assert not hasattr(vae, "_feat_map")
