"""Reading a node's inputs and outputs from the signature and docstring of its function.

Nothing here raises for a faulty function: faults are collected, so that its author learns of all at once.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from weft.annotations import find_widget, resolve, unwrap_lazy, unwrap_stream, value_classes
from weft.context import Run
from weft.docstrings import Docstring, parse_docstring
from weft.errors import JSON, AnnotationUnsupportedError, Fault, suggest
from weft.schema import MISSING, TOGETHER, Advice, InputSchema, Listed, Missing, OutputSchema, Traits
from weft.sockets import ListOf, Named, SocketType, from_annotation, is_optional, variables_in, without_null
from weft.widgets import ImageFile, ModelFile, Number, Slider, Text

_BUILTIN_NAMES = frozenset({"int", "float", "bool", "string", "json"})
_OUTPUT_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Signature:
    """What the signature and docstring of a function say.

    Attributes:
        inputs: The inputs in the order of the parameters.
        outputs: The outputs in order.
        run_parameter: Name of the parameter annotated `Run`, if there is one.
        streams: Whether it yields the items of its only output.
        doc: Its docstring.
        values: The value classes it names.
    """

    inputs: tuple[InputSchema, ...]
    outputs: tuple[OutputSchema, ...]
    run_parameter: str | None
    streams: bool
    doc: Docstring
    values: tuple[type, ...]


@dataclass(frozen=True, slots=True)
class Declared:
    """What the decorator says of inputs and outputs besides the signature."""

    output: str | None = None
    accepts: Mapping[str, Traits] = field(default_factory=dict)
    gives: Mapping[str, Traits] = field(default_factory=dict)
    advises: Mapping[str, Sequence[Advice]] = field(default_factory=dict)


def is_coroutine(function: Callable[..., object]) -> bool:
    """Tell whether a function is written as ``async def``, generators included."""
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def is_generator(function: Callable[..., object]) -> bool:
    """Tell whether a function yields its results."""
    return inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)


class SignatureReader:
    """Reads one function.

    Args:
        function: The function to read.
        declared: What the decorator says besides.

    Attributes:
        faults: Every fault found so far.
    """

    def __init__(self, function: Callable[..., object], declared: Declared) -> None:
        self.faults: list[Fault] = []
        self._function = function
        self._declared = declared
        self._doc = parse_docstring(function.__doc__)
        self._is_public = not function.__name__.startswith("_")
        self._run_parameter: str | None = None
        self._values: dict[type, None] = {}

    def read(self) -> Signature:
        """Give the signature; it is only good for use where `faults` stays empty."""
        parameters = inspect.signature(self._function).parameters
        found = [self._parameter(parameter) for parameter in parameters.values()]
        inputs = tuple(entry for entry in found if entry is not None)
        self._check_documentation(parameters)
        streams = is_generator(self._function)
        outputs = self._outputs(streams=streams)
        self._check_variables(inputs, outputs)
        return Signature(
            inputs=self._with_advice(self._with_accepted(inputs)),
            outputs=self._with_given(inputs, outputs),
            run_parameter=self._run_parameter,
            streams=streams,
            doc=self._doc,
            values=tuple(self._values),
        )

    def _fault(self, parameter: str | None, message: str, hint: str) -> None:
        self.faults.append(Fault(parameter, message, hint))

    def _resolve(self, owner: Any, name: str | None, raw: object) -> object | None:  # noqa: ANN401
        try:
            return resolve(owner, raw)
        except AnnotationUnsupportedError as error:
            self._fault(name, error.message, error.hint)
            return None

    def _parameter(self, parameter: inspect.Parameter) -> InputSchema | None:
        name = parameter.name
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            self._fault(
                name, "takes any number of arguments", "Take a list[...] instead, or name each input."
            )
            return None
        if parameter.kind is parameter.POSITIONAL_ONLY:
            self._fault(name, "cannot be passed by name", "Remove the `/` from the signature.")
            return None
        if parameter.annotation is parameter.empty:
            self._fault(name, "has no annotation", f"Annotate it, for example `{name}: float`.")
            return None
        annotation = self._resolve(self._function, name, parameter.annotation)
        if annotation is None:
            return None
        if annotation is Run:
            if self._run_parameter is not None:
                self._fault(name, "is a second Run", "Take the run once.")
            self._run_parameter = name
            return None
        return self._input(name, annotation, parameter.default)

    def _input(self, name: str, annotation: object, default: object) -> InputSchema | None:
        inner, is_lazy = unwrap_lazy(annotation)
        if is_lazy and not is_coroutine(self._function):
            self._fault(name, "is Lazy, but the function is not async", "Write the function as `async def`.")
        try:
            found = InputSchema(
                name=name,
                type=from_annotation(inner),
                widget=find_widget(inner),
                doc=self._doc.arguments.get(name, ""),
                lazy=is_lazy,
            )
        except AnnotationUnsupportedError as error:
            self._fault(name, error.message, error.hint)
            return None
        self._values.update(dict.fromkeys(value_classes(inner)))
        return self._with_default(found, default)

    def _with_default(self, entry: InputSchema, default: object) -> InputSchema:
        content: JSON | Missing = MISSING
        if default is inspect.Parameter.empty:
            content = None if is_optional(entry.type) else MISSING
        else:
            # The default is whatever its author wrote; the check below admits only JSON.
            content = list(default) if isinstance(default, tuple) else default  # type: ignore[assignment]
            self._check_default(entry, content)
        return replace(entry, default=content, required=content is MISSING)

    def _check_default(self, entry: InputSchema, default: JSON | Missing) -> None:
        if default is MISSING:
            return
        if entry.lazy and default is not None:
            self._fault(entry.name, "is Lazy and has a default", "Make it `Lazy[...] | None = None`.")
            return
        reason = entry.check(default)
        if reason is not None:
            self._fault(entry.name, f"has a default that {reason}", "Correct the default or the annotation.")

    def _check_documentation(self, parameters: Mapping[str, inspect.Parameter]) -> None:
        for name in self._doc.arguments:
            if name not in parameters:
                known = suggest(name, parameters)
                self._fault(name, "is documented, but does not exist", known or "Remove it from `Args:`.")
        if not self._is_public:
            return
        if not self._doc.summary:
            self._fault(None, "has no docstring", "Say in a first sentence what the caller gets.")
            return
        for name in parameters:
            if name != self._run_parameter and not self._doc.arguments.get(name):
                self._fault(name, "is not documented", f"Add a line `{name}: ...` under `Args:`.")

    def _outputs(self, *, streams: bool) -> tuple[OutputSchema, ...]:
        raw = inspect.signature(self._function).return_annotation
        if raw is inspect.Signature.empty:
            self._fault(None, "has no return annotation", "Write `-> ...`; `-> None` where it gives nothing.")
            return ()
        annotation = self._resolve(self._function, None, raw)
        if annotation is None or annotation is type(None):
            return ()
        if not streams:
            return self._returned(annotation)
        item = unwrap_stream(annotation)
        if item is None:
            self._fault(
                None, "yields, but is not annotated so", "Write `-> Iterator[T]` or `-> AsyncIterator[T]`."
            )
            return ()
        return self._single(list[item], self._doc.returns)  # type: ignore[valid-type]

    def _returned(self, annotation: object) -> tuple[OutputSchema, ...]:
        if unwrap_stream(annotation) is not None:
            self._fault(
                None, "is annotated as an iterator, but does not yield", "Use `yield`, or return a list."
            )
            return ()
        if isinstance(annotation, type) and issubclass(annotation, tuple) and hasattr(annotation, "_fields"):
            return self._named_tuple(annotation)
        if annotation is tuple or getattr(annotation, "__origin__", None) is tuple:
            self._fault(None, "returns a plain tuple", "Return a NamedTuple: its fields name the outputs.")
            return ()
        return self._single(annotation, self._doc.returns)

    def _single(self, annotation: object, doc: str) -> tuple[OutputSchema, ...]:
        socket = self._output_type(None, annotation)
        if socket is None:
            return ()
        name = self._declared.output or output_name(socket)
        if not _OUTPUT_NAME.fullmatch(name):
            self._fault(None, f'names its output "{name}"', "Use lower case letters, digits and _.")
        return (OutputSchema(name=name, type=socket, doc=doc),)

    def _named_tuple(self, kind: type) -> tuple[OutputSchema, ...]:
        if self._declared.output is not None:
            self._fault(None, "has several outputs, but `output=` names one", "Remove `output=`.")
        documented = {**parse_docstring(kind.__doc__).attributes, **self._doc.returned}
        found: list[OutputSchema] = []
        for name, raw in kind.__annotations__.items():
            annotation = self._resolve(kind, None, raw)
            socket = None if annotation is None else self._output_type(name, annotation)
            if socket is not None:
                found.append(OutputSchema(name=name, type=socket, doc=documented.get(name, "")))
        if not found and not self.faults:
            self._fault(
                None, "returns a NamedTuple without fields", "Write `-> None` where it gives nothing."
            )
        return tuple(found)

    def _output_type(self, name: str | None, annotation: object) -> SocketType | None:
        try:
            socket = from_annotation(annotation)
        except AnnotationUnsupportedError as error:
            subject = "its output" if name is None else f'its output "{name}"'
            self._fault(None, f"is faulty: {subject} {error.message}", error.hint)
            return None
        self._values.update(dict.fromkeys(value_classes(annotation)))
        return socket

    def _check_variables(self, inputs: Sequence[InputSchema], outputs: Sequence[OutputSchema]) -> None:
        known = frozenset().union(*(variables_in(entry.type) for entry in inputs))
        for entry in outputs:
            for name in sorted(variables_in(entry.type) - known):
                self._fault(
                    None,
                    f'gives "{entry.name}" the type variable {name}, which no input has',
                    "Use the variable in an input too, so that its type can be known.",
                )

    def _with_accepted(self, inputs: tuple[InputSchema, ...]) -> tuple[InputSchema, ...]:
        names = {entry.name: entry for entry in inputs}
        for name, traits in self._declared.accepts.items():
            if name not in names:
                self._fault(
                    name, "is in `accepts`, but is not an input", suggest(name, names) or "Remove it."
                )
            self._check_listed(traits, names)
        return tuple(
            replace(entry, traits=dict(self._declared.accepts.get(entry.name, {}))) for entry in inputs
        )

    def _with_advice(self, inputs: tuple[InputSchema, ...]) -> tuple[InputSchema, ...]:
        names = {entry.name: entry for entry in inputs}
        for name, given in self._declared.advises.items():
            if name not in names or not isinstance(names[name].widget, Number | Slider | Text):
                self._fault(
                    name,
                    "is in `advises`, but takes no number and no text",
                    suggest(name, names) or "Remove it.",
                )
            mentioned = {advice.source for advice in given} | {
                advice.beside for advice in given if advice.beside
            }
            for other in sorted(mentioned - set(names)):
                self._fault(
                    other, "is named by `advises`, but is not an input", suggest(other, names) or "Remove it."
                )
        return tuple(
            replace(entry, advice=tuple(self._declared.advises.get(entry.name, ()))) for entry in inputs
        )

    def _with_given(
        self, inputs: Sequence[InputSchema], outputs: tuple[OutputSchema, ...]
    ) -> tuple[OutputSchema, ...]:
        names = {entry.name for entry in outputs}
        accepted = {found for traits in self._declared.accepts.values() for found in traits.values()}
        for name, traits in self._declared.gives.items():
            if name not in names:
                self._fault(name, "is in `gives`, but is not an output", suggest(name, names) or "Remove it.")
            self._check_listed(traits, {entry.name: entry for entry in inputs})
            variables = [
                part for found in traits.values() if isinstance(found, str) for part in found.split(TOGETHER)
            ]
            for found in variables:
                if found.startswith("$") and found not in accepted:
                    self._fault(
                        None, f"gives the trait {found}, which nothing accepts", "Put it into `accepts` too."
                    )
        return tuple(
            replace(entry, traits=dict(self._declared.gives.get(entry.name, {}))) for entry in outputs
        )

    def _check_listed(self, traits: Traits, inputs: Mapping[str, InputSchema]) -> None:
        for found in traits.values():
            if not isinstance(found, Listed):
                continue
            entry = inputs.get(found.input)
            if entry is None or not isinstance(entry.widget, (ModelFile, ImageFile)):
                self._fault(
                    found.input,
                    "is asked for a listed trait, but does not choose a file",
                    "Name an input with a ModelFile or ImageFile widget.",
                )


def output_name(type: SocketType) -> str:
    """Give the name of a node's only output: its value type's name, with an s for lists; else ``value``."""
    inner = without_null(type)
    if isinstance(inner, ListOf):
        name = output_name(inner.item)
        return name if name.endswith("s") else f"{name}s"
    if isinstance(inner, Named) and inner.name not in _BUILTIN_NAMES:
        return inner.name
    return "value"
