"""The messages about what is installed: node types, value types, connection rules, choices and packs."""

from __future__ import annotations

from pydantic import Field

from weft.schema import NodeSchema
from weft.web.problems import ProblemEntry
from weft.web.wire_base import JSONValue, Wire


class AdviceView(Wire):
    """A warning that a number does not suit what is connected; it stops no run.

    Attributes:
        most: The largest number that suits it.
        source: Name of the input whose trait is looked at.
        trait: Name of the trait.
        value: What the trait must be for the warning to be given.
        reason: What such a thing is like.
        hint: What to do.
        beside: Name of an input without whose link the number has no effect; empty where it always has one.
    """

    most: float
    source: str
    trait: str
    value: str
    reason: str
    hint: str
    beside: str


class NodeInputView(Wire):
    """An input of a node type.

    Attributes:
        name: Its name.
        type: What may be connected, such as `image`, `list[image]`, `image | null` or `$T`.
        required: Whether it must be connected or entered.
        widget: How a value is entered: an object with the widget's `kind`; null where only a link will do.
        doc: What it is for.
        lazy: Whether what feeds it runs only when the node asks for it.
        link_only: Whether no value can be entered.
        traits: What is required of what is connected, such as its model family.
        advice: What is said of numbers that do not suit what other inputs are given.
        default: The value where there is neither link nor value; absent where there is none.
    """

    name: str
    type: str
    required: bool
    widget: dict[str, JSONValue] | None
    doc: str
    lazy: bool
    link_only: bool
    traits: dict[str, JSONValue]
    advice: tuple[AdviceView, ...] = ()
    default: JSONValue = None


class NodeOutputView(Wire):
    """An output of a node type.

    Attributes:
        name: Its name in links.
        type: What it gives.
        doc: What it is.
        traits: What is known of what it gives.
    """

    name: str
    type: str
    doc: str
    traits: dict[str, JSONValue]


class NodeView(Wire):
    """A node type.

    Attributes:
        type: Its name in documents: `area.verb`, or `pack:area.verb`.
        version: Counts the changes over which old documents are migrated, from 1.
        title: Its name for people.
        category: Its area.
        summary: The first sentence of its help.
        doc: Its help.
        inputs: Its inputs in the order in which they are shown.
        outputs: Its outputs in the order in which they are shown.
        pure: Whether equal inputs always give equal outputs; an impure node always runs.
        lane: Where it runs: `inline`, `cpu`, `device` or `io`.
        sink: Whether it has an effect outside, and so is a target of a run by itself.
        is_async: Whether it waits without holding a thread.
        streams: Whether it gives the items of its output one by one.
        has_fingerprint: Whether something outside, such as a file, is part of what its result depends on.
        pack: The pack that offers it.
        code_digest: Digest of its code.
        values: JSON Schema (2020-12) of the values that can be entered.
    """

    type: str
    version: int
    title: str
    category: str
    summary: str
    doc: str
    inputs: tuple[NodeInputView, ...]
    outputs: tuple[NodeOutputView, ...]
    pure: bool
    lane: str
    sink: bool
    is_async: bool
    streams: bool
    has_fingerprint: bool
    pack: str
    code_digest: str
    values: dict[str, JSONValue]


class NodesView(Wire):
    """All node types, sorted by name.

    Attributes:
        nodes: The node types.
    """

    nodes: tuple[NodeView, ...]


class ValueTypeView(Wire):
    """A type of values on wires.

    Attributes:
        name: Its name on sockets.
        color: Colour of its wires as `#rrggbb`.
        doc: What such a value is.
        supertypes: The types above it, each of which it can stand for.
    """

    name: str
    color: str
    doc: str
    supertypes: tuple[str, ...]


class RuleView(Wire):
    """A rule by which an output may feed an input. The first that allows a link gives its verdict.

    Attributes:
        name: The verdict.
        doc: What it allows.
        source: The output's type of an example.
        target: The input's type of the example.
    """

    name: str
    doc: str
    source: str
    target: str


class ConverterView(Wire):
    """Node types to put in between where no rule lets one type feed another.

    Attributes:
        source: What is there.
        target: What is needed.
        nodes: Node types that turn one into the other, those that ask for the fewest other things first.
    """

    source: str
    target: str
    nodes: tuple[str, ...]


class TypesView(Wire):
    """What flows on wires, and what may feed what.

    Attributes:
        types: The value types, sorted by name; `int`, `float`, `bool`, `string` and `json` come besides.
        rules: The rules, in the order in which they are tried.
        converters: What helps where no rule does.
    """

    types: tuple[ValueTypeView, ...]
    rules: tuple[RuleView, ...]
    converters: tuple[ConverterView, ...]


class ChoicesView(Wire):
    """The words that an input with a `choice` widget takes.

    Attributes:
        provider: The name of the choices.
        choices: The words, in the order in which they are shown.
    """

    provider: str
    choices: tuple[str, ...]


class PackView(Wire):
    """A pack of nodes, and how its loading went.

    Attributes:
        name: Its name.
        path: Where it comes from.
        ok: Whether it is loaded as it stands now.
        error: Why it is not.
        traceback: The traceback of that; empty where there is none, and for callers without `manage`.
        nodes: Its node types that can be used; after a failed reload those of its last good version.
        title: Its name for people.
        version: Its version; empty where it has none.
        web: Addresses of the modules that the editor loads for it.
    """

    name: str
    path: str
    ok: bool
    error: ProblemEntry | None = None
    traceback: str = ""
    nodes: tuple[str, ...] = ()
    title: str = ""
    version: str = ""
    web: tuple[str, ...] = ()


class PacksView(Wire):
    """All packs that were found, in the order in which they were loaded.

    Attributes:
        packs: The packs.
    """

    packs: tuple[PackView, ...]


class NodesQuery(Wire):
    """Which node types are listed.

    Attributes:
        area: Only those of this area, such as `latent`.
    """

    area: str | None = Field(default=None, min_length=1, max_length=100)


RULES: tuple[RuleView, ...] = (
    RuleView(name="same", doc="Equal types.", source="image", target="image"),
    RuleView(
        name="variable",
        doc="A type variable takes the type of what feeds it; equal names in one node stand for one type.",
        source="image",
        target="$T",
    ),
    RuleView(
        name="subtype",
        doc="A value type feeds those above it, and a list of it a list of those.",
        source="square",
        target="shape",
    ),
    RuleView(name="int-to-float", doc="Every whole number is a number.", source="int", target="float"),
    RuleView(
        name="optional",
        doc="A type feeds an input that may also be left empty.",
        source="image",
        target="image | null",
    ),
    RuleView(
        name="union",
        doc="A type feeds an input that takes one of several; an output of several types must fit wholly.",
        source="int",
        target="int | string",
    ),
    RuleView(
        name="wrap", doc="A value becomes the only item of a list.", source="image", target="list[image]"
    ),
    RuleView(
        name="map", doc="The node runs once for each item of a list.", source="list[image]", target="image"
    ),
)
"""The rules as `weft.sockets.fits` tries them."""


def node_view(schema: NodeSchema) -> dict[str, JSONValue]:
    """Give a node type as the JSON of a `NodeView`, without the hints, which come with problems."""
    known = {name: content for name, content in schema.to_json().items() if name != "hints"}
    return {**known, "values": schema.json_schema()}
