"""The errors that only the ledger and the blobs know, each with its stable code.

Codes in brackets::

    WeftError
    ├── JobUnknownError [job-unknown]                    there is no such job
    ├── JobExistsError [job-exists]                      another job has that id
    ├── JobUnfinishedError [job-unfinished]              what is not final cannot be deleted
    ├── IdempotencyConflictError [idempotency-conflict]  the key stands for another request
    ├── QueueFullError [queue-full]                      no more jobs may wait
    ├── BatchUnknownError [batch-unknown]                there is no such batch
    ├── CursorInvalidError [cursor-invalid]              a place in a list that no page gave
    ├── AssetUnknownError [asset-unknown]                there is no such file
    ├── RevisionUnknownError [revision-unknown]          a workflow has no such revision
    ├── RevisionConflictError [revision-conflict]        somebody else saved in between
    ├── WorkerDiedError [worker-died]                    a job was running each time its worker died
    ├── DataFolderInUseError [data-folder-in-use]        another server has the folder
    ├── DatabaseDamagedError [database-damaged]          the database is no longer what was written
    ├── DatabaseTooNewError [database-too-new]           a later weft wrote the database
    ├── BlobUnknownError [blob-unknown]                  there is no such blob
    └── BlobMismatchError [blob-mismatch]                a file is not what it was said to be
"""

from __future__ import annotations

from weft.errors import FileError, WeftError


class JobUnknownError(WeftError):
    """There is no job of that id."""

    code = "job-unknown"

    def __init__(self, *, job: str) -> None:
        super().__init__(
            f'There is no job "{job}".',
            hint="List the jobs; old ones leave the history.",
            details={"job": job},
        )


class JobExistsError(WeftError):
    """The id that a client chose belongs to another job."""

    code = "job-exists"

    def __init__(self, *, job: str) -> None:
        super().__init__(
            f'There is another job "{job}" already.', hint="Choose another id.", details={"job": job}
        )


class JobUnfinishedError(WeftError):
    """A job that waits or runs cannot be deleted."""

    code = "job-unfinished"

    def __init__(self, *, job: str, state: str) -> None:
        super().__init__(
            f'The job "{job}" is {state}, and only a finished one can be deleted.',
            hint="Cancel it first.",
            details={"job": job, "state": state},
        )


class IdempotencyConflictError(WeftError):
    """An idempotency key was used for another request before."""

    code = "idempotency-conflict"

    def __init__(self, *, key: str) -> None:
        super().__init__(
            f'The idempotency key "{key}" was used for another request.',
            hint="Use a new key for a new request; the same key repeats the very same one.",
        )


class QueueFullError(WeftError):
    """So many jobs wait that no more are taken."""

    code = "queue-full"

    def __init__(self, *, queued: int, new: int, most: int) -> None:
        super().__init__(
            f"{queued} jobs wait, and with {new} more there would be more than {most}.",
            hint="Submit again when some have run, or raise the setting max_queued_jobs.",
            details={"queued": queued, "new": new, "most": most},
        )


class BatchUnknownError(WeftError):
    """There is no batch of that id."""

    code = "batch-unknown"

    def __init__(self, *, batch: str) -> None:
        super().__init__(f'There is no batch "{batch}".', hint="Its jobs may have left the history.")


class CursorInvalidError(WeftError):
    """A cursor was not given by a page of this list."""

    code = "cursor-invalid"

    def __init__(self) -> None:
        super().__init__(
            "The cursor was not given by a page of this list.", hint="Begin anew, without a cursor."
        )


class AssetUnknownError(WeftError):
    """There is no file of that digest."""

    code = "asset-unknown"

    def __init__(self, *, digest: str) -> None:
        super().__init__(f'There is no asset "{digest}".', hint="Upload it first, or correct the digest.")


class RevisionUnknownError(WeftError):
    """A saved workflow has no such revision."""

    code = "revision-unknown"

    def __init__(self, *, name: str, revision: int) -> None:
        super().__init__(
            f'The workflow "{name}" has no revision {revision}.', hint="List its revisions; old ones go."
        )


class RevisionConflictError(WeftError):
    """A workflow is saved over another revision than the one that was read."""

    code = "revision-conflict"

    def __init__(self, *, name: str, expected: int, found: int) -> None:
        super().__init__(
            f'The workflow "{name}" is at revision {found}, not at {expected}.',
            hint="Read it again and save your change to that.",
            details={"expected": expected, "found": found},
        )


class WorkerDiedError(WeftError):
    """A job was running every time that its worker died."""

    code = "worker-died"

    def __init__(self, *, times: int) -> None:
        super().__init__(
            f"Its worker died {times} times while it ran.",
            hint="The log of the worker says why; often there was too little memory.",
            details={"times": times},
        )


class DataFolderInUseError(WeftError):
    """Another server uses the data folder."""

    code = "data-folder-in-use"

    def __init__(self, *, folder: str, holder: str) -> None:
        by = f"process {holder}" if holder else "another process"
        super().__init__(
            f"The data folder {folder} is in use by {by}.",
            hint="Stop that server, or choose another folder with WEFT_DATA_DIR.",
        )


class DatabaseDamagedError(FileError):
    """The database is not what was written; it is left as it is."""

    code = "database-damaged"

    def __init__(self, *, path: str, fault: str) -> None:
        super().__init__(
            f"The database {path} is damaged: {fault}.",
            hint="Nothing was changed. Put a backup in its place, or move it away to begin anew.",
        )


class DatabaseTooNewError(FileError):
    """The database was written by a later version of weft."""

    code = "database-too-new"

    def __init__(self, *, path: str, found: int, known: int) -> None:
        super().__init__(
            f"The database {path} has version {found}, and this weft knows versions up to {known}.",
            hint="Start the newer weft that wrote it, or use another folder with WEFT_DATA_DIR.",
        )


class BlobUnknownError(FileError):
    """There is no blob of that digest."""

    code = "blob-unknown"

    def __init__(self, *, digest: str) -> None:
        super().__init__(f'There is no blob "{digest}".', hint="It may have been deleted with its job.")


class BlobMismatchError(FileError):
    """A file does not have the content that it was said to have."""

    code = "blob-mismatch"

    def __init__(self, *, path: str, expected: str) -> None:
        super().__init__(
            f"{path} is not the file with the digest {expected} that it was said to be.",
            hint="Run the job again; if it happens again, check the disk.",
        )
