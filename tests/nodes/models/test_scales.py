"""Scales of weights follow their rows through any converter."""

import pytest
import torch
from torch import Tensor
from weft_nodes.models.scales import converted, split_scales

WEIGHT = torch.arange(12.0).view(6, 2)


def parted(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Parts queries, keys and values, swaps the halves of another one, and renames all."""
    q, k, v = tensors.pop("qkv.weight").chunk(3)
    shift, scale = tensors.pop("out.weight").chunk(2)
    return {"q.weight": q, "k.weight": k, "v.weight": v, "o.weight": torch.cat([scale, shift])} | {
        f"new.{name}": tensor for name, tensor in tensors.items()
    }


@pytest.mark.parametrize("ending", ["scale_weight", "weight_scale"])
def test_both_names_of_scales_are_known(ending: str) -> None:
    plain, scales = split_scales(
        {"a.weight": WEIGHT, f"a.{ending}": torch.tensor(2.0), "a.scale_input": torch.tensor(1.0)}
    )

    assert list(plain) == ["a.weight"]
    assert list(scales) == ["a.weight"]


def test_marks_of_scaled_files_are_no_tensors() -> None:
    tensors = {"scaled_fp8": torch.zeros(2), "model.x.comfy_quant": torch.zeros(3), "a.weight": WEIGHT}

    assert list(split_scales(tensors)[0]) == ["a.weight"]


def test_a_scale_for_all_rows_reaches_every_part() -> None:
    found = converted(
        parted, {"qkv.weight": WEIGHT, "out.weight": WEIGHT, "qkv.scale_weight": torch.tensor(3.0)}
    )

    assert {name for name in found if name.endswith("_scale")} == {
        "q.weight_scale",
        "k.weight_scale",
        "v.weight_scale",
    }
    assert torch.equal(found["k.weight"] * found["k.weight_scale"], WEIGHT[2:4] * 3)


def test_scales_of_single_rows_are_swapped_with_them() -> None:
    scale = torch.arange(1.0, 7.0)
    found = converted(parted, {"qkv.weight": WEIGHT, "out.weight": WEIGHT, "out.weight_scale": scale})

    assert torch.equal(found["o.weight_scale"].flatten(), torch.tensor([4.0, 5.0, 6.0, 1.0, 2.0, 3.0]))


def test_tensors_without_scales_go_through_once() -> None:
    calls: list[int] = []

    def convert(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        calls.append(len(tensors))
        return tensors

    assert list(converted(convert, {"x.weight": WEIGHT, "step": torch.tensor(1)})) == ["x.weight", "step"]
    assert calls == [2]


def test_rows_are_converted_for_tensors_of_any_number_of_axes() -> None:
    tensors = {
        "a.weight": torch.zeros(4, 2, 3, 3),
        "b": torch.zeros(()),
        "a.weight_scale": torch.tensor([2.0]),
    }

    assert converted(dict, tensors)["a.weight_scale"].shape == (4, 1, 1, 1)
