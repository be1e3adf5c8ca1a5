"""Kernels and compiled blocks belong to a clone, change no formula, and are refused where they cannot be."""

import pytest
import tiny_models
import torch
from diffusers.models.attention_dispatch import _AttentionBackendRegistry
from torch import Tensor, nn
from torch._inductor import config as inductor_config
from weft_nodes.models.clones import light_clone
from weft_nodes.models.errors import PatchMismatchError
from weft_nodes.models.execution import AttentionKernel, CompiledBlocks


@pytest.fixture(scope="module")
def flux() -> nn.Module:
    """The transformer of a tiny FLUX.1; nothing writes into it."""
    found: nn.Module = tiny_models.MAKERS["flux"]().transformer
    return found


def predicted(net: nn.Module) -> Tensor:
    """What the transformer predicts."""
    generator = torch.Generator().manual_seed(4)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    inputs = {"hidden_states": drawn(1, 4, 64), "timestep": torch.tensor([0.5])}
    inputs |= {"encoder_hidden_states": drawn(1, 5, 32), "pooled_projections": drawn(1, 32)}
    inputs |= {"img_ids": torch.zeros(4, 3), "txt_ids": torch.zeros(5, 3), "guidance": torch.ones(1)}
    with torch.no_grad():
        found: Tensor = net(**inputs, return_dict=False)[0]
    return found


def test_a_kernel_is_chosen_for_a_clone_and_no_one_else(flux: nn.Module) -> None:
    before, active = predicted(flux), _AttentionBackendRegistry._active_backend
    clone = light_clone(flux)
    AttentionKernel("math").apply(clone)

    torch.testing.assert_close(predicted(clone), before, atol=1e-5, rtol=1e-4)

    def backends(net: nn.Module) -> set[str]:
        found = (getattr(module, "processor", None) for module in net.modules())
        asked = [processor for processor in found if processor is not None]
        return {str(getattr(processor._attention_backend, "value", None)) for processor in asked}

    assert backends(clone) == {"_native_math"}
    assert backends(flux) == {"None"}
    assert _AttentionBackendRegistry._active_backend == active


def test_kernels_that_are_not_installed_are_refused_with_what_to_install(flux: nn.Module) -> None:
    with pytest.raises(PatchMismatchError, match="not installed") as caught:
        AttentionKernel("sage").apply(light_clone(flux))
    assert "sageattention" in str(caught.value.hint)


def test_networks_whose_attention_asks_no_kernel_are_refused() -> None:
    with pytest.raises(PatchMismatchError, match="UNet2DConditionModel is carried out by torch alone"):
        AttentionKernel("math").apply(tiny_models.tiny_unet())


def test_the_repeated_blocks_of_a_clone_are_compiled_and_the_base_is_not(flux: nn.Module) -> None:
    clone = light_clone(flux)
    CompiledBlocks("eager").apply(clone)

    compiled = [module for module in clone.modules() if vars(module)["_compiled_call_impl"] is not None]

    assert len(compiled) == 4
    assert not any(vars(module).get("_compiled_call_impl") for module in flux.modules())


def test_networks_without_repeated_blocks_and_machines_without_a_compiler_are_refused(
    flux: nn.Module,
) -> None:
    with pytest.raises(PatchMismatchError, match="SD3Transformer2DModel names no blocks"):
        CompiledBlocks("eager").apply(tiny_models.MAKERS["sd3"]().transformer)
    without = inductor_config.patch({"cpp.cxx": ("no-such-compiler",)})
    with without, pytest.raises(PatchMismatchError, match=r"no compiler for C\+\+"):
        CompiledBlocks().apply(light_clone(flux))


def test_keys_tell_them_apart() -> None:
    patches = (AttentionKernel("math"), AttentionKernel("native"), CompiledBlocks(), CompiledBlocks("eager"))

    assert len({patch.key for patch in patches}) == len(patches)
