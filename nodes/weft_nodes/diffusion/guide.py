"""The guide of one job: joins its predictions by the methods asked for, and carries what they remember."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from weft_nodes.diffusion.guidance import Guidance, applies
from weft_nodes.diffusion.methods import Memory, Sides, Weakening, ZeroStar


class Guide:
    """Joins the predictions of one job. It has a memory, so it may serve no other.

    Predictions are joined as raw outputs, or as denoised latents where a method is written for those; the
    methods follow each other in this order: correction, update, limit, weakenings, rescaling.

    Args:
        guidance: What to do.
    """

    def __init__(self, guidance: Guidance) -> None:
        self._guidance = guidance
        self._memory = Memory()

    def weakenings_at(self, share: float) -> tuple[int, ...]:
        """List the weakened networks that are asked at a share of the steps, by their place."""
        found = enumerate(self._guidance.methods.weakenings)
        return tuple(place for place, one in found if one.scale > 0.0 and applies(one.start, one.end, share))

    def denoised(
        self,
        positive: Tensor,
        against: Sequence[Tensor],
        weakened: Sequence[tuple[int, Tensor]],
        to_denoised: Callable[[Tensor], Tensor],
        *,
        step: int,
    ) -> Tensor:
        """Join predictions to the denoised latent.

        Args:
            positive: Raw output for the positive prompt, one item.
            against: Raw outputs for the negative prompt and for the neutral one, where a method asks for it;
                empty where the guidance does not apply.
            weakened: Raw outputs of weakened networks for the positive prompt, with their places.
            to_denoised: Turns a raw output of this evaluation into a denoised latent.
            step: The step it belongs to.
        """
        methods = self._guidance.methods
        if isinstance(methods.correction, ZeroStar) and step < methods.correction.zero_steps:
            return to_denoised(torch.zeros_like(positive))
        if against and methods.correction is not None:
            against = (methods.correction.correct(positive, against[0]), *against[1:])
        pulls = [(methods.weakenings[place], output) for place, output in weakened]
        if methods.acts_on_denoised:
            return self._joined(
                to_denoised(positive),
                [to_denoised(output) for output in against],
                [(weakening, to_denoised(output)) for weakening, output in pulls],
            )
        return to_denoised(self._joined(positive, against, pulls))

    def _joined(
        self, positive: Tensor, against: Sequence[Tensor], pulls: Sequence[tuple[Weakening, Tensor]]
    ) -> Tensor:
        guided = positive
        if against:
            guided = self._updated(Sides(positive, *against))
        for weakening, output in pulls:
            guided = guided + weakening.scale * (positive - output)
        return guided if guided is positive else self._guidance.rescaled(guided, positive)

    def _updated(self, sides: Sides) -> Tensor:
        methods, scale = self._guidance.methods, self._guidance.scale
        if methods.update is None:
            guided = self._guidance.plain(sides.positive, sides.negative)
        else:
            guided = methods.update.join(sides, scale, self._memory)
        return guided if methods.limit is None else methods.limit.limit(guided, sides)
