"""The widths of its vectors tell for which families a learned word was made."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from weft_nodes.families.learned_words import embedding_traits


@pytest.mark.parametrize(
    ("shapes", "families"),
    [
        ({"emb_params": (4, 768)}, "sd15, sdxl, sd3, flux"),
        ({"any.name": (768,)}, "sd15, sdxl, sd3, flux"),
        ({"emb_params": (2, 1024)}, "sd2"),
        ({"clip_l": (2, 768), "clip_g": (2, 1280)}, "sd15, sdxl, sdxl-refiner, sd3"),
        ({"clip_g": (2, 1280)}, "sdxl, sdxl-refiner, sd3"),
        ({"emb_params": (2, 128)}, "starter"),
    ],
)
def test_a_learned_word_is_for_the_families_whose_encoders_are_as_wide(
    tmp_path: Path, shapes: Mapping[str, tuple[int, ...]], families: str
) -> None:
    path = tmp_path / "word.safetensors"
    save_file({name: torch.zeros(shape) for name, shape in shapes.items()}, path)

    assert embedding_traits(path) == {"family": families}


@pytest.mark.parametrize("shapes", [{"emb_params": (2, 33)}, {"a": (2, 768), "b": (2, 768)}, {"a": ()}])
def test_of_a_width_that_nobody_has_nothing_is_said(
    tmp_path: Path, shapes: Mapping[str, tuple[int, ...]]
) -> None:
    path = tmp_path / "word.safetensors"
    save_file({name: torch.zeros(shape) for name, shape in shapes.items()}, path)

    assert embedding_traits(path) == {}


def test_of_a_file_that_cannot_be_read_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / "word.safetensors").write_bytes(b"no header")

    assert embedding_traits(tmp_path / "word.safetensors") == {}
