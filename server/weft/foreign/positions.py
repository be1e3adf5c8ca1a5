"""Values that are saved by their position, told apart by name; places that are written in several ways."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from weft.errors import JSON
from weft.foreign.foreign_graph import Point, plain_name

_CONTROLS = frozenset({"fixed", "increment", "decrement", "randomize"})
_CONTROL = "control_after_generate"
_SEEDS = frozenset({"seed", "noise_seed"})


@dataclass(frozen=True, slots=True)
class Named:
    """What a node holds.

    Attributes:
        values: Values by name.
        controls: How a value changes from run to run, by the name of the value.
        nameless: Values of which only the place is known.
    """

    values: Mapping[str, JSON] = field(default_factory=dict)
    controls: Mapping[str, str] = field(default_factory=dict)
    nameless: tuple[JSON, ...] = ()


def name_values(
    raw: Mapping[str, JSON], names: Sequence[str] | None, inputs: Sequence[Mapping[str, JSON]]
) -> Named:
    """Give the values of a node by their names.

    Among the values stands, behind a number that can change from run to run, how it does so; it has no name
    of its own, and files from before 2023 have true or false there.

    Args:
        raw: The node as it was saved.
        names: The names in the order of the values; None or none where they are not known.
        inputs: The node's inputs, which newer files have for every field.

    Returns:
        All values; those whose name cannot be known for sure are nameless.
    """
    known = raw.get("widgets_values_named")
    held = known if isinstance(known, Mapping) else raw.get("widgets_values")
    if isinstance(held, Mapping):
        seed = next((name for name in held if name in _SEEDS), "value")
        control = held.get(_CONTROL)
        controls = {seed: control} if isinstance(control, str) else {}
        return Named({plain_name(name): value for name, value in held.items() if name != _CONTROL}, controls)
    values = held if isinstance(held, list) else []
    if names:
        return _in_turn(values, names)
    found = _in_turn(values, [str(entry["name"]) for entry in inputs if entry.get("widget")])
    # Older files have only those fields among the inputs that a wire may feed.
    is_sure = not found.nameless and len(values) == len(found.values) + len(found.controls)
    return found if is_sure else Named(nameless=tuple(values))


def _in_turn(values: Sequence[JSON], names: Sequence[str]) -> Named:
    found: dict[str, JSON] = {}
    controls: dict[str, str] = {}
    waiting = list(reversed(values))
    for name in names:
        if not waiting:
            break
        found[name] = waiting.pop()
        if waiting and _is_control(waiting[-1], name, found[name]):
            control = waiting.pop()
            controls[name] = control if isinstance(control, str) else ("fixed", "randomize")[bool(control)]
    return Named(found, controls, tuple(reversed(waiting)))


def _is_control(value: JSON, name: str, before: JSON) -> bool:
    if isinstance(value, bool):
        return name in _SEEDS
    return isinstance(value, str) and value in _CONTROLS and isinstance(before, int | float)


def point_of(value: JSON) -> Point | None:
    """Read a place or a size, which is a list, or an object with the keys 0 and 1."""
    parts = [value.get("0"), value.get("1")] if isinstance(value, Mapping) else value
    match parts:
        case [int() | float() as x, int() | float() as y]:
            return float(x), float(y)
    return None


def text_of(value: JSON) -> str:
    """Read a text; what is none counts as empty."""
    return value if isinstance(value, str) else ""
