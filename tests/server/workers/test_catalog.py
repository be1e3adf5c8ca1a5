"""A published catalogue answers as the registry it was made of, but needs none of its code."""

import json
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
from server.graph.toys import catalog as toy_registry
from server.graph.toys import entry, tree
from weft.errors import JSON, WeftError
from weft.graph.check import check
from weft.graph.document import parse_document
from weft.graph.signature import signature
from weft.graph.workflows import FolderWorkflows, NoWorkflows
from weft.graph_errors import NodeTypeUnknownError, NodeVersionError
from weft.paths import ASSET_PREFIX, Paths
from weft.plugin_errors import ProviderFailedError, ProviderUnknownError
from weft.plugins import Loaded, load
from weft.registry import Registry
from weft.settings import Settings, shipped_workflows
from weft.workers.catalog import FORMAT, StoredCatalog
from weft.workers.faults import CatalogUnreadableError, MigrationNeedsWorkerError
from weft.workers.publishing import catalog_of

NOWHERE = Paths.below(Path("nowhere"))

DOCUMENTS: dict[str, dict[str, JSON]] = {
    "sound": tree(
        {
            "model": entry("toy.load", checkpoint="small"),
            "empty": entry("toy.empty", size=16),
            "sample": entry("toy.sample", model="@model.model", latent="@empty.latent", seed=5),
        },
        inputs={"seed": "sample.seed"},
        outputs={"latent": "sample.latent"},
    ),
    "subtype": tree(
        {"noise": entry("toy.noise"), "resize": entry("toy.resize", latent="@noise.latent")},
        outputs={"latent": "resize.latent"},
    ),
    "lists": tree(
        {"range": entry("toy.range", count=2), "add": entry("toy.add", a="@range.items")},
        outputs={"sums": "add.value"},
    ),
    "unknown types": tree({"a": entry("toy.reall"), "b": entry("nothing.like_it")}),
    "types that do not fit": tree(
        {"text": entry("toy.text"), "add": entry("toy.add", a="@text.text"), "spell": entry("toy.spell")}
    ),
    "values out of range": tree(
        {"a": entry("toy.scale", value=1, factor=11), "b": entry("toy.range", count="x")}
    ),
    "words and files that are not offered": tree(
        {"a": entry("toy.load", checkpoint="smal"), "b": entry("toy.sample", sampler="eulr")}
    ),
    "families that do not match": tree(
        {
            "model": entry("toy.load", checkpoint="large"),
            "empty": entry("toy.empty"),
            "sample": entry("toy.sample", model="@model.model", latent="@empty.latent"),
        },
        outputs={"latent": "sample.latent"},
    ),
    "a provider that fails": tree({"a": entry("toy.doubtful", word="red")}),
    "a circle": tree({"a": entry("toy.add", a="@b.value"), "b": entry("toy.add", a="@a.value")}),
    "a version from the future": tree({"a": entry("toy.add", 9, a=1)}),
    "an asset that is not there": tree({"a": entry("toy.load", checkpoint=f"{ASSET_PREFIX}{'ab' * 32}")}),
    "inputs that lead nowhere": tree({"a": entry("toy.add", a=1, c=2)}, inputs={"n": "a.d", "m": "b.a"}),
}


def _stored(registry: Registry) -> StoredCatalog:
    """What another process would make of it: only JSON passes."""
    return StoredCatalog(json.loads(json.dumps(catalog_of(Loaded(registry, ())))), NOWHERE)


@cache
def _toys() -> StoredCatalog:
    return _stored(toy_registry())


@cache
def _shipped() -> tuple[Registry, StoredCatalog]:
    registry = load(Settings(custom_nodes_dirs=())).registry
    return registry, _stored(registry)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_check_says_the_same_as_with_the_registry(name: str) -> None:
    document = parse_document(DOCUMENTS[name])

    report = check(document, _toys(), NoWorkflows())

    assert report == check(document, toy_registry(), NoWorkflows())


@pytest.mark.parametrize("name", FolderWorkflows([shipped_workflows()]).names())
def test_shipped_workflows_are_checked_as_with_the_registry(name: str) -> None:
    registry, stored = _shipped()
    workflows = FolderWorkflows([shipped_workflows()])
    document = workflows.load(name)

    report = check(document, stored, workflows)

    assert report == check(document, registry, workflows)
    assert signature(document, stored, workflows) == signature(document, registry, workflows)


def test_every_schema_comes_back_whole() -> None:
    registry, stored = _shipped()

    assert stored.types() == registry.types()
    assert stored.schemas() == registry.schemas()
    assert dict(stored.supertypes) == dict(registry.supertypes)
    assert stored.schema("no.such") is None


