"""Runs one node function, or one item of a mapped node: found, shared with others, or computed."""

from __future__ import annotations

import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar, cast

from weft.engine.cache import Hit, ResultCache
from weft.engine.codec import SCALAR_TYPES, NotStorableError, digest, held_bytes, tensors_of
from weft.engine.flights import Flights, Follower
from weft.engine.footprint import NO_FOOTPRINT, Footprint, PeakMeter, footprint_of
from weft.engine.lanes import Lanes
from weft.engine.late_torch import without_gradients
from weft.engine.memory import MemoryRelief, shortage_of
from weft.engine.reasons import EQUAL_INPUTS, SAME_WORK, Reason
from weft.engine.recipes import Recipe
from weft.engine.running import NodeRun
from weft.engine.seals import InputMutatedError, Seals
from weft.errors import NotFiniteError

if TYPE_CHECKING:
    import torch

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Order:
    """One function call that is wanted.

    Attributes:
        recipe: The node type.
        inputs: The arguments, without the run.
        run: What the node is given as its `Run`.
        key: What its result is known by; None where it must not be reused.
        persist: Whether the result is worth a place on disk.
    """

    recipe: Recipe
    inputs: Mapping[str, object]
    run: NodeRun
    key: str | None
    persist: bool = True

    @property
    def type(self) -> str:
        """The name of the node type."""
        return self.recipe.definition.schema.type

    def call(self) -> object:
        """Call the function."""
        parameter = self.recipe.definition.run_parameter
        if parameter is None:
            return self.recipe.function(**self.inputs)
        return self.recipe.function(**self.inputs, **{parameter: self.run})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a function call gave.

    Attributes:
        outputs: The values by output name.
        files: Digests of the files that went into them.
        seconds: How long the work took; 0 where it was not done here.
        reused: Why it was not done here; None where it was.
        footprint: The memory of the values, and of the work where it was done here.
    """

    outputs: Mapping[str, object]
    files: Mapping[str, str]
    seconds: float = 0.0
    reused: Reason | None = None
    footprint: Footprint = NO_FOOTPRINT


class Executor:
    """Runs function calls in their lanes, once for all who want the same.

    Args:
        lanes: Where blocking work is done.
        cache: Where results are found and kept.
        relief: What frees memory when it runs short.
        is_guarding: Whether to check, at the cost of hashing, that no node changes what it is given.
        peaks: Measures the memory of the device; None measures nothing.

    Attributes:
        seals: What notices that a node changes a tensor it is given.
    """

    def __init__(
        self,
        lanes: Lanes,
        cache: ResultCache,
        relief: MemoryRelief,
        *,
        is_guarding: bool = False,
        peaks: PeakMeter | None = None,
    ) -> None:
        self._lanes = lanes
        self._cache = cache
        self._relief = relief
        self._is_guarding = is_guarding
        self._peaks = peaks or PeakMeter()
        self.seals = Seals()
        self._flights: Flights[Outcome] = Flights()

    async def execute(self, order: Order) -> Outcome:
        """Find the result of a call, wait for somebody who computes it already, or compute it.

        Args:
            order: The call.

        Returns:
            Its result, which is in the cache by then.

        Raises:
            Exception: Whatever the node raised.
        """
        key = order.key
        if key is None:
            return await self._compute(order)
        hit = self._cache.get_held(key)
        if hit is not None:
            return _reused(hit)

        async def work(followers: list[Follower]) -> Outcome:
            order.run.followers = followers
            return await self._find_on_disk(order) or await self._compute(order)

        outcome, is_shared = await self._flights.share(key, work, order.run.follow)
        if is_shared and outcome.reused is None:
            held = Footprint(outcome.footprint.held_bytes)
            return replace(outcome, seconds=0.0, reused=SAME_WORK, footprint=held)
        return outcome

    async def _find_on_disk(self, order: Order) -> Outcome | None:
        key = order.key
        if key is None or self._cache.peek(key) is None:
            return None
        hit = await self._lanes.call("io", lambda: self._cache.get(key))
        return None if hit is None else _reused(hit)

    async def _compute(self, order: Order) -> Outcome:
        recipe = order.recipe
        try:
            if recipe.is_async:
                return await self._compute_on_the_loop(order)
            if recipe.lane == "inline":
                return self._compute_here(order)
            return await self._lanes.call(recipe.lane, lambda: self._compute_here(order), stop=order.run.stop)
        except SystemExit as error:
            # A node may end itself, but not the program, as an event loop would let it.
            raise exit_refused(error) from error

    def _compute_here(self, order: Order) -> Outcome:
        """Call a plain function on the current thread."""
        order.run.check_cancelled()
        order.run.begin()
        seal = self.seals.take(order.type, order.inputs)
        before = self._guard(order)
        started = time.perf_counter()
        with without_gradients(), self._peaks.watch() as watch:
            outputs = self._twice(lambda: order.recipe.unpack(_collect(order, order.call())))
        self.seals.check(order.type, seal)
        self._check_guard(order, before)
        return self._finish(order, outputs, time.perf_counter() - started, watch.peak_bytes)

    async def _compute_on_the_loop(self, order: Order) -> Outcome:
        """Await an asynchronous function; what is heavy about its result is done in a thread."""
        order.run.check_cancelled()
        order.run.begin()
        seal = self.seals.take(order.type, order.inputs)
        before = self._guard(order)
        started = time.perf_counter()
        with self._peaks.watch() as watch:
            result = await self._twice_async(lambda: _collect_async(order))
        seconds = time.perf_counter() - started
        self.seals.check(order.type, seal)
        self._check_guard(order, before)
        outputs = order.recipe.unpack(result)
        if all(type(value) in SCALAR_TYPES for value in outputs.values()):
            return self._finish(order, outputs, seconds, watch.peak_bytes)
        return await self._lanes.call("io", lambda: self._finish(order, outputs, seconds, watch.peak_bytes))

    def _finish(
        self, order: Order, outputs: Mapping[str, object], seconds: float, peak_bytes: int | None
    ) -> Outcome:
        """Check a result and keep it."""
        check_finite(outputs, order.inputs, order.run.node)
        self.seals.note(outputs)
        files = order.run.files
        if order.key is None:
            held = held_bytes(outputs)
        else:
            held = self._cache.put(order.key, outputs, seconds, files=files, persist=order.persist)
        return Outcome(outputs, files, seconds, footprint=footprint_of(held, peak_bytes))

    def _twice(self, attempt: Callable[[], T]) -> T:
        """Try again, once, where memory ran short and some could be freed."""
        try:
            return attempt()
        # Foreign code: a node may raise anything; only a shortage of memory is dealt with here.
        except Exception as error:
            shortage = shortage_of(error)
            if shortage is None:
                raise
        # The exception is gone by now, and with it the tensors that its frames kept alive.
        self._relief.relieve(shortage)
        try:
            return attempt()
        except Exception as error:
            again = shortage_of(error)
            if again is None:
                raise
            raise self._relief.failure(again) from error

    async def _twice_async(self, attempt: Callable[[], Awaitable[T]]) -> T:
        try:
            return await attempt()
        except Exception as error:
            shortage = shortage_of(error)
            if shortage is None:
                raise
        self._relief.relieve(shortage)
        try:
            return await attempt()
        except Exception as error:
            again = shortage_of(error)
            if again is None:
                raise
            raise self._relief.failure(again) from error

    def _guard(self, order: Order) -> Mapping[str, str]:
        if not self._is_guarding:
            return {}
        return {name: _digest_or_nothing(value) for name, value in order.inputs.items()}

    def _check_guard(self, order: Order, before: Mapping[str, str]) -> None:
        changed = [name for name, was in before.items() if _digest_or_nothing(order.inputs[name]) != was]
        if changed:
            raise InputMutatedError(
                type=order.type, inputs=changed, values=[order.inputs[name] for name in changed]
            )


def check_finite(outputs: Mapping[str, object], inputs: Mapping[str, object], node: str) -> None:
    """Refuse a result that holds NaN or infinity.

    What was merely passed on from an input has been checked already. One sum per tensor is enough, since
    anything not finite makes the sum so; a sum that overflows is looked at more closely.

    Args:
        outputs: The values by output name.
        inputs: The values the node was given.
        node: The node's id.

    Raises:
        NotFiniteError: Some number is not finite; names the node and the output.
    """
    known: set[int] | None = None
    for name, value in outputs.items():
        kind = type(value)
        if kind is float and not math.isfinite(cast("float", value)):
            raise NotFiniteError(what=f'The output "{name}" of "{node}"')
        if kind in SCALAR_TYPES:
            continue
        if known is None:
            known = {id(tensor) for part in inputs.values() for tensor in tensors_of(part)}
        for tensor in tensors_of(value):
            if id(tensor) not in known and not _is_finite(tensor):
                raise NotFiniteError(what=f'The output "{name}" of "{node}"')


def exit_refused(error: SystemExit) -> RuntimeError:
    """Return what a node has raised that wants to end the whole program, as a failure like any other.

    Args:
        error: What it raised.
    """
    return RuntimeError(f"The node asked the program to end: SystemExit({error.code!r}).")


def _is_finite(tensor: torch.Tensor) -> bool:
    import torch

    if not (tensor.is_floating_point() or tensor.is_complex()) or tensor.device.type == "meta":
        return True
    wide = None if tensor.is_complex() else torch.float32 if tensor.element_size() <= 4 else torch.float64
    if bool(torch.isfinite(tensor.detach().sum(dtype=wide))):
        return True
    return bool(torch.isfinite(tensor.detach()).all())


def _collect(order: Order, result: object) -> object:
    """Gather the items of a generator, telling the observer of each."""
    if not order.recipe.streams:
        return result
    items: list[object] = []
    for item in cast("Iterable[object]", result):
        order.run.check_cancelled()
        order.run.item(len(items))
        items.append(item)
    return items


async def _collect_async(order: Order) -> object:
    result = order.call()
    if not order.recipe.streams:
        return await cast("Awaitable[object]", result)
    items: list[object] = []
    async for item in cast("AsyncIterator[object]", result):
        order.run.check_cancelled()
        order.run.item(len(items))
        items.append(item)
    return items


def _reused(hit: Hit) -> Outcome:
    return Outcome(hit.outputs, hit.files, 0.0, EQUAL_INPUTS, footprint_of(hit.held_bytes))


def _digest_or_nothing(value: object) -> str:
    try:
        return digest(value)
    except NotStorableError:
        return ""
