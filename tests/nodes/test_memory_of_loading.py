"""Loading takes hardly more memory than the file is long, and a second workflow takes none."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny_models
from diffusers import UNet2DConditionModel
from diffusers.loaders import single_file_utils
from weft.sdk import Paths, ServiceScope
from weft_nodes.families import FAMILIES, ModelStore, open_checkpoint
from weft_nodes.models.loading import build_without_storage, read_json

# The share of the file by which reading may take more than the file: modules, names, and tensors in turn.
MOST = 1.15


def resident(line: str = "VmRSS") -> int:
    """What the process holds in memory, or held at most, in bytes."""
    for text in Path("/proc/self/status").read_text().splitlines():
        if text.startswith(f"{line}:"):
            return int(text.split()[1]) * 1024
    raise AssertionError(line)


def sdxl_shaped(folder: Path, width: int) -> tuple[Path, Path]:
    """Write a file with every tensor of SDXL's U-Net, but narrower, and configurations to read it with."""
    shipped = FAMILIES["sdxl"].configs
    assert shipped is not None
    configs = Path(shutil.copytree(shipped, folder / "configs"))
    config: dict[str, Any] = read_json(configs / "unet" / "config.json") | {
        "block_out_channels": [width, 2 * width, 4 * width],
        "norm_num_groups": 16,
        "cross_attention_dim": 2048 * width // 320,
    }
    (configs / "unet" / "config.json").write_text(json.dumps(config))
    unet = build_without_storage(lambda: UNet2DConditionModel.from_config(config))
    header: dict[str, object] = {}
    end = 0
    for name, tensor in tiny_models.original_unet(unet).items():
        start, end = end, end + 2 * tensor.numel()
        entry = {"dtype": "F16", "shape": list(tensor.shape), "data_offsets": [start, end]}
        header[f"model.diffusion_model.{name}"] = entry
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path = folder / "sdxl.safetensors"
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        # A hole in the disk, which takes as much memory as bytes do once it is mapped and read.
        file.truncate(8 + len(text) + end)
    return path, configs


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ModelStore]:
    """A store on the CPU."""
    made = ModelStore.create(ServiceScope(device="cpu", paths=Paths.below(tmp_path)))
    yield made
    made.close()


@pytest.mark.parametrize("width", [80, pytest.param(320, marks=pytest.mark.soak)])
def test_a_single_file_of_sdxl_is_loaded_once_and_never_copied(
    store: ModelStore, tmp_path: Path, width: int
) -> None:
    path, configs = sdxl_shaped(tmp_path, width)
    size = path.stat().st_size
    assert size > 250_000_000
    assert callable(single_file_utils.convert_ldm_unet_checkpoint)
    model = open_checkpoint(path, memory=store.digests, family="sdxl", config=configs, dtype="float16").model
    before = resident()
    # Begins to count the most that is held anew; see proc_pid_clear_refs(5).
    Path("/proc/self/clear_refs").write_text("5")

    first = store.network(model)
    most = resident("VmHWM") - before
    after_one = resident()
    second = store.network(replace(model, has_zero_terminal_snr=True))
    added = resident() - after_one

    print(
        f"{size / 1e6:.0f} MB: {most / size:.3f} of the file at most; a second workflow {added / 1e6:.1f} MB"
    )
    assert first is not second
    # Part of it may lie in memory that earlier tests have given back to this process, not to the system.
    assert 0.3 * size < most <= MOST * size
    assert added < 0.05 * size
