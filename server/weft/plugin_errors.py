"""The errors of packs: what cannot be found, imported, reloaded, or told apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from weft.errors import PluginError, described, suggest


class PackBrokenError(PluginError):
    """A pack raised an exception while it was imported."""

    code = "pack-broken"

    def __init__(self, *, pack: str, cause: BaseException, place: str = "") -> None:
        super().__init__(
            f'The pack "{pack}" cannot be imported: {described(cause)}{place}',
            hint="Correct the pack and reload it; its traceback shows where.",
        )


class PackUnknownError(PluginError):
    """There is no pack of that name."""

    code = "pack-unknown"

    def __init__(self, *, name: str, known: Iterable[str]) -> None:
        super().__init__(f'There is no pack "{name}".', hint=suggest(name, known) or "No pack is installed.")


class PackNotReloadableError(PluginError):
    """The pack cannot be reloaded while weft runs."""

    code = "pack-not-reloadable"

    def __init__(self, *, name: str) -> None:
        super().__init__(f'The pack "{name}" is part of weft and cannot be reloaded.', hint="Restart weft.")


class ManifestInvalidError(PluginError):
    """A pack's name or manifest cannot be used."""

    code = "manifest-invalid"

    def __init__(self, *, pack: str, fault: str, hint: str) -> None:
        super().__init__(f'The pack "{pack}" {fault}.', hint=hint)


class RequirementMissingError(PluginError):
    """A pack needs distributions that are not installed in a fitting version."""

    code = "requirement-missing"

    def __init__(self, *, pack: str, missing: Sequence[str]) -> None:
        super().__init__(
            f'The pack "{pack}" needs {", ".join(missing)}.',
            hint="weft installs nothing by itself; install them with pip and reload the pack.",
            details={"missing": list(missing)},
        )


class NameClashError(PluginError):
    """Two packs offer the same name."""

    code = "name-clash"

    def __init__(self, *, kind: str, name: str, first: str, second: str) -> None:
        super().__init__(
            f'The {kind} "{name}" is offered by both {first} and {second}.',
            hint="Rename one of them; nothing is ever replaced silently.",
        )


class ProviderUnknownError(PluginError):
    """No pack offers the choices or the listing that a widget asks for."""

    code = "provider-unknown"

    def __init__(self, *, kind: str, name: str, known: Iterable[str]) -> None:
        super().__init__(
            f'There is no {kind} provider "{name}".',
            hint=suggest(name, known) or f"Declare one with @{kind}.",
        )


class ProviderFailedError(PluginError):
    """A function that offers choices or a listing raised an exception."""

    code = "provider-failed"

    def __init__(self, *, kind: str, name: str, cause: Exception) -> None:
        super().__init__(
            f'The {kind} provider "{name}" failed: {described(cause)}.',
            hint="Report it to the author of the pack.",
        )
