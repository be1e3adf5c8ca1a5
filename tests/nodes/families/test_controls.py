"""Which family a control network steers is read from its header, and only listed ones are opened."""

import inspect
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import tiny_models
import torch
from diffusers import (
    ControlNetModel,
    ControlNetUnionModel,
    FluxControlNetModel,
    QwenImageControlNetModel,
    SD3ControlNetModel,
)
from safetensors.torch import save_file
from tiny.controls import tiny_control, tiny_hints, tiny_union, write_control
from torch import Tensor, nn
from weft_nodes.families import FAMILIES
from weft_nodes.families.controls import control_family, control_traits, list_controls, open_control
from weft_nodes.models.controls import KIND_OF_UNION, ControlNet, control_files, control_part
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.errors import CheckpointUnknownError, ModelFileMissingError
from weft_nodes.models.handles import Weights
from weft_nodes.models.loading import build_without_storage, read_json

WriteHeader = Callable[[Mapping[str, Tensor]], Path]


def _beside(family: str) -> Callable[[], nn.Module]:
    def build() -> Any:
        adapter = FAMILIES[family]
        assert adapter.configs is not None
        unet: Any = adapter.network_part.build(read_json(adapter.configs / "unet" / "config.json"))
        return ControlNetModel.from_unet(unet, load_weights_from_unet=False)

    return build


def union_beside(family: str, kinds: int) -> nn.Module:
    """A network for several kinds of pictures as it is published."""
    adapter = FAMILIES[family]
    assert adapter.configs is not None
    settings = read_json(adapter.configs / "unet" / "config.json")
    known = inspect.signature(ControlNetUnionModel.__init__).parameters
    settings = {name: value for name, value in settings.items() if name in known} | {
        "conditioning_embedding_out_channels": (16, 32, 96, 256),
        "num_control_type": kinds,
    }
    if family != "sdxl":
        settings["addition_time_embed_dim"] = 256
    return build_without_storage(lambda: ControlNetUnionModel(**settings))


PUBLISHED: Mapping[str, Callable[[], nn.Module]] = {
    "sd15": _beside("sd15"),
    "sd2": _beside("sd2"),
    "sdxl": _beside("sdxl"),
    "sd3": lambda: SD3ControlNetModel(num_layers=1, pooled_projection_dim=2048),
    "flux": lambda: FluxControlNetModel(num_layers=1, num_single_layers=0, guidance_embeds=True),
    "qwen-image": lambda: QwenImageControlNetModel(num_layers=1),
}


@pytest.mark.parametrize("family", PUBLISHED)
def test_published_sizes_are_recognised(family: str, write_header: WriteHeader) -> None:
    module = build_without_storage(PUBLISHED[family])

    assert control_family(write_header(module.state_dict())) == family


@pytest.mark.parametrize("kinds", [6, 8])
def test_a_single_file_for_several_kinds_is_built_as_it_was_published(
    write_header: WriteHeader, kinds: int
) -> None:
    published = {name: tensor.shape for name, tensor in union_beside("sdxl", kinds).state_dict().items()}
    # What the makers' files say of it.
    assert published["task_embedding"] == (kinds, 320)
    assert published["control_add_embedding.linear_1.weight"] == (1280, 256 * kinds)
    assert published["controlnet_cond_embedding.conv_in.weight"] == (16, 3, 3, 3)
    assert published["transformer_layes.0.attn.in_proj_weight"] == (960, 320)
    path = write_header(union_beside("sdxl", kinds).state_dict())
    weights = Weights("", str(path), str(FAMILIES["sdxl"].configs))

    part = control_part(ControlNet("sdxl", "sdxl", weights, KIND_OF_UNION, kinds), half="float16")
    config = control_files(weights).fitted_config(part)
    built = build_without_storage(lambda: part.build(config))

    assert control_family(path) == "sdxl"
    assert {name: tensor.shape for name, tensor in built.state_dict().items()} == published


@pytest.mark.parametrize(("kinds", "last"), [(6, "segment"), (8, "repaint")])
def test_a_single_file_says_how_many_kinds_a_network_tells_apart(
    tmp_path: Path, kinds: int, last: str
) -> None:
    (tmp_path / "controlnet").mkdir()
    tensors = {
        "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight": torch.zeros(1, 2048),
        "controlnet_mid_block.weight": torch.zeros(1),
        "controlnet_cond_embedding.conv_in.weight": torch.zeros(1),
        "task_embedding": torch.zeros(kinds, 320),
    }
    save_file(tensors, tmp_path / "controlnet" / "union.safetensors")

    found = open_control("union.safetensors", [tmp_path], DigestMemory(tmp_path / "digests"))

    assert (found.family, found.kind, found.reads_pixels) == ("sdxl", KIND_OF_UNION, True)
    assert (found.kinds, found.pictures[-1]) == (kinds, last)


