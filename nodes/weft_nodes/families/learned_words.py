"""For which model families a learned word was made: from the widths of its vectors."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from weft.sdk import ModelError

from weft_nodes.families.facts import FACTS
from weft_nodes.families.registry import FAMILIES
from weft_nodes.models.embeddings import vector_widths

# Widths of text encoders of the CLIP kind by their part of a checkpoint; others learn no words.
_WIDTHS: Final[Mapping[str, Mapping[str, int]]] = MappingProxyType(
    {
        "sd15": {"text_encoder": 768},
        "sd2": {"text_encoder": 1024},
        "sdxl": {"text_encoder": 768, "text_encoder_2": 1280},
        "sdxl-refiner": {"text_encoder_2": 1280},
        "sd3": {"text_encoder": 768, "text_encoder_2": 1280},
        "flux": {"text_encoder": 768},
        "starter": {"text_encoder": FACTS["starter"].text_width},
    }
)


def embedding_traits(path: Path) -> Mapping[str, str]:
    """Return what the check of a workflow may know of a learned word, from its header alone.

    Args:
        path: A file.

    Returns:
        "family", with all families whose text encoders can learn it as alternatives; empty for a file that
        cannot be read, or of a width that no family known here has.
    """
    try:
        widths = vector_widths(path)
    except ModelError:
        return {}
    fitting = [family for family, own in _WIDTHS.items() if _can_learn(family, own, widths)]
    return {"family": ", ".join(fitting)} if fitting else {}


def _can_learn(family: str, own: Mapping[str, int], widths: Mapping[str, int]) -> bool:
    """Tell whether a family has text encoders for some vectors, and none that cannot hold others."""
    parts = {part.encoder.name for part in FAMILIES[family].text_parts}
    asked = {part: width for part, width in widths.items() if part in parts}
    return bool(asked) and all(own.get(part) == width for part, width in asked.items())
