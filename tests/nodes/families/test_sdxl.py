"""The adapter of SDXL and its refiner: two encoders, a pooled state, and the size of the picture."""

from types import SimpleNamespace

import tiny_models
import torch
from torch import Tensor
from weft_nodes.diffusion.spaces import DiffusionSpace
from weft_nodes.families import FAMILIES
from weft_nodes.families.sdxl import XLNetwork
from weft_nodes.models.text import TextStack, hidden_states
from weft_nodes.models.wording import Wording

SPACE = DiffusionSpace((0.1, 1.0, 10.0))


def _stacks() -> tuple[TextStack, TextStack]:
    first = TextStack(tiny_models.tiny_text_encoder(), tiny_models.tiny_tokenizer())
    second = TextStack(
        tiny_models.tiny_text_encoder(seed=3, projection=True, width=40),
        tiny_models.tiny_tokenizer(pad_token="!"),
    )
    return first, second


class _Recorder(torch.nn.Module):
    """Stands where a U-Net would, and keeps what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.config = SimpleNamespace(time_cond_proj_dim=None, in_channels=4, out_channels=4)
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.told: dict[str, Tensor] = {}

    def forward(
        self,
        x: Tensor,
        timestep: Tensor,
        *,
        encoder_hidden_states: Tensor,
        added_cond_kwargs: dict[str, Tensor],
        return_dict: bool,
    ) -> tuple[Tensor]:
        self.told = {"encoder_hidden_states": encoder_hidden_states, **added_cond_kwargs}
        return (x,)


def _told(conditions: dict[str, Tensor], *, is_refiner: bool, rows: int = 2) -> dict[str, Tensor]:
    recorder = _Recorder()
    network = XLNetwork(recorder, space=SPACE, key="k", reduction=8, is_refiner=is_refiner)
    base = {"encoder_hidden_states": torch.zeros(rows, 7, 4), "text_embeds": torch.zeros(rows, 4)}
    network.predict(torch.zeros(rows, 4, 10, 16), torch.zeros(rows), base | conditions)
    return recorder.told


def test_the_last_layer_but_one_of_both_encoders_stands_side_by_side() -> None:
    stacks = _stacks()
    states = [hidden_states(stack, Wording.plain("an inn")).layers[-2] for stack in stacks]

    tensors = FAMILIES["sdxl"].encode(stacks, Wording.plain("an inn"), skipped_layers=0)

    assert torch.equal(tensors["encoder_hidden_states"], torch.cat(states, dim=-1))
    assert tensors["text_embeds"].shape == (1, 40)


def test_both_encoders_cut_a_long_prompt_alike_and_the_first_chunk_is_pooled() -> None:
    stacks = _stacks()

    long = FAMILIES["sdxl"].encode(stacks, Wording.plain("a " * 100), skipped_layers=0)
    short = FAMILIES["sdxl"].encode(stacks, Wording.plain("a " * 75), skipped_layers=0)

    assert long["encoder_hidden_states"].shape == (1, 154, 72)
    torch.testing.assert_close(long["text_embeds"], short["text_embeds"], rtol=0, atol=1e-6)


def test_the_refiner_reads_the_second_encoder_alone() -> None:
    refiner, stack = FAMILIES["sdxl-refiner"], _stacks()[1]

    tensors = refiner.encode((stack,), Wording.plain("an inn"), skipped_layers=0)

    assert [part.encoder.name for part in refiner.text_parts] == ["text_encoder_2"]
    assert tensors["encoder_hidden_states"].shape == (1, 77, 40)


def test_untold_the_network_hears_the_size_of_the_latent_uncropped() -> None:
    told = _told({}, is_refiner=False)

    assert told["time_ids"].tolist() == [[80, 128, 0, 0, 80, 128]] * 2


def test_a_prompt_that_says_its_sizes_is_heard() -> None:
    sizes = torch.tensor([[512.0, 512, 0, 8, 512, 512], [1.0, 2, 3, 4, 5, 6]])

    assert torch.equal(_told({"time_ids": sizes}, is_refiner=False)["time_ids"], sizes)


def test_of_sizes_that_a_prompt_leaves_open_the_network_hears_those_of_the_latent() -> None:
    sizes = torch.tensor([[512.0, 0, 0, 8, 0, 0], [0.0, 0, 0, 0, 256, 64]])

    told = _told({"time_ids": sizes}, is_refiner=False)["time_ids"]

    assert told.tolist() == [[512, 128, 0, 8, 80, 128], [80, 128, 0, 0, 256, 64]]


def test_the_refiner_hears_the_original_and_the_crop_that_a_prompt_says() -> None:
    sizes = torch.tensor([[512.0, 256, 8, 16, 1024, 1024]]).expand(2, -1)

    told = _told({"time_ids": sizes}, is_refiner=True)["time_ids"]

    assert told.tolist() == [[512, 256, 8, 16, 6.0]] * 2


def test_the_refiner_hears_a_score_in_place_of_the_target_size() -> None:
    usual = _told({}, is_refiner=True)["time_ids"]
    given = _told({"aesthetic_score": torch.tensor([[6.0], [2.5]])}, is_refiner=True)["time_ids"]

    assert usual.tolist() == [[80, 128, 0, 0, 6.0]] * 2
    assert given.tolist() == [[80, 128, 0, 0, 6.0], [80, 128, 0, 0, 2.5]]


def test_the_score_itself_is_no_input_of_the_network() -> None:
    told = _told({"aesthetic_score": torch.tensor([[6.0], [2.5]])}, is_refiner=True)

    assert set(told) == {"encoder_hidden_states", "text_embeds", "time_ids"}
