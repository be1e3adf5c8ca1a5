"""Checkpoints become modules in either layout, whole or not at all, and without a network address."""

import json
import threading
from pathlib import Path

import pytest
import tiny_models
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from weft_nodes.families import FAMILIES
from weft_nodes.models import loading
from weft_nodes.models.architectures import autoencoder_part, clip_part, unet_part
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.errors import CheckpointCorruptError, CheckpointIncompleteError, ModelFileMissingError
from weft_nodes.models.handles import Weights
from weft_nodes.models.loading import CheckpointFile, CheckpointFolder

CPU = torch.device("cpu")
UNET_FILE = "unet/diffusion_pytorch_model.safetensors"


def _load_unet(path: Path, *, configs: Path | None = None, dtype: torch.dtype = torch.float32) -> nn.Module:
    files = CheckpointFolder(path) if configs is None else CheckpointFile(path, configs)
    return loading.load_module(files, unet_part(), path=path, dtype=dtype, device=CPU)


def _state(module: nn.Module) -> dict[str, Tensor]:
    return module.state_dict()


def _damaged(sd15_folder: Path, target: Path) -> Path:
    return tiny_models.copy_folder(sd15_folder, target)


def test_both_layouts_give_the_parameters_that_were_written(
    sd15_folder: Path, sd15_file: Path, sd15_configs: Path
) -> None:
    written = _state(tiny_models.shared("sd15").unet)

    for module in (_load_unet(sd15_folder), _load_unet(sd15_file, configs=sd15_configs)):
        read = _state(module)
        assert read.keys() == written.keys()
        assert all(torch.equal(read[name], written[name]) for name in written)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_parameters_have_the_type_that_was_asked_for(sd15_folder: Path, dtype: torch.dtype) -> None:
    module = _load_unet(sd15_folder, dtype=dtype)

    assert {parameter.dtype for parameter in module.parameters()} == {dtype}


def test_a_loaded_module_is_ready_to_run_and_not_to_train(sd15_folder: Path) -> None:
    module = _load_unet(sd15_folder)

    assert not module.training
    assert not any(parameter.requires_grad for parameter in module.parameters())
    assert not any(parameter.is_meta for parameter in module.parameters())


def test_a_loaded_module_does_not_depend_on_its_file_any_more(sd15_folder: Path, tmp_path: Path) -> None:
    folder = _damaged(sd15_folder, tmp_path / "copy")
    module = _load_unet(folder)
    before = {name: tensor.clone() for name, tensor in _state(module).items()}
    with (folder / UNET_FILE).open("r+b") as file:
        file.seek(20_000)
        file.write(b"\xff" * 10_000)

    assert all(torch.equal(tensor, before[name]) for name, tensor in _state(module).items())
    assert str(folder / UNET_FILE) not in Path("/proc/self/maps").read_text()


def test_position_ids_of_a_text_encoder_are_computed_not_left_empty(sd15_folder: Path) -> None:
    part = clip_part("text_encoder", prefix="")

    module = loading.load_module(
        CheckpointFolder(sd15_folder), part, path=sd15_folder, dtype=torch.float32, device=CPU
    )

    buffers = dict(module.named_buffers())
    assert [buffer[0].tolist() for buffer in buffers.values()] == [list(range(77))]


def test_shards_are_read_as_one(sd15_folder: Path, tmp_path: Path) -> None:
    folder = _damaged(sd15_folder, tmp_path / "copy")
    tensors = load_file(folder / UNET_FILE)
    (folder / UNET_FILE).unlink()
    names = sorted(tensors)
    table: dict[str, str] = {}
    for shard, part in (("a.safetensors", names[:50]), ("b.safetensors", names[50:])):
        save_file({name: tensors[name] for name in part}, folder / "unet" / shard)
        table |= dict.fromkeys(part, shard)
    index = folder / "unet" / "diffusion_pytorch_model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": table}))

    read = _state(_load_unet(folder))

    assert all(torch.equal(read[name], tensors[name]) for name in names)


def test_missing_tensors_are_named(sd15_folder: Path, tmp_path: Path) -> None:
    folder = _damaged(sd15_folder, tmp_path / "copy")
    tensors = load_file(folder / UNET_FILE)
    del tensors["conv_in.weight"]
    save_file(tensors, folder / UNET_FILE)

    with pytest.raises(CheckpointIncompleteError, match=r"1 tensor is missing \(conv_in.weight\)") as caught:
        _load_unet(folder)

    assert caught.value.code == "checkpoint-incomplete"


def test_misshapen_tensors_are_named_with_both_shapes(sd15_folder: Path, tmp_path: Path) -> None:
    folder = _damaged(sd15_folder, tmp_path / "copy")
    tensors = load_file(folder / UNET_FILE)
    tensors["conv_in.weight"] = torch.zeros(8, 9, 3, 3)
    save_file(tensors, folder / UNET_FILE)

    with pytest.raises(CheckpointIncompleteError, match=r"\[8, 9, 3, 3\] instead of \[8, 4, 3, 3\]"):
        _load_unet(folder)


