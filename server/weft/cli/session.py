"""What every command stands on: the settings, the workflows with a name, and the packs."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from weft.cli.arguments import Options
from weft.cli.sources import Source, read_source
from weft.errors import JSON, Problem
from weft.graph.workflows import FolderWorkflows, WorkflowSource
from weft.jobs.ledger.saved_workflows import named_workflows
from weft.settings import Settings, load_settings

if TYPE_CHECKING:
    from weft.plugins import Loaded


@dataclass(frozen=True, slots=True)
class Session:
    """One command's view of the machine.

    Attributes:
        settings: The settings, flags included.
        workflows: The workflows that have a name.
    """

    settings: Settings
    workflows: WorkflowSource

    def read(self, subject: str) -> Source:
        """Find and read a workflow; `read_source` says of what kinds, and what may be wrong with it."""
        return read_source(subject, self.workflows, packs=self.settings.custom_nodes_dirs)

    def load_packs(self) -> "Loaded":
        """Import all packs of nodes; this brings torch along, so do first what can fail without it.

        Returns:
            The nodes there are, and what became of each pack.
        """
        from weft.plugins import load

        return load(self.settings)


def open_session(options: Options) -> Session:
    """Read the settings for a command.

    Args:
        options: What was typed.

    Returns:
        The session.

    Raises:
        SettingsError: A flag, an environment variable or weft.toml holds what cannot be.
    """
    settings = load_settings({"device": options.device or None, "output_dir": options.out})
    templates = FolderWorkflows(settings.workflows_dirs)
    return Session(settings, named_workflows(settings.data_dir, templates))


def broken_packs(loaded: "Loaded") -> tuple[Problem, ...]:
    """List the packs that could not be loaded.

    Args:
        loaded: What became of the packs.

    Returns:
        A warning for each: they hurt nobody who does not use them.
    """
    return tuple(
        replace(
            report.error,
            message=f"The pack {report.name} is not loaded: {_reason(report.name, report.error.message)}",
            severity="warning",
            details={**report.error.details, "pack": report.name, **_traced(report.traceback)},
        )
        for report in loaded.reports
        if report.error is not None
    )


def _reason(pack: str, message: str) -> str:
    """Give why a pack is not loaded without naming it again."""
    said = message.removeprefix(f'The pack "{pack}" ')
    return message if said == message else f"it {said}"


def _traced(traceback: str) -> dict[str, JSON]:
    return {"traceback": traceback} if traceback else {}
