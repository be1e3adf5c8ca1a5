"""Values that are written in another way here: counts from the other end, words for yes, long numbers."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from weft.errors import JSON

_LARGEST_SEED = 2**63 - 1
_MOST_STEPS = 1000


def change_value(name: str, value: JSON) -> tuple[JSON, str]:
    """Write a value as it is written here.

    Args:
        name: One of `CHANGES`.
        value: The value as it is written there.

    Returns:
        The value, and what is different about it; empty where it means the same.
    """
    return CHANGES[name](value)


def _skipped(value: JSON) -> tuple[JSON, str]:
    """Count layers left out where they name the last one that is read, from the end: -1 is the last."""
    return (-value - 1 if isinstance(value, int) and value < 0 else value), ""


def _enabled(value: JSON) -> tuple[JSON, str]:
    return (value == "enable" if isinstance(value, str) else value), ""


def _seed(value: JSON) -> tuple[JSON, str]:
    if isinstance(value, int) and value > _LARGEST_SEED:
        return value - 2**63, f"The seed {value} is larger than seeds are here, so the noise is another."
    return value, ""


def _steps(value: JSON) -> tuple[JSON, str]:
    """Count steps: a number beyond all of them means the last, and is shorter here."""
    return (min(value, _MOST_STEPS) if isinstance(value, int) else value), ""


def _thousandths(value: JSON) -> tuple[JSON, str]:
    return (min(1000.0, value * 1000.0) if isinstance(value, int | float) else value), ""


def _eighth(value: JSON) -> tuple[JSON, str]:
    """Count pixels of a latent where they count those of the picture."""
    return (value // 8 if isinstance(value, int) else value), ""


def _mebipixels(value: JSON) -> tuple[JSON, str]:
    """Count millions of pixels where they count 1024 times 1024."""
    return (round(value * 1.048576, 6) if isinstance(value, int | float) else value), ""


def _columns(value: JSON) -> tuple[JSON, str]:
    """Give the columns of two pictures that lie at each other's sides."""
    note = f"The second picture lies behind the first, not {value} of it." if value in ("left", "up") else ""
    return (2 if value in ("right", "left") else 1), note


def _file(value: JSON) -> tuple[JSON, str]:
    """Name a file below its folder as it is named on every system."""
    if not isinstance(value, str):
        return value, ""
    return value.removesuffix(" [input]").replace("\\", "/"), ""


CHANGES: Mapping[str, Callable[[JSON], tuple[JSON, str]]] = MappingProxyType(
    {
        "skipped": _skipped,
        "enabled": _enabled,
        "seed": _seed,
        "steps": _steps,
        "file": _file,
        "thousandths": _thousandths,
        "eighth": _eighth,
        "mebipixels": _mebipixels,
        "columns": _columns,
    }
)
"""The changes that rules may name; `prompt` is one of its own, since it may need further nodes."""
