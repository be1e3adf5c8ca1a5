"""A service is made once, however many ask for it, and closed once."""

import threading
from collections.abc import Callable
from pathlib import Path

from server.engine.workbench import Tally
from weft.context import ServiceScope
from weft.engine.services import Services
from weft.paths import Paths

SCOPE = ServiceScope(device="cpu", paths=Paths.below(Path()))
PATIENCE_S = 20.0


class Slow(Tally):
    """A service that takes its time to be made."""

    made = 0

    @classmethod
    def create(cls, scope: ServiceScope) -> "Slow":
        threading.Event().wait(0.05)
        Slow.made += 1
        return cls()


def together(count: int, work: Callable[[], object]) -> list[object]:
    """Do something on several threads at once."""
    results: list[object] = []
    threads = [threading.Thread(target=lambda: results.append(work())) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    return results


def test_the_same_instance_is_returned_every_time() -> None:
    services = Services(SCOPE)

    assert services.get(Tally) is services.get(Tally)


def test_threads_that_ask_at_once_share_one_instance() -> None:
    services = Services(SCOPE)

    found = together(6, lambda: services.get(Slow))

    assert Slow.made == 1
    assert len({id(service) for service in found}) == 1


def test_kinds_are_kept_apart() -> None:
    services = Services(SCOPE)

    assert services.get(Tally) is not services.get(Slow)


def test_a_service_may_use_another_while_it_is_made() -> None:
    services = Services(SCOPE)

    class Needy(Tally):
        @classmethod
        def create(cls, scope: ServiceScope) -> "Needy":
            services.get(Tally)
            return cls()

    assert isinstance(services.get(Needy), Needy)


def test_held_bytes_are_those_of_all() -> None:
    services = Services(SCOPE)
    services.get(Tally).held = 3
    services.get(Slow).held = 4

    assert services.held_bytes() == 7


def test_releasing_stops_when_enough_is_free() -> None:
    services = Services(SCOPE)
    first, second = services.get(Tally), services.get(Slow)
    first.held, second.held = 100, 100

    assert services.release(50) == 100
    assert (first.held, second.held) == (0, 100)


def test_closing_closes_each_once_and_a_later_use_makes_a_new_one() -> None:
    services = Services(SCOPE)
    tally = services.get(Tally)
    services.close()
    services.close()

    assert tally.closed == 1
    assert services.get(Tally) is not tally
