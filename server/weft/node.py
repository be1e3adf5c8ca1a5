"""The decorators that make plain typed functions into nodes, choices and listings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, TypedDict, TypeVar, Unpack

from weft.context import FingerprintScope
from weft.errors import JSON, Fault, NodeDefinitionError, suggest
from weft.paths import Paths
from weft.schema import Advice, InputSchema, Lane, NodeSchema, OutputSchema, Traits
from weft.signature import Declared, Signature, SignatureReader, is_coroutine

__all__ = [
    "ChoicesProvider",
    "InputSchema",
    "ListingProvider",
    "Migration",
    "NodeDefinition",
    "NodeSchema",
    "OutputSchema",
    "choices",
    "listing",
    "node",
]

F = TypeVar("F", bound=Callable[..., object])
C = TypeVar("C", bound=Callable[[], Sequence[str]])
L = TypeVar("L", bound=Callable[[Paths], Mapping[str, Mapping[str, str]]])

Migration: TypeAlias = Callable[[dict[str, JSON]], dict[str, JSON]]
"""Turns the inputs of one version of a node, links included, into those of the next."""

_TYPE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_LANES = ("inline", "cpu", "device", "io")


@dataclass(frozen=True, slots=True)
class NodeDefinition:
    """A node type with its function.

    Attributes:
        schema: What is known of it without its function.
        function: The function itself.
        run_parameter: Name of its parameter annotated `Run`, if there is one.
        fingerprint: Gives its outside state, if it has any.
        migrations: From each old version to the next.
        values: The value classes its signature names.
    """

    schema: NodeSchema
    function: Callable[..., object]
    run_parameter: str | None = None
    fingerprint: Callable[..., str] | None = None
    migrations: Mapping[int, Migration] = field(default_factory=dict)
    values: tuple[type, ...] = ()

    def outside_state(self, scope: FingerprintScope, values: Mapping[str, JSON]) -> str | None:
        """Give the outside state that belongs into the node's key; None where it has none.

        Args:
            scope: What the fingerprint function may look at.
            values: The entered values and defaults, by name of input.
        """
        if self.fingerprint is None:
            return None
        parameters = list(inspect.signature(self.fingerprint).parameters.values())[1:]
        if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
            return self.fingerprint(scope, **values)
        wanted = {parameter.name for parameter in parameters}
        return self.fingerprint(scope, **{name: values[name] for name in values if name in wanted})

    def json_schema(self) -> dict[str, JSON]:
        """Give the JSON Schema of the values that can be entered."""
        return self.schema.json_schema()


class NodeOptions(TypedDict, total=False):
    """What `node` takes by keyword.

    Attributes:
        pure: Whether equal inputs always give equal outputs, as by default; an impure node always runs.
        lane: Where it runs: ``inline`` for trivial work on the event loop, ``cpu`` and ``io`` in threads,
            ``device`` in the one thread of the device; by default ``cpu``. Async functions run on the loop.
        sink: Whether it has an effect outside, and so is a target of a run by itself.
        output: Name of its only output; by default the name of its value type.
        title: Name shown to the user; by default made from the function's name.
        fingerprint: Called with a `FingerprintScope` and the entered values it names; gives outside state
            that belongs into the key, such as the content hash of a file.
        migrations: For each version below the present, what turns its inputs into those of the next.
        accepts: For inputs, the traits that what is connected must have.
        gives: For outputs, the traits of what they produce.
        advises: For inputs that take numbers or texts, the warnings that some of them bring.
        hints: For traits, what to do where one is not what an input accepts; traits that no input accepts
            may be among them.
    """

    pure: bool
    lane: Lane
    sink: bool
    output: str
    title: str
    fingerprint: Callable[..., str]
    migrations: Mapping[int, Migration]
    accepts: Mapping[str, Traits]
    gives: Mapping[str, Traits]
    advises: Mapping[str, Sequence[Advice]]
    hints: Mapping[str, str]


def node(type: str, version: int = 1, **options: Unpack[NodeOptions]) -> Callable[[F], F]:
    """Make a plain typed function a node.

    The function itself is returned unchanged, with ``__weft_node__`` set: calling it is calling a function.
    Its signature gives the sockets and widgets, its docstring the help; a function whose name begins with
    ``_`` need not be documented.

    Args:
        type: Name in documents, ``area.verb``; packs other than weft's own get ``pack:`` put before it.
        version: Counts the changes that old documents must be migrated over, from 1.
        options: See `NodeOptions`.

    Returns:
        A decorator that gives the function back.

    Raises:
        NodeDefinitionError: The function cannot become a node; lists every fault.
    """

    def decorate(function: F) -> F:
        setattr(function, "__weft_node__", _define(function, type, version, options))  # noqa: B010
        return function

    return decorate


def _define(function: Callable[..., object], type: str, version: int, options: NodeOptions) -> NodeDefinition:
    reader = SignatureReader(function, _declared(options))
    signature = reader.read()
    faults = [
        *_faults_of_options(type, version, options),
        *reader.faults,
        *_faults_of_fingerprint(options.get("fingerprint"), signature),
    ]
    if faults:
        raise NodeDefinitionError(function=f"{function.__module__}.{function.__qualname__}", faults=faults)
    is_async = is_coroutine(function)
    accepted = {trait for entry in signature.inputs for trait in entry.traits}
    schema = NodeSchema(
        type=type,
        version=version,
        title=options.get("title") or function.__name__.strip("_").replace("_", " ").capitalize(),
        category=type.partition(".")[0],
        summary=signature.doc.summary,
        doc=signature.doc.text,
        inputs=signature.inputs,
        outputs=signature.outputs,
        pure=options.get("pure", True),
        lane=options.get("lane", "inline" if is_async else "cpu"),
        sink=options.get("sink", False),
        is_async=is_async,
        streams=signature.streams,
        has_fingerprint=options.get("fingerprint") is not None,
        hints={trait: hint for trait, hint in options.get("hints", {}).items() if trait in accepted},
    )
    return NodeDefinition(
        schema=schema,
        function=function,
        run_parameter=signature.run_parameter,
        fingerprint=options.get("fingerprint"),
        migrations=dict(options.get("migrations", {})),
        values=signature.values,
    )


def _declared(options: NodeOptions) -> Declared:
    return Declared(
        output=options.get("output"),
        accepts=options.get("accepts", {}),
        gives=options.get("gives", {}),
        advises=options.get("advises", {}),
    )


def _faults_of_options(type: str, version: int, options: NodeOptions) -> list[Fault]:
    faults: list[Fault] = []
    if not _TYPE.fullmatch(type):
        hint = "Name it `area.verb`, in lower case letters, digits and _."
        faults.append(Fault(None, f'has the node type "{type}"', hint))
    faults.extend(
        Fault(
            None, f'has the option "{name}", which does not exist', suggest(name, NodeOptions.__annotations__)
        )
        for name in options
        if name not in NodeOptions.__annotations__
    )
    lane = options.get("lane", "cpu")
    if lane not in _LANES:
        faults.append(Fault(None, f'has the lane "{lane}"', f"Use one of {', '.join(_LANES)}."))
    return faults + _faults_of_version(version, options.get("migrations", {}))


def _faults_of_version(version: int, migrations: Mapping[int, Migration]) -> list[Fault]:
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        return [Fault(None, f"has the version {version!r}", "Count versions 1, 2, 3, …")]
    faults: list[Fault] = []
    needed = set(range(1, version))
    missing = ", ".join(str(entry) for entry in sorted(needed - set(migrations)))
    if missing:
        hint = "Write one for each old version, so that old documents load for ever."
        faults.append(Fault(None, f"has version {version}, but no migration from {missing}", hint))
    surplus = ", ".join(str(entry) for entry in sorted(set(migrations) - needed))
    if surplus:
        hint = "Raise the version, or remove the migration."
        faults.append(Fault(None, f"has a migration from {surplus}, but only version {version}", hint))
    return faults


def _faults_of_fingerprint(fingerprint: Callable[..., str] | None, signature: Signature) -> list[Fault]:
    if fingerprint is None:
        return []
    parameters = list(inspect.signature(fingerprint).parameters.values())
    if not parameters:
        return [Fault(None, "has a fingerprint without parameters", "Let it take the scope first.")]
    enterable = {entry.name for entry in signature.inputs if not entry.link_only}
    surplus = [
        parameter.name
        for parameter in parameters[1:]
        if parameter.kind is not parameter.VAR_KEYWORD and parameter.name not in enterable
    ]
    return [
        Fault(
            name,
            "is asked for by the fingerprint, but is not an input that can be entered",
            "Remove it there.",
        )
        for name in surplus
    ]


@dataclass(frozen=True, slots=True)
class ChoicesProvider:
    """A function that offers the words of a `Choice` widget.

    Attributes:
        name: Name of the provider.
        function: Gives the words in the order they are shown.
    """

    name: str
    function: Callable[[], Sequence[str]]


@dataclass(frozen=True, slots=True)
class ListingProvider:
    """A function that names the files of a `ModelFile` or `ImageFile` widget.

    Attributes:
        name: Kind of file.
        function: Gives for each name the traits read from its header.
    """

    name: str
    function: Callable[[Paths], Mapping[str, Mapping[str, str]]]


def choices(name: str) -> Callable[[C], C]:
    """Make a function the provider of the words that a ``Choice(name)`` widget offers.

    Args:
        name: Name of the provider, such as ``samplers``.

    Returns:
        A decorator that gives the function back.
    """

    def decorate(function: C) -> C:
        setattr(function, "__weft_choices__", ChoicesProvider(name, function))  # noqa: B010
        return function

    return decorate


def listing(name: str) -> Callable[[L], L]:
    """Make a function the provider of the names that a ``ModelFile(name)`` widget offers.

    The function takes `Paths` and gives, for each name, the traits of that file, read from its header.

    Args:
        name: Kind of file, such as ``checkpoint``; ``image`` for `ImageFile`.

    Returns:
        A decorator that gives the function back.
    """

    def decorate(function: L) -> L:
        setattr(function, "__weft_listing__", ListingProvider(name, function))  # noqa: B010
        return function

    return decorate
