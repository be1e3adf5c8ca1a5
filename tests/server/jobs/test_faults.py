"""Errors of the ledger say who has what, and what helps."""

import pytest
from weft.errors import WeftError
from weft.jobs import faults


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (faults.JobUnknownError(job="a"), 'There is no job "a".'),
        (faults.JobExistsError(job="a"), 'There is another job "a" already.'),
        (
            faults.JobUnfinishedError(job="a", state="running"),
            'The job "a" is running, and only a finished one can be deleted.',
        ),
        (
            faults.IdempotencyConflictError(key="k"),
            'The idempotency key "k" was used for another request.',
        ),
        (
            faults.QueueFullError(queued=9, new=2, most=10),
            "9 jobs wait, and with 2 more there would be more than 10.",
        ),
        (faults.BatchUnknownError(batch="b"), 'There is no batch "b".'),
        (faults.AssetUnknownError(digest="d"), 'There is no asset "d".'),
        (faults.RevisionUnknownError(name="w", revision=2), 'The workflow "w" has no revision 2.'),
        (
            faults.RevisionConflictError(name="w", expected=1, found=2),
            'The workflow "w" is at revision 2, not at 1.',
        ),
        (faults.WorkerDiedError(times=3), "Its worker died 3 times while it ran."),
        (
            faults.DataFolderInUseError(folder="data", holder="12"),
            "The data folder data is in use by process 12.",
        ),
        (
            faults.DataFolderInUseError(folder="data", holder=""),
            "The data folder data is in use by another process.",
        ),
        (
            faults.DatabaseDamagedError(path="weft.db", fault="it is cut short"),
            "The database weft.db is damaged: it is cut short.",
        ),
        (
            faults.DatabaseTooNewError(path="weft.db", found=3, known=2),
            "The database weft.db has version 3, and this weft knows versions up to 2.",
        ),
        (faults.BlobUnknownError(digest="d"), 'There is no blob "d".'),
        (
            faults.BlobMismatchError(path="a.png", expected="d"),
            "a.png is not the file with the digest d that it was said to be.",
        ),
        (faults.CursorInvalidError(), "The cursor was not given by a page of this list."),
    ],
)
def test_an_error_says_one_fact_and_one_help(error: WeftError, message: str) -> None:
    assert error.message == message
    assert error.hint.endswith((".", "one."))


def test_the_page_of_errors_tells_of_every_one() -> None:
    page = faults.__doc__ or ""
    own = [
        kind
        for kind in vars(faults).values()
        if isinstance(kind, type) and issubclass(kind, WeftError) and kind.__module__ == faults.__name__
    ]

    assert len(own) == 16
    assert [kind for kind in own if f"{kind.__name__} [{kind.code}]" not in page] == []
