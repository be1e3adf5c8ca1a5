"""What a server saved can be read beside it, with its lock held, and without what it takes to write."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from server.jobs.toys import chain
from weft.errors import JSON, FileError
from weft.graph.workflows import FolderWorkflows, NoWorkflows
from weft.graph_errors import WorkflowUnknownError
from weft.jobs.ledger.ledger import Ledger
from weft.jobs.ledger.saved_workflows import SavedWorkflows, named_workflows
from weft.jobs.records import DATABASE_NAME, LOCAL_OWNER


def _titled(title: str) -> dict[str, JSON]:
    return {**chain(), "title": title}


def test_the_latest_revisions_are_read_while_a_server_has_the_folder(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path)
    ledger.save_workflow(LOCAL_OWNER, "mine", _titled("first"))
    ledger.save_workflow("anna", "hers", _titled("hers"))
    ledger.save_workflow(LOCAL_OWNER, "gone", _titled("gone"))
    ledger.delete_workflow(LOCAL_OWNER, "gone")
    saved = SavedWorkflows(tmp_path, NoWorkflows())

    assert saved.names() == ("mine",)
    assert saved.load("mine").title == "first"
    ledger.save_workflow(LOCAL_OWNER, "mine", _titled("second"))
    assert saved.load("mine").title == "second"
    for name in ("hers", "gone"):
        with pytest.raises(WorkflowUnknownError):
            saved.load(name)
    ledger.close()
    assert saved.load("mine").title == "second"


def test_a_saved_workflow_hides_the_template_of_its_name(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path)
    ledger.save_workflow(LOCAL_OWNER, "a", _titled("saved"))
    for name in ("a", "b"):
        (tmp_path / f"{name}.json").write_text('{"weft": 1, "title": "template", "nodes": {}}')

    saved = SavedWorkflows(tmp_path, FolderWorkflows([tmp_path]))

    assert saved.names() == ("a", "b")
    assert [saved.load(name).title for name in ("a", "b")] == ["saved", "template"]
    ledger.close()


def test_reading_leaves_the_database_as_it_is(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path)
    ledger.save_workflow(LOCAL_OWNER, "mine", _titled("mine"))
    ledger.close()
    before = (tmp_path / DATABASE_NAME).read_bytes()

    SavedWorkflows(tmp_path, NoWorkflows()).names()

    assert (tmp_path / DATABASE_NAME).read_bytes() == before
    Ledger.open(tmp_path).close()


def test_a_database_that_is_just_being_made_holds_no_workflows(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).touch()

    assert SavedWorkflows(tmp_path, NoWorkflows()).names() == ()


def test_a_damaged_database_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(b"no database" * 1000)

    with pytest.raises(FileError, match="damaged"):
        SavedWorkflows(tmp_path, NoWorkflows()).names()


def test_a_database_of_others_is_not_read(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / DATABASE_NAME) as connection:
        connection.execute("CREATE TABLE other (name)")

    with pytest.raises(FileError, match="no such table"):
        SavedWorkflows(tmp_path, NoWorkflows()).names()


def test_without_a_database_there_are_templates_alone(tmp_path: Path) -> None:
    templates = NoWorkflows()

    assert named_workflows(tmp_path, templates) is templates
    assert not (tmp_path / DATABASE_NAME).exists()


def test_nothing_that_writes_databases_is_imported() -> None:
    program = "import sys, weft.cli.session; assert not {'sqlalchemy', 'torch', 'aiohttp'} & set(sys.modules)"

    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
