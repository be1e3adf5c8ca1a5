"""Qwen-Image reads tokens of two by two latent pixels, of any number of rows and columns."""

import pytest
import torch
from tiny.controls import tiny_control
from tiny.qwenimage import tiny_qwen, tiny_qwen_tokenizer, tiny_qwenimage
from weft.sdk import Image
from weft_nodes.diffusion.errors import ConditioningError
from weft_nodes.diffusion.spaces import FlowSpace
from weft_nodes.families import FACTS, FAMILIES
from weft_nodes.models.controls import Steerable
from weft_nodes.models.errors import ControlMismatchError
from weft_nodes.models.seeing import EditVersion, SeeingFamily, Shown
from weft_nodes.models.text import TextStack
from weft_nodes.models.wording import Wording


def test_a_picture_that_is_not_square_is_read_row_by_row() -> None:
    network = FAMILIES["qwen-image"].network(tiny_qwenimage().transformer, space=FlowSpace(), key="key")
    drawn = torch.Generator().manual_seed(0)
    x_BChw = torch.randn(1, 16, 4, 8, generator=drawn)
    states = {"encoder_hidden_states": torch.randn(1, 5, 32, generator=drawn)}

    wide = network.predict(x_BChw, torch.tensor([500.0]), states)
    tall = network.predict(x_BChw.mT.contiguous(), torch.tensor([500.0]), states)

    assert wide.shape == x_BChw.shape
    assert not torch.allclose(wide, tall.mT, atol=1e-4)


def test_references_are_further_tokens_with_rows_and_columns_of_their_own() -> None:
    pipeline = tiny_qwenimage()
    network = FAMILIES["qwen-image"].network(pipeline.transformer, space=FlowSpace(), key="key")
    drawn = torch.Generator().manual_seed(0)
    x_BChw, shown = torch.randn(1, 16, 4, 8, generator=drawn), torch.randn(1, 16, 6, 2, generator=drawn)
    states = {"encoder_hidden_states": torch.randn(1, 5, 32, generator=drawn)}

    found = network.predict(x_BChw, torch.tensor([500.0]), {**states, "reference_latents/0": shown})

    tokens = [
        pipeline._pack_latents(latent, 1, 16, latent.shape[2], latent.shape[3]) for latent in (x_BChw, shown)
    ]
    with torch.no_grad():
        theirs = pipeline.transformer(
            hidden_states=torch.cat(tokens, dim=1),
            timestep=torch.tensor([0.5]),
            img_shapes=[[(1, 2, 4), (1, 3, 1)]],
            return_dict=False,
            **states,
        )[0][:, :8]
    whole = pipeline._unpack_latents(theirs, 32, 64, 8)[:, :, 0]
    torch.testing.assert_close(found, whole, rtol=0, atol=1e-5)


def test_guidance_keeps_the_length_of_what_the_network_reads_as_one_token() -> None:
    facts = FACTS["qwen-image"]

    assert facts.kept_token == facts.patch
    assert all(other.kept_token is None for name, other in FACTS.items() if name != "qwen-image")


def test_control_networks_do_not_know_reference_pictures() -> None:
    pipeline = tiny_qwenimage()
    network = FAMILIES["qwen-image"].network(pipeline.transformer, space=FlowSpace(), key="key")
    assert isinstance(network, Steerable)
    steered = network.with_controls({"edges": tiny_control(pipeline, "qwen-image")})
    latent_1Chw = torch.zeros(1, 16, 4, 8)
    inputs = {
        "encoder_hidden_states": torch.zeros(1, 5, 32),
        "control/0/edges/hint": latent_1Chw,
        "control/0/edges/strength": torch.ones(1),
        "control/0/edges/kind": torch.zeros(1, dtype=torch.int64),
    }

    assert steered.predict(latent_1Chw, torch.tensor([500.0]), inputs).shape == latent_1Chw.shape
    with pytest.raises(ControlMismatchError, match="reference pictures"):
        steered.predict(latent_1Chw, torch.tensor([500.0]), {**inputs, "reference_latents/0": latent_1Chw})


def parts() -> tuple[TextStack, torch.nn.Module, SeeingFamily]:
    """The text layers with their tokenizer, the tower, and the family."""
    whole, family = tiny_qwen().model, FAMILIES["qwen-image"]
    assert isinstance(family, SeeingFamily)
    return TextStack(whole.language_model, tiny_qwen_tokenizer()), whole.visual, family


PICTURE = Image(torch.rand(1, 64, 64, 3, generator=torch.Generator().manual_seed(0)))


def test_the_versions_are_shown_pictures_each_in_its_way() -> None:
    stack, tower, family = parts()
    words = Wording.plain("blue")
    ways: tuple[tuple[int, EditVersion], ...] = ((1, "first"), (1, "2509"), (2, "2509"))

    found = [
        family.encode_seeing((stack,), tower, words, Shown((PICTURE,) * count, version))
        for count, version in ways
    ]

    lengths = [tensors["encoder_hidden_states"].shape[1] for tensors in found]
    # Squares of patches of a large and of a small picture, its number, and the marks around it.
    assert lengths[0] - lengths[1] == (8 * 8) - (3 * 3 + len("Picture 1: "))
    assert lengths[2] - lengths[1] == 3 * 3 + 2 + len("Picture 2: ")


def test_what_was_not_trained_is_refused() -> None:
    stack, tower, family = parts()

    with pytest.raises(ConditioningError, match="trained with one picture, not with 2"):
        family.encode_seeing((stack,), tower, Wording.plain(""), Shown((PICTURE, PICTURE), "first"))
    with pytest.raises(ConditioningError, match="stands for pictures"):
        family.encode_seeing((stack,), tower, Wording.plain("<|image_pad|>"), Shown((PICTURE,)))
