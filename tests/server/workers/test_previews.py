"""Previews are small JPEG pictures, the newest of each node, and never in anyone's way."""

import asyncio
import io
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from server.workers.toys import until
from weft.workers.previews import LONGEST_EDGE, Jpeg, Previews, encode_preview


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def _picture(shade: int, height: int = 8, width: int = 12) -> NDArray[np.uint8]:
    return np.full((height, width, 3), shade, dtype=np.uint8)


def _shade(jpeg: Jpeg) -> int:
    with Image.open(io.BytesIO(jpeg.data)) as image:
        assert image.format == "JPEG"
        return int(np.asarray(image).mean().round())


def test_a_preview_is_a_jpeg_of_the_same_picture() -> None:
    jpeg = encode_preview(_picture(200))

    assert (jpeg.width, jpeg.height) == (12, 8)
    assert _shade(jpeg) == 200


def test_a_large_picture_is_made_smaller_in_its_proportions() -> None:
    jpeg = encode_preview(_picture(10, height=500, width=2000))

    assert (jpeg.width, jpeg.height) == (LONGEST_EDGE, LONGEST_EDGE // 4)


@pytest.mark.parametrize("shape", [(8, 12), (8, 12, 4)])
def test_grey_and_transparent_pictures_are_shown_too(shape: tuple[int, ...]) -> None:
    assert encode_preview(np.full(shape, 255, dtype=np.uint8)).width == 12


async def test_of_many_pictures_the_first_and_the_newest_are_shown(executor: ThreadPoolExecutor) -> None:
    shown: list[tuple[str, Jpeg]] = []
    previews = Previews(lambda node, jpeg: shown.append((node, jpeg)), executor)

    previews.offer("a", _picture(10))
    await until(lambda: len(shown) == 1)
    for shade in range(20, 241, 20):
        previews.offer("a", _picture(shade))
    await until(lambda: len(shown) == 2)
    await asyncio.sleep(0.3)

    assert [_shade(jpeg) for _, jpeg in shown] == [10, 240]


async def test_each_node_is_shown_by_itself(executor: ThreadPoolExecutor) -> None:
    shown: list[tuple[str, Jpeg]] = []
    previews = Previews(lambda node, jpeg: shown.append((node, jpeg)), executor)

    for node in "abc":
        previews.offer(node, _picture(10))
    await until(lambda: len(shown) == 3)

    assert {node for node, _ in shown} == set("abc")


async def test_a_picture_that_comes_while_another_is_drawn_follows_it(executor: ThreadPoolExecutor) -> None:
    shown: list[tuple[str, Jpeg]] = []
    previews = Previews(lambda node, jpeg: shown.append((node, jpeg)), executor)
    gate = threading.Event()
    executor.submit(gate.wait, 60)

    previews.offer("a", _picture(10))
    await asyncio.sleep(0.05)
    previews.offer("a", _picture(50))
    gate.set()
    await until(lambda: len(shown) == 2)

    assert [_shade(jpeg) for _, jpeg in shown] == [10, 50]


async def test_nothing_is_shown_of_a_node_that_has_ended_or_after_the_end(
    executor: ThreadPoolExecutor,
) -> None:
    shown: list[tuple[str, Jpeg]] = []
    previews = Previews(lambda node, jpeg: shown.append((node, jpeg)), executor)
    gate = threading.Event()
    executor.submit(gate.wait, 60)

    previews.offer("a", _picture(10))
    previews.offer("b", _picture(10))
    await asyncio.sleep(0.05)
    previews.forget("a")
    gate.set()
    await until(lambda: len(shown) == 1)
    previews.offer("c", _picture(10))
    previews.close()
    await asyncio.sleep(0.2)

    assert [node for node, _ in shown] == ["b"]


async def test_a_picture_that_is_none_is_only_logged(
    executor: ThreadPoolExecutor, caplog: pytest.LogCaptureFixture
) -> None:
    shown: list[tuple[str, Jpeg]] = []
    previews = Previews(lambda node, jpeg: shown.append((node, jpeg)), executor)

    previews.offer("a", np.zeros((3, 3, 7), dtype=np.uint8))
    await asyncio.sleep(0.05)
    previews.offer("b", _picture(10))
    await until(lambda: len(shown) == 1)

    assert [node for node, _ in shown] == ["b"]
    assert "The preview of a cannot be drawn" in caplog.text
