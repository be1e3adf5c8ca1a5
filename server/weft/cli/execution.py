"""One run of the engine in this process, watched by a display and stopped by Ctrl-C."""

import asyncio

from weft.cli.arguments import Options
from weft.cli.displays import display_for
from weft.cli.faults import DeviceUnavailableError
from weft.cli.interrupts import cancel_on_interrupt
from weft.cli.preparation import Prepared
from weft.cli.session import Session
from weft.cli.terminal import Terminal
from weft.engine.cache import ResultCache
from weft.engine.cancel import CancelToken
from weft.engine.engine import Engine, resolve_device
from weft.engine.plan import Plan
from weft.engine.results import RunResult


def compute(
    prepared: Prepared, options: Options, session: Session, *, terminal: Terminal, lineage: str
) -> RunResult:
    """Run a workflow to its end, or until it is cancelled.

    Args:
        prepared: The workflow.
        options: What was typed.
        session: The session.
        terminal: Where the progress is shown.
        lineage: What tells this workflow from others when reasons are given.

    Returns:
        How the run ended.
    """
    token = CancelToken()
    display = display_for(terminal, as_json=options.as_json)

    def clean_up() -> None:
        display.__exit__(None, None, None)

    async def work() -> RunResult:
        with open_engine(prepared, options, session) as engine:
            return await engine.run(
                prepared.graph,
                wanted=options.only or None,
                observer=display,
                cancel=token,
                lineage=lineage,
                document=prepared.document.to_json(),
            )

    with cancel_on_interrupt(token, announce=display.note, clean_up=clean_up), display:
        return asyncio.run(work())


def foresee(prepared: Prepared, options: Options, session: Session, *, lineage: str) -> Plan:
    """Say what a run would do, without running anything.

    Args:
        prepared: The workflow.
        options: What was typed.
        session: The session.
        lineage: What tells this workflow from others when reasons are given.

    Returns:
        A step per node that is needed.
    """

    async def work() -> Plan:
        with open_engine(prepared, options, session) as engine:
            return await engine.plan(prepared.graph, wanted=options.only or None, lineage=lineage)

    return asyncio.run(work())


def open_engine(prepared: Prepared, options: Options, session: Session) -> Engine:
    """Make the engine that this command line asks for.

    Args:
        prepared: The workflow, with the packs that it was checked against.
        options: What was typed.
        session: The session.

    Returns:
        An engine with the cache below the data folder, or without any.

    Raises:
        DeviceUnavailableError: The device that was asked for is not there.
    """
    device = resolve_device(session.settings.device)
    if device.startswith("cuda"):
        import torch

        if not torch.cuda.is_available():
            raise DeviceUnavailableError(device=device)
    if options.use_cache:
        return Engine.open(prepared.loaded.registry, session.settings)
    # A cache without room keeps nothing and finds nothing.
    cache = ResultCache(device_budget=0, ram_budget=0)
    return Engine(prepared.loaded.registry, paths=session.settings.paths, cache=cache, device=device)
