"""Pixels see those of their window, wherever it lies, and no others."""

import pytest
import torch
from torch import Tensor
from weft_nodes.models.upscale_networks import windows
from weft_nodes.models.upscale_networks.windows import (
    Feedforward,
    WindowAttention,
    attend,
    attend_in_windows,
    biases,
    distances,
    joined,
    windowed,
)


def random(*shape: int) -> Tensor:
    """Random numbers of a shape."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(5))


@pytest.mark.parametrize("window", [(2, 4), (4, 2), (3, 3)])
def test_windows_are_cut_row_by_row_and_joined_again(window: tuple[int, int]) -> None:
    size = (2 * window[0], 3 * window[1])
    x_BhwC = random(2, *size, 5)

    cut = windowed(x_BhwC, window)

    assert cut.shape == (12, window[0] * window[1], 5)
    second = x_BhwC[0, : window[0], window[1] : 2 * window[1]]
    assert cut[1].equal(second.flatten(0, 1))
    assert joined(cut, window, size).equal(x_BhwC)


def test_distances_count_rows_and_columns_from_the_far_corner() -> None:
    found = distances((2, 3), (2, 3), torch.device("cpu"))

    assert found.shape == (6, 6)
    # Two pixels of one place are a row (of two) and two columns (of three) from the corner.
    assert found.diagonal().tolist() == [1 * 5 + 2] * 6
    assert found[0, 5] == 0
    assert found[5, 0] == 2 * 5 + 4


def test_distances_to_a_larger_window_reach_further() -> None:
    found = distances((2, 2), (3, 3), torch.device("cpu"))

    assert found.shape == (4, 9)
    assert found[0, 0] == 1 * 4 + 1
    assert found[0, 8] == -1 * 4 - 1
    table = torch.arange(16.0)[:, None]
    assert biases(table, found)[0, 0, 8] == table[-5, 0]


@pytest.mark.parametrize("is_shifted", [False, True])
def test_a_pixel_sees_its_window_alone(*, is_shifted: bool) -> None:
    window, size = (4, 2), (8, 6)
    qkv = random(1, *size, 12)
    changed = qkv.clone()
    changed[0, 0, 0] += 1

    def answers(x: Tensor) -> Tensor:
        return attend_in_windows(x, torch.zeros(2, 8, 8), window, is_shifted=is_shifted)

    differs = (answers(qkv) != answers(changed)).any(-1)[0]
    # Shifted, the corner is a window of half the sides: what lies beyond the edges is no neighbour.
    rows, columns = (2, 1) if is_shifted else window
    assert differs[:rows, :columns].all()
    assert int(differs.sum()) == rows * columns


def test_pictures_of_a_batch_do_not_see_each_other() -> None:
    qkv, bias = random(3, 4, 4, 12), random(2, 4, 4)

    together = attend_in_windows(qkv, bias, (2, 2), is_shifted=True)

    for index in range(3):
        alone = attend_in_windows(qkv[index : index + 1], bias, (2, 2), is_shifted=True)
        torch.testing.assert_close(together[index : index + 1], alone)


def test_some_windows_at_a_time_answer_as_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    query, key, value = random(3, 7, 2, 4, 5)
    bias, mask = random(2, 4, 4), random(7, 4, 4)
    looks = query @ key.transpose(-2, -1) / 5**0.5 + bias + mask[:, None]
    expected = (looks.softmax(-1) @ value).transpose(1, 2).flatten(2)

    for numbers in (2**20, 3 * bias.numel(), 1):
        monkeypatch.setattr(windows, "_AT_ONCE", numbers)
        torch.testing.assert_close(attend(query, key, value, bias, mask), expected)


def test_offsets_and_layers_have_the_sizes_that_they_are_told() -> None:
    attention = WindowAttention(8, 2, 3, has_offsets=False)
    layers = Feedforward(8, 20)

    assert {name: tuple(tensor.shape) for name, tensor in attention.state_dict().items()} == {
        "relative_position_bias_table": (25, 2),
        "qkv.weight": (24, 8),
        "proj.weight": (8, 8),
        "proj.bias": (8,),
    }
    torch.nn.init.zeros_(attention.relative_position_bias_table)
    for is_shifted in (False, True):
        assert attention(random(1, 6, 9, 8), is_shifted=is_shifted).shape == (1, 6, 9, 8)
    assert layers.fc1.weight.shape == (20, 8)
    assert layers(random(1, 2, 3, 8)).shape == (1, 2, 3, 8)
