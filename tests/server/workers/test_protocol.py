"""Messages come out of a frame as they went in, whatever text and numbers they hold."""

import dataclasses
import math
import struct
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from weft.errors import JSON
from weft.workers.faults import ChannelBrokenError, MessageTooLongError
from weft.workers.protocol import (
    HEADER_BYTES,
    MOST_FRAME_BYTES,
    Answer,
    AskCatalog,
    AskMigration,
    AskPlan,
    AskReload,
    AskThumbnail,
    CancelJob,
    CatalogPublished,
    FromWorker,
    JobFinished,
    JobStarted,
    NodeFinish,
    NodeProgressed,
    NodesChanged,
    Preview,
    Product,
    RunJob,
    Shutdown,
    ToWorker,
    WorkerReady,
    WorkerStarting,
    encode,
    frame_lengths,
    read_from_worker,
    read_to_worker,
)

DOCUMENT: dict[str, JSON] = {
    "weft": 1,
    "nodes": {"a": {"type": "b", "inputs": {"seed": 2**63 - 1, "x": 1.0}}},
}
FINISH = NodeFinish("a", "ran", "input-changed", 0.25, "text", 12, 2**33)
PRODUCT = Product("image", 1, "list[image]", "/x/0.png", "ab" * 32, 10, "image/png", 4, 2)
PROBLEM: dict[str, JSON] = {"code": "cycle", "message": "…", "details": {"nodes": ["a", "b"]}}

TO_WORKER: list[ToWorker] = [
    RunJob("j", 2, DOCUMENT, "/spool", ("image",), "line", "portrait"),
    RunJob("j", 1, DOCUMENT, "/spool"),
    CancelJob("j"),
    AskPlan(request=1, document=DOCUMENT, targets=("image",), lineage="line"),
    AskMigration(request=2, document=DOCUMENT),
    AskThumbnail(request=3, source="/a.png", target="/b.webp", size=256),
    AskReload(request=4),
    AskCatalog(request=5),
    Shutdown(),
]
FROM_WORKER: list[FromWorker] = [
    WorkerStarting("Loading the engine"),
    WorkerReady(12, "cuda:1", "NVIDIA H200"),
    CatalogPublished({"format": 1, "nodes": []}),
    JobStarted("j", 1, 3),
    NodesChanged("j", 1, ("b",), (FINISH,)),
    NodeProgressed("j", 1, "a", 1, 20, None, "sampling"),
    Preview("j", 1, "a", 64, 32),
    JobFinished("j", 1, "failed", (PRODUCT,), (PROBLEM,), 0.5, {"ran": 1}, {"model": "ab"}),
    Answer(1, {"steps": []}),
    Answer(2, None, (PROBLEM,)),
]


def _head(frame: bytes) -> bytes:
    head, tail = frame_lengths(frame[:HEADER_BYTES])
    assert len(frame) == HEADER_BYTES + head + tail
    return frame[HEADER_BYTES : HEADER_BYTES + head]


@pytest.mark.parametrize("message", TO_WORKER, ids=lambda message: message.kind)
def test_what_a_server_says_is_read_as_it_was_said(message: ToWorker) -> None:
    assert read_to_worker(_head(encode(message))) == message


@pytest.mark.parametrize("message", FROM_WORKER, ids=lambda message: message.kind)
def test_what_a_worker_says_is_read_as_it_was_said(message: FromWorker) -> None:
    assert read_from_worker(_head(encode(message))) == message


def test_every_kind_of_message_is_tried_here() -> None:
    tried = {type(message) for message in [*TO_WORKER, *FROM_WORKER]}

    assert tried == {*get_args(ToWorker), *get_args(FromWorker)}


def test_every_kind_has_a_name_of_its_own() -> None:
    kinds = [cls.__dataclass_fields__["kind"].default for cls in (*get_args(ToWorker), *get_args(FromWorker))]

    assert len(set(kinds)) == len(kinds)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_any_json_travels_unchanged(value: JSON) -> None:
    found = read_from_worker(_head(encode(Answer(1, value))))

    assert isinstance(found, Answer)
    assert found.result == value
    assert type(found.result) is type(value)


def test_a_number_that_is_none_travels_too() -> None:
    found = read_from_worker(_head(encode(Answer(1, math.nan))))

    assert isinstance(found, Answer)
    assert isinstance(found.result, float)
    assert math.isnan(found.result)


def test_a_tail_follows_the_head_unchanged() -> None:
    frame = encode(Preview("j", 1, "a", 1, 1), b"\x00\xffJPEG")

    assert frame.endswith(b"\x00\xffJPEG")
    assert frame_lengths(frame[:HEADER_BYTES])[1] == 6


def test_a_frame_that_claims_to_be_too_long_is_refused() -> None:
    with pytest.raises(ChannelBrokenError, match="claims to have"):
        frame_lengths(struct.pack(">II", MOST_FRAME_BYTES, 1))


def test_a_message_that_is_too_long_is_not_sent() -> None:
    message = Preview("j", 1, "a", 1, 1)

    with pytest.raises(MessageTooLongError) as raised:
        encode(message, bytes(MOST_FRAME_BYTES))

    assert raised.value.code == "message-too-long"


@pytest.mark.parametrize("head", [b"", b"{", b"[]", b'{"kind": "dance"}', b'{"kind": "started"}', b"\xff"])
def test_what_is_no_message_is_refused(head: bytes) -> None:
    for read in (read_to_worker, read_from_worker):
        with pytest.raises(ChannelBrokenError):
            read(head)


def test_what_is_not_plain_does_not_travel() -> None:
    odd = dataclasses.replace(Answer(1), result=object())  # type: ignore[arg-type]

    with pytest.raises(TypeError, match="object does not travel"):
        encode(odd)
