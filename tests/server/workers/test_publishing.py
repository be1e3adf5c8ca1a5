"""A worker tells all that its packs offer, and what is wrong with them, as plain JSON."""

import json
from pathlib import Path

from server.graph.toys import catalog as toy_registry
from server.workers.toys import settings_below
from weft.plugins import Loaded, load
from weft.workers.catalog import FORMAT
from weft.workers.publishing import catalog_of


def test_a_catalogue_is_plain_json() -> None:
    told = catalog_of(Loaded(toy_registry(), ()))

    assert json.loads(json.dumps(told)) == told
    assert told["format"] == FORMAT


def test_every_provider_is_asked_whether_or_not_a_node_uses_it() -> None:
    told = catalog_of(Loaded(toy_registry(), ()))

    assert set(told["choices"]) == {"toy-samplers", "toy-broken"}  # type: ignore[arg-type]
    assert set(told["listings"]) == {"toy-checkpoint", "toy-lora"}  # type: ignore[arg-type]


def test_a_provider_that_fails_is_told_with_its_problem() -> None:
    told = catalog_of(Loaded(toy_registry(), ()))["choices"]["toy-broken"]  # type: ignore[index,call-overload]

    assert told["problem"]["code"] == "provider-failed"  # type: ignore[index,call-overload]


def test_value_types_are_told_with_what_stands_above_them() -> None:
    values = {value["name"]: value for value in catalog_of(Loaded(toy_registry(), ()))["values"]}  # type: ignore[index,call-overload,union-attr]

    assert values["toy_noisy"]["supertypes"] == ["toy_latent"]  # type: ignore[index,call-overload]
    assert values["image"]["color"].startswith("#")  # type: ignore[index,call-overload,union-attr]


def test_packs_are_told_also_where_they_are_broken(tmp_path: Path) -> None:
    settings = settings_below(tmp_path)
    (tmp_path / "custom_nodes" / "broken.py").write_text("1 / 0")

    packs = {pack["name"]: pack for pack in catalog_of(load(settings, installed=False))["packs"]}  # type: ignore[index,call-overload,union-attr]

    assert packs["toys"]["ok"] is True  # type: ignore[index,call-overload]
    assert packs["broken"]["error"]["code"] == "pack-broken"  # type: ignore[index,call-overload]
    assert "ZeroDivisionError" in packs["broken"]["traceback"]  # type: ignore[index,call-overload,operator]