def test_a_single_file_without_a_part_misses_all_of_it(
    sd15_file: Path, sd15_configs: Path, tmp_path: Path
) -> None:
    tensors = load_file(sd15_file)
    pruned = {name: tensor for name, tensor in tensors.items() if not name.startswith("first_stage_model.")}
    save_file(pruned, tmp_path / "pruned.safetensors")

    with pytest.raises(CheckpointIncompleteError, match="does not fill its vae"):
        loading.load_module(
            CheckpointFile(tmp_path / "pruned.safetensors", sd15_configs),
            autoencoder_part(),
            path=tmp_path / "pruned.safetensors",
            dtype=torch.float32,
            device=CPU,
        )


def test_tensors_that_no_one_needs_do_not_disturb(sd15_folder: Path, tmp_path: Path) -> None:
    folder = _damaged(sd15_folder, tmp_path / "copy")
    tensors = load_file(folder / UNET_FILE) | {"optimizer.step": torch.zeros(1)}
    save_file(tensors, folder / UNET_FILE)

    assert "optimizer.step" not in _state(_load_unet(folder))


@pytest.mark.parametrize("content", [None, "{", "[1]"])
def test_a_bad_configuration_is_an_error_of_the_checkpoint(
    sd15_folder: Path, tmp_path: Path, content: str | None
) -> None:
    folder = _damaged(sd15_folder, tmp_path / "copy")
    config = folder / "unet" / "config.json"
    config.unlink() if content is None else config.write_text(content)

    with pytest.raises((ModelFileMissingError, CheckpointCorruptError), match=r"config\.json"):
        _load_unet(folder)


def test_building_without_storage_leaves_other_threads_alone() -> None:
    inside, leave, found = threading.Event(), threading.Event(), []

    def build() -> nn.Module:
        inside.set()
        leave.wait(10)
        return nn.Linear(2, 2)

    def elsewhere() -> None:
        inside.wait(10)
        found.append(nn.Linear(2, 2).weight.is_meta)
        leave.set()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    built = loading.build_without_storage(build)
    thread.join()

    assert found == [False]
    assert all(parameter.is_meta for parameter in built.parameters())


def test_building_without_storage_fills_no_parameter_but_every_buffer() -> None:
    class Layer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(2, 2)
            self.embedding = nn.Embedding(3, 2)
            nn.init.normal_(self.linear.weight)
            nn.init.zeros_(self.linear.bias)
            self.register_buffer("ones", torch.zeros(3).fill_(1))
            self.register_buffer("drawn", nn.init.uniform_(torch.zeros(3), 2, 2))

    built = loading.build_without_storage(Layer)

    assert all(parameter.is_meta for parameter in built.parameters())
    assert {name: values.tolist() for name, values in built.named_buffers()} == {
        "ones": [1, 1, 1],
        "drawn": [2, 2, 2],
    }


def test_a_handle_whose_file_is_gone_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelFileMissingError, match="gone") as caught:
        loading.open_weights(Weights("", str(tmp_path / "gone.safetensors")))

    assert "moved or deleted" in caught.value.hint


def test_the_digest_of_a_part_changes_with_that_part_alone(sd15_folder: Path, tmp_path: Path) -> None:
    family, memory = FAMILIES["sd15"], DigestMemory()
    folder = _damaged(sd15_folder, tmp_path / "copy")
    files = CheckpointFolder(folder)
    makers = (loading.network_digest, loading.text_digest, loading.vae_digest)
    before = [make(files, family, memory) for make in makers]
    config = folder / "vae" / "config.json"
    config.write_text(config.read_text().replace("0.18215", "0.5"))

    after = [make(files, family, memory) for make in makers]

    assert [a == b for a, b in zip(before, after, strict=True)] == [True, True, False]
    assert len(set(before)) == 3


def test_the_digest_does_not_depend_on_where_the_folder_lies(sd15_folder: Path, tmp_path: Path) -> None:
    family, memory = FAMILIES["sd15"], DigestMemory()
    copy = CheckpointFolder(_damaged(sd15_folder, tmp_path / "elsewhere"))

    here = loading.network_digest(CheckpointFolder(sd15_folder), family, memory)

    assert loading.network_digest(copy, family, memory) == here


def test_the_noise_schedule_is_part_of_the_networks_digest(sd15_folder: Path, tmp_path: Path) -> None:
    family, memory = FAMILIES["sd15"], DigestMemory()
    folder = _damaged(sd15_folder, tmp_path / "copy")
    before = loading.network_digest(CheckpointFolder(folder), family, memory)
    config = folder / "scheduler" / "scheduler_config.json"
    config.write_text(config.read_text().replace('"epsilon"', '"v_prediction"'))

    assert loading.network_digest(CheckpointFolder(folder), family, memory) != before


def test_configurations_are_part_of_a_single_files_digest(
    sd15_file: Path, sd15_configs: Path, tmp_path: Path
) -> None:
    family, memory = FAMILIES["sd15"], DigestMemory()
    other = _damaged(sd15_configs, tmp_path / "configs")
    config = other / "unet" / "config.json"
    config.write_text(config.read_text().replace('"silu"', '"gelu"'))

    ours, theirs = (
        loading.network_digest(CheckpointFile(sd15_file, configs), family, memory)
        for configs in (sd15_configs, other)
    )

    assert ours != theirs
