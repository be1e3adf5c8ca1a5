"""A workflow that saves leaves files that carry it, under names of their own."""

from weft.graph.document import Document, parse_document
from weft.sdk import read_provenance
from workflow_runs import Desk, ran


def saving(name: str) -> Document:
    """A workflow that saves a red picture."""
    return parse_document(
        {
            "weft": 1,
            "nodes": {
                "red": {"type": "image.empty", "version": 1, "inputs": {"color": "#ff0000"}},
                "save": {
                    "type": "image.save",
                    "version": 1,
                    "inputs": {"image": {"from": "red.image"}, "name": name},
                },
            },
        }
    )


def test_a_saved_picture_carries_the_workflow_that_made_it(tiny: Desk) -> None:
    document = saving("reds/one")

    result = tiny.run_document(document)

    assert result.state == "succeeded"
    path = tiny.settings.paths.output_dir / "reds" / "one-00001.png"
    provenance = read_provenance(path)
    assert provenance is not None
    assert provenance["weft"] == document.to_json()


def test_every_run_saves_anew_and_makes_no_picture_again(tiny: Desk) -> None:
    document = saving("again/one")
    tiny.run_document(document)

    second = tiny.run_document(document)

    folder = tiny.settings.paths.output_dir / "again"
    assert sorted(path.name for path in folder.iterdir()) == ["one-00001.png", "one-00002.png"]
    assert ran(second) == {"save"}


def test_a_picture_that_was_deleted_is_saved_again(tiny: Desk) -> None:
    document = saving("lost/one")
    tiny.run_document(document)
    path = tiny.settings.paths.output_dir / "lost" / "one-00001.png"
    path.unlink()

    tiny.run_document(document)

    assert path.is_file()


def test_a_name_outside_the_output_folder_is_one_clear_problem(tiny: Desk) -> None:
    result = tiny.run_document(saving("../one"))

    assert result.state == "failed"
    assert [(problem.node, problem.code) for problem in result.problems] == [("save", "path-outside")]
    assert not (tiny.settings.paths.output_dir.parent / "one-00001.png").exists()
