"""Style models are told by their headers, find their image encoder, and speak to prompts of their family."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
from tiny.styles import write_style
from torch import Tensor
from weft_nodes.diffusion.errors import ConditioningError
from weft_nodes.diffusion.values import Conditioning, Prompt
from weft_nodes.families.styles import list_styles, open_style, style_traits, with_style
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.errors import CheckpointUnknownError, ModelFileMissingError

WriteHeader = Callable[[Mapping[str, Tensor]], Path]


def published(width: int, **others: tuple[int, ...]) -> dict[str, Tensor]:
    """Tensors of the published file for words of a width, without storage."""
    shapes = {
        "redux_up.weight": (3 * width, 1152),
        "redux_up.bias": (3 * width,),
        "redux_down.weight": (width, 3 * width),
        "redux_down.bias": (width,),
    }
    return {name: torch.empty(shape, device="meta") for name, shape in {**shapes, **others}.items()}


def test_the_published_style_model_is_recognised(write_header: WriteHeader) -> None:
    assert style_traits(write_header(published(4096))) == {"family": "flux"}


@pytest.mark.parametrize(
    ("tensors", "reason"),
    [
        (published(999), "width 999"),
        ({"lora_up.weight": torch.empty(4, 4)}, "no redux_up.weight"),
    ],
)
def test_others_are_refused_with_the_reason(
    tmp_path: Path, tensors: Mapping[str, Tensor], reason: str, write_header: WriteHeader
) -> None:
    path = write_header(tensors)
    (tmp_path / "models" / "style_models").mkdir(parents=True)
    shutil.copy(path, tmp_path / "models" / "style_models" / "it.safetensors")

    with pytest.raises(CheckpointUnknownError) as caught:
        open_style("it.safetensors", [tmp_path / "models"], DigestMemory(tmp_path / "digests"))

    assert reason in str(caught.value.hint)
    assert style_traits(path) == {}


def test_folders_are_listed_as_one_and_files_for_themselves(tmp_path: Path) -> None:
    folder = write_style(tmp_path / "style_models" / "redux")
    shutil.copy(
        folder / "image_embedder" / "diffusion_pytorch_model.safetensors",
        tmp_path / "style_models" / "alone.safetensors",
    )
    memory = DigestMemory(tmp_path / "digests")

    whole, alone = (open_style(name, [tmp_path], memory) for name in ("redux", "alone.safetensors"))

    assert list(list_styles([tmp_path, tmp_path / "absent"])) == ["alone.safetensors", "redux"]
    assert whole.encoder == alone.encoder
    assert Path(whole.encoder.path) == folder / "image_encoder"
    assert whole.key == alone.key


def test_a_file_without_an_image_encoder_says_which_it_wants(tmp_path: Path) -> None:
    folder = write_style(tmp_path / "style_models" / "redux")
    memory = DigestMemory(tmp_path / "digests")
    (tmp_path / "clip_vision").mkdir()
    moved = (folder / "image_encoder").rename(tmp_path / "clip_vision" / "siglip")

    assert Path(open_style("redux", [tmp_path], memory).encoder.path) == moved
    shutil.rmtree(moved)
    with pytest.raises(ModelFileMissingError) as caught:
        open_style("redux", [tmp_path], memory)
    assert "hidden_size is 20" in str(caught.value.hint)


def test_names_are_no_paths(tmp_path: Path) -> None:
    write_style(tmp_path / "style_models" / "redux")

    with pytest.raises(ModelFileMissingError, match="redux"):
        open_style("../style_models/redux", [tmp_path], DigestMemory(tmp_path / "digests"))


def test_tokens_stand_behind_words_that_count_as_much_as_was_said() -> None:
    words, summary, tokens = torch.rand(1, 3, 4), torch.rand(1, 4), torch.rand(1, 2, 4)
    given = {"encoder_hidden_states": words, "pooled_projections": summary, "guidance": torch.tensor([3.5])}
    prompt = Conditioning((Prompt(given, family="flux"),))

    (told,) = with_style(prompt, tokens, family="flux", words=0.5, pooled=0.25).entries

    assert torch.equal(told.tensors["encoder_hidden_states"], torch.cat([words * 0.5, tokens], dim=1))
    assert torch.equal(told.tensors["pooled_projections"], summary * 0.25)
    assert torch.equal(told.tensors["guidance"], given["guidance"])
    assert torch.equal(prompt.entries[0].tensors["encoder_hidden_states"], words)


@pytest.mark.parametrize(("family", "width"), [("sd3", 4), ("flux", 5)])
def test_prompts_of_other_models_are_refused(family: str, width: int) -> None:
    prompt = Conditioning((Prompt({"encoder_hidden_states": torch.rand(1, 3, width)}, family=family),))

    with pytest.raises(ConditioningError, match="width 4"):
        with_style(prompt, torch.rand(1, 2, 4), family="flux", words=1.0, pooled=1.0)
