"""What is done now and then: old jobs leave the history, and files that nothing refers to leave the disk."""

from __future__ import annotations

import asyncio
import logging
import time

from weft.errors import WeftError
from weft.jobs.files.blobs import Blobs
from weft.jobs.files.thumbnails import FOLDER_NAME, sweep_thumbnails
from weft.jobs.ledger.ledgering import LedgerThreads
from weft.settings import Settings

EVERY_S = 3600.0
"""Between one upkeep and the next."""

YOUNG_S = 3600.0
"""A file that is younger stays, since what refers to it may not be written yet."""

DAY_S = 86400.0

logger = logging.getLogger(__name__)


class Upkeep:
    """Keeps the history, the blobs and their small copies within the settings.

    Args:
        settings: Say how many jobs stay, and for how long.
        ledger: The history.
        blobs: The files.
    """

    def __init__(self, settings: Settings, ledger: LedgerThreads, blobs: Blobs) -> None:
        self._settings = settings
        self._ledger = ledger
        self._blobs = blobs

    async def run(self) -> None:
        """Do it now and then, until cancelled."""
        while True:
            try:
                await self.once()
            except WeftError as error:
                logger.warning("old jobs and files could not be removed: %s", error)
            await asyncio.sleep(EVERY_S)

    async def once(self) -> None:
        """Do it now.

        Raises:
            WeftError: The disk refuses it.
        """
        most, oldest_s = self._settings.keep_jobs, self._settings.keep_days * DAY_S
        gone = await self._ledger.beside(lambda ledger: ledger.retain(most, oldest_s, time.time()))
        referenced = await self._ledger.read(lambda ledger: ledger.blob_references())
        swept = await asyncio.to_thread(self._blobs.sweep, referenced, younger_than_s=YOUNG_S)
        swept += await asyncio.to_thread(self._sweep_thumbnails)
        if gone or swept:
            logger.info("%d old jobs and %d files were removed", gone, swept)

    def _sweep_thumbnails(self) -> int:
        folder = self._settings.data_dir / FOLDER_NAME
        return sweep_thumbnails(folder, self._blobs.exists, younger_than_s=YOUNG_S)
