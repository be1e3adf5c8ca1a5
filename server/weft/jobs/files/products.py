"""From what a worker left in its spool folder to outputs of a job."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from weft.errors import JSON, FileUnwritableError, WeftError
from weft.jobs.files.blobs import Blobs
from weft.jobs.records import Job, Outcome, Output
from weft.workers.protocol import JobFinished, Product


class Spool:
    """The folder below which every run has one of its own for the files it makes.

    Args:
        folder: The folder; made when something is first written into it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def folder_of(self, job: Job) -> Path:
        """Name the folder of a job's present attempt, by numbers: ids of clients are no file names."""
        return self._folder / f"{job.number}-{job.attempt}"

    def remove(self, *jobs: Job) -> None:
        """Delete the folders of the present attempts of jobs and what is left in them."""
        for job in jobs:
            shutil.rmtree(self.folder_of(job), ignore_errors=True)

    def sweep(self) -> None:
        """Delete what earlier servers left behind; call it before anything runs."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def take_over(self, job: Job, message: JobFinished, blobs: Blobs) -> Outcome:
        """Take over what a job made.

        Args:
            job: The job, in its present attempt.
            message: What its worker says about its end; files that it made are moved.
            blobs: Where files are kept.

        Returns:
            How the job ended, its files on the disk to stay; where one cannot be kept, the job is failed.
        """
        outputs: list[Output] = []
        problems: list[Mapping[str, JSON]] = list(message.problems)
        for product in message.products:
            try:
                outputs.append(self._adopt(job, product, blobs))
            except WeftError as error:
                problems.append(error.problem().to_json())
        is_whole = len(outputs) == len(message.products)
        return Outcome(
            state=message.state if is_whole else "failed",
            outputs=tuple(outputs),
            problems=tuple(problems),
            seconds=message.seconds,
            counts=message.counts,
        )

    def _adopt(self, job: Job, product: Product, blobs: Blobs) -> Output:
        """Take over one thing; its file is moved.

        Raises:
            WeftError: The file is not what the worker said, lies elsewhere, or cannot be kept.
        """
        if product.path:
            path = Path(product.path)
            # Compared as it is written: what the worker was told to write into is what it says.
            if path.parent != self.folder_of(job) or path.name in {"", ".", ".."}:
                raise FileUnwritableError(path=product.path, reason="it lies outside the job's own folder")
            blobs.adopt(path, product.digest, product.size)
        return Output(
            output=product.output,
            index=product.index,
            type=product.type,
            digest=product.digest,
            size=product.size,
            media_type=product.media_type,
            width=product.width,
            height=product.height,
            value=product.value,
        )
