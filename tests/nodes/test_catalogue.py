"""The catalogue of built-in nodes: every entry can be found, read, entered and sent."""

import importlib
import json
import re
from pathlib import Path

import weft_nodes
from weft import plugins
from weft.node import NodeDefinition, NodeSchema
from weft.settings import load_settings
from weft.widgets import Choice, ImageFile, ModelFile

TASKS = {
    "checkpoint.load",
    "flow.note",
    "flow.switch",
    "image.blend",
    "image.compare",
    "image.crop",
    "image.grid",
    "image.load",
    "image.resize",
    "image.save",
    "latent.blend",
    "latent.decode",
    "latent.empty",
    "latent.encode",
    "latent.repeat",
    "latent.resize",
    "latent.sample",
    "latent.sample_custom",
    "prompt.encode",
}


def definitions() -> dict[str, NodeDefinition]:
    """Every built-in node by its type."""
    found: dict[str, NodeDefinition] = {}
    for name in weft_nodes.NODE_MODULES:
        module = importlib.import_module(f"weft_nodes.{name}")
        for item in vars(module).values():
            definition = getattr(item, "__weft_node__", None)
            if isinstance(definition, NodeDefinition):
                found[definition.schema.type] = definition
    return found


DEFINITIONS = definitions()
SCHEMAS = [DEFINITIONS[name].schema for name in sorted(DEFINITIONS)]


def test_the_nodes_that_workflows_are_made_of_are_there() -> None:
    assert DEFINITIONS.keys() >= TASKS


def test_every_module_that_holds_nodes_is_loaded() -> None:
    folder = Path(weft_nodes.__file__).parent
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"}

    assert modules == set(weft_nodes.NODE_MODULES)


def test_the_entry_point_loads_them_all(tmp_path: Path) -> None:
    settings = load_settings({"data_dir": tmp_path, "custom_nodes_dirs": ()})

    loaded = plugins.load(settings)

    report = loaded.report("weft")
    assert report is not None
    assert report.ok, report.traceback
    assert set(report.nodes) == DEFINITIONS.keys()


def test_all_choices_and_listings_are_offered(tmp_path: Path) -> None:
    registry = plugins.load(load_settings({"data_dir": tmp_path, "custom_nodes_dirs": ()})).registry

    for definition in DEFINITIONS.values():
        for entry in definition.schema.inputs:
            if isinstance(entry.widget, Choice):
                assert entry.default in registry.choices(entry.widget.provider)
            if isinstance(entry.widget, ModelFile | ImageFile):
                assert registry.listing(entry.widget.listing) is not None


def test_its_help_is_one_sentence_and_more_below() -> None:
    for schema in SCHEMAS:
        assert schema.summary.endswith("."), schema.type
        assert len(schema.summary) <= 110, schema.type
        assert schema.title[0].isupper(), schema.type


def test_every_input_and_output_is_explained() -> None:
    for schema in SCHEMAS:
        docs = {entry.name: entry.doc for entry in schema.inputs}
        docs |= {entry.name: entry.doc for entry in schema.outputs}
        assert [name for name, doc in docs.items() if not doc.endswith(".")] == [], schema.type


def test_numbers_with_a_range_name_it_in_their_help() -> None:
    for schema in SCHEMAS:
        for entry in schema.inputs:
            least, most = getattr(entry.widget, "min", None), getattr(entry.widget, "max", None)
            # Sizes and counts explain themselves; shares and strengths do not.
            if entry.widget is not None and entry.widget.kind == "slider" and (least, most) != (0, 1):
                told = re.search(r"\d\s*(\([^)]*\)\s*)?\.\.", entry.doc)
                assert told, (schema.type, entry.name, entry.doc)


def test_it_travels_as_json_and_back() -> None:
    for schema in SCHEMAS:
        assert NodeSchema.from_json(json.loads(json.dumps(schema.to_json()))) == schema


def test_its_defaults_pass_its_own_checks() -> None:
    for schema in SCHEMAS:
        for entry in schema.inputs:
            if not entry.required and isinstance(entry.default, bool | int | float | str | list):
                assert entry.check(entry.default) is None, (schema.type, entry.name)


def test_its_name_is_an_area_and_a_verb_or_noun() -> None:
    for schema in SCHEMAS:
        area, _, verb = schema.type.partition(".")

        assert re.fullmatch(r"[a-z]+", area), schema.type
        assert re.fullmatch(r"[a-z][a-z_]*", verb), schema.type
        assert schema.category == area


def test_titles_tell_nodes_apart() -> None:
    titles = [definition.schema.title for definition in DEFINITIONS.values()]

    assert sorted({title for title in titles if titles.count(title) > 1}) == []


def test_only_what_writes_files_is_a_sink() -> None:
    assert [name for name, found in DEFINITIONS.items() if found.schema.sink] == ["image.save"]


def test_a_sink_runs_whenever_it_is_asked_for_and_nothing_else_does() -> None:
    for definition in DEFINITIONS.values():
        assert definition.schema.pure != definition.schema.sink, definition.schema.type


def test_what_reads_files_knows_when_they_change() -> None:
    # A text names the files that they read.
    without_widget = {"text.wildcards", "image.list_folder", "table.load"}
    for definition in DEFINITIONS.values():
        reads = any(isinstance(entry.widget, ModelFile | ImageFile) for entry in definition.schema.inputs)
        reads = reads or definition.schema.type in without_widget
        assert definition.schema.has_fingerprint == reads, definition.schema.type


def test_families_and_spaces_are_followed_wherever_models_and_latents_meet() -> None:
    # These two ask for numbers alone, which every space has.
    free = ("latent.size", "sigmas.schedule")
    for definition in DEFINITIONS.values():
        for entry in definition.schema.inputs:
            kind = str(entry.type).partition(" ")[0]
            is_held = kind in ("model", "latent", "vae") and definition.schema.type not in free
            if is_held:
                assert "space" in entry.traits, (definition.schema.type, entry.name)
            if kind in ("model", "encoder", "conditioning") and definition.schema.type != "latent.empty":
                assert "family" in entry.traits, (definition.schema.type, entry.name)
