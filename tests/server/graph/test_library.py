"""The library reads each saved workflow once, brings it up to date, and never raises for a bad one."""

from server.graph.toys import Shelf, catalog, entry, tree
from weft.graph.document import Document
from weft.graph.library import Library


class CountingShelf(Shelf):
    """Counts how often it is read."""

    reads = 0

    def load(self, name: str) -> Document:
        self.reads += 1
        return super().load(name)


def test_a_workflow_is_read_once() -> None:
    shelf = CountingShelf(inner=tree({"n": entry("toy.number")}))
    library = Library(catalog(), shelf)

    assert library.document("inner") is library.document("inner")
    assert shelf.reads == 1


def test_a_workflow_that_is_missing_is_looked_for_once() -> None:
    shelf = CountingShelf()
    library = Library(catalog(), shelf)

    assert library.document("gone") is None
    assert [problem.code for problem in library.volume("gone").problems] == ["workflow-unknown"]
    assert shelf.reads == 1


def test_the_nodes_of_a_workflow_are_brought_to_their_installed_versions() -> None:
    found = Library(catalog(), Shelf(inner=tree({"p": entry("toy.power", number=3)}))).document("inner")

    assert found is not None
    assert found.nodes["p"].version == 3
    assert found.nodes["p"].inputs == {"base": 3, "exponent": 2}


def test_problems_of_nodes_are_kept_beside_the_document() -> None:
    volume = Library(catalog(), Shelf(inner=tree({"p": entry("toy.power", 9)}))).volume("inner")

    assert volume.document is not None
    assert [(problem.code, problem.node) for problem in volume.problems] == [("node-version", "p")]


def test_a_malformed_workflow_has_problems_and_no_document() -> None:
    volume = Library(catalog(), Shelf(inner={"weft": 1, "nodes": 3})).volume("inner")

    assert volume.document is None
    assert [problem.code for problem in volume.problems] == ["document-invalid"]
