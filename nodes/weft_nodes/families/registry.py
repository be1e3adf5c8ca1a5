"""All families that are known here, and the service that turns their handles into live networks."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, Self

from weft.sdk import ServiceScope

from weft_nodes.families.auraflow import AuraFlow
from weft_nodes.families.chroma import Chroma
from weft_nodes.families.ddpm import UnconditionalDiffusion
from weft_nodes.families.flux import Flux
from weft_nodes.families.flux2 import Flux2
from weft_nodes.families.hunyuandit import HunyuanDiT
from weft_nodes.families.kolors import Kolors
from weft_nodes.families.lumina2 import Lumina2
from weft_nodes.families.pixart import PixArtSigma
from weft_nodes.families.qwenimage import QwenImage
from weft_nodes.families.sana import Sana
from weft_nodes.families.sd import StableDiffusion
from weft_nodes.families.sd3 import StableDiffusion3
from weft_nodes.families.sdxl import StableDiffusionXL
from weft_nodes.families.zimage import ZImage
from weft_nodes.models.adapter import Family
from weft_nodes.models.architectures import clip_part, open_clip_part
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.store import HandleStore

_CONFIGS: Final = Path(__file__).parent / "configs"
_CLIP = clip_part("text_encoder", prefix="cond_stage_model.transformer.")
_OPEN_CLIP = open_clip_part("text_encoder", prefix="cond_stage_model.model.")

FAMILIES: Final[Mapping[str, Family]] = MappingProxyType(
    {
        "sd15": StableDiffusion("sd15", "sd", _CLIP, _CONFIGS / "sd15"),
        "sd2": StableDiffusion("sd2", "sd", _OPEN_CLIP, _CONFIGS / "sd2"),
        "sdxl": StableDiffusionXL("sdxl", "sdxl", _CONFIGS / "sdxl"),
        "sdxl-refiner": StableDiffusionXL("sdxl-refiner", "sdxl", _CONFIGS / "sdxl-refiner", is_refiner=True),
        "kolors": Kolors("kolors", "sdxl", None),
        "sd3": StableDiffusion3.create("sd3"),
        "flux": Flux.create("flux"),
        "auraflow": AuraFlow.create("auraflow"),
        "chroma": Chroma.create("chroma"),
        "pixart-sigma": PixArtSigma.create("pixart-sigma"),
        "hunyuandit": HunyuanDiT.create("hunyuandit"),
        "sana": Sana.create("sana"),
        "qwen-image": QwenImage.create("qwen-image"),
        "z-image": ZImage.create("z-image"),
        "lumina2": Lumina2.create("lumina2"),
        "flux2": Flux2.create("flux2"),
        "ddpm": UnconditionalDiffusion("ddpm"),
        "starter": StableDiffusion("starter", "starter", _CLIP, None),
    }
)


class ModelStore(HandleStore):
    """The store of live networks as a service: one per worker, with all families."""

    @classmethod
    def create(cls, scope: ServiceScope) -> Self:
        """Build the store of a worker.

        Args:
            scope: The worker's device and folders; digests are remembered in its data folder.
        """
        memory = DigestMemory.of(scope.paths)
        return cls(FAMILIES, device=scope.device, memory=memory)
