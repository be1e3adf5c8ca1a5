"""Z-Image reads captions of any length side by side, as long as there are places for their tokens."""

import pytest
import torch
from tiny.zimage import tiny_zimage
from weft_nodes.diffusion.denoiser import Network
from weft_nodes.diffusion.spaces import FlowSpace
from weft_nodes.families import FAMILIES
from weft_nodes.families.zimage import PromptTooLongError
from weft_nodes.models.text import TextStack
from weft_nodes.models.wording import Wording

FAMILY = FAMILIES["z-image"]


@pytest.fixture(scope="module")
def network() -> Network:
    """A live tiny network."""
    return FAMILY.network(tiny_zimage().transformer, space=FlowSpace(), key="key")


def test_padding_is_no_part_of_a_caption() -> None:
    pipeline = tiny_zimage()
    stack = TextStack(pipeline.text_encoder, pipeline.tokenizer)

    found = FAMILY.encode((stack,), Wording.plain("a red star"), skipped_layers=0)

    mask_T = found["attention_mask"][0].bool()
    assert found["encoder_hidden_states"].shape == (1, 512, 32)
    assert len("a red star") < int(mask_T.sum()) < 512
    assert found["encoder_hidden_states"][0, mask_T].any(dim=-1).all()
    assert not found["encoder_hidden_states"][0, ~mask_T].any()


def test_captions_of_other_lengths_share_a_forward(network: Network) -> None:
    drawn = torch.Generator().manual_seed(0)
    x_BChw, text_BTD = (torch.randn(shape, generator=drawn) for shape in ((2, 16, 4, 6), (2, 40, 32)))
    times_B, counts = torch.tensor([500.0, 200.0]), (5, 37)
    mask_BT = torch.tensor([[int(at < count) for at in range(40)] for count in counts])

    together = network.predict(
        x_BChw, times_B, {"encoder_hidden_states": text_BTD, "attention_mask": mask_BT}
    )

    for row, count in enumerate(counts):
        one = slice(row, row + 1)
        alone = network.predict(
            x_BChw[one],
            times_B[one],
            {"encoder_hidden_states": text_BTD[one, :count], "attention_mask": mask_BT[one, :count]},
        )
        torch.testing.assert_close(together[one], alone)


def test_a_prompt_without_places_for_its_tokens_is_refused(network: Network) -> None:
    def answer(tokens: int) -> torch.Tensor:
        text_BTD, mask_BT = torch.ones(1, tokens, 32), torch.ones(1, tokens, dtype=torch.int64)
        return network.predict(
            torch.ones(1, 16, 2, 2),
            torch.tensor([500.0]),
            {"encoder_hidden_states": text_BTD, "attention_mask": mask_BT},
        )

    assert torch.isfinite(answer(1504)).all()
    with pytest.raises(PromptTooLongError, match="has 1505 tokens, but Z-Image reads at most 1504"):
        answer(1505)
