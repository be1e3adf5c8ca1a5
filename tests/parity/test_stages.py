"""Each stage alone gives the very bits of diffusers: prompt, network, autoencoder, noise levels."""

from collections.abc import Callable
from pathlib import Path

import pytest
import tiny_models
import torch
from parity.conftest import Opened
from parity.staged import LATENT, PROMPT
from torch import Tensor
from weft.sdk import Image
from weft_nodes.diffusion.spaces import DiffusionSpace
from weft_nodes.diffusion.values import Latent
from weft_nodes.families import open_checkpoint
from weft_nodes.models.handles import TextEncoder

FAMILIES = ("sd15", "sd2", "sdxl", "starter")

Open = Callable[[str, str], Opened]


def _noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("family", ["sd15", "sd2", "starter"])
def test_a_prompt_is_encoded_to_the_same_bits(opened: Open, family: str) -> None:
    store, checkpoint = opened(family, "folder")
    theirs, _ = tiny_models.shared(family).encode_prompt(PROMPT, "cpu", 1, False)

    (ours,) = store.encode_prompt(checkpoint.encoder, PROMPT).entries

    assert torch.equal(ours.tensors["encoder_hidden_states"], theirs)
    assert ours.family == family


def test_an_sdxl_prompt_is_encoded_to_the_same_bits(opened: Open) -> None:
    store, checkpoint = opened("sdxl", "folder")
    states, _, pooled, _ = tiny_models.shared("sdxl").encode_prompt(PROMPT, do_classifier_free_guidance=False)

    (ours,) = store.encode_prompt(checkpoint.encoder, PROMPT).entries

    assert torch.equal(ours.tensors["encoder_hidden_states"], states)
    assert torch.equal(ours.tensors["text_embeds"], pooled)


@pytest.mark.parametrize("skipped", [1, 2])
def test_skipped_layers_of_sdxl_are_those_of_the_pipeline(opened: Open, skipped: int) -> None:
    store, checkpoint = opened("sdxl", "folder")
    pipeline = tiny_models.shared("sdxl")
    states, *_ = pipeline.encode_prompt(PROMPT, do_classifier_free_guidance=False, clip_skip=skipped)
    encoder = TextEncoder("sdxl", checkpoint.encoder.weights, skipped_layers=skipped)

    (ours,) = store.encode_prompt(encoder, PROMPT).entries

    assert torch.equal(ours.tensors["encoder_hidden_states"], states)


def test_skipped_layers_of_sd15_are_normalised_like_the_last(opened: Open) -> None:
    store, checkpoint = opened("sd15", "folder")
    pipeline = tiny_models.shared("sd15")
    ids = pipeline.tokenizer(PROMPT, padding="max_length", max_length=77, return_tensors="pt").input_ids
    layers = pipeline.text_encoder(ids, output_hidden_states=True).hidden_states
    theirs = pipeline.text_encoder.final_layer_norm(layers[-2])
    encoder = TextEncoder("sd15", checkpoint.encoder.weights, skipped_layers=1)

    (ours,) = store.encode_prompt(encoder, PROMPT).entries

    assert torch.equal(ours.tensors["encoder_hidden_states"], theirs)


@pytest.mark.parametrize("family", ["sd15", "sd2", "starter"])
@pytest.mark.parametrize("timestep", [0.0, 421.0, 999.0, 12.375])
def test_the_network_predicts_the_same_bits(opened: Open, family: str, timestep: float) -> None:
    store, checkpoint = opened(family, "folder")
    x, states = _noise(*LATENT), _noise(1, 77, tiny_models.WIDTH, seed=1)
    with torch.no_grad():
        theirs = tiny_models.shared(family).unet(x, timestep, states).sample

    ours = store.network(checkpoint.model).predict(
        x, torch.tensor([timestep]), {"encoder_hidden_states": states}
    )

    assert torch.equal(ours, theirs)


def test_the_sdxl_network_is_told_the_size_of_the_latent_unless_the_prompt_says_another(opened: Open) -> None:
    store, checkpoint = opened("sdxl", "folder")
    x, states, pooled = _noise(1, 4, 8, 12), _noise(1, 77, 72, seed=1), _noise(1, 40, seed=2)
    unet = tiny_models.shared("sdxl").unet
    conditions = {"encoder_hidden_states": states, "text_embeds": pooled}

    def theirs(*sizes: float) -> Tensor:
        added = {"text_embeds": pooled, "time_ids": torch.tensor([sizes])}
        with torch.no_grad():
            output = unet(x, 500.0, states, added_cond_kwargs=added).sample
        assert isinstance(output, Tensor)
        return output

    network = store.network(checkpoint.model)
    untold = network.predict(x, torch.tensor([500.0]), conditions)
    told = network.predict(
        x, torch.tensor([500.0]), conditions | {"time_ids": torch.tensor([[512.0, 512, 0, 8, 64, 96]])}
    )

    assert torch.equal(untold, theirs(64, 96, 0, 0, 64, 96))
    assert torch.equal(told, theirs(512, 512, 0, 8, 64, 96))
    assert not torch.equal(told, untold)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_latent_is_decoded_to_the_same_bits(opened: Open, family: str) -> None:
    store, checkpoint = opened(family, "folder")
    latent = _noise(*LATENT)
    vae = tiny_models.shared(family).vae
    with torch.no_grad():
        theirs = (vae.decode(latent / vae.config.scaling_factor).sample / 2 + 0.5).clamp(0, 1)

    ours = store.decode(checkpoint.vae, Latent(latent, checkpoint.vae.space))

    assert torch.equal(ours.pixels_BHWC, theirs.permute(0, 2, 3, 1))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_picture_is_encoded_to_the_most_likely_latent(opened: Open, family: str) -> None:
    store, checkpoint = opened(family, "folder")
    pixels_BHWC = torch.rand(2, 64, 32, 3, generator=torch.Generator().manual_seed(4))
    vae = tiny_models.shared(family).vae
    signed = pixels_BHWC.permute(0, 3, 1, 2) * 2 - 1
    with torch.no_grad():
        encoded = [vae.encode(item[None]).latent_dist.mode() for item in signed]

    ours = store.encode_image(checkpoint.vae, Image(pixels_BHWC))

    torch.testing.assert_close(
        ours.samples_BChw, torch.cat(encoded) * vae.config.scaling_factor, rtol=0, atol=1e-6
    )
    assert ours.space == checkpoint.vae.space


@pytest.mark.parametrize("family", FAMILIES)
def test_noise_levels_are_those_of_the_checkpoints_scheduler(opened: Open, family: str) -> None:
    store, checkpoint = opened(family, "folder")
    scheduler = tiny_models.shared(family).scheduler
    kept = scheduler.alphas_cumprod

    space = store.noise_space(checkpoint.model)

    assert isinstance(space, DiffusionSpace)
    assert space.sigmas == tuple(float(sigma) for sigma in ((1 - kept) / kept) ** 0.5)
    assert space.prediction == scheduler.config.prediction_type


def test_a_caller_may_override_what_the_network_predicts(opened: Open) -> None:
    store, checkpoint = opened("sd2", "folder")
    path = Path(checkpoint.model.weights.path)
    base = open_checkpoint(path, memory=store.digests, prediction="epsilon")

    space = store.noise_space(base.model)

    assert isinstance(space, DiffusionSpace)
    assert space.prediction == "epsilon"
    assert base.model.key != checkpoint.model.key
