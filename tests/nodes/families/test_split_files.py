"""Models in files apart, scaled, packed or in one file: the same networks as those of their folder."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import gguf
import pytest
import tiny_models
import torch
from original_layouts import original_sd3
from safetensors.torch import load_file, save_file
from torch import Tensor
from weft.sdk import Paths, ServiceScope
from weft_nodes.diffusion.values import Latent
from weft_nodes.families import Checkpoint, ModelStore, open_checkpoint
from weft_nodes.families.split_files import (
    NETWORKS,
    find_part,
    list_parts,
    network_traits,
    open_encoders,
    open_network,
    open_vae,
)
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.errors import (
    CheckpointUnknownError,
    ModelFileMissingError,
    ModelFileRefusedError,
)
from weft_nodes.models.handles import Model
from weft_nodes.models.packed import Fp8Linear, PackedLinear

MEMORY = DigestMemory()
Write = Callable[..., Path]


class Files(NamedTuple):
    """A tiny Stable Diffusion 3: as a folder, without weights, and as tensors by both kinds of names."""

    folder: Path
    configs: Path
    tensors: Mapping[str, Mapping[str, Tensor]]
    original: Mapping[str, Mapping[str, Tensor]]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The files; do not write into them."""
    place = tmp_path_factory.mktemp("sd3")
    folder = tiny_models.write_folder(place / "folder", "sd3")
    configs = tiny_models.copy_folder(folder, place / "configs")
    tensors = {}
    for path in sorted(configs.rglob("*.safetensors")):
        tensors[path.parent.name] = load_file(folder / path.relative_to(configs))
        path.unlink()
    vae: Any = SimpleNamespace(state_dict=lambda: tensors["vae"], config={"block_out_channels": (4, 4, 8, 8)})
    original = {
        "transformer": original_sd3(tensors["transformer"]),
        "vae": tiny_models.original_vae(vae),
    }
    return Files(folder, configs, tensors, original)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelStore]:
    """A store on the CPU."""
    made = ModelStore.create(ServiceScope(device="cpu", paths=Paths.below(tmp_path_factory.mktemp("store"))))
    yield made
    made.close()


@pytest.fixture(scope="module")
def whole(files: Files) -> Checkpoint:
    """The handles of the folder."""
    return open_checkpoint(files.folder, memory=MEMORY)


def written(path: Path, tensors: Mapping[str, Tensor]) -> Path:
    save_file({name: tensor.contiguous().clone() for name, tensor in tensors.items()}, path)
    return path


def predicted(store: ModelStore, model: Model) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    inputs = {
        "encoder_hidden_states": torch.randn(1, 5, 80, generator=generator),
        "pooled_projections": torch.randn(1, 72, generator=generator),
    }
    latent = torch.randn(1, 16, 8, 8, generator=generator)
    return store.network(model).predict(latent, torch.tensor([500.0]), inputs)


def encoded(store: ModelStore, checkpoint_encoder: Any) -> Mapping[str, Tensor]:
    return store.encode_prompt(checkpoint_encoder, "the singer").entries[0].tensors


@pytest.mark.parametrize("layout", ["original", "tensors"])
def test_a_network_alone_is_the_one_of_the_folder(
    files: Files, store: ModelStore, whole: Checkpoint, tmp_path: Path, layout: str
) -> None:
    path = written(tmp_path / "net.safetensors", getattr(files, layout)["transformer"])
    model = open_network(path, memory=MEMORY, family="sd3", config=files.configs)

    assert torch.equal(predicted(store, model), predicted(store, whole.model))
    assert (model.family, model.space, model.component) == ("sd3", "sd3", "transformer")


def test_text_encoders_in_files_apart_read_prompts_in_any_order_of_the_files(
    files: Files, store: ModelStore, whole: Checkpoint, tmp_path: Path
) -> None:
    model = open_network(
        written(tmp_path / "net.safetensors", files.original["transformer"]),
        memory=MEMORY,
        family="sd3",
        config=files.configs,
    )
    names = ("text_encoder_3", "text_encoder", "text_encoder_2")
    paths = [written(tmp_path / f"{name}.safetensors", files.tensors[name]) for name in names]
    expected = encoded(store, whole.encoder)

    encoder, turned = (open_encoders(order, model, memory=MEMORY) for order in (paths, paths[::-1]))
    found = encoded(store, encoder)

    assert encoder.key == turned.key
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    without_t5 = encoded(store, open_encoders(paths[1:], model, memory=MEMORY))
    assert torch.equal(without_t5["pooled_projections"], expected["pooled_projections"])


def test_text_encoders_packed_to_eight_bits_read_nearly_the_same(
    files: Files, store: ModelStore, whole: Checkpoint, tmp_path: Path
) -> None:
    names = ("text_encoder", "text_encoder_2", "text_encoder_3")
    paths = [written(tmp_path / f"{name}.safetensors", files.tensors[name]) for name in names]

    found = encoded(store, open_encoders(paths, whole.model, memory=MEMORY, dtype="float8"))

    for name, exact in encoded(store, whole.encoder).items():
        assert 0 < (found[name] - exact).norm() < 0.1 * exact.norm(), name


