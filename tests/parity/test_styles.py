"""FLUX.1 Redux equals diffusers' prior pipeline, alone and in front of the pipeline of FLUX.1."""

from collections.abc import Callable
from typing import Any

import pytest
import tiny_models
import torch
from diffusers import FluxPriorReduxPipeline
from parity.conftest import Opened
from parity.measuring import Case, assert_parity
from parity.staged import PROMPT, of_tokens
from tiny.styles import SIDE, tiny_embedder, tiny_siglip, write_style
from torch import Tensor
from transformers import SiglipImageProcessorPil
from weft.sdk import Image, LocalRun, Paths
from weft_nodes.diffusion.values import Conditioning
from weft_nodes.families.styles import with_style
from weft_nodes.image_prompts import apply_style, load_style_model
from weft_nodes.models.styles import read_style

Open = Callable[[str, str], Opened]

# Of bytes, as the processor of the pipeline wants them, and of the size that SigLIP sees.
BYTES = torch.randint(0, 256, (2, 3, SIDE, SIDE), generator=torch.Generator().manual_seed(3)).to(torch.uint8)
PICTURES = Image((BYTES.float() / 255).movedim(1, -1).contiguous())


def prior(**scales: list[float]) -> tuple[Tensor, Tensor]:
    """What the pipeline makes of prompt and pictures."""
    flux = tiny_models.shared("flux")
    pipeline = FluxPriorReduxPipeline(
        image_encoder=tiny_siglip(),
        feature_extractor=SiglipImageProcessorPil(size={"height": SIDE, "width": SIDE}),
        image_embedder=tiny_embedder(),
        text_encoder=flux.text_encoder,
        text_encoder_2=flux.text_encoder_2,
        tokenizer=flux.tokenizer,
        tokenizer_2=flux.tokenizer_2,
    )
    count = len(scales["prompt_embeds_scale"])
    states, pooled = pipeline(list(BYTES[:count]), prompt=PROMPT, return_dict=False, **scales)
    return states, pooled


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> LocalRun:
    """A run that finds a tiny style model."""
    paths = Paths.below(tmp_path_factory.mktemp("styles"))
    write_style(paths.models[0] / "style_models" / "redux")
    return LocalRun(paths=paths)


def styled(run: LocalRun, prompt: Conditioning, images: Image, **options: Any) -> Conditioning:
    """The prompt with pictures, by our nodes."""
    return apply_style(run, prompt, load_style_model(run, "redux"), images, **options)


@pytest.mark.parametrize(
    ("count", "scales", "options"),
    [
        (1, {"prompt_embeds_scale": [1.0], "pooled_prompt_embeds_scale": [1.0]}, {}),
        (
            1,
            {"prompt_embeds_scale": [0.5], "pooled_prompt_embeds_scale": [0.25]},
            {"strength": 0.5, "words": 0.5, "pooled": 0.25},
        ),
        (
            2,
            {"prompt_embeds_scale": [0.5, 0.5], "pooled_prompt_embeds_scale": [0.5, 0.5]},
            {"several": "mixed"},
        ),
    ],
)
def test_a_prompt_says_what_the_prior_says(
    opened: Open, run: LocalRun, count: int, scales: dict[str, list[float]], options: dict[str, Any]
) -> None:
    store, checkpoint = opened("flux", "folder")
    states, summary = prior(**scales)

    words = store.encode_prompt(checkpoint.encoder, PROMPT)
    (ours,) = styled(run, words, Image(PICTURES.pixels_BHWC[:count]), **options).entries

    torch.testing.assert_close(ours.tensors["encoder_hidden_states"], states, rtol=2e-6, atol=2e-6)
    torch.testing.assert_close(ours.tensors["pooled_projections"], summary, rtol=2e-6, atol=2e-6)


def behind_prior(made: Any) -> Any:
    """The pipeline of FLUX.1, given what the prior makes of the prompt."""
    states, summary = prior(prompt_embeds_scale=[1.0], pooled_prompt_embeds_scale=[1.0])
    made.encode_prompt = lambda **_: (states, summary, torch.zeros(states.shape[1], 3))
    return made


def seeing(prompt: Conditioning) -> Conditioning:
    """A prompt that looks like a picture."""
    tokens_1TD = read_style(tiny_siglip(), tiny_embedder(), Image(PICTURES.pixels_BHWC[:1]))
    return with_style(prompt, tokens_1TD, family="flux", words=1.0, pooled=1.0)


CASES = (
    Case(
        "flux",
        "euler",
        {"guidance_scale": 3.5},
        1.0,
        title="FLUX.1 Redux",
        schedule="simple",
        unpacked=of_tokens,
        condition=seeing,
        pipeline=behind_prior,
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_stages_equal_the_pipeline(opened: Open, case: Case) -> None:
    assert_parity(opened, case)
