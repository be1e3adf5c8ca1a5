"""Saving a workflow adds a revision, and nobody overwrites what they have not seen."""

import pytest
from ledger_steps import Clock, document
from weft.graph_errors import WorkflowUnknownError
from weft.jobs.faults import RevisionConflictError, RevisionUnknownError
from weft.jobs.ledger import workflow_table
from weft.jobs.ledger.ledger import Ledger

FIRST = document("first")
SECOND = document("second")


def test_a_saved_workflow_is_read_back_with_its_revision(ledger: Ledger) -> None:
    saved = ledger.save_workflow("ann", "portrait", FIRST)

    assert (saved.revision, saved.saved_at) == (1, 1000.0)
    assert ledger.workflow("ann", "portrait") == (saved, FIRST)


def test_every_revision_stays_readable(ledger: Ledger, clock: Clock) -> None:
    first = ledger.save_workflow("ann", "portrait", FIRST)
    clock.now += 1
    second = ledger.save_workflow("ann", "portrait", SECOND, expected_revision=1)

    assert ledger.revisions("ann", "portrait") == [second, first]
    assert ledger.workflow("ann", "portrait") == (second, SECOND)
    assert ledger.workflow("ann", "portrait", 1) == (first, FIRST)


def test_saving_what_is_saved_already_makes_no_revision(ledger: Ledger) -> None:
    saved = ledger.save_workflow("ann", "portrait", FIRST)

    assert ledger.save_workflow("ann", "portrait", FIRST) == saved
    assert len(ledger.revisions("ann", "portrait")) == 1


@pytest.mark.parametrize("expected", [0, 2])
def test_saving_over_another_revision_than_the_expected_one_is_refused(ledger: Ledger, expected: int) -> None:
    ledger.save_workflow("ann", "portrait", FIRST)

    with pytest.raises(RevisionConflictError) as caught:
        ledger.save_workflow("ann", "portrait", SECOND, expected_revision=expected)

    assert caught.value.details == {"expected": expected, "found": 1}
    assert ledger.workflow("ann", "portrait")[1] == FIRST


def test_expecting_no_workflow_saves_where_there_is_none(ledger: Ledger) -> None:
    assert ledger.save_workflow("ann", "portrait", FIRST, expected_revision=0).revision == 1
    with pytest.raises(RevisionConflictError):
        ledger.save_workflow("ann", "landscape", FIRST, expected_revision=1)


def test_a_deleted_workflow_is_gone_but_its_revisions_can_be_read(ledger: Ledger) -> None:
    first = ledger.save_workflow("ann", "portrait", FIRST)

    deleted = ledger.delete_workflow("ann", "portrait", expected_revision=1)

    assert (deleted.revision, deleted.is_deleted) == (2, True)
    assert ledger.workflows("ann") == []
    assert ledger.revisions("ann", "portrait") == [deleted, first]
    assert ledger.workflow("ann", "portrait", 1) == (first, FIRST)
    with pytest.raises(WorkflowUnknownError):
        ledger.workflow("ann", "portrait")
    with pytest.raises(RevisionUnknownError):
        ledger.workflow("ann", "portrait", 2)


def test_saving_a_deleted_workflow_again_goes_on_with_its_revisions(ledger: Ledger) -> None:
    ledger.save_workflow("ann", "portrait", FIRST)
    ledger.delete_workflow("ann", "portrait")

    saved = ledger.save_workflow("ann", "portrait", FIRST, expected_revision=0)

    assert saved.revision == 3
    assert ledger.workflow("ann", "portrait") == (saved, FIRST)


def test_deleting_what_is_not_there_or_not_expected_is_refused(ledger: Ledger) -> None:
    ledger.save_workflow("ann", "portrait", FIRST)

    with pytest.raises(RevisionConflictError):
        ledger.delete_workflow("ann", "portrait", expected_revision=7)
    with pytest.raises(WorkflowUnknownError) as caught:
        ledger.delete_workflow("ann", "portrai")
    assert "portrait" in caught.value.hint
    ledger.delete_workflow("ann", "portrait")
    with pytest.raises(WorkflowUnknownError):
        ledger.delete_workflow("ann", "portrait")


def test_unknown_workflows_and_revisions_are_errors(ledger: Ledger) -> None:
    ledger.save_workflow("ann", "portrait", FIRST)

    with pytest.raises(WorkflowUnknownError):
        ledger.workflow("bob", "portrait")
    with pytest.raises(WorkflowUnknownError):
        ledger.workflow("bob", "portrait", 1)
    with pytest.raises(WorkflowUnknownError):
        ledger.revisions("bob", "portrait")
    with pytest.raises(RevisionUnknownError):
        ledger.workflow("ann", "portrait", 2)


def test_workflows_are_listed_by_name_with_their_latest_revisions(ledger: Ledger) -> None:
    ledger.save_workflow("ann", "portrait", FIRST)
    ledger.save_workflow("ann", "landscape", FIRST)
    ledger.save_workflow("ann", "portrait", SECOND)
    ledger.save_workflow("bob", "other", FIRST)

    assert [(w.name, w.revision) for w in ledger.workflows("ann")] == [("landscape", 1), ("portrait", 2)]


def test_the_oldest_revisions_go_when_there_are_too_many(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflow_table, "MOST_REVISIONS", 3)
    for n in range(5):
        ledger.save_workflow("ann", "portrait", document(str(n)))

    assert [revision.revision for revision in ledger.revisions("ann", "portrait")] == [5, 4, 3]


def test_saving_and_deleting_are_told_to_the_owner(ledger: Ledger) -> None:
    ledger.save_workflow("ann", "portrait", FIRST)
    ledger.delete_workflow("ann", "portrait")

    told = [(event.type, event.owner, event.data) for event in ledger.events_after(0)]

    assert told == [
        ("workflow", "ann", {"name": "portrait", "revision": 1}),
        ("workflow", "ann", {"name": "portrait", "revision": 2, "is_deleted": True}),
    ]
