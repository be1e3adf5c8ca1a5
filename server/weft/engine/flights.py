"""The same work wanted by several at once is done once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from weft.engine.events import NodeProgress
from weft.errors import CancelledRunError, OutOfMemoryError

T = TypeVar("T")
Follower = Callable[[NodeProgress], None]


@dataclass(slots=True, eq=False)
class Flight(Generic[T]):
    """Work that is under way.

    Attributes:
        landed: Done when the work is: with its result, its exception, or cancelled when it was given up.
        followers: Those who wait, to be told of its progress.
    """

    landed: "asyncio.Future[T]"
    followers: list[Follower] = field(default_factory=list)


class Flights(Generic[T]):
    """All work under way on one event loop, by key."""

    def __init__(self) -> None:
        self._flights: dict[str, Flight[T]] = {}

    def __len__(self) -> int:
        return len(self._flights)

    async def share(
        self, key: str, work: Callable[[list[Follower]], Awaitable[T]], follow: Follower
    ) -> tuple[T, bool]:
        """Do work, or wait for whoever is doing the same already.

        When whoever does it is cancelled, one of those who wait takes over. A failure is shared like a
        result, except for want of memory, which may be over by the time another one tries.

        Args:
            key: Names the work.
            work: Does it; told who else wants to hear of its progress.
            follow: Called with the progress of somebody else's work while waiting for it.

        Returns:
            The result, and whether somebody else's work gave it.
        """
        while (flight := self._flights.get(key)) is not None:
            flight.followers.append(follow)
            try:
                return await asyncio.shield(flight.landed), True
            except (asyncio.CancelledError, CancelledRunError, OutOfMemoryError):
                if not flight.landed.done() or _is_cancelling():
                    raise
            finally:
                flight.followers.remove(follow)
        return await self._fly(key, work), False

    async def _fly(self, key: str, work: Callable[[list[Follower]], Awaitable[T]]) -> T:
        flight: Flight[T] = Flight(asyncio.get_running_loop().create_future())
        self._flights[key] = flight
        try:
            result = await work(flight.followers)
        except asyncio.CancelledError:
            flight.landed.cancel()
            raise
        except Exception as error:
            flight.landed.set_exception(error)
            # Reading it here keeps asyncio from reporting a failure that nobody waited for.
            flight.landed.exception()
            raise
        else:
            flight.landed.set_result(result)
            return result
        finally:
            del self._flights[key]


def _is_cancelling() -> bool:
    """Whether the one who waits is being cancelled itself, rather than what it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
