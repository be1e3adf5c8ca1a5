"""What goes wrong between server and workers says what is the matter and what to do."""

import pytest
from weft.errors import WeftError
from weft.workers.faults import (
    CatalogUnreadableError,
    ChannelBrokenError,
    MessageTooLongError,
    MigrationNeedsWorkerError,
    WorkerDeviceError,
    WorkerFaultError,
    WorkerUnavailableError,
)

ERRORS: list[tuple[WeftError, str, str]] = [
    (WorkerUnavailableError(reason="none is ready"), "worker-unavailable", "none is ready"),
    (WorkerDeviceError(device="cuda:7"), "worker-device-unavailable", "cuda:7"),
    (WorkerFaultError(cause=KeyError("x")), "worker-fault", "KeyError"),
    (MigrationNeedsWorkerError(type="a.b", found=1, newest=3), "migration-needs-worker", "version 1"),
    (CatalogUnreadableError(path="/c.json", fault="it is empty"), "catalog-unreadable", "/c.json"),
    (ChannelBrokenError(fault="it ends"), "channel-broken", "it ends"),
    (MessageTooLongError(kind="finished", size=9, most=8), "message-too-long", "9 bytes"),
]


@pytest.mark.parametrize(("error", "code", "said"), ERRORS, ids=[code for _, code, _ in ERRORS])
def test_an_error_names_its_cause_and_a_way_out(error: WeftError, code: str, said: str) -> None:
    assert error.code == code
    assert said in error.message
    assert error.hint.endswith(".")


def test_the_traceback_of_a_fault_travels_with_it() -> None:
    problem = WorkerFaultError(cause=KeyError("x"), traceback="line 1").problem()

    assert problem.details == {"exception": "KeyError", "traceback": "line 1"}
