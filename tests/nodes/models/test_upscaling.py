"""Tiles show no seams: what is cut and joined equals what is enlarged in one piece."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from tiny.upscalers import (
    Shapes,
    compact_shapes,
    convolution,
    dat_shapes,
    esrgan_shapes,
    filled,
    fixed,
    hat_shapes,
    network_with,
    old_name,
    realplksr_shapes,
    span_shapes,
    swinir_shapes,
)
from torch import Tensor
from weft.sdk import Paths, ServiceScope
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.errors import (
    CheckpointChangedError,
    CheckpointIncompleteError,
    CheckpointUnknownError,
    ModelFileRefusedError,
)
from weft_nodes.models.upscale_networks.network import UpscaleNetwork
from weft_nodes.models.upscaling import Tiling, Upscaler, UpscalerStore, enlarge, upscaler_traits


def compact(scale: int = 2, middle: int = 2) -> UpscaleNetwork:
    """A random compact network, in which a pixel sees `middle` + 2 pixels to each side."""
    return network_with(filled(compact_shapes(scale, middle)))


def picture(height: int, width: int) -> Tensor:
    """A random picture, of values that no answer is clamped from."""
    return torch.rand(3, height, width, generator=torch.Generator().manual_seed(1)) * 0.2 + 0.4


def enlarged(network: UpscaleNetwork, x_CHW: Tensor, side: int, overlap: int) -> Tensor:
    """A picture enlarged in tiles of a side."""
    return enlarge(network, x_CHW, Tiling(side, overlap), advance=lambda done, total: None)


def written(folder: Path, tensors: dict[str, Tensor], name: str = "x.safetensors") -> Upscaler:
    """A file with the handle that the node would give."""
    save_file(tensors, folder / name)
    return Upscaler(str(folder / name), DigestMemory().file(folder / name))


@pytest.fixture
def store(tmp_path: Path) -> UpscalerStore:
    """A fresh store."""
    return UpscalerStore.create(ServiceScope(device="cpu", paths=Paths.below(tmp_path)))


@pytest.mark.parametrize("size", [(48, 48), (64, 100), (33, 161), (20, 20)])
@pytest.mark.parametrize(("side", "overlap"), [(32, 16), (48, 24)])
def test_tiles_equal_the_whole(size: tuple[int, int], side: int, overlap: int) -> None:
    network, x_CHW = compact(), picture(*size)

    whole = enlarged(network, x_CHW, 4096, 0)
    tiled = enlarged(network, x_CHW, side, overlap)

    assert tiled.shape == (3, 2 * size[0], 2 * size[1])
    assert 0 < float(whole.min()) < float(whole.max()) < 1
    torch.testing.assert_close(tiled, whole, atol=1e-5, rtol=0)


def test_too_small_an_overlap_would_show() -> None:
    network, x_CHW = compact(), picture(64, 64)

    whole = enlarged(network, x_CHW, 4096, 0)

    assert float((enlarged(network, x_CHW, 32, 0) - whole).abs().max()) > 1e-3


@pytest.mark.parametrize("size", [(5, 7), (1, 1), (30, 45)])
def test_any_size_is_enlarged_by_networks_that_read_squares(size: tuple[int, int]) -> None:
    network = network_with(filled(esrgan_shapes(read=48)))

    assert enlarged(network, picture(*size), 32, 16).shape == (3, *size)


@pytest.mark.parametrize(
    "shapes",
    [
        span_shapes(is_centred=False),
        dat_shapes(),
        swinir_shapes(side=7, end=convolution("conv_last", 3, 24)),
        hat_shapes(),
        realplksr_shapes(is_learned=True),
    ],
    ids=["SPAN", "DAT", "SwinIR", "HAT", "RealPLKSR"],
)
def test_a_file_of_every_kind_enlarges_pictures_of_any_size(
    tmp_path: Path, store: UpscalerStore, shapes: Shapes
) -> None:
    upscaler = written(tmp_path, fixed(shapes))
    network = store.network(upscaler)

    assert upscaler_traits(Path(upscaler.path)) == {"scale": str(network.scale)}
    overlap = -(-8 // network.multiple) * network.multiple
    for height, width in ((1, 1), (5, 2 * overlap + 1)):
        found = enlarged(network, picture(height, width), 2 * overlap, overlap)
        assert found.shape == (3, height * network.scale, width * network.scale)
        assert found.isfinite().all()
        assert height == 1 or found.std() > 0.01


def test_pictures_are_mirrored_where_windows_reach_over_their_edges() -> None:
    network, x_CHW = network_with(fixed(swinir_shapes())), picture(13, 10)

    mirrored = torch.nn.functional.pad(x_CHW[None], (0, 2, 0, 3), mode="reflect")
    expected = network(mirrored)[0, :, :26, :20].clamp(0, 1)
    torch.testing.assert_close(enlarged(network, x_CHW, 64, 0), expected)


def test_progress_counts_every_tile() -> None:
    seen: list[tuple[int, int]] = []

    enlarge(compact(), picture(48, 80), Tiling(32, 16), advance=lambda *at: seen.append(at))

    assert seen == [(done, 8) for done in range(9)]


@pytest.mark.parametrize("wrapper", ["", "params_ema.", "params."])
@pytest.mark.parametrize("is_old", [False, True])
def test_every_layout_of_a_file_gives_the_same_network(
    tmp_path: Path, store: UpscalerStore, wrapper: str, is_old: bool
) -> None:
    tensors = filled(esrgan_shapes())
    named = {wrapper + (old_name(name) if is_old else name): tensor for name, tensor in tensors.items()}

    network = store.network(written(tmp_path, named))

    for name, tensor in network.state_dict().items():
        assert tensor.equal(tensors[name]), name
    assert upscaler_traits(tmp_path / "x.safetensors") == {"scale": "4"}


def test_half_precision_files_are_computed_in_single_precision_on_a_cpu(
    tmp_path: Path, store: UpscalerStore
) -> None:
    halves = {name: tensor.half() for name, tensor in filled(compact_shapes()).items()}

    network = store.network(written(tmp_path, halves))

    assert {tensor.dtype for tensor in network.state_dict().values()} == {torch.float32}


def test_a_network_is_computed_in_half_precision_beside_a_cpu_if_that_suits_it(tmp_path: Path) -> None:
    # No store of numbers is needed to tell their type.
    store = UpscalerStore(device="meta", memory=DigestMemory())

    for name, shapes, dtype in (
        ("compact", compact_shapes(), torch.float16),
        ("span", span_shapes(), torch.float16),
        ("swinir", swinir_shapes(), torch.float32),
        ("realplksr", realplksr_shapes(), torch.float32),
    ):
        network = store.network(written(tmp_path, filled(shapes), f"{name}.safetensors"))
        assert {tensor.dtype for tensor in network.state_dict().values()} == {dtype}


def test_a_network_is_loaded_once_and_forgotten_on_demand(tmp_path: Path, store: UpscalerStore) -> None:
    upscaler = written(tmp_path, filled(compact_shapes()))

    assert store.network(upscaler) is store.network(upscaler)
    assert store.held_bytes() > 0
    assert store.release(1) > 0
    assert store.held_bytes() == 0
    store.network(upscaler)
    store.close()
    assert store.held_bytes() == 0


@pytest.mark.parametrize(
    ("changed", "error", "reason"),
    [
        ({"conv_hr.bias": None}, CheckpointIncompleteError, r"1 tensor is missing \(conv_hr.bias\)"),
        ({"conv_hr.bias": torch.ones(3)}, CheckpointIncompleteError, r"another shape \(conv_hr.bias\)"),
        ({"body.0.rdb1.conv1x1.weight": torch.ones(1)}, CheckpointUnknownError, r"rdb1.conv1x1.weight\)"),
    ],
)
def test_a_file_that_lacks_a_tensor_or_has_another_is_refused_by_its_header_already(
    tmp_path: Path,
    store: UpscalerStore,
    changed: dict[str, Tensor | None],
    error: type[Exception],
    reason: str,
) -> None:
    tensors = {**filled(esrgan_shapes()), **changed}
    upscaler = written(tmp_path, {name: tensor for name, tensor in tensors.items() if tensor is not None})

    with pytest.raises(error, match=reason):
        upscaler_traits(Path(upscaler.path))
    with pytest.raises(error, match=reason):
        store.network(upscaler)


def test_a_file_that_changed_is_refused(tmp_path: Path, store: UpscalerStore) -> None:
    written(tmp_path, filled(esrgan_shapes()))

    with pytest.raises(CheckpointChangedError):
        store.network(Upscaler(str(tmp_path / "x.safetensors"), "0" * 40))


def test_pickles_and_other_models_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x4.pth").write_bytes(b"\x80\x02")
    save_file({"unet.weight": torch.ones(1)}, tmp_path / "unet.safetensors")

    with pytest.raises(ModelFileRefusedError):
        upscaler_traits(tmp_path / "x4.pth")
    with pytest.raises(CheckpointUnknownError):
        upscaler_traits(tmp_path / "unet.safetensors")
