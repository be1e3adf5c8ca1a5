"""Handles are small values whose key says exactly what they compute."""

import pickle
from dataclasses import FrozenInstanceError, replace

import pytest
from weft.engine import codec
from weft.values import value_type
from weft_nodes.models.handles import Model, TextEncoder, Vae, Weights
from weft_nodes.models.patches import LowRankPatch

WEIGHTS = Weights("0123", "models/a.safetensors", "configs/sd15")
MODEL = Model("sd15", "sd", WEIGHTS)
ENCODER = TextEncoder("sd15", WEIGHTS)
VAE = Vae("sd15", "sd", WEIGHTS)


@pytest.mark.parametrize("handle", [MODEL, ENCODER, VAE])
def test_equal_handles_have_equal_keys_in_every_process(handle: Model | TextEncoder | Vae) -> None:
    copy = pickle.loads(pickle.dumps(handle))

    assert copy == handle
    assert copy.key == handle.key


@pytest.mark.parametrize("handle", [MODEL, ENCODER, VAE])
def test_the_same_weights_under_another_path_have_the_same_key(handle: Model | TextEncoder | Vae) -> None:
    moved = replace(handle, weights=replace(WEIGHTS, path="elsewhere/b.safetensors", config="other"))

    assert moved.key == handle.key


@pytest.mark.parametrize("handle", [MODEL, ENCODER, VAE])
@pytest.mark.parametrize("change", [{"source": "4567"}, {"dtype": "float16"}])
def test_other_weights_or_another_type_have_another_key(
    handle: Model | TextEncoder | Vae, change: dict[str, str]
) -> None:
    assert replace(handle, weights=replace(WEIGHTS, **change)).key != handle.key  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "other",
    [
        replace(MODEL, family="sd2"),
        replace(MODEL, component="unet_2"),
        replace(MODEL, prediction="v_prediction"),
        replace(MODEL, has_zero_terminal_snr=True),
        replace(MODEL, is_cosine=True),
        MODEL.with_patches(LowRankPatch("x", "abcd")),
    ],
)
def test_whatever_changes_the_network_changes_the_key(other: Model) -> None:
    assert other.key != MODEL.key


def test_patches_are_appended_and_the_handle_stays_as_it_was() -> None:
    first, second = LowRankPatch("x", "abcd"), LowRankPatch("y", "ef01", 0.5)

    patched = MODEL.with_patches(first).with_patches(second)

    assert patched.patches == (first, second)
    assert MODEL.patches == ()


def test_the_order_of_patches_counts() -> None:
    first, second = LowRankPatch("x", "abcd"), LowRankPatch("y", "ef01")

    assert MODEL.with_patches(first, second).key != MODEL.with_patches(second, first).key


def test_skipped_layers_and_patches_of_an_encoder_change_its_key() -> None:
    skipping = replace(ENCODER, skipped_layers=1)
    patched = ENCODER.with_patches(LowRankPatch("x", "abcd", part="text_encoder"))

    assert len({ENCODER.key, skipping.key, patched.key}) == 3


def test_handles_of_different_kinds_never_share_a_key() -> None:
    assert len({MODEL.key, ENCODER.key, VAE.key}) == 3


@pytest.mark.parametrize("handle", [MODEL.with_patches(LowRankPatch("x", "abcd", 0.5)), ENCODER, VAE])
def test_a_handle_survives_the_cache_on_disk(handle: Model | TextEncoder | Vae) -> None:
    assert codec.decode(codec.encode(handle)) == handle


@pytest.mark.parametrize("handle", [MODEL, ENCODER, VAE])
def test_a_handle_cannot_be_changed(handle: Model | TextEncoder | Vae) -> None:
    with pytest.raises(FrozenInstanceError):
        handle.family = "sdxl"  # type: ignore[misc]


def test_a_handle_names_the_digest_of_its_weights() -> None:
    assert (MODEL.source, ENCODER.source, VAE.source) == ("0123", "0123", "0123")


@pytest.mark.parametrize(("kind", "name"), [(Model, "model"), (TextEncoder, "encoder"), (Vae, "vae")])
def test_handles_are_types_of_wires(kind: type, name: str) -> None:
    known = value_type(kind)

    assert known is not None
    assert known.name == name
