"""What a job made is handed over: pictures as files that carry their workflow, all else as values."""

import hashlib
from pathlib import Path

import numpy as np
import torch
from weft.pictures import read_picture, read_provenance
from weft.values import Image, Mask
from weft.workers.delivering import deliver


def test_a_picture_becomes_a_file_with_its_provenance(tmp_path: Path) -> None:
    pixels = torch.rand(1, 4, 6, 3)

    (product,), problems = deliver({"image": Image(pixels)}, tmp_path / "spool", {"weft": {"weft": 1}})

    data = Path(product.path).read_bytes()
    assert (product.output, product.index, product.type, product.media_type) == (
        "image",
        0,
        "image",
        "image/png",
    )
    assert (product.width, product.height, product.size) == (6, 4, len(data))
    assert product.digest == hashlib.sha256(data).hexdigest()
    assert read_provenance(data) == {"weft": {"weft": 1}, "output": "image"}
    np.testing.assert_array_equal(read_picture(data), (pixels[0] * 255).round().byte().numpy())
    assert problems == ()


def test_every_picture_of_batches_and_lists_is_a_product(tmp_path: Path) -> None:
    images = [Image(torch.full((2, 2, 2, 3), shade)) for shade in (0.0, 1.0)]

    products, _ = deliver({"many": images, "mask": Mask(torch.ones(1, 2, 2))}, tmp_path, {})

    assert [(p.output, p.index) for p in products] == [*(("many", n) for n in range(4)), ("mask", 0)]
    assert {p.type for p in products} == {"list[image]", "mask"}
    assert len({p.path for p in products}) == 5
    assert [int(read_picture(Path(p.path)).max()) for p in products] == [0, 0, 255, 255, 255]


def test_what_is_no_picture_is_a_value(tmp_path: Path) -> None:
    outputs = {
        "n": 3,
        "words": ["a", "b"],
        "latent": object(),
        "nothing": None,
        "facts": {"a": [1.5, float("nan")]},
    }

    products, _ = deliver(outputs, tmp_path / "spool", {})

    assert [(p.type, p.value) for p in products] == [
        ("int", 3),
        ("list[string]", ["a", "b"]),
        ("object", None),
        ("null", None),
        ("json", {"a": [1.5, None]}),
    ]
    assert not (tmp_path / "spool").exists()


def test_names_of_outputs_do_not_become_names_of_files(tmp_path: Path) -> None:
    (product,), _ = deliver({"../../up": Image(torch.zeros(1, 2, 2, 3))}, tmp_path / "spool", {})

    assert Path(product.path).parent == tmp_path / "spool"


def test_what_cannot_be_written_is_a_problem_and_the_rest_is_handed_over(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    products, problems = deliver(
        {"image": Image(torch.zeros(1, 2, 2, 3)), "n": 1}, tmp_path / "file" / "spool", {}
    )

    assert [product.output for product in products] == ["n"]
    assert [problem.code for problem in problems] == ["file-unwritable"]
