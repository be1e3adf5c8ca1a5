"""Painting: pictures of captions, each from its own seed, whatever is painted beside it."""

from pathlib import Path

import numpy as np
import pytest
from tiny.starter import narrow_parts
from weft_nodes.diffusion.errors import UnknownNameError
from weft_nodes.models.errors import ModelFileMissingError
from weft_nodes.starter.networks import save_model
from weft_nodes.starter.painting import Sampling, paint

CAPTIONS = ("a red circle", "a blue star", "a red ring")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("model")
    save_model(narrow_parts(), folder)
    return folder


def test_every_caption_gets_its_picture(folder: Path) -> None:
    pictures = paint(folder, CAPTIONS, Sampling(steps=2))

    assert pictures.shape == (3, 128, 128, 3)
    assert pictures.dtype == np.uint8


def test_a_picture_follows_from_its_seed_whatever_is_painted_beside_it(folder: Path) -> None:
    together = paint(folder, CAPTIONS, Sampling(steps=2, seed=4))
    alone = paint(folder, CAPTIONS[1:2], Sampling(steps=2, seed=5))

    assert np.abs(together[1].astype(int) - alone[0]).max() <= 1


def test_another_seed_gives_another_picture(folder: Path) -> None:
    first, second = (paint(folder, CAPTIONS[:1], Sampling(steps=2, seed=seed)) for seed in (0, 1))

    assert np.abs(first.astype(int) - second).max() > 3


def test_an_unknown_sampler_is_refused(folder: Path) -> None:
    with pytest.raises(UnknownNameError):
        paint(folder, CAPTIONS[:1], Sampling(sampler="magic"))


def test_a_missing_model_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ModelFileMissingError):
        paint(tmp_path / "nowhere", CAPTIONS[:1], Sampling())
