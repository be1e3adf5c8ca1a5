"""Why a node ran or did not: a stable code, one sentence, and the inputs it speaks of."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from weft.values import JSON

ReasonCode: TypeAlias = Literal[
    "hit-device",
    "hit-ram",
    "hit-disk",
    "equal-inputs",
    "same-work",
    "not-needed",
    "first-run",
    "input-changed",
    "upstream-changed",
    "code-changed",
    "version-changed",
    "impure",
    "evicted",
    "upstream-failed",
    "cancelled",
]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a node ran, was reused, or was left out.

    Attributes:
        code: Stable word for programs. `hit-*` names the tier that held the result; `equal-inputs` means that
            something above ran again and gave the same values; `same-work` that another run was computing the
            very same result; `not-needed` that all who use it were reused.
        text: One sentence for people.
        inputs: The inputs the sentence speaks of.
    """

    code: ReasonCode
    text: str
    inputs: tuple[str, ...] = ()

    @property
    def is_reuse(self) -> bool:
        """Whether a node that ended as a hit had its result reused; else nobody asked for its result."""
        return self.code != "not-needed"

    def to_json(self) -> dict[str, JSON]:
        """Return the reason as it is sent and printed."""
        return {"code": self.code, "text": self.text, "inputs": list(self.inputs)}


HIT_DEVICE = Reason("hit-device", "Its result was still on the device.")
HIT_RAM = Reason("hit-ram", "Its result was still in memory.")
HIT_DISK = Reason("hit-disk", "Its result was on disk.")
EQUAL_INPUTS = Reason("equal-inputs", "What feeds it was computed again and came out the same.")
SAME_WORK = Reason("same-work", "The same work was already under way and was done once.")
NOT_NEEDED = Reason("not-needed", "Nothing that ran needed its result.")
FIRST_RUN = Reason("first-run", "It has not run to its end before.")
IMPURE = Reason("impure", "It runs every time, as its author declared.")
EVICTED = Reason("evicted", "Nothing changed, but its last result is no longer kept.")
NOT_KEPT = Reason("evicted", "It takes next to no time, so its result is not kept between starts.")
DEFERRED = Reason("impure", "What it reads from outside is only known when it runs.")
CANCELLED = Reason("cancelled", "The run was cancelled.")


def hit_reason(tier: Literal["device", "ram", "disk"]) -> Reason:
    """Return the reason of a result that was found.

    Args:
        tier: Where it was found.
    """
    if tier == "device":
        return HIT_DEVICE
    return HIT_RAM if tier == "ram" else HIT_DISK
