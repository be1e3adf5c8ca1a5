"""A step cache that never skips changes nothing; one that skips belongs to one job."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
import tiny_models
import torch
from torch import Tensor, nn
from weft_nodes.diffusion.batcher import Batcher
from weft_nodes.diffusion.denoiser import Network, SampleJob
from weft_nodes.diffusion.guidance import Guidance
from weft_nodes.diffusion.schedules import schedule
from weft_nodes.diffusion.windows import Windows
from weft_nodes.families import Checkpoint, ModelStore, open_checkpoint
from weft_nodes.models.attention_patches import SkippedBlocks
from weft_nodes.models.errors import ControlMismatchError, PatchMismatchError
from weft_nodes.models.patches import Patch
from weft_nodes.models.step_caches import StepCache, for_job
from weft_nodes.models.windows import WindowPatch

STEPS = 6
EXACT = (
    StepCache("first_block"),
    StepCache("magnitude", interval=3, warmup=1.0),
    StepCache("taylor", warmup=2),
)
SKIPPING = (
    StepCache("first_block", threshold=0.5),
    StepCache("magnitude", threshold=0.5, interval=3, warmup=0.2),
    StepCache("taylor", interval=3, warmup=2),
    StepCache("taylor_lite", interval=3, warmup=2),
)
Opened = tuple[ModelStore, Checkpoint]


@pytest.fixture(scope="module")
def flux(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    """A tiny FLUX.1."""
    from weft.sdk import Paths, ServiceScope

    folder = tmp_path_factory.mktemp("flux")
    store = ModelStore.create(ServiceScope(device="cpu", paths=Paths.below(folder)))
    return store, open_checkpoint(tiny_models.write_folder(folder / "flux", "flux"), memory=store.digests)


@pytest.fixture(scope="module")
def make(flux: Opened) -> Callable[..., SampleJob]:
    """Makes jobs of one size and length."""
    store, checkpoint = flux
    space = store.noise_space(checkpoint.model, size_hw=(8, 8), steps=STEPS)
    positive = store.encode_prompt(checkpoint.encoder, "a red circle")
    negative = store.encode_prompt(checkpoint.encoder, "")

    def job(*patches: Patch, seed: int = 1) -> SampleJob:
        network = store.network(checkpoint.model.with_patches(*patches))
        return SampleJob(
            network=for_job(network, STEPS),
            space=space,
            sampler="euler",
            sigmas=schedule("simple", space, STEPS),
            positive=positive,
            negative=negative,
            guidance=Guidance(2.0),
            latent_BChw=torch.zeros(1, 16, 8, 8),
            seed=seed,
        )

    return job


@pytest.fixture(scope="module")
def plain(make: Callable[..., SampleJob]) -> Tensor:
    """What is sampled without a cache."""
    with Batcher() as batcher:
        return batcher.drive(make())


@pytest.mark.parametrize("cache", EXACT, ids=lambda cache: cache.kind)
def test_a_cache_that_never_skips_gives_the_bits_of_none(
    make: Callable[..., SampleJob], plain: Tensor, cache: StepCache
) -> None:
    with Batcher() as batcher:
        assert batcher.drive(make(cache)).equal(plain)


@pytest.mark.parametrize("cache", SKIPPING, ids=lambda cache: cache.kind)
def test_jobs_with_caches_change_little_are_the_same_each_time_and_in_any_company(
    make: Callable[..., SampleJob], plain: Tensor, cache: StepCache
) -> None:
    with Batcher() as batcher:
        alone = batcher.drive(make(cache))
        together = batcher.drive_all([make(cache), make(), make(cache, seed=2)])

    assert together[0].equal(alone)
    assert together[1].equal(plain)
    assert not alone.equal(plain)
    torch.testing.assert_close(alone, plain, rtol=0, atol=0.1 * float(plain.abs().max()))


def test_a_cache_asks_fewer_blocks(flux: Opened) -> None:
    store, checkpoint = flux
    asked: list[int] = []
    for cache in (StepCache("first_block"), StepCache("first_block", threshold=10.0)):
        network = store.network(checkpoint.model.with_patches(cache))
        own = for_job(network, STEPS)
        counted = _count_last_block(own)
        for step in range(3):
            own.predict(torch.zeros(1, 16, 8, 8), torch.tensor([900.0 - step]), _conditions(flux))
        asked.append(len(counted))

    assert asked == [3, 1]


def _count_last_block(network: Network) -> list[int]:
    counted: list[int] = []
    module = vars(vars(network)["_network"])["module"]
    assert isinstance(module, nn.Module)
    last = module.get_submodule("single_transformer_blocks.1.attn")
    last.register_forward_hook(lambda *_: counted.append(1))
    return counted


def _conditions(flux: Opened) -> Mapping[str, Tensor]:
    store, checkpoint = flux
    return store.encode_prompt(checkpoint.encoder, "a ring").entries[0].tensors


def test_networks_without_such_blocks_are_refused_by_name(flux: Opened) -> None:
    unet = tiny_models.tiny_unet()
    chroma = tiny_models.MAKERS["chroma"]().transformer

    with pytest.raises(PatchMismatchError, match="its network is a UNet2DConditionModel"):
        StepCache("taylor").apply(unet)
    for kind in ("first_block", "magnitude", "taylor"):
        with pytest.raises(PatchMismatchError, match="ChromaTransformer2DModel"):
            StepCache(kind).apply(chroma)
    StepCache("taylor_lite").apply(chroma)


def test_what_cannot_be_remembered_together_is_refused(flux: Opened) -> None:
    store, checkpoint = flux
    cache = SKIPPING[0]

    for other in (SKIPPING[3], WindowPatch(Windows(8, 2, 2))):
        with pytest.raises(PatchMismatchError, match="another step cache, or sees"):
            store.network(checkpoint.model.with_patches(cache, other))
    lacking = store.network(checkpoint.model.with_patches(SkippedBlocks((1,)), cache))
    with pytest.raises(PatchMismatchError, match="replaced some of its blocks"):
        for_job(lacking, STEPS)


def test_controls_add_behind_blocks_and_so_beside_forecasts_alone(flux: Opened) -> None:
    store, checkpoint = flux
    skipping, forecasting = (
        store.network(checkpoint.model.with_patches(cache)) for cache in (SKIPPING[0], SKIPPING[2])
    )

    with pytest.raises(ControlMismatchError, match="leaves out the blocks"):
        skipping.with_controls({})  # type: ignore[attr-defined]
    assert for_job(forecasting.with_controls({}), STEPS) is not forecasting  # type: ignore[attr-defined]


def test_a_network_that_remembers_is_not_asked_outside_of_a_job(flux: Opened) -> None:
    store, checkpoint = flux
    network = store.network(checkpoint.model.with_patches(SKIPPING[0]))

    with pytest.raises(RuntimeError, match="outside of a job"):
        network.predict(torch.zeros(1, 16, 8, 8), torch.tensor([1.0]), {})
    assert for_job(network, STEPS).batch_key != for_job(network, STEPS).batch_key
    assert network.device == for_job(network, STEPS).device


def test_keys_tell_kinds_and_values_apart() -> None:
    caches = (*EXACT, *SKIPPING, replace(SKIPPING[2], order=2))

    assert len({cache.key for cache in caches}) == len(caches)
