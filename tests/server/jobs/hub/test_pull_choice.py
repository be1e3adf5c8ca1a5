"""What is loaded of a repository is what a pipeline needs or what was asked for, and never a pickle."""

from collections.abc import Iterable

import pytest
from server.jobs.hub.test_hub import TRAVERSALS
from weft.jobs.files.file_faults import ModelNameError, PullUnclearError, WeightsRefusedError
from weft.jobs.hub.hub import HubFile, Snapshot
from weft.jobs.hub.pull_choice import PullRequest, choose_files

PICKLES = [
    "model.ckpt",
    "model.pt",
    "model.pth",
    "pytorch_model.bin",
    "unet/diffusion_pytorch_model.bin",
    "weights.PKL",
    "model.pickle",
]


def snapshot(*paths: str, repo: str = "owner/model") -> Snapshot:
    return Snapshot(repo, "c" * 40, {path: HubFile(path) for path in paths})


def chosen(
    request: PullRequest, paths: Iterable[str], index: dict[str, object] | None = None
) -> dict[str, str]:
    return {file.path: file.target for file in choose_files(request, snapshot(*paths), index)}


PIPELINE = {
    "_class_name": "StableDiffusionPipeline",
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "safety_checker": [None, None],
    "requires_safety_checker": True,
}


def test_the_only_weights_of_a_repository_are_chosen() -> None:
    found = chosen(PullRequest("owner/model"), ["README.md", "lora.safetensors", "lora.ckpt"])

    assert found == {"lora.safetensors": "lora.safetensors"}


def test_a_folder_is_put_before_the_name() -> None:
    found = chosen(PullRequest("owner/model", folder="loras/anime"), ["deep/in/lora.safetensors"])

    assert found == {"deep/in/lora.safetensors": "loras/anime/lora.safetensors"}


def test_with_several_weights_somebody_has_to_say_which() -> None:
    with pytest.raises(PullUnclearError, match="has 2 safetensors files") as unclear:
        chosen(PullRequest("owner/model"), ["a.safetensors", "b.safetensors"])

    assert "a.safetensors, b.safetensors" in unclear.value.hint


def test_a_repository_without_weights_is_told_as_such() -> None:
    with pytest.raises(PullUnclearError, match="has 0"):
        chosen(PullRequest("owner/model"), ["README.md"])


def test_a_repository_of_pickles_alone_is_refused_with_the_reason() -> None:
    with pytest.raises(WeightsRefusedError, match="pickles alone"):
        chosen(PullRequest("owner/model"), ["model.ckpt"])


def test_a_pipeline_goes_into_a_folder_of_its_name_with_the_files_of_its_parts() -> None:
    paths = [
        "model_index.json",
        "README.md",
        "whole.safetensors",
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "unet/diffusion_pytorch_model.bin",
        "unet/diffusion_pytorch_model.onnx",
        "vae/diffusion_pytorch_model.fp16.safetensors",
        "tokenizer/vocab.json",
        "tokenizer/merges.txt",
        "safety_checker/model.safetensors",
        "unet_onnx/model.safetensors",
    ]

    found = chosen(PullRequest("owner/model", folder="xl"), paths, PIPELINE)

    assert set(found) == {
        "model_index.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
        "vae/diffusion_pytorch_model.fp16.safetensors",
        "tokenizer/vocab.json",
        "tokenizer/merges.txt",
    }
    assert found["unet/config.json"] == "xl/model/unet/config.json"


def test_a_network_beside_its_index_is_loaded_with_its_texts() -> None:
    index: dict[str, object] = {
        "unet": ["diffusers", "UNet2DModel"],
        "scheduler": ["diffusers", "DDPMScheduler"],
    }
    texts = ["config.json", "model_index.json", "scheduler_config.json"]
    weights = "diffusion_pytorch_model.safetensors"

    found = chosen(
        PullRequest("owner/model"),
        [*texts, weights, "diffusion_pytorch_model.bin", "README.md", "images/one.png"],
        index,
    )

    assert found == {path: f"model/{path}" for path in (*texts, weights)}


def test_all_shards_of_one_variant_are_chosen() -> None:
    shards = [f"unet/model-0000{part}-of-00002.safetensors" for part in (1, 2)]
    halves = [f"unet/model.fp16-0000{part}-of-00002.safetensors" for part in (1, 2)]

    found = chosen(PullRequest("o/m"), ["model_index.json", *shards, *halves], PIPELINE)

    assert set(found) == {"model_index.json", *shards}


def test_a_pipeline_with_a_part_of_pickles_alone_is_refused() -> None:
    with pytest.raises(WeightsRefusedError, match="is a pickle"):
        chosen(PullRequest("o/m"), ["model_index.json", "unet/model.bin"], PIPELINE)


def test_files_that_are_asked_for_are_chosen_once() -> None:
    request = PullRequest("o/m", files=("a/x.safetensors", "a/x.safetensors", "y.safetensors"))

    assert chosen(request, []) == {"a/x.safetensors": "x.safetensors", "y.safetensors": "y.safetensors"}


def test_two_files_of_one_name_cannot_lie_in_one_folder() -> None:
    with pytest.raises(ModelNameError):
        chosen(PullRequest("o/m", files=("a/x.safetensors", "b/x.safetensors")), [])


def test_texts_alone_are_no_model() -> None:
    with pytest.raises(WeightsRefusedError):
        chosen(PullRequest("o/m", files=("config.json",)), [])


@pytest.mark.parametrize("file", PICKLES)
def test_a_pickle_is_refused_before_anybody_is_asked(file: str) -> None:
    with pytest.raises(WeightsRefusedError, match="could run code"):
        PullRequest("owner/model", files=(file,)).check()


@pytest.mark.parametrize("file", ["run.py", "model.safetensors.exe", "x", "page.html", "conftest.PY"])
def test_other_files_are_refused_before_anybody_is_asked(file: str) -> None:
    with pytest.raises(WeightsRefusedError):
        PullRequest("owner/model", files=(file,)).check()


@pytest.mark.parametrize("text", TRAVERSALS)
def test_no_field_of_a_request_can_lead_elsewhere(text: str) -> None:
    for request in (
        PullRequest(text),
        PullRequest("o/m", files=(f"{text}/x.safetensors",)),
        PullRequest("o/m", revision=text),
        PullRequest("o/m", folder=text or "."),
    ):
        with pytest.raises((ModelNameError, WeightsRefusedError)):
            request.check()


@pytest.mark.parametrize(
    "path", ["../x.safetensors", "/x.safetensors", "a/../../x.safetensors", ".x.safetensors"]
)
def test_names_that_the_hub_gives_are_not_trusted_either(path: str) -> None:
    with pytest.raises(ModelNameError):
        chosen(PullRequest("o/m"), [path])


@pytest.mark.parametrize("part", ["..", "../..", "/etc", "."])
def test_parts_that_the_index_names_cannot_lead_elsewhere(part: str) -> None:
    with pytest.raises(ModelNameError):
        chosen(PullRequest("o/m"), ["model_index.json", f"{part}/x.safetensors"], {part: ["a", "b"]})


def test_a_packed_file_is_chosen_where_it_is_named() -> None:
    request = PullRequest("o/m", files=("sub/x-Q8_0.gguf",), folder="diffusion_models")

    request.check()
    assert chosen(request, ["sub/x-Q8_0.gguf", "sub/x-Q4_0.gguf"]) == {
        "sub/x-Q8_0.gguf": "diffusion_models/x-Q8_0.gguf"
    }
