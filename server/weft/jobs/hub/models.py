"""The models there are: what the packs list, what the files say of themselves, and new ones from a hub."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from weft.errors import WeftError
from weft.jobs.files.file_faults import ModelPictureUnknownError, WeightsRefusedError
from weft.jobs.files.thumbnails import is_ready
from weft.jobs.hub.gguf_header import GGUF_SUFFIX
from weft.jobs.hub.hub import Hub
from weft.jobs.hub.model_pictures import ModelPicture, picture_beside
from weft.jobs.hub.pull_choice import INDEX
from weft.jobs.hub.pulls import Pulls
from weft.jobs.hub.weight_files import WEIGHTS_SUFFIX, WeightFacts, weight_facts
from weft.settings import Settings
from weft.widgets import AnyOf, Items, ModelFile, Widget
from weft.workers.catalog import StoredCatalog
from weft.workers.faults import WorkerUnavailableError
from weft.workers.protocol import Answer, AskCatalog
from weft.workers.views import WorkerView

_LOGGER = logging.getLogger(__name__)


class Publishers(Protocol):
    """The workers, as far as they are needed here; see `weft.workers.pool`."""

    @property
    def workers(self) -> tuple[WorkerView, ...]:
        """How each of them is."""
        ...

    @property
    def catalog(self) -> StoredCatalog | None:
        """What their packs offer; None before it is known."""
        ...

    async def ask(self, question: AskCatalog, *, timeout_s: float = ...) -> Answer:
        """Ask one of them."""
        ...


@dataclass(frozen=True, slots=True)
class Model:
    """A model that workflows can name.

    Attributes:
        kind: What it is, such as ``checkpoint``.
        name: Its name, as an input takes it.
        traits: What the pack that lists it knows of it, such as its family.
        size: Bytes of its files; None where they lie outside of the models folders.
        modified_at: Unix time of their last change; None likewise.
        digest: SHA-256 of its file where that is known; else empty.
        facts: What the headers of its files say; None where they cannot be read.
        fault: Why they cannot be read; empty where they can.
        picture: What lies beside it to show it; None where nothing does.
    """

    kind: str
    name: str
    traits: Mapping[str, str]
    size: int | None = None
    modified_at: float | None = None
    digest: str = ""
    facts: WeightFacts | None = None
    fault: str = ""
    picture: ModelPicture | None = None


class ModelLibrary:
    """The models of the models folders, and the downloads into the first of them.

    Args:
        settings: Name the folders.
        workers: Know which models there are.
        hub: Where new ones come from; `close` closes it. By default the one that the environment names.

    Attributes:
        pulls: The downloads.
    """

    def __init__(self, settings: Settings, workers: Publishers, hub: Hub | None = None) -> None:
        self._folders = settings.models_dirs
        self._workers = workers
        self._pictures: Mapping[str, Path] = {}
        self._facts: dict[Path, tuple[tuple[int, float], WeightFacts | WeightsRefusedError]] = {}
        hub = Hub.from_environment(os.environ) if hub is None else hub
        self.pulls = Pulls(hub, settings.models_dirs[0], arrived=self.publish)

    async def start(self) -> None:
        """Go on with the downloads that an earlier server had begun."""
        await self.pulls.start()

    async def close(self) -> None:
        """Interrupt the downloads; they go on with the next server."""
        await self.pulls.close()

    async def publish(self) -> None:
        """Have the workers look again which models there are, where one of them can."""
        if not is_ready(self._workers.workers):
            # Whoever becomes ready looks by itself.
            return
        try:
            await self._workers.ask(AskCatalog(), timeout_s=30.0)
        except WorkerUnavailableError as error:
            _LOGGER.warning("The new models are seen when a worker is ready: %s", error)

    async def all(self) -> tuple[Model, ...]:
        """List the models, by kind and name.

        Raises:
            WorkerUnavailableError: No worker has said yet which there are.
        """
        catalog = self._workers.catalog
        if catalog is None:
            raise WorkerUnavailableError(reason="none has said yet which models there are")
        models = await asyncio.to_thread(self._list, catalog, self.pulls.digests())
        self._pictures = {
            model.picture.id: model.picture.path for model in models if model.picture is not None
        }
        return models

    async def picture(self, id: str) -> Path:
        """Give the file of a picture of a model; its bytes may be anything.

        Args:
            id: Its id, as the list of models gives it.

        Raises:
            ModelPictureUnknownError: No model has that picture now.
            WorkerUnavailableError: No worker has said yet which models there are.
        """
        if id not in self._pictures:
            # The list that names it may have been made by an earlier server.
            await self.all()
        if id not in self._pictures:
            raise ModelPictureUnknownError(picture=id[:80])
        return self._pictures[id]

    def _list(self, catalog: StoredCatalog, digests: Mapping[str, str]) -> tuple[Model, ...]:
        indices = [(folder, _index(folder)) for folder in self._folders]
        found = []
        for kind in sorted(_kinds(catalog)):
            try:
                listing = catalog.listing(kind)
            except WeftError as error:
                _LOGGER.warning("The models of the kind %s cannot be listed: %s", kind, error)
                continue
            for name, traits in sorted(listing.items()):
                found.append(self._describe(Model(kind, name, traits), indices, digests))
        return tuple(found)

    def _describe(
        self, model: Model, indices: Sequence[tuple[Path, Mapping[str, Path]]], digests: Mapping[str, str]
    ) -> Model:
        """Add what the files say; only what a walk through the folders found is ever opened."""
        place = next(
            (where for where in (_place(i, model.name) for _, i in indices) if where is not None), None
        )
        if place is None:
            return model
        relative, path = place
        files = sorted(path.rglob(f"*{WEIGHTS_SUFFIX}")) if path.is_dir() else [path]
        states = [file.stat() for file in files]
        size = sum(state.st_size for state in states)
        modified = max((state.st_mtime for state in states), default=path.stat().st_mtime)
        facts = self._facts_of(path, files, (size, modified))
        is_first = relative in digests and indices[0][1].get(relative) == path
        return Model(
            model.kind,
            model.name,
            model.traits,
            size=size,
            modified_at=modified,
            digest=digests[relative] if is_first else "",
            facts=None if isinstance(facts, WeightsRefusedError) else facts,
            fault=facts.message if isinstance(facts, WeightsRefusedError) else "",
            picture=picture_beside(path),
        )

    def _facts_of(
        self, path: Path, files: Sequence[Path], stamp: tuple[int, float]
    ) -> WeightFacts | WeightsRefusedError:
        known = self._facts.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        try:
            facts: WeightFacts | WeightsRefusedError = weight_facts(files)
        except WeightsRefusedError as error:
            facts = error
        except OSError as error:
            return WeightsRefusedError(name=path.name, reason=f"cannot be read ({error.strerror})")
        self._facts[path] = (stamp, facts)
        return facts


def _kinds(catalog: StoredCatalog) -> set[str]:
    """Find the kinds of models that nodes ask for."""
    inputs = (item for schema in catalog.schemas() for item in schema.inputs)
    return {kind for item in inputs for kind in _kinds_of(item.widget)}


def _kinds_of(widget: Widget | None) -> Iterator[str]:
    match widget:
        case ModelFile(listing=kind):
            yield kind
        case Items(item=inner):
            yield from _kinds_of(inner)
        case AnyOf(widgets=options):
            for option in options:
                yield from _kinds_of(option)


def _index(folder: Path) -> dict[str, Path]:
    """Find the weight files and the pipelines of a models folder, by their path within it."""
    found: dict[str, Path] = {}
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        for path in place.iterdir() if place.is_dir() else ():
            if path.name.startswith("."):
                continue
            if path.suffix in (WEIGHTS_SUFFIX, GGUF_SUFFIX) or (path / INDEX).is_file():
                found[path.relative_to(folder).as_posix()] = path
            elif path.is_dir():
                waiting.append(path)
    return found


def _place(index: Mapping[str, Path], name: str) -> tuple[str, Path] | None:
    """Find a listed model: by its whole path, or below the folder of its kind, such as ``loras``."""
    if name in index:
        return name, index[name]
    below = ((key, path) for key, path in sorted(index.items()) if key.partition("/")[2] == name)
    return next(below, None)