@pytest.mark.parametrize("layout", ["original", "tensors"])
def test_an_autoencoder_alone_serves_the_model_of_a_folder(
    files: Files, store: ModelStore, whole: Checkpoint, tmp_path: Path, layout: str
) -> None:
    vae = open_vae(
        written(tmp_path / "vae.safetensors", getattr(files, layout)["vae"]), whole.model, memory=MEMORY
    )
    latent = Latent(torch.randn(1, 16, 4, 4, generator=torch.Generator().manual_seed(0)), "sd3")

    assert torch.equal(store.decode(vae, latent).pixels_BHWC, store.decode(whole.vae, latent).pixels_BHWC)
    assert vae.space == whole.vae.space


def test_a_single_file_of_stable_diffusion_3_is_the_model_of_its_folder(
    files: Files, store: ModelStore, whole: Checkpoint, tmp_path: Path
) -> None:
    tensors: dict[str, Tensor] = {}
    for prefix, part in (
        ("model.diffusion_model.", files.original["transformer"]),
        ("first_stage_model.", files.original["vae"]),
        ("text_encoders.clip_l.transformer.", files.tensors["text_encoder"]),
        ("text_encoders.clip_g.transformer.", files.tensors["text_encoder_2"]),
        ("text_encoders.t5xxl.transformer.", files.tensors["text_encoder_3"]),
    ):
        tensors |= {prefix + name: tensor for name, tensor in part.items()}
    path = written(tmp_path / "sd3.safetensors", tensors)

    one = open_checkpoint(path, memory=MEMORY, family="sd3", config=files.configs)

    found, expected = encoded(store, one.encoder), encoded(store, whole.encoder)
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    assert torch.equal(predicted(store, one.model), predicted(store, whole.model))


def packable(tensors: Mapping[str, Tensor]) -> list[str]:
    return [
        name
        for name, tensor in tensors.items()
        if name.endswith(".weight") and "blocks." in name and tensor.ndim == 2
    ]


@pytest.mark.parametrize("ending", ["scale_weight", "weight_scale"])
def test_a_scaled_network_of_eight_bits_computes_with_its_numbers_times_their_scales(
    files: Files, store: ModelStore, tmp_path: Path, ending: str
) -> None:
    packed = dict(files.original["transformer"])
    exact = dict(packed)
    for number, name in enumerate(packable(packed)):
        scale = torch.tensor(0.01 + 0.001 * number)
        packed[name] = (packed[name] / scale).to(torch.float8_e4m3fn)
        packed[f"{name.removesuffix('weight')}{ending}"] = scale
        exact[name] = packed[name].float() * scale
    models = [
        open_network(
            written(tmp_path / f"{name}.safetensors", tensors),
            memory=MEMORY,
            family="sd3",
            config=files.configs,
        )
        for name, tensors in (("packed", packed | {"scaled_fp8": torch.zeros(2)}), ("exact", exact))
    ]

    layers = list(store.network(models[0]).module.modules())  # type: ignore[attr-defined]
    assert sum(isinstance(layer, Fp8Linear) for layer in layers) > 20
    torch.testing.assert_close(predicted(store, models[0]), predicted(store, models[1]), rtol=1e-5, atol=1e-6)


