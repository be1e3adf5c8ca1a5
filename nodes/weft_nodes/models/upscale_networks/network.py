"""What all networks that enlarge pictures have in common, and how their sizes are read from a file."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

Shape = Sequence[int]


class LayoutError(Exception):
    """Tensors are not those of an architecture; the message says why."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The names and shapes of the tensors of a file.

    Attributes:
        shapes: Shapes by name.
    """

    shapes: Mapping[str, Shape]

    def __contains__(self, name: str) -> bool:
        return name in self.shapes

    def shape(self, name: str, rank: int) -> Shape:
        """Return the shape of a tensor that must be there.

        Args:
            name: Its name.
            rank: How many dimensions it must have.

        Raises:
            LayoutError: It is missing, or of another rank, or empty.
        """
        if name not in self.shapes:
            raise LayoutError(f"{name} is missing")
        found = self.shapes[name]
        if len(found) != rank or not all(size > 0 for size in found):
            raise LayoutError(f"{name} is {list(found)}")
        return found

    def count(self, prefix: str) -> int:
        """Count the layers of a kind by the numbers in their names.

        Args:
            prefix: What their names have before the number.
        """
        rests = (name[len(prefix) :] for name in self.shapes if name.startswith(prefix))
        return len({number for rest in rests if (number := rest.partition(".")[0]).isdecimal()})

    def factor(self, name: str, channels: int) -> int:
        """Return how many times larger the picture becomes whose pixels a convolution writes as channels.

        Args:
            name: Its weights.
            channels: What is left of its channels when each pixel has become a square.

        Raises:
            LayoutError: Its channels make no such square.
        """
        written = self.shape(name, 4)[0]
        found = math.isqrt(written // channels)
        if found < 1 or written != channels * found**2:
            raise LayoutError(f"{name} writes {written} channels, which are no squares of {channels}")
        return found


class UpscaleNetwork(nn.Module):
    """A network that enlarges pictures.

    Attributes:
        kind: What people call it.
        scale: How many times larger both sides become.
        multiple: Sides of what it reads are multiples of this number of pixels.
        suits_half: Whether half precision has room for the numbers it computes with.
    """

    kind: ClassVar[str]
    scale: int
    multiple: int = 1
    suits_half: bool = True

    def prepared(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Turn the tensors of a file into the weights of this network.

        Args:
            tensors: Tensors by the names of the file, in full precision.

        Returns:
            Weights by our names: what training kept apart is joined, what is computed here is left out.
        """
        return tensors
