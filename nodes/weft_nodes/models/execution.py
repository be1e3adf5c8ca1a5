"""How the layers of a network are carried out: by which attention kernel, and compiled or not.

Both change no formula, so results differ by rounding alone. They belong to a clone: the attention kernel of
diffusers is otherwise one for the whole process.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal, cast

from torch import nn

from weft_nodes.models.errors import PatchMismatchError
from weft_nodes.models.handles import key_of
from weft_nodes.models.patches import DENOISER

Kernel = Literal[
    "native", "math", "memory_efficient", "cudnn", "flash", "flash_3", "sage", "xformers", "flex"
]

_BACKENDS: Final[Mapping[Kernel, str]] = MappingProxyType(
    {
        "native": "native",
        "math": "_native_math",
        "memory_efficient": "_native_efficient",
        "cudnn": "_native_cudnn",
        "flash": "flash",
        "flash_3": "_flash_3",
        "sage": "sage",
        "xformers": "xformers",
        "flex": "flex",
    }
)


@dataclass(frozen=True, slots=True)
class AttentionKernel:
    """A kernel for all attention of a transformer.

    Args:
        kernel: Which; native lets torch choose.
    """

    kernel: Kernel

    @property
    def part(self) -> str:
        """Return that the denoising network is changed, whatever its name."""
        return DENOISER

    @property
    def key(self) -> str:
        """Return a digest of the kernel's name."""
        return key_of("attention-kernel", self.kernel)

    def apply(self, net: nn.Module) -> None:
        """Tell every attention processor of the clone; see `Patch`."""
        from diffusers.models import attention_dispatch

        backend = attention_dispatch.AttentionBackendName(_BACKENDS[self.kernel])
        processors = [module.processor for module in net.modules() if hasattr(module, "processor")]
        asked = [each for each in processors if hasattr(each, "_attention_backend")]
        if not asked:
            raise PatchMismatchError(
                patch="The attention kernel",
                problem=f"attention of a {type(net).__name__} is carried out by torch alone",
                hint="Take the choice of a kernel out of the workflow.",
            )
        try:
            attention_dispatch._check_attention_backend_requirements(backend)  # noqa: SLF001 - as its caller
        except RuntimeError as error:
            raise PatchMismatchError(
                patch=f"The attention kernel {self.kernel}",
                problem="a package that it needs is not installed",
                hint=str(error).rpartition("Please ")[2].capitalize() or str(error),
            ) from error
        for processor in asked:
            cast("Any", processor)._attention_backend = backend  # noqa: SLF001 - diffusers has no other way


@dataclass(frozen=True, slots=True)
class CompiledBlocks:
    """The repeated blocks of a network, compiled: minutes once, and less time at each step after.

    Args:
        backend: Compiler of torch; "inductor" needs one for C++ on a CPU, and Triton on a GPU.
    """

    backend: str = "inductor"

    # Behind all others, for what is compiled may not change any more.
    order = 2

    @property
    def part(self) -> str:
        """Return that the denoising network is changed, whatever its name."""
        return DENOISER

    @property
    def key(self) -> str:
        """Return a digest of the backend's name."""
        return key_of("compiled-blocks", self.backend)

    def apply(self, net: nn.Module) -> None:
        """Have the blocks of the clone compiled when they are first asked; see `Patch`."""
        lacks = _lacking_compiler(next(net.parameters()).device.type) if self.backend == "inductor" else ""
        if lacks:
            raise PatchMismatchError(
                patch="Compilation",
                problem=f"this machine has {lacks}",
                hint="Install one, or take the compilation out of the workflow.",
            )
        try:
            cast("Any", net).compile_repeated_blocks(backend=self.backend)
        except (AttributeError, ValueError) as error:
            raise PatchMismatchError(
                patch="Compilation",
                problem=f"a {type(net).__name__} names no blocks that repeat",
                hint="Take the compilation out of the workflow.",
            ) from error


def _lacking_compiler(device: str) -> str:
    """Name what is missing to compile for a device; empty if nothing is."""
    if device == "cpu":
        from torch._inductor import cpp_builder, exc

        try:
            cpp_builder.get_cpp_compiler()
        except exc.InvalidCxxCompiler:
            return "no compiler for C++"
        return ""
    from torch.utils._triton import has_triton

    return "" if has_triton() else "no Triton for its GPU"