def test_a_gguf_network_computes_with_what_its_blocks_hold(
    files: Files, store: ModelStore, tmp_path: Path
) -> None:
    exact = {name: tensor.contiguous() for name, tensor in files.original["transformer"].items()}
    writer = gguf.GGUFWriter(tmp_path / "net.gguf", "sd3")
    blocks = {name for name in packable(exact) if exact[name].shape[-1] % 32 == 0}
    for name, tensor in exact.items():
        if name in blocks:
            data = gguf.quants.quantize(tensor.numpy(), gguf.GGMLQuantizationType.Q8_0)
            writer.add_tensor(name, data, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
            held = gguf.quants.dequantize(data, gguf.GGMLQuantizationType.Q8_0)
            exact[name] = torch.from_numpy(held).view(tensor.shape)
        else:
            writer.add_tensor(name, tensor.numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    models = [
        open_network(path, memory=MEMORY, family="sd3", config=files.configs)
        for path in (tmp_path / "net.gguf", written(tmp_path / "exact.safetensors", exact))
    ]

    layers = list(store.network(models[0]).module.modules())  # type: ignore[attr-defined]
    assert sum(isinstance(layer, PackedLinear) for layer in layers) > 20
    near, exact_answer = (predicted(store, model) for model in models)
    # The scale of a block has two bytes, and so has each product with it.
    assert (near - exact_answer).norm() < 1e-3 * exact_answer.norm()


def test_a_file_that_is_none_of_the_text_encoders_is_told_what_they_are_like(
    files: Files, whole: Checkpoint, tmp_path: Path
) -> None:
    other = written(tmp_path / "other.safetensors", {"shared.weight": torch.zeros(7, 3)})
    clip = written(tmp_path / "clip.safetensors", files.tensors["text_encoder"])

    with pytest.raises(CheckpointUnknownError, match="7 words of width 3") as caught:
        open_encoders([clip, other], whole.model, memory=MEMORY)
    assert "text_encoder_3: has 160 words of width 80" in caught.value.hint
    with pytest.raises(CheckpointUnknownError, match="no table of words"):
        open_encoders(
            [written(tmp_path / "x.safetensors", {"x": torch.zeros(1)})], whole.model, memory=MEMORY
        )
    with pytest.raises(CheckpointUnknownError):
        open_encoders([clip, clip], whole.model, memory=MEMORY)


def test_a_text_encoder_that_is_missing_is_asked_for(files: Files, whole: Checkpoint, tmp_path: Path) -> None:
    clip = written(tmp_path / "clip.safetensors", files.tensors["text_encoder"])

    with pytest.raises(ModelFileMissingError, match="text_encoder_2") as caught:
        open_encoders([clip], whole.model, memory=MEMORY)

    assert "600 words of width 40" in caught.value.hint


FLUX = {
    "txt_in.weight": torch.zeros(2, 4096),
    "double_blocks.0.img_attn.qkv.weight": torch.zeros(1),
    "single_blocks.0.linear1.weight": torch.zeros(1),
    "vector_in.in_layer.weight": torch.zeros(1),
}
TOLD = {"guidance_in.in_layer.weight": torch.zeros(1)}


@pytest.mark.parametrize(
    ("extra", "guidance", "configs"), [(TOLD, "told", "flux"), ({}, "none", "flux-schnell")]
)
def test_relatives_of_flux_are_told_apart_by_their_header(
    write_header: Write, extra: dict[str, Tensor], guidance: str, configs: str
) -> None:
    path = write_header(FLUX | extra)
    model = open_network(path, memory=MEMORY)

    assert network_traits(path) == {"family": "flux", "space": "flux", "network": "transformer"} | {
        "attention": "joint",
        "guidance": guidance,
        "sizes": "none",
        "edges": "tiled, whole",
    }
    assert Path(model.weights.config).name == configs


def test_configurations_and_tokenizers_of_the_models_folder_complete_those_that_ship(
    write_header: Write, tmp_path: Path
) -> None:
    path = write_header(FLUX)
    (tmp_path / "configs" / "flux" / "tokenizer_2").mkdir(parents=True)
    only_tokenizer = open_network(path, memory=MEMORY).weights
    (tmp_path / "configs" / "flux" / "transformer").mkdir()
    (tmp_path / "configs" / "flux" / "transformer" / "config.json").write_text("{}")

    whole = open_network(path, memory=MEMORY).weights

    assert only_tokenizer.config.endswith("flux-schnell")
    assert only_tokenizer.parts == (("tokenizer_2", str(tmp_path / "configs" / "flux" / "tokenizer_2")),)
    assert (whole.config, whole.parts) == (str(tmp_path / "configs" / "flux"), ())


def test_a_family_without_configurations_says_where_to_put_them(write_header: Write, tmp_path: Path) -> None:
    path = write_header(
        {name: torch.zeros(1) for name in ("cap_pad_token", "x_pad_token", "x_embedder.weight")}
        | {"cap_embedder.1.weight": torch.zeros(1, 2560)}
    )

    with pytest.raises(ModelFileMissingError, match=r"configs/z-image") as caught:
        open_network(path, memory=MEMORY)

    assert "tokenizers" in caught.value.hint


def test_files_are_listed_by_name_and_only_those_that_are_listed_are_found(tmp_path: Path) -> None:
    for name in ("diffusion_models/a.safetensors", "unet/sub/b.gguf", "unet/notes.txt", "vae/c.safetensors"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")

    listed = list_parts(NETWORKS, [tmp_path, tmp_path / "missing"])

    assert list(listed) == ["a.safetensors", "sub/b.gguf"]
    assert find_part("sub/b.gguf", NETWORKS, [tmp_path]) == tmp_path / "unet" / "sub" / "b.gguf"
    for name in ("c.safetensors", "../vae/c.safetensors", "/etc/passwd", ""):
        with pytest.raises(ModelFileMissingError) as caught:
            find_part(name, NETWORKS, [tmp_path])
        assert "a.safetensors" in caught.value.hint


def test_what_cannot_be_read_has_no_traits_and_is_refused_when_it_is_opened(tmp_path: Path) -> None:
    torch.save({"x": torch.zeros(1)}, tmp_path / "pickle.safetensors")

    assert network_traits(tmp_path / "pickle.safetensors") == {}
    with pytest.raises(ModelFileRefusedError):
        open_network(tmp_path / "pickle.safetensors", memory=MEMORY)
