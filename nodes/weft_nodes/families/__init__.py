"""What is particular to each model family: facts, recognition, and one small adapter each."""

from weft_nodes.families.checkpoints import (
    Checkpoint,
    checkpoint_traits,
    find_checkpoint,
    list_checkpoints,
    open_checkpoint,
)
from weft_nodes.families.facts import FACTS, FamilyFacts
from weft_nodes.families.identify import Identified, identify
from weft_nodes.families.registry import FAMILIES, ModelStore

__all__ = [
    "FACTS",
    "FAMILIES",
    "Checkpoint",
    "FamilyFacts",
    "Identified",
    "ModelStore",
    "checkpoint_traits",
    "find_checkpoint",
    "identify",
    "list_checkpoints",
    "open_checkpoint",
]
