"""Handles become live networks: weights once, clones per handle, threads side by side, memory counted."""

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import tiny_models
import torch
from safetensors.torch import save_file
from torch import Tensor
from weft.sdk import LocalRun, Paths
from weft_nodes.diffusion.batcher import Batcher
from weft_nodes.diffusion.denoiser import SampleJob
from weft_nodes.diffusion.schedules import schedule
from weft_nodes.diffusion.spaces import DiffusionSpace, EDMSpace
from weft_nodes.diffusion.values import Latent
from weft_nodes.families import Checkpoint, ModelStore, open_checkpoint
from weft_nodes.families.unet import UNetNetwork
from weft_nodes.models.errors import CheckpointChangedError, FamilyUnknownError, LatentMismatchError
from weft_nodes.models.handles import Dtype, Model
from weft_nodes.models.patches import LowRankPatch


def _module(store: ModelStore, model: Model) -> torch.nn.Module:
    network = store.network(model)
    assert isinstance(network, UNetNetwork)
    return network.module


def _sample(store: ModelStore, checkpoint: Checkpoint, model: Model) -> Tensor:
    space = store.noise_space(model)
    job = SampleJob(
        network=store.network(model),
        space=space,
        sigmas=schedule("karras", space, 2),
        positive=store.encode_prompt(checkpoint.encoder, "the singer"),
        negative=store.encode_prompt(checkpoint.encoder, ""),
        latent_BChw=torch.zeros(1, 4, 8, 8),
        seed=5,
    )
    with Batcher() as batcher:
        return batcher.drive(job)


def _lora(path: Path, *, seed: int, part: str = "unet", ends: str = "to_q") -> LowRankPatch:
    net = tiny_models.tiny_unet() if part == "unet" else tiny_models.tiny_text_encoder()
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for name, layer in net.named_modules():
        if name.endswith(ends):
            tensors[f"{part}.{name}.lora_A.weight"] = torch.randn(2, layer.in_features, generator=generator)
            tensors[f"{part}.{name}.lora_B.weight"] = torch.randn(layer.out_features, 2, generator=generator)
    save_file(tensors, path)
    return LowRankPatch(str(path), f"digest-{seed}", 0.5, part)


def test_equal_handles_share_one_live_network(store: ModelStore, checkpoint: Checkpoint) -> None:
    assert store.network(checkpoint.model) is store.network(replace(checkpoint.model))


