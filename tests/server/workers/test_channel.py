"""Frames arrive whole and in order, however the bytes are cut, and a broken stream is noticed."""

import asyncio
import io
import os
import threading

import pytest
from weft.workers.channel import Frame, FrameSender, read_frame, receive_frame
from weft.workers.faults import ChannelBrokenError, MessageTooLongError
from weft.workers.protocol import MOST_FRAME_BYTES, Answer, FromWorker, Preview, WorkerStarting, encode

MESSAGES: list[tuple[FromWorker, bytes]] = [
    (WorkerStarting("a"), b""),
    (Preview("j", 1, "a", 1, 1), bytes(range(256)) * 1000),
    (WorkerStarting("b"), b""),
]
STREAM = b"".join(encode(message, tail) for message, tail in MESSAGES)


def _stream(data: bytes, piece: int) -> asyncio.StreamReader:
    stream = asyncio.StreamReader()
    for start in range(0, len(data), piece):
        stream.feed_data(data[start : start + piece])
    stream.feed_eof()
    return stream


@pytest.mark.parametrize("piece", [7, 8, 4096, len(STREAM)])
async def test_frames_are_received_whole_however_they_are_cut(piece: int) -> None:
    stream = _stream(STREAM, piece)

    tails = []
    while (frame := await receive_frame(stream)) is not None:
        tails.append(frame.tail)

    assert tails == [tail for _, tail in MESSAGES]


def test_frames_are_read_whole_from_a_file() -> None:
    file = io.BytesIO(STREAM)

    tails = []
    while (frame := read_frame(file)) is not None:
        tails.append(frame.tail)

    assert tails == [tail for _, tail in MESSAGES]


@pytest.mark.parametrize("kept", [1, 7, 8, 20])
async def test_a_stream_that_ends_inside_a_frame_is_broken(kept: int) -> None:
    with pytest.raises(ChannelBrokenError, match="ends inside a frame"):
        await receive_frame(_stream(STREAM[:kept], 4096))
    with pytest.raises(ChannelBrokenError, match="ends inside a frame"):
        read_frame(io.BytesIO(STREAM[:kept]))


async def test_a_stream_that_ends_inside_a_tail_is_broken() -> None:
    cut = encode(*MESSAGES[1])[:-1]

    with pytest.raises(ChannelBrokenError, match="ends inside a frame"):
        await receive_frame(_stream(cut, 4096))
    with pytest.raises(ChannelBrokenError, match="ends inside a frame"):
        read_frame(io.BytesIO(cut))


async def test_something_else_than_frames_is_noticed() -> None:
    text = b"Traceback (most recent call last):"

    with pytest.raises(ChannelBrokenError, match="claims to have"):
        await receive_frame(_stream(text, 100))
    with pytest.raises(ChannelBrokenError, match="claims to have"):
        read_frame(io.BytesIO(text))


def _frames_of(descriptor: int) -> list[Frame]:
    with os.fdopen(descriptor, "rb") as file:
        return list(iter(lambda: read_frame(file), None))


def test_a_sender_writes_messages_in_order_and_waits_for_nobody() -> None:
    source, target = os.pipe()
    sender = FrameSender(target, on_broken=lambda: None)

    # Far more than a pipe holds: nobody reads yet, and still nothing waits.
    for number in range(64):
        sender.send(Answer(number), bytes(2**16))
    waiting = sender.backlog_bytes
    reading = threading.Thread(target=sender.close, args=(60,))
    reading.start()
    frames: list[Frame] = []
    with os.fdopen(source, "rb") as file:
        frames = [frame for frame in (read_frame(file) for _ in range(64)) if frame is not None]
    reading.join()
    os.close(target)

    assert [frame.head for frame in frames] == [encode(Answer(n))[8:] for n in range(64)]
    assert waiting > 2**21
    assert sender.backlog_bytes == 0


def test_a_sender_says_when_nobody_reads_any_more() -> None:
    source, target = os.pipe()
    os.close(source)
    is_broken = threading.Event()
    sender = FrameSender(target, on_broken=is_broken.set)

    sender.send(WorkerStarting("a"))

    assert is_broken.wait(60)
    os.close(target)


def test_a_message_that_is_too_long_leaves_the_stream_whole() -> None:
    source, target = os.pipe()
    sender = FrameSender(target, on_broken=lambda: None)

    with pytest.raises(MessageTooLongError):
        sender.send(WorkerStarting("a"), bytes(MOST_FRAME_BYTES))
    sender.send(WorkerStarting("b"))
    sender.close(60)
    os.close(target)

    assert [frame.head for frame in _frames_of(source)] == [encode(WorkerStarting("b"))[8:]]
