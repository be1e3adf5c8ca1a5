"""Putting the graph together node by node: do the types fit, which values hold, which lists map?

Nodes come in an order in which each stands behind those it reads from, so that the types and axes of
their sources are known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from weft.errors import JSON, PluginError, Problem, WeftError
from weft.graph.axes import Axes, loop_of
from weft.graph.converters import Converters
from weft.graph.faults import NestedListError, VariableConflictError
from weft.graph.literals import Refusal, canonical, file_hint, item_refusal, missing_models, read_literal
from weft.graph.offers import Offers
from weft.graph.structure import Constant, GraphNode, Part, Source, Spread
from weft.graph.subgraphs import Flat
from weft.graph.wiring import WiredNode
from weft.graph_errors import InputInvalidError, SocketMismatchError
from weft.registry import Catalog
from weft.schema import InputSchema
from weft.sockets import (
    BOOL,
    FLOAT,
    INT,
    JSON_TYPE,
    STRING,
    Fit,
    ListOf,
    SocketType,
    common,
    fits,
    members_of,
    substitute,
    variables_in,
)
from weft.widgets import Text

_PAIRING_HINT = r"Pair the brackets; a bracket that is a character like others is written \( or \[."


@dataclass(slots=True)
class _Draft:
    """A node while its inputs are looked at."""

    wired: WiredNode
    values: dict[str, JSON]
    links: dict[str, Source | tuple[Part, ...]] = field(default_factory=dict)
    axes: dict[str, Axes] = field(default_factory=dict)
    bound: dict[str, tuple[SocketType, str]] = field(default_factory=dict)
    """Type and first input of each type variable that is known by now."""


class Assembly:
    """The nodes of a graph so far, with the problems found in them.

    Args:
        wired: All nodes to be added, so that links that run in a circle find their target.
        flat: Says where a problem inside a sub-workflow can be mended.
        catalog: The installed node types.
        offers: The words that dynamic choices offer.

    Attributes:
        nodes: The nodes by id, in the order they were added.
        problems: What was found.
    """

    def __init__(self, wired: Mapping[str, WiredNode], flat: Flat, catalog: Catalog, offers: Offers) -> None:
        self.nodes: dict[str, GraphNode] = {}
        self.problems: list[Problem] = []
        self._wired = wired
        self._flat = flat
        self._offers = offers
        self._supertypes = catalog.supertypes
        self._converters = Converters(catalog)
        self._types: dict[str, Mapping[str, SocketType | None]] = {}
        # Types are kept beside their fit so that their ids stay theirs.
        self._fits: dict[tuple[int, int], tuple[Fit, SocketType, SocketType]] = {}

    def add(self, node: WiredNode) -> None:
        """Check one node's inputs and add it, as far as it can be made out, to the graph.

        Args:
            node: A node whose sources were added before, or lie in a circle with it.
        """
        profile = node.profile
        draft = _Draft(node, dict(profile.defaults))
        for name, link in node.links.items():
            draft.values.pop(name, None)
            if isinstance(link, Source):
                self._add_link(draft, profile.inputs[name], link)
            else:
                self._add_list(draft, profile.inputs[name], link)
        for name, value in node.literals.items():
            self._add_value(draft, profile.inputs[name], value)
        loop = loop_of(draft.axes, node.flat.zip, profile.inputs) if draft.axes or node.flat.zip else None
        for fault in () if loop is None else loop.faults:
            self.problems.append(fault.problem(node=node.flat.id))
        self._types[node.flat.id] = _output_types(draft) if profile.is_generic else profile.outputs
        self.nodes[node.flat.id] = GraphNode(
            id=node.flat.id,
            type=node.flat.type,
            version=node.schema.version,
            values=draft.values,
            links=draft.links,
            axes={} if loop is None else loop.axes,
            out_axes=() if loop is None else loop.out_axes,
            schema=node.schema,
        )

    def _add_link(self, draft: _Draft, schema: InputSchema, source: Source) -> None:
        axes = self._axes_of(source.node)
        produced = self._type_of(source)
        draft.links[schema.name] = source
        if produced is None:
            # What an open variable stands for is not known before it is connected.
            draft.axes.update({schema.name: axes} if axes else {})
            return
        fit = self._fit(produced, schema.type)
        if fit.verdict == "wrap":
            draft.links[schema.name] = (source,)
        elif fit.verdict == "map":
            if axes:
                self._report(draft, schema.name, _nested(source, produced, draft, schema))
            draft.axes[schema.name] = (str(source),)
        elif fit.verdict == "no":
            self._report(draft, schema.name, self._mismatch(source, produced, draft, schema))
        elif axes:
            draft.axes[schema.name] = axes
        self._bind(draft, schema.name, fit)

    def _add_list(self, draft: _Draft, schema: InputSchema, parts: Sequence[Part]) -> None:
        item = next((found.item for found in members_of(schema.type) if isinstance(found, ListOf)), None)
        target = schema.type if item is None else item
        draft.links[schema.name] = tuple(self._part(draft, schema, target, part) for part in parts)
        if item is None:
            draft.axes[schema.name] = (f"{draft.wired.flat.id}:{schema.name}",)

    def _part(self, draft: _Draft, schema: InputSchema, target: SocketType, part: Part) -> Part:
        if isinstance(part, Constant):
            self._check_item(draft, schema, part.value)
            self._bind_value(draft, schema.name, target, part.value)
            return Constant(canonical(target, part.value))
        source = part.source if isinstance(part, Spread) else part
        produced = self._type_of(source)
        fit = None if produced is None else self._fit(produced, target)
        if produced is not None and fit is not None and fit.verdict in ("no", "wrap"):
            self._report(draft, schema.name, self._mismatch(source, produced, draft, schema))
        if fit is not None:
            self._bind(draft, schema.name, fit)
        return Spread(source) if fit is not None and fit.verdict == "map" else source

    def _add_value(self, draft: _Draft, schema: InputSchema, value: JSON) -> None:
        try:
            found = read_literal(schema, value, self._offers)
        except PluginError as error:
            self._report(draft, schema.name, error)
            return
        if isinstance(found, Refusal):
            self._refuse(draft, schema, found.reason, value)
            # Nor does the default stand in for it, of which nobody asked to know how it suits the rest.
            draft.values.pop(schema.name, None)
            return
        unpaired = _unpaired(draft.wired, schema, value)
        if unpaired is not None:
            self._refuse(draft, schema, unpaired, value, hint=_PAIRING_HINT)
        draft.values[schema.name] = found.value
        if found.maps:
            draft.axes[schema.name] = (f"{draft.wired.flat.id}:{schema.name}",)
        self._bind_value(draft, schema.name, schema.type, value)

    def _check_item(self, draft: _Draft, schema: InputSchema, value: JSON) -> None:
        try:
            reason = item_refusal(schema, value, self._offers)
        except PluginError as error:
            self._report(draft, schema.name, error)
            return
        if reason is not None:
            self._refuse(draft, schema, f"has an item that {reason}", value)

    def _bind(self, draft: _Draft, input: str, fit: Fit) -> None:
        """Note what the type variables of an input stand for, and compare with what they stood for before."""
        for variable, taken in fit.bindings.items():
            before = draft.bound.get(variable)
            if before is None:
                draft.bound[variable] = (taken, input)
                continue
            both = common(before[0], taken, self._supertypes)
            if both is not None:
                draft.bound[variable] = (both, before[1])
                continue
            error = VariableConflictError(
                first=before[1], first_type=str(before[0]), second=input, second_type=str(taken)
            )
            self._report(draft, input, error)

    def _bind_value(self, draft: _Draft, input: str, target: SocketType, value: JSON) -> None:
        if draft.wired.profile.is_generic and value is not None and variables_in(target):
            self._bind(draft, input, fits(_json_type(value), target, self._supertypes))

    def _type_of(self, source: Source) -> SocketType | None:
        types = self._types.get(source.node)
        if types is not None:
            return types[source.output]
        declared = self._wired[source.node].profile.outputs[source.output]
        return None if variables_in(declared) else declared

    def _axes_of(self, id: str) -> Axes:
        node = self.nodes.get(id)
        return () if node is None else node.out_axes

    def _fit(self, source: SocketType, target: SocketType) -> Fit:
        key = (id(source), id(target))
        found = self._fits.get(key)
        if found is None:
            found = self._fits[key] = (fits(source, target, self._supertypes), source, target)
        return found[0]

    def _mismatch(
        self, source: Source, produced: SocketType, draft: _Draft, schema: InputSchema
    ) -> SocketMismatchError:
        return SocketMismatchError(
            source=str(source),
            produces=str(produced),
            target=f"{draft.wired.flat.id}.{schema.name}",
            expects=str(schema.type),
            converters=self._converters.between(produced, schema.type),
        )

    def _refuse(
        self, draft: _Draft, schema: InputSchema, reason: str, value: JSON, *, hint: str = ""
    ) -> None:
        node, name = self._flat.place(draft.wired.flat.id, schema.name)
        error = InputInvalidError(name=name, reason=reason, hint=hint or file_hint(schema.widget, value))
        problem = error.problem(node=node, input=name)
        # A value may be refused before anybody asks which files there are, and there may be no answer.
        with suppress(PluginError):
            missing = missing_models(schema.widget, value, self._offers)
            problem = replace(problem, details={"missing_models": [*missing]} if missing else {})
        self.problems.append(problem)

    def _report(self, draft: _Draft, input: str, error: WeftError) -> None:
        node, name = self._flat.place(draft.wired.flat.id, input)
        self.problems.append(error.problem(node=node, input=name))


def _unpaired(node: WiredNode, schema: InputSchema, value: JSON) -> str | None:
    """Give the reason why brackets of a text do not pair; None where they do, or may need not to."""
    widget = schema.widget
    if not isinstance(widget, Text) or widget.brackets is None:
        return None
    switch, _, off = (widget.literal_where or "").partition("=")
    setting = node.literals.get(switch, node.profile.defaults.get(switch))
    if switch in node.links or setting == off or isinstance(setting, list):
        return None
    texts = [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]
    return next((reason for text in texts if (reason := widget.unpaired(text)) is not None), None)


def _nested(source: Source, produced: SocketType, draft: _Draft, schema: InputSchema) -> NestedListError:
    target = f"{draft.wired.flat.id}.{schema.name}"
    return NestedListError(
        source=str(source), produces=str(produced), target=target, expects=str(schema.type)
    )


def _output_types(draft: _Draft) -> dict[str, SocketType | None]:
    """Put what was found for the type variables into the outputs; None where something stays open."""
    bindings = {name: bound for name, (bound, _) in draft.bound.items()}
    declared = draft.wired.profile.outputs
    types = {name: substitute(produced, bindings) for name, produced in declared.items()}
    return {name: None if variables_in(found) else found for name, found in types.items()}


def _json_type(value: JSON) -> SocketType:
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, str):
        return STRING
    if isinstance(value, int | float):
        return INT if isinstance(value, int) else FLOAT
    if isinstance(value, list) and value:
        items = {_json_type(item) for item in value}
        return ListOf(items.pop()) if len(items) == 1 else JSON_TYPE
    return JSON_TYPE