def test_a_schema_is_read_once() -> None:
    assert _toys().schema("toy.add") is _toys().schema("toy.add")


def test_providers_offer_what_they_offered_in_the_worker() -> None:
    assert _toys().choices("toy-samplers") == ("euler", "heun", "dpmpp_2m")
    assert _toys().listing("toy-lora") == {"ink": {"family": "sd15"}, "oil": {"family": "sdxl"}}


def test_a_provider_that_failed_in_the_worker_fails_here_with_the_same_words() -> None:
    with pytest.raises(ProviderFailedError) as here:
        _toys().choices("toy-broken")
    with pytest.raises(ProviderFailedError) as there:
        toy_registry().choices("toy-broken")

    assert here.value.problem() == there.value.problem()
    assert str(here.value) == str(there.value)


@pytest.mark.parametrize("ask", ["choices", "listing"])
def test_a_provider_that_nobody_has_is_refused_as_by_the_registry(ask: str) -> None:
    told = []
    for catalog in (_toys(), toy_registry()):
        with pytest.raises(ProviderUnknownError) as raised:
            getattr(catalog, ask)("toy-sampler")
        told.append(raised.value.problem())

    assert told[0] == told[1]


def test_an_older_node_is_left_to_a_worker() -> None:
    with pytest.raises(MigrationNeedsWorkerError):
        _toys().migrate("toy.power", 1, {"number": 2})

    document = parse_document(tree({"power": entry("toy.power", 1, number=2)}))
    problems = check(document, _toys(), NoWorkflows()).errors
    assert ("migration-needs-worker", "power") in {(problem.code, problem.node) for problem in problems}


def test_a_node_of_the_present_version_needs_no_migration() -> None:
    inputs: dict[str, JSON] = {"a": [1, 2]}

    found = _toys().migrate("toy.add", 1, inputs)

    assert found == inputs
    assert found["a"] is not inputs["a"]


@pytest.mark.parametrize(
    ("type", "version", "error"),
    [("toy.ad", 1, NodeTypeUnknownError), ("toy.add", 2, NodeVersionError), ("toy.add", 0, NodeVersionError)],
)
def test_what_cannot_be_migrated_is_refused_as_by_the_registry(
    type: str, version: int, error: type[WeftError]
) -> None:
    told = []
    for catalog in (_toys(), toy_registry()):
        with pytest.raises(error) as raised:
            catalog.migrate(type, version, {})
        told.append(raised.value.problem())

    assert told[0] == told[1]


def test_an_asset_is_found_where_the_server_keeps_it(tmp_path: Path) -> None:
    paths = Paths.below(tmp_path)
    digest = "ab" * 32
    stored = StoredCatalog(_toys().data, paths)

    before = stored.has_asset(f"{ASSET_PREFIX}{digest}")
    paths.asset(digest).parent.mkdir(parents=True)
    paths.asset(digest).write_bytes(b"png")

    assert (before, stored.has_asset(f"{ASSET_PREFIX}{digest}")) == (False, True)
    assert stored.with_assets(lambda used: used == digest).has_asset(f"{ASSET_PREFIX}{digest}")
    assert not stored.with_assets(lambda _: False).has_asset(f"{ASSET_PREFIX}{digest}")


def test_a_saved_catalogue_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "data" / "catalog.json"

    _toys().save(path)
    found = StoredCatalog.load(path, NOWHERE)

    assert found is not None
    assert found.data == _toys().data


def test_where_none_was_saved_there_is_none(tmp_path: Path) -> None:
    assert StoredCatalog.load(tmp_path / "catalog.json", NOWHERE) is None


def _with(change: Mapping[str, JSON]) -> bytes:
    return json.dumps({**_toys().data, **change}).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b'{"format": 1}',
        b"\xff\xfe",
        _with({"format": FORMAT + 1}),
        _with({"nodes": [{"type": "a"}]}),
        _with({"values": [1]}),
    ],
)
def test_a_damaged_catalogue_is_not_used(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "catalog.json"
    path.write_bytes(content)

    with pytest.raises(CatalogUnreadableError) as raised:
        StoredCatalog.load(path, NOWHERE)

    assert str(path) in raised.value.message


def test_the_servers_side_of_workers_needs_no_torch() -> None:
    modules = ["catalog", "channel", "faults", "local", "pool", "post", "protocol", "startup", "views"]
    imports = "; ".join(f"import weft.workers.{name}" for name in modules)
    heavy = "{'torch', 'numpy', 'PIL', 'diffusers', 'transformers', 'weft.engine', 'weft.plugins'}"

    found = subprocess.run(
        [sys.executable, "-c", f"{imports}; import sys; print(sorted({heavy} & set(sys.modules)))"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert found.stdout.strip() == "[]"
