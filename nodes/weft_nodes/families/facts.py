"""What is known of each model family without opening a file: a table, no code."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class FamilyFacts:
    """The facts of one family that nodes, checks and menus need.

    Args:
        id: Its name in documents and traits.
        title: Its name for people.
        latent_space: Id of its latent space; families that share one can pass latents to each other.
        latent_channels: Channels of a latent.
        reduction: Pixels per latent pixel, along each axis.
        text_width: Features of the text states its network reads.
        size: Side of the pictures it was trained on, in pixels.
        steps: A good number of steps.
        guidance_scale: A good guidance scale.
    """

    id: str
    title: str
    latent_space: str
    latent_channels: int
    reduction: int
    text_width: int
    size: int
    steps: int
    guidance_scale: float


FACTS: Final[Mapping[str, FamilyFacts]] = MappingProxyType(
    {
        facts.id: facts
        for facts in (
            FamilyFacts("sd15", "Stable Diffusion 1.x", "sd", 4, 8, 768, 512, 25, 7.5),
            FamilyFacts("sd2", "Stable Diffusion 2.x", "sd", 4, 8, 1024, 768, 25, 7.5),
            FamilyFacts("sdxl", "Stable Diffusion XL", "sdxl", 4, 8, 2048, 1024, 30, 5.0),
            FamilyFacts("sdxl-refiner", "Stable Diffusion XL refiner", "sdxl", 4, 8, 1280, 1024, 30, 5.0),
            FamilyFacts("starter", "weft starter", "starter", 4, 8, 128, 128, 20, 2.0),
        )
    }
)
