"""Control networks are loaded once, shared by all who are steered, and refused by those of another family."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import tiny_models
import torch
from diffusers import ControlNetModel
from safetensors.torch import save_file
from tiny.controls import tiny_control, tiny_union, write_control
from torch import Tensor
from weft.sdk import Image
from weft_nodes.diffusion.values import Control
from weft_nodes.families import Checkpoint, ModelStore
from weft_nodes.families.controls import open_control
from weft_nodes.models.controls import KIND_OF_UNION, ControlNet, control_digest, control_nets
from weft_nodes.models.errors import CheckpointChangedError, ControlMismatchError, LatentMismatchError
from weft_nodes.models.handles import Weights


@pytest.fixture
def control(store: ModelStore, tmp_path: Path) -> ControlNet:
    """The handle of a tiny control network."""
    write_control(tmp_path / "controlnet" / "edges", tiny_control(tiny_models.shared("sd15"), "sd15"), "sd15")
    return open_control("edges", [tmp_path], store.digests)


def test_every_network_shares_one_copy_of_a_control_network(
    store: ModelStore, checkpoint: Checkpoint, control: ControlNet
) -> None:
    store.network(checkpoint.model, [control])
    before = store.statistics()
    store.network(replace(checkpoint.model, prediction="v_prediction"), [control, control])

    assert store.statistics().bases == before.bases
    assert store.statistics().held_bytes == before.held_bytes


def test_a_network_without_controls_stays_as_it_was(
    store: ModelStore, checkpoint: Checkpoint, control: ControlNet
) -> None:
    plain = store.network(checkpoint.model)
    beside = store.network(checkpoint.model, [control])

    assert beside is not plain
    assert beside.batch_key == plain.batch_key
    assert store.network(checkpoint.model) is plain


def test_a_control_network_of_another_family_is_refused(
    store: ModelStore, checkpoint: Checkpoint, control: ControlNet
) -> None:
    with pytest.raises(ControlMismatchError, match="it was made for sdxl, and the model is of sd15"):
        store.network(checkpoint.model, [replace(control, family="sdxl")])


def test_a_hint_is_encoded_by_the_autoencoder_of_its_space_only(
    store: ModelStore, checkpoint: Checkpoint, control: ControlNet
) -> None:
    picture = Image(torch.zeros(1, 16, 16, 3))

    with pytest.raises(LatentMismatchError, match="reads latents of 'flux'"):
        store.encode_hint(replace(control, space="flux"), checkpoint.vae, picture)


def _in_the_first_layout(net: ControlNetModel) -> dict[str, Tensor]:
    """Name the tensors of a control network as the code that trained the first ones does."""
    shared, own = {}, {}
    for name, tensor in net.state_dict().items():
        if not name.startswith("controlnet_"):
            shared[name] = tensor
        elif name.startswith("controlnet_down_blocks."):
            place, end = name.removeprefix("controlnet_down_blocks.").split(".")
            own[f"zero_convs.{place}.0.{end}"] = tensor
        elif name.startswith("controlnet_mid_block."):
            own[f"middle_block_out.0.{name.rpartition('.')[2]}"] = tensor
        else:
            middle = name.removeprefix("controlnet_cond_embedding.").rpartition(".")[0]
            place = {"conv_in": "0", "conv_out": "14"}.get(middle) or str(2 + 2 * int(middle.split(".")[1]))
            own[f"input_hint_block.{place}.{name.rpartition('.')[2]}"] = tensor
    config = {**net.config, "up_block_types": ("UpBlock2D",) * 2}
    halves: Any = SimpleNamespace(config=config, state_dict=lambda: shared)
    named = {**tiny_models.original_unet(halves), **own}
    return {f"control_model.{name}": tensor.contiguous() for name, tensor in named.items()}


@pytest.mark.parametrize("is_first", [False, True])
def test_a_single_file_gives_the_weights_of_its_network(
    store: ModelStore, sd15_configs: Path, tmp_path: Path, is_first: bool
) -> None:
    torch.manual_seed(11)
    net = ControlNetModel.from_unet(tiny_models.tiny_unet(), load_weights_from_unet=False)
    path = tmp_path / "edges.safetensors"
    save_file(_in_the_first_layout(net) if is_first else net.state_dict(), path)
    place = Weights("", str(path), str(sd15_configs))
    weights = Weights(control_digest(place, store.digests), place.path, place.config)

    found = store._control(ControlNet("sd15", "sd", weights)).state_dict()

    assert found.keys() == net.state_dict().keys()
    assert all(torch.equal(tensor, found[name]) for name, tensor in net.state_dict().items())


def test_a_single_file_gives_the_weights_of_a_network_for_several_kinds(
    store: ModelStore, tmp_path: Path
) -> None:
    net = tiny_union(tiny_models.shared("sdxl"))
    path = tmp_path / "union.safetensors"
    save_file(net.state_dict(), path)
    place = Weights("", str(path), str(tiny_models.write_configs(tmp_path / "configs", "sdxl")))
    weights = Weights(control_digest(place, store.digests), place.path, place.config)

    found = store._control(ControlNet("sdxl", "sdxl", weights, KIND_OF_UNION, 8)).state_dict()

    assert found.keys() == net.state_dict().keys()
    assert all(torch.equal(tensor, found[name]) for name, tensor in net.state_dict().items())


def test_a_changed_file_is_noticed(store: ModelStore, checkpoint: Checkpoint, control: ControlNet) -> None:
    config = Path(control.weights.path) / "config.json"
    config.write_text(config.read_text() + "\n")

    with pytest.raises(CheckpointChangedError):
        store.network(checkpoint.model, [control])


def test_each_control_network_of_some_prompts_is_named_once(
    store: ModelStore, checkpoint: Checkpoint, control: ControlNet
) -> None:
    hint = Control(control, torch.zeros(1, 3, 16, 16), cell=8)
    prompt = store.encode_prompt(checkpoint.encoder, "").controlled_by(hint)

    assert control_nets([prompt, None, prompt.controlled_by(hint)]) == (control,)