def test_handles_with_and_without_patches_share_the_weights(
    store: ModelStore, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    patched = checkpoint.model.with_patches(_lora(tmp_path / "l.safetensors", seed=1))

    base, clone = _module(store, checkpoint.model), _module(store, patched)

    assert base is not clone
    assert {id(p) for p in base.parameters()} == {id(p) for p in clone.parameters()}
    assert store.statistics().bases == 1


def test_networks_of_one_handle_share_a_batch_and_of_two_do_not(
    store: ModelStore, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    patched = checkpoint.model.with_patches(_lora(tmp_path / "l.safetensors", seed=1))

    keys = [store.network(model).batch_key for model in (checkpoint.model, checkpoint.model, patched)]

    assert keys[0] == keys[1] != keys[2]


def test_four_variants_in_four_threads_give_the_bits_of_sequential_runs(
    store: ModelStore, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    first, second = (_lora(tmp_path / f"{seed}.safetensors", seed=seed) for seed in (1, 2))
    base = checkpoint.model
    variants = [base, base.with_patches(first), base.with_patches(second), base.with_patches(first, second)]
    alone = [_sample(store, checkpoint, variant) for variant in variants]
    store.close()

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda model: _sample(store, checkpoint, model), variants * 2))

    assert all(torch.equal(latent, alone[place % 4]) for place, latent in enumerate(together))
    assert all(not torch.equal(alone[0], other) for other in alone[1:])


def test_a_lora_for_the_text_encoder_changes_prompts_and_not_the_network(
    store: ModelStore, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    patch = _lora(tmp_path / "l.safetensors", seed=1, part="text_encoder", ends="q_proj")
    before = store.encode_prompt(checkpoint.encoder, "an inn").entries[0].tensors["encoder_hidden_states"]

    encoder = checkpoint.encoder.with_patches(patch)
    after = store.encode_prompt(encoder, "an inn").entries[0].tensors["encoder_hidden_states"]
    latents = [
        _sample(store, checkpoint, m) for m in (checkpoint.model, checkpoint.model.with_patches(patch))
    ]

    assert not torch.allclose(before, after)
    assert torch.equal(latents[0], latents[1])


def test_prompts_of_any_length_sample(store: ModelStore, checkpoint: Checkpoint) -> None:
    space = store.noise_space(checkpoint.model)
    job = SampleJob(
        network=store.network(checkpoint.model),
        space=space,
        sigmas=schedule("karras", space, 2),
        positive=store.encode_prompt(checkpoint.encoder, "a singer " * 100),
        negative=store.encode_prompt(checkpoint.encoder, "bad"),
        latent_BChw=torch.zeros(1, 4, 8, 8),
    )

    with Batcher() as batcher:
        assert batcher.drive(job).shape == (1, 4, 8, 8)


def test_prompts_from_many_threads_are_those_of_one(store: ModelStore, checkpoint: Checkpoint) -> None:
    texts = ["a " * (count * 5 % 90) for count in range(20)]

    def encode(text: str) -> Tensor:
        return store.encode_prompt(checkpoint.encoder, text).entries[0].tensors["encoder_hidden_states"]

    alone = [encode(text) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(encode, texts))

    assert all(torch.equal(a, b) for a, b in zip(alone, together, strict=True))


def test_a_handle_from_another_process_loads_on_demand(
    store: ModelStore, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    before = _sample(store, checkpoint, checkpoint.model)

    fresh = LocalRun(paths=Paths.below(tmp_path / "other")).service(ModelStore)

    assert torch.equal(_sample(fresh, checkpoint, checkpoint.model), before)


def test_the_noise_space_is_known_before_any_weight_is_loaded(
    store: ModelStore, checkpoint: Checkpoint
) -> None:
    assert isinstance(store.noise_space(checkpoint.model), DiffusionSpace)
    assert store.statistics().bases == 0


def test_a_schedule_that_ends_in_noise_alone_is_rescaled(store: ModelStore, checkpoint: Checkpoint) -> None:
    usual = store.noise_space(checkpoint.model)
    rescaled = store.noise_space(replace(checkpoint.model, has_zero_terminal_snr=True))

    assert rescaled.sigma_max > 100 * usual.sigma_max


def test_a_model_with_the_levels_of_cosxl_has_them_instead_of_its_configuration(
    store: ModelStore, checkpoint: Checkpoint
) -> None:
    cosine = store.noise_space(replace(checkpoint.model, is_cosine=True))

    assert isinstance(cosine, EDMSpace)
    assert (cosine.sigma_min, cosine.sigma_max, cosine.prediction) == (0.002, 120.0, "v_prediction")


def test_weights_are_loaded_for_the_first_request_only(
    store: ModelStore, sd15_folder: Path, tmp_path: Path
) -> None:
    folder = tiny_models.copy_folder(sd15_folder, tmp_path / "copy")
    model = open_checkpoint(folder, memory=store.digests).model
    store.network(model)
    (folder / "unet" / "diffusion_pytorch_model.safetensors").unlink()

    assert store.network(model) is not None


def test_a_file_that_changed_after_it_was_opened_is_not_passed_off_as_the_old_one(
    store: ModelStore, sd15_folder: Path, tmp_path: Path
) -> None:
    folder = tiny_models.copy_folder(sd15_folder, tmp_path / "copy")
    checkpoint = open_checkpoint(folder, memory=store.digests)
    save_file(
        tiny_models.shared("sd15").vae.state_dict() | {"extra": torch.zeros(1)},
        folder / "vae" / "diffusion_pytorch_model.safetensors",
    )

    with pytest.raises(CheckpointChangedError) as caught:
        store.decode(checkpoint.vae, Latent(torch.zeros(1, 4, 4, 4), "sd"))

    assert caught.value.code == "checkpoint-changed"
    assert store.network(checkpoint.model) is not None


@pytest.mark.parametrize(("packing", "most"), [("float8", 0.1), ("int8", 0.03), ("nf4", 0.3)])
def test_packed_networks_compute_nearly_what_full_ones_do_and_have_keys_of_their_own(
    store: ModelStore, sd15_folder: Path, packing: Dtype, most: float
) -> None:
    full = open_checkpoint(sd15_folder, memory=store.digests, dtype="float32")
    packed = open_checkpoint(sd15_folder, memory=store.digests, dtype=packing)
    inputs = {"encoder_hidden_states": torch.ones(1, 3, 32)}
    latent = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    found = [
        store.network(opened.model).predict(latent, torch.tensor([9.0]), inputs) for opened in (full, packed)
    ]
    words = [store.encode_prompt(opened.encoder, "an inn").entries[0] for opened in (full, packed)]
    states = [prompt.tensors["encoder_hidden_states"] for prompt in words]

    assert full.model.key != packed.model.key
    for exact, near in (found, states):
        assert 0 < (exact - near).norm() < most * exact.norm()


def test_a_family_that_is_not_there_is_named_with_those_that_are(
    store: ModelStore, checkpoint: Checkpoint
) -> None:
    with pytest.raises(FamilyUnknownError, match="'sd9'") as caught:
        store.network(replace(checkpoint.model, family="sd9"))

    assert "sd15" in caught.value.hint


def test_a_latent_of_another_space_is_not_decoded(store: ModelStore, checkpoint: Checkpoint) -> None:
    with pytest.raises(LatentMismatchError, match=r"'sdxl'.*'sd'"):
        store.decode(checkpoint.vae, Latent(torch.zeros(1, 4, 4, 4), "sdxl"))


def test_held_bytes_are_those_of_the_weights(store: ModelStore, checkpoint: Checkpoint) -> None:
    assert store.held_bytes() == 0
    store.network(checkpoint.model)
    weights = sum(p.numel() * 4 for p in tiny_models.shared("sd15").unet.parameters())

    assert store.held_bytes() == weights


def test_a_patch_counts_with_what_it_adds(store: ModelStore, checkpoint: Checkpoint, tmp_path: Path) -> None:
    store.network(checkpoint.model)
    before = store.held_bytes()
    patch = _lora(tmp_path / "l.safetensors", seed=1)
    store.network(checkpoint.model.with_patches(patch))

    size = (tmp_path / "l.safetensors").stat().st_size
    assert 0 < store.held_bytes() - before < size


def test_released_weights_are_gone_and_come_back_when_needed(
    store: ModelStore, checkpoint: Checkpoint
) -> None:
    before = _sample(store, checkpoint, checkpoint.model)
    held = store.held_bytes()
    watcher = weakref.ref(_module(store, checkpoint.model))

    freed = store.release(held)
    gc.collect()

    assert freed == held
    assert store.held_bytes() == 0
    assert watcher() is None
    assert torch.equal(_sample(store, checkpoint, checkpoint.model), before)


def test_a_network_in_use_survives_a_release(store: ModelStore, checkpoint: Checkpoint) -> None:
    network = store.network(checkpoint.model)
    parameters = list(_module(store, checkpoint.model).parameters())

    store.release(10**12)

    assert network.device.type == "cpu"
    assert not any(parameter.is_meta for parameter in parameters)


def test_releasing_nothing_keeps_everything(store: ModelStore, checkpoint: Checkpoint) -> None:
    network = store.network(checkpoint.model)

    assert store.release(0) == 0
    assert store.network(checkpoint.model) is network


def test_a_closed_store_holds_nothing(store: ModelStore, checkpoint: Checkpoint) -> None:
    _sample(store, checkpoint, checkpoint.model)
    store.close()

    assert store.statistics() == (0, 0, 0)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_a_handle_in_half_precision_has_weights_of_its_own(
    store: ModelStore, sd15_folder: Path, dtype: str
) -> None:
    half = open_checkpoint(sd15_folder, memory=store.digests, dtype=dtype).model  # type: ignore[arg-type]

    assert next(_module(store, half).parameters()).dtype == getattr(torch, dtype)


def test_a_cpu_computes_in_single_precision_by_default(store: ModelStore, checkpoint: Checkpoint) -> None:
    assert next(_module(store, checkpoint.model).parameters()).dtype == torch.float32
