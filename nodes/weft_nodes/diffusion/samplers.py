"""The samplers by name, and what is known of each.

A sampler is a coroutine over plain floats: it yields `(x, sigma)`, is sent the denoised latent, and returns
the result. It owns no model, device, callback or progress bar, so one driver can run, batch, preview, pause
or cancel any mix of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from torch import Tensor

from weft_nodes.diffusion import multistep, singlestep, stochastic
from weft_nodes.diffusion.errors import UnknownSamplerError
from weft_nodes.diffusion.spaces import Space
from weft_nodes.diffusion.steps import Asking, NoiseSource, Program


@dataclass(frozen=True, slots=True)
class Sampler:
    """A named sampler; calling it starts a run.

    Args:
        program: The generator function.
        order: Order of convergence of its deterministic part: halving the steps multiplies the error by
            `2^order`.
        evaluations: Network evaluations per step.
        is_stochastic: Whether it draws noise on the way.
        has_history: Whether it remembers earlier steps, so that a split run differs from a whole one.
    """

    program: Program
    order: int
    evaluations: int = 1
    is_stochastic: bool = False
    has_history: bool = False

    @property
    def name(self) -> str:
        """The name it is registered under."""
        return str(getattr(self.program, "__name__", "custom"))

    @property
    def summary(self) -> str:
        """The first line of its documentation."""
        return (self.program.__doc__ or "").strip().partition("\n")[0]

    def __call__(self, space: Space, x: Tensor, sigmas: Sequence[float], noise: NoiseSource) -> Asking:
        """Start a run.

        Args:
            space: The noise space.
            x: Latent at the first noise level.
            sigmas: Falling noise levels.
            noise: Draws standard normal noise of the latent's shape.
        """
        return self.program(space, x, sigmas, noise)


def find_sampler(name: str) -> Sampler:
    """Return the sampler of a name.

    Args:
        name: One of `SAMPLERS`.

    Raises:
        UnknownSamplerError: There is none; the hint names the closest.
    """
    if name not in SAMPLERS:
        raise UnknownSamplerError(name=name, known=SAMPLERS)
    return SAMPLERS[name]


def _by_name(*samplers: Sampler) -> Mapping[str, Sampler]:
    return MappingProxyType({sampler.name: sampler for sampler in samplers})


SAMPLERS: Mapping[str, Sampler] = _by_name(
    Sampler(singlestep.euler, order=1),
    Sampler(stochastic.euler_ancestral, order=1, is_stochastic=True),
    Sampler(singlestep.heun, order=2, evaluations=2),
    Sampler(singlestep.dpm_2, order=2, evaluations=2),
    Sampler(stochastic.dpm_2_ancestral, order=1, evaluations=2, is_stochastic=True),
    Sampler(multistep.lms, order=4, has_history=True),
    Sampler(stochastic.dpmpp_2s_ancestral, order=1, evaluations=2, is_stochastic=True),
    Sampler(stochastic.dpmpp_sde, order=1, evaluations=2, is_stochastic=True),
    Sampler(multistep.dpmpp_2m, order=2, has_history=True),
    Sampler(stochastic.dpmpp_2m_sde, order=2, is_stochastic=True, has_history=True),
    Sampler(stochastic.dpmpp_3m_sde, order=2, is_stochastic=True, has_history=True),
    Sampler(singlestep.ddim, order=1),
    Sampler(stochastic.ddpm, order=1, is_stochastic=True),
    Sampler(multistep.uni_pc, order=3, has_history=True),
    Sampler(multistep.uni_pc_bh2, order=3, has_history=True),
    Sampler(stochastic.lcm, order=1, is_stochastic=True),
    Sampler(multistep.deis, order=3, has_history=True),
    Sampler(multistep.ipndm, order=1, has_history=True),
    Sampler(multistep.ipndm_v, order=4, has_history=True),
    Sampler(multistep.res_multistep, order=2, has_history=True),
    Sampler(multistep.gradient_estimation, order=1, has_history=True),
    Sampler(stochastic.er_sde, order=1, is_stochastic=True, has_history=True),
    Sampler(stochastic.seeds_2, order=2, evaluations=2, is_stochastic=True),
)
