"""Factors on a change in single blocks of a network, by the names of its layers.

Of several names that fit a layer the last one counts, and a star stands for any letters.
"""

from fnmatch import fnmatchcase
from typing import ClassVar

from torch import nn
from weft.sdk import NodeError

from weft_nodes.models.errors import PatchMismatchError
from weft_nodes.models.lora_names import known

Blocks = tuple[tuple[str, float], ...]
"""Names of blocks, such as "mid_block" or "up_blocks.*.attentions", with factors."""


class BlockStrengthsError(NodeError):
    """The strengths of single blocks cannot be read."""

    code: ClassVar[str] = "block-strengths"

    def __init__(self, *, found: str) -> None:
        super().__init__(
            f'"{found}" is no strength of a block.',
            hint='Write names and numbers, such as "mid_block=0.5, up_blocks.*.attentions=0".',
        )


def block_strengths(text: str) -> Blocks:
    """Read the strengths of single blocks.

    Args:
        text: Names and numbers, such as "mid_block=0.5, up_blocks=0".

    Returns:
        Names with factors, in the order given.

    Raises:
        BlockStrengthsError: A part is no name with a number.
    """
    found = []
    for item in filter(None, (part.strip() for part in text.replace("\n", ",").split(","))):
        name, _, number = (word.strip() for word in item.partition("="))
        try:
            found.append((name, float(number)))
        except ValueError:
            raise BlockStrengthsError(found=item) from None
        if not name or not -100 <= found[-1][1] <= 100:
            raise BlockStrengthsError(found=item)
    return tuple(found)


def factor_on(name: str, blocks: Blocks) -> float:
    """Return the factor on the layer of a name; 1 where none is told."""
    return next((factor for block, factor in reversed(blocks) if _is_below(name, block)), 1.0)


def check_blocks(net: nn.Module, blocks: Blocks) -> None:
    """Refuse names that no layer of a network has, which would be lost without a word.

    Raises:
        PatchMismatchError: There is such a name.
    """
    names = [name for name, _ in net.named_modules()]
    for block, _ in blocks:
        if not any(_is_below(name, block) for name in names):
            tops = [name for name, _ in net.named_children()]
            raise PatchMismatchError(
                patch=f"The strength of {block}",
                problem="it has no layer of that name",
                hint=f"Names begin with one of: {known(tops, len(tops))}.",
            )


def _is_below(name: str, block: str) -> bool:
    return fnmatchcase(f"{name}.", f"{block}.*")
