"""The model that ships with weft: it is small, complete, loads offline and shows what prompts say."""

import socket

import pytest
from diffusers import StableDiffusionPipeline
from safetensors import safe_open
from weft_nodes.starter.evaluate import MODEL_FOLDER, evaluate
from weft_nodes.starter.networks import Parts, load_model
from weft_nodes.starter.painting import Sampling
from weft_nodes.starter.scenes import held_out_claims, vocabulary
from weft_nodes.starter.tokenizer import MAX_TOKENS

BUDGET_BYTES = 16_000_000


@pytest.fixture(scope="module")
def parts() -> Parts:
    return load_model(MODEL_FOLDER)


def test_the_weights_are_half_precision_and_within_the_budget() -> None:
    files = sorted(MODEL_FOLDER.rglob("*.safetensors"))

    assert [file.parent.name for file in files] == ["text_encoder", "unet", "vae"]
    assert sum(file.stat().st_size for file in MODEL_FOLDER.rglob("*")) <= BUDGET_BYTES
    for file in files:
        with safe_open(file, "pt") as weights:
            assert {weights.get_slice(name).get_dtype() for name in weights.keys()} == {"F16"}  # noqa: SIM118


def test_the_model_card_says_what_it_is_and_how_well_it_does() -> None:
    card = (MODEL_FOLDER / "README.md").read_text()

    for word in ("Apache-2.0", "weft_nodes.starter.train", "weft_nodes.starter.evaluate", "Limits", "%"):
        assert word in card


def test_the_tokenizer_knows_every_word_of_a_caption(parts: Parts) -> None:
    assert parts.tokenizer.model_max_length == MAX_TOKENS
    assert all(len(parts.tokenizer.tokenize(word)) == 1 for word in vocabulary())


def test_the_model_loads_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("no connection may be opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    pipeline = StableDiffusionPipeline.from_pretrained(MODEL_FOLDER, local_files_only=True)

    assert pipeline.unet.config.cross_attention_dim == pipeline.text_encoder.config.hidden_size
    assert pipeline.scheduler.config.prediction_type == "v_prediction"


def test_pictures_show_what_held_out_prompts_say() -> None:
    claims = [*held_out_claims(200)[:3], *held_out_claims(200)[-4:]]
    accuracies = evaluate(MODEL_FOLDER, claims, Sampling(steps=8))

    assert accuracies["background"].right >= 6
    assert accuracies["single object"].right >= 2
    assert accuracies["both objects"].right >= 2
    assert accuracies["relation"].right >= 3