def test_networks_for_several_kinds_of_other_families_are_refused(write_header: WriteHeader) -> None:
    with pytest.raises(CheckpointUnknownError, match="no control network known"):
        control_family(write_header(union_beside("sd15", 6).state_dict()))


def test_folders_say_how_many_kinds_a_network_tells_apart(tmp_path: Path) -> None:
    flux = tiny_control(tiny_models.shared("flux"), "flux", num_mode=5)
    write_control(tmp_path / "controlnet" / "flux", flux, "flux")
    write_control(tmp_path / "controlnet" / "xl", tiny_union(tiny_models.shared("sdxl"), kinds=2), "sdxl")
    memory = DigestMemory(tmp_path / "digests")

    assert open_control("flux", [tmp_path], memory).pictures == ("canny", "tile", "depth", "blur", "pose")
    assert open_control("xl", [tmp_path], memory).pictures == ("pose", "depth")


def test_the_layout_of_the_first_control_networks_is_recognised(write_header: WriteHeader) -> None:
    names = {
        "control_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": torch.empty(320, 768),
        "control_model.middle_block_out.0.weight": torch.empty(1280, 1280, 1, 1),
    }

    assert control_family(write_header(names)) == "sd15"


def test_other_files_are_refused_with_the_reasons(write_header: WriteHeader) -> None:
    path = write_header({"lora_up.weight": torch.empty(4, 4)})

    with pytest.raises(CheckpointUnknownError, match="1 tensors"):
        control_family(path)
    assert control_traits(path) == {}


@pytest.mark.parametrize(
    ("family", "more"),
    [
        ("starter", {}),
        ("sdxl", {"kind": "pose, depth, scribble"}),
        ("flux", {"kind": "canny, tile, depth, blur, pose, gray, low_quality", "vae": "needed"}),
        ("sd3", {"vae": "needed"}),
    ],
)
def test_traits_tell_what_a_control_network_is_shown(
    tmp_path: Path, family: str, more: Mapping[str, str]
) -> None:
    told = {"num_mode": 10} if family == "flux" else {}
    (tmp_path / "config.json").write_text(json.dumps({"_weft_family": family, **told}))
    tasks = {"task_embedding": torch.zeros(3, 1)} if family == "sdxl" else {"x": torch.zeros(1)}
    save_file(tasks, tmp_path / "diffusion_pytorch_model.safetensors")

    assert control_traits(tmp_path) == {"family": family, "space": family, **more}


def test_control_networks_are_listed_and_opened_by_name_alone(tmp_path: Path) -> None:
    net = tiny_control(tiny_models.shared("starter"), "starter")
    write_control(tmp_path / "controlnet" / "mine" / "edges", net, "starter")
    save_file({"x": torch.zeros(1)}, tmp_path / "controlnet" / "other.safetensors")
    memory = DigestMemory(tmp_path / "digests")

    control = open_control("mine/edges", [tmp_path], memory)

    assert list(list_controls([tmp_path])) == ["mine/edges", "other.safetensors"]
    assert (control.family, control.space, control.reads_pixels) == ("starter", "starter", True)
    with pytest.raises(ModelFileMissingError):
        open_control("../edges", [tmp_path], memory)


def test_the_same_network_under_another_name_is_the_same_to_the_cache(tmp_path: Path) -> None:
    net = tiny_control(tiny_models.shared("starter"), "starter")
    for name in ("a", "b"):
        write_control(tmp_path / "controlnet" / name, net, "starter")
    memory = DigestMemory(tmp_path / "digests")

    assert open_control("a", [tmp_path], memory).key == open_control("b", [tmp_path], memory).key


def test_a_single_file_needs_a_family_with_configurations(tmp_path: Path, write_header: WriteHeader) -> None:
    path = write_header(build_without_storage(PUBLISHED["flux"]).state_dict())
    (tmp_path / "models" / "controlnet").mkdir(parents=True)
    path.rename(tmp_path / "models" / "controlnet" / "x.safetensors")

    with pytest.raises(ModelFileMissingError, match=r"x\.json"):
        open_control("x.safetensors", [tmp_path / "models"], DigestMemory(tmp_path / "digests"))


@pytest.mark.parametrize(("kind", "family"), [("full_adapter", "sd15"), ("full_adapter_xl", "sdxl")])
def test_t2i_adapters_are_known_by_their_configuration(tmp_path: Path, kind: str, family: str) -> None:
    folder = tmp_path / "controlnet" / "sketch"
    tiny_hints(tiny_models.shared("sd15"), family).save_pretrained(folder)
    config = read_json(folder / "config.json")
    found = open_control("sketch", [tmp_path], DigestMemory(tmp_path / "digests"))

    assert config["adapter_type"] == kind
    assert (found.family, found.kind, found.reads_pixels) == (family, "T2IAdapter", True)
