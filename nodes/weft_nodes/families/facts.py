"""What is known of each model family without opening a file: a table, and no code of theirs."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Final

from weft.sdk import NodeError


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
        patch: Latent pixels per token of its network, along each axis; both sides of a latent divide by it.
        kept_token: Side of the tokens whose length guidance keeps (`Guidance.token`); None for most families.
        reads_sizes: Whether its network is told the size of the picture (`weft_nodes.families.sides`).
        scores: What it is told of the beauty of what the positive and the negative prompt ask for, where
            they do not say it; None for most families.
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
    patch: int = 1
    kept_token: int | None = None
    reads_sizes: bool = False
    scores: tuple[float, float] | None = None

    @property
    def multiple(self) -> int:
        """Return the number of pixels by which both sides of a picture divide."""
        return self.reduction * self.patch


FACTS: Final[Mapping[str, FamilyFacts]] = MappingProxyType(
    {
        facts.id: facts
        for facts in (
            FamilyFacts("sd15", "Stable Diffusion 1.x", "sd", 4, 8, 768, 512, 25, 7.5),
            FamilyFacts("sd2", "Stable Diffusion 2.x", "sd", 4, 8, 1024, 768, 25, 7.5),
            FamilyFacts("sdxl", "Stable Diffusion XL", "sdxl", 4, 8, 2048, 1024, 30, 5.0, reads_sizes=True),
            FamilyFacts(
                "sdxl-refiner",
                "Stable Diffusion XL refiner",
                "sdxl",
                4,
                8,
                1280,
                1024,
                30,
                5.0,
                reads_sizes=True,
                scores=(6.0, 2.5),
            ),
            FamilyFacts("kolors", "Kolors", "sdxl", 4, 8, 4096, 1024, 25, 5.0, reads_sizes=True),
            FamilyFacts("sd3", "Stable Diffusion 3 and 3.5", "sd3", 16, 8, 4096, 1024, 28, 4.5, patch=2),
            FamilyFacts("flux", "FLUX.1", "flux", 16, 8, 4096, 1024, 28, 1.0, patch=2),
            FamilyFacts("auraflow", "AuraFlow", "sdxl", 4, 8, 2048, 1024, 50, 3.5, patch=2),
            FamilyFacts("chroma", "Chroma", "flux", 16, 8, 4096, 1024, 40, 3.0, patch=2),
            FamilyFacts("pixart-sigma", "PixArt-Sigma", "sdxl", 4, 8, 4096, 1024, 20, 4.5, patch=2),
            FamilyFacts("hunyuandit", "HunyuanDiT", "sdxl", 4, 8, 1024, 1024, 50, 5.0, patch=2),
            FamilyFacts("sana", "Sana", "sana", 32, 32, 2304, 1024, 20, 4.5),
            FamilyFacts(
                "qwen-image",
                "Qwen-Image",
                "qwen-image",
                16,
                8,
                3584,
                1328,
                30,
                4.0,
                patch=2,
                kept_token=2,
            ),
            FamilyFacts("z-image", "Z-Image", "flux", 16, 8, 2560, 1024, 9, 1.0, patch=2),
            FamilyFacts("lumina2", "Lumina Image 2.0", "flux", 16, 8, 2304, 1024, 30, 4.0, patch=2),
            FamilyFacts("flux2", "FLUX.2", "flux2", 128, 16, 15360, 1024, 28, 1.0),
            FamilyFacts("ddpm", "DDPM and DDIM in pixel space", "pixels", 3, 1, 0, 256, 50, 1.0, patch=8),
            FamilyFacts("starter", "weft starter", "starter", 4, 8, 128, 128, 20, 2.0),
        )
    }
)


class LatentPatchError(NodeError):
    """A latent cannot be cut into the whole tokens that a network reads."""

    code: ClassVar[str] = "latent-patch"

    def __init__(self, *, title: str, size_hw: tuple[int, int], reduction: int, multiple: int) -> None:
        height, width = (side * reduction for side in size_hw)
        near = [max(1, round(side / multiple)) * multiple for side in (width, height)]
        super().__init__(
            f"The latent is of a picture of {width}x{height} pixels, but {title} samples multiples of "
            f"{multiple} pixels.",
            hint=f"Use {near[0]}x{near[1]}.",
        )


def check_size(family: str, size_hw: tuple[int, int]) -> None:
    """Check that the network of a family can read latents of a size.

    Args:
        family: Id of the family.
        size_hw: Height and width of the latent.

    Raises:
        LatentPatchError: A side is no multiple of the network's patches.
    """
    facts = FACTS[family]
    if any(side % facts.patch for side in size_hw):
        raise LatentPatchError(
            title=facts.title, size_hw=size_hw, reduction=facts.reduction, multiple=facts.multiple
        )
