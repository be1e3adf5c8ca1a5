"""What steers the starter model: pictures show it, and the shipped files are small and of its family."""

import pytest
from weft_nodes.families.checkpoints import SHIPPED_STEERING
from weft_nodes.families.controls import control_traits, list_controls
from weft_nodes.families.loras import lora_traits
from weft_nodes.starter.painting import Sampling
from weft_nodes.starter.scenes import Shape, Size
from weft_nodes.starter.steering import (
    EDGES,
    OUTLINED,
    main,
    outline_shapes,
    place_by_edges,
    solid_claims,
    strewn_scenes,
)


def test_shapes_appear_where_their_edges_are() -> None:
    counts = place_by_edges(SHIPPED_STEERING / EDGES, strewn_scenes(10)[::2], Sampling(steps=5))

    assert counts["placed"].right >= counts["placed"].asked - 1


def test_the_lora_outlines_what_is_filled_without_it() -> None:
    counts = outline_shapes(SHIPPED_STEERING / OUTLINED, solid_claims(4), Sampling(steps=8))

    assert counts["outlined with"].right >= 3
    assert counts["outline's shape"].right >= 2
    assert counts["filled without"].right >= 3


def test_scenes_and_claims_were_never_shown_and_are_always_the_same() -> None:
    assert all(claim.is_held_out for claim in solid_claims(20))
    assert all(claim.first.size is Size.LARGE for claim in solid_claims(20))
    assert Shape.RING not in {claim.first.shape for claim in solid_claims(20)}
    assert strewn_scenes(5) == strewn_scenes(5)


def test_the_shipped_files_are_of_the_starter_and_small() -> None:
    assert list(list_controls([SHIPPED_STEERING])) == [EDGES.name]
    assert control_traits(SHIPPED_STEERING / EDGES)["family"] == "starter"
    assert lora_traits(SHIPPED_STEERING / OUTLINED) == {"family": "starter"}
    files = [path for path in SHIPPED_STEERING.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 6_000_000


def test_the_command_prints_a_share_for_each_kind(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--scenes", "1", "--claims", "1", "--pictures", "1", "--steps", "1"]) == 0

    printed = capsys.readouterr().out
    kinds = ("placed", "placed shape", "outlined with", "outline's shape", "filled without")
    assert all(kind in printed for kind in (*kinds, "inside", "outside"))
