"""What travels on wires from guidance nodes to sampling nodes: methods, and networks weakened by patches."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final, Self

from weft.sdk import value

from weft_nodes.diffusion.errors import GuidanceClashError
from weft_nodes.diffusion.guidance import Guidance
from weft_nodes.diffusion.methods import Methods, Weakening
from weft_nodes.models.handles import Model
from weft_nodes.models.patches import Patch

# The places in `Methods` that one method fills, in words.
_PLACES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "correction": "changes the negative prediction",
        "update": "joins the predictions",
        "limit": "limits the result",
    }
)


@value("guidance", color="#80cbc4")
@dataclass(frozen=True, slots=True)
class Guiding:
    """How predictions become one picture: guidance methods that are used together.

    Args:
        methods: The methods.
        patches: What weakens the network for each of the methods' weakenings, in order.
        start: Share of the steps after which guidance begins, 0..1.
        end: Share of the steps after which it stops, 0..1; 1 includes the last step.
    """

    methods: Methods = field(default_factory=Methods)
    patches: tuple[Patch, ...] = ()
    start: float = 0.0
    end: float = 1.0

    def and_also(self, other: Methods) -> Self:
        """Return this guidance with more methods.

        Args:
            other: What to add; weakenings need patches and are added by `and_away_from`.

        Raises:
            GuidanceClashError: A place is filled already.
        """
        taken, wanted = self.methods.places, other.places
        for place, method in wanted.items():
            if place in taken:
                first, second = (type(one).__name__ for one in (taken[place], method))
                raise GuidanceClashError(first=first, second=second, both=_PLACES[place])
        joined = replace(
            self.methods,
            correction=other.correction or self.methods.correction,
            update=other.update or self.methods.update,
            limit=other.limit or self.methods.limit,
        )
        return replace(self, methods=joined)

    def and_away_from(self, patch: Patch, weakening: Weakening) -> Self:
        """Return this guidance with one more weakened network to move away from."""
        weakenings = (*self.methods.weakenings, weakening)
        return replace(
            self, methods=replace(self.methods, weakenings=weakenings), patches=(*self.patches, patch)
        )

    def applied_to(self, guidance: Guidance) -> Guidance:
        """Return a guidance with these methods; it applies in the steps that both ranges include."""
        start, end = max(self.start, guidance.start), min(self.end, guidance.end)
        return replace(guidance, start=start, end=end, methods=self.methods)

    def weakened(self, model: Model) -> tuple[Model, ...]:
        """Return a model once for each weakening, with its patch."""
        return tuple(model.with_patches(patch) for patch in self.patches)
