"""Files belong to owners; what a job made is written down in the transaction that ends it."""

import pytest
from ledger_steps import Clock, digest, picture, run
from weft.jobs.faults import AssetUnknownError, CursorInvalidError
from weft.jobs.ledger.ledger import Ledger
from weft.jobs.records import Asset, Outcome, Output


def _asset(number: int, owner: str = "ann", name: str = "cat.png") -> Asset:
    return Asset(digest(number), owner, "upload", name, "image/png", 3, 8, 8)


def test_an_uploaded_file_is_found_by_its_digest(ledger: Ledger) -> None:
    added, is_new = ledger.add_asset(_asset(1))

    assert is_new
    assert added.created_at == 1000.0
    assert ledger.asset(digest(1)) == ledger.asset(digest(1), "ann") == added


def test_uploading_again_changes_nothing(ledger: Ledger, clock: Clock) -> None:
    first, _ = ledger.add_asset(_asset(1))
    number = ledger.last_number()
    clock.now += 1

    assert ledger.add_asset(_asset(1, name="other.png")) == (first, False)
    assert ledger.last_number() == number


def test_owners_have_files_of_their_own(ledger: Ledger) -> None:
    ledger.add_asset(_asset(1, "ann"))
    _, is_new = ledger.add_asset(_asset(1, "bob", "dog.png"))

    assert is_new
    assert ledger.asset(digest(1), "bob").name == "dog.png"
    assert ledger.asset_owners(digest(1)) == {"ann", "bob"}
    with pytest.raises(AssetUnknownError):
        ledger.asset(digest(1), "carl")


def test_what_a_job_made_is_a_file_of_its_owner(ledger: Ledger) -> None:
    made = (
        picture(digest(1)),
        picture(digest(1), "again"),
        picture(digest(2)),
        Output("n", 0, "int", value=3),
    )
    run(ledger, "one", Outcome("succeeded", made), owner="ann")
    run(ledger, "two", Outcome("succeeded", made[2:]), owner="ann")

    assets = ledger.assets("ann").assets

    assert [(asset.digest, asset.kind) for asset in assets] == [(digest(2), "output"), (digest(1), "output")]
    assert (assets[0].media_type, assets[0].size, assets[0].width, assets[0].height) == ("image/png", 3, 8, 8)


def test_a_file_that_was_made_counts_as_uploaded_once_it_is_uploaded(ledger: Ledger) -> None:
    run(ledger, "one", Outcome("succeeded", (picture(digest(1)),)), owner="ann")

    asset, is_new = ledger.add_asset(_asset(1))
    ledger.delete("one")

    assert (asset.kind, is_new) == ("upload", False)
    assert ledger.asset(digest(1), "ann") == asset


def test_a_file_that_was_uploaded_stays_so_when_a_job_makes_it(ledger: Ledger) -> None:
    ledger.add_asset(_asset(1))

    run(ledger, "one", Outcome("succeeded", (picture(digest(1)),)), owner="ann")

    assert ledger.asset(digest(1), "ann").kind == "upload"


def test_pages_show_every_file_once_newest_first(ledger: Ledger) -> None:
    for n in range(7):
        ledger.add_asset(_asset(n, "ann" if n != 3 else "bob"))
    seen: list[str] = []
    after = None
    while True:
        page = ledger.assets("ann", after=after, limit=2)
        assert page.total == 6
        seen += [asset.digest for asset in page.assets]
        after = page.next
        if after is None:
            break

    assert seen == [digest(n) for n in (6, 5, 4, 2, 1, 0)]
    assert ledger.assets(kind="output").assets == ()
    assert ledger.assets(kind="upload").total == 7


def test_a_foreign_cursor_is_refused(ledger: Ledger) -> None:
    with pytest.raises(CursorInvalidError):
        ledger.assets(after="12")


def test_a_deleted_file_is_gone_for_its_owner_only(ledger: Ledger) -> None:
    ledger.add_asset(_asset(1, "ann"))
    ledger.add_asset(_asset(1, "bob"))

    ledger.delete_asset(digest(1), "ann")

    assert ledger.asset_owners(digest(1)) == {"bob"}
    assert ledger.blob_references() == {digest(1)}
    with pytest.raises(AssetUnknownError):
        ledger.delete_asset(digest(1), "ann")


def test_the_blob_of_a_deleted_file_stays_while_a_job_shows_it(ledger: Ledger) -> None:
    run(ledger, "one", Outcome("succeeded", (picture(digest(1)),)), owner="ann")

    ledger.delete_asset(digest(1), "ann")

    assert ledger.blob_references() == {digest(1)}
    assert ledger.asset_owners(digest(1)) == {"ann"}


def test_uploads_and_deletions_are_told_to_their_owner(ledger: Ledger) -> None:
    ledger.add_asset(_asset(1))
    ledger.delete_asset(digest(1), "ann")

    told = [(event.type, event.owner, event.data) for event in ledger.events_after(0)]

    assert told == [
        (
            "asset",
            "ann",
            {"digest": digest(1), "kind": "upload", "name": "cat.png", "media_type": "image/png"},
        ),
        ("asset", "ann", {"digest": digest(1), "is_deleted": True}),
    ]
