"""FLUX.2 is told its guidance, shifts by size and steps, and reads a chat of one length."""

import math

import pytest
import torch
from tiny.flux2 import tiny_flux2, tiny_mistral, tiny_mistral_tokenizer
from weft_nodes.diffusion.spaces import FlowSpace
from weft_nodes.families import FAMILIES
from weft_nodes.families.network import GUIDANCE
from weft_nodes.models.text import TextStack
from weft_nodes.models.wording import Wording

FLUX2 = FAMILIES["flux2"]


def test_the_network_is_told_the_guidance_of_the_prompt_and_a_sane_one_otherwise() -> None:
    network = FLUX2.network(tiny_flux2().transformer, space=FlowSpace(), key="key")
    states = {"encoder_hidden_states": torch.ones(1, 5, 24)}
    x_BChw, timestep_B = torch.ones(1, 128, 2, 3), torch.tensor([500.0])

    untold = network.predict(x_BChw, timestep_B, states)

    assert untold.shape == x_BChw.shape
    assert untold.equal(network.predict(x_BChw, timestep_B, {**states, GUIDANCE: torch.tensor([4.0])}))
    assert not untold.equal(network.predict(x_BChw, timestep_B, {**states, GUIDANCE: torch.tensor([1.0])}))


@pytest.mark.parametrize(
    ("side", "steps", "mu"),
    # The lines that were fitted to 10 and 200 steps, and the one for many tokens whatever the steps.
    [
        (64, 10, 8.73809524e-05 * 4096 + 1.89833333),
        (64, 200, 0.00016927 * 4096 + 0.45666666),
        (96, 10, 0.00016927 * 9216 + 0.45666666),
    ],
)
def test_the_shift_depends_on_size_and_steps(side: int, steps: int, mu: float) -> None:
    config = {"_class_name": "FlowMatchEulerDiscreteScheduler", "use_dynamic_shifting": True}

    space = FLUX2.space(config, size_hw=(side, side), steps=steps)

    assert isinstance(space, FlowSpace)
    assert space.shift == pytest.approx(math.exp(mu))


def test_a_prompt_is_filled_up_and_a_longer_one_is_read_whole() -> None:
    (part,) = FLUX2.text_parts
    whole = tiny_mistral()
    layers = part.encoder.build(whole.config.to_dict())
    layers.load_state_dict(part.encoder.rename(layers, dict(whole.state_dict())))
    stack = TextStack(layers.eval(), tiny_mistral_tokenizer())

    short, long = (
        FLUX2.encode((stack,), Wording.plain(text), skipped_layers=0)["encoder_hidden_states"]
        for text in ("a star", "star " * 90)
    )

    assert short.shape == (1, 512, 24)
    assert long.shape[1] > 512


def test_references_are_tokens_at_the_places_of_diffusers_pipeline() -> None:
    pipeline = tiny_flux2()
    network = FLUX2.network(pipeline.transformer, space=FlowSpace(), key="key")
    drawn = torch.Generator().manual_seed(0)
    x_BChw = torch.randn(1, 128, 2, 3, generator=drawn)
    first, second = torch.randn(1, 128, 3, 2, generator=drawn), torch.randn(1, 128, 1, 2, generator=drawn)
    states_1TD = torch.randn(1, 5, 24, generator=drawn)
    shown = {"encoder_hidden_states": states_1TD, "reference_latents/0": first, "reference_latents/1": second}

    found = network.predict(x_BChw, torch.tensor([500.0]), shown)

    tokens = [latent.flatten(2).transpose(1, 2) for latent in (x_BChw, first, second)]
    with torch.no_grad():
        theirs = pipeline.transformer(
            hidden_states=torch.cat(tokens, dim=1),
            timestep=torch.tensor([0.5]),
            guidance=torch.tensor([4.0]),
            encoder_hidden_states=states_1TD,
            txt_ids=pipeline._prepare_text_ids(states_1TD),
            img_ids=torch.cat(
                [pipeline._prepare_latent_ids(x_BChw), pipeline._prepare_image_ids([first, second])], dim=1
            ),
            return_dict=False,
        )[0][:, :6]
    torch.testing.assert_close(found, theirs.transpose(1, 2).reshape(x_BChw.shape), rtol=0, atol=1e-5)
