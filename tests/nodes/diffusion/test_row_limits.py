"""The measured number of rows."""

import time
from collections.abc import Mapping

import torch
from sampling_toys import prompt
from torch import Tensor
from weft_nodes.diffusion.row_limits import best_rows


class _SleepyNetwork:
    """A network whose time is known: a fixed part per call and a part per row."""

    def __init__(self, per_call_s: float, per_row_s: float) -> None:
        self.batch_key = "sleepy"
        self.device = torch.device("cpu")
        self._per_call_s = per_call_s
        self._per_row_s = per_row_s

    def predict(self, x_BChw: Tensor, timestep_B: Tensor, conditions: Mapping[str, Tensor]) -> Tensor:
        assert len(timestep_B) == len(conditions["encoder_hidden_states"]) == len(x_BChw)
        time.sleep(self._per_call_s + self._per_row_s * len(x_BChw))
        return x_BChw


def test_a_network_that_costs_by_the_call_takes_as_many_rows_as_were_tried() -> None:
    assert best_rows(_SleepyNetwork(0.01, 0.0), (4, 8, 8), prompt(1), candidates=(1, 2, 4)) == 4


def test_a_network_that_costs_by_the_row_takes_one() -> None:
    assert best_rows(_SleepyNetwork(0.0, 0.01), (4, 8, 8), prompt(1), candidates=(1, 2), least_gain=0.2) == 1
