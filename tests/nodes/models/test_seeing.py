"""A language model is shown pictures among the words, in two dimensions, without copies of its weights."""

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from tiny.qwenimage import PATCH, tiny_qwen, tiny_qwen_tokenizer
from torch import Tensor, nn
from weft.sdk import Image
from weft_nodes.families import FAMILIES
from weft_nodes.models.chats import Chat, read_chat
from weft_nodes.models.loading import CheckpointFolder, load_module
from weft_nodes.models.seeing import PICTURE, SeeingFamily, patches_of, seeing_stack, tower_part
from weft_nodes.models.text import TextStack
from weft_nodes.models.wording import Span, Wording

AREA = 4 * (2 * PATCH) ** 2


def parts() -> tuple[TextStack, nn.Module]:
    """The text layers with their tokenizer, and the tower."""
    whole = tiny_qwen().model
    return TextStack(whole.language_model, tiny_qwen_tokenizer()), whole.visual


def drawn(width: int, height: int, *, channels: int = 3, seed: int = 0) -> Image:
    """A picture."""
    return Image(torch.rand(1, height, width, channels, generator=torch.Generator().manual_seed(seed)))


def states(pictures: list[Image], wording: Wording) -> Tensor:
    """What the model says of a text behind some pictures."""
    stack, tower = parts()
    seeing, written = seeing_stack(stack, tower, patches_of(tower, pictures, area=AREA))
    return read_chat(seeing, wording, Chat("|".join(written), "!", 0))


def test_pictures_are_brought_to_an_area_and_to_whole_tokens() -> None:
    _, tower = parts()

    found = patches_of(tower, [drawn(100, 100), drawn(400, 100), drawn(9, 3000)], area=AREA)

    assert found.grids_P3.tolist() == [[1, 4, 4], [1, 2, 8], [1, 72, 2]]
    assert len(found.patches_ND) == int(found.grids_P3.prod(dim=1).sum())


def test_transparency_shows_black() -> None:
    _, tower = parts()
    clear, black = drawn(64, 64, channels=4), Image(torch.zeros(1, 64, 64, 3))
    clear.pixels_BHWC[..., 3] = 0

    found = [patches_of(tower, [picture], area=AREA).patches_ND for picture in (clear, black)]

    torch.testing.assert_close(found[0], found[1])


def test_a_picture_is_as_many_tokens_as_it_has_squares_of_patches() -> None:
    stack, tower = parts()

    seeing, written = seeing_stack(
        stack, tower, patches_of(tower, [drawn(64, 64), drawn(64, 256)], area=AREA)
    )

    assert [len(text) // len(PICTURE) for text in written] == [4, 4]
    assert seeing.encoder is not stack.encoder
    weights = {id(parameter) for parameter in seeing.encoder.parameters()}
    assert weights == {id(parameter) for net in (stack.encoder, tower) for parameter in net.parameters()}


def test_what_is_said_depends_on_the_picture_and_on_its_place() -> None:
    one, other = drawn(64, 64, seed=1), drawn(64, 64, seed=2)
    words = Wording.plain("make it blue")

    found = [states(pictures, words) for pictures in ([one, other], [other, one], [one, one])]

    for place, result in enumerate(found):
        assert not any(torch.allclose(result, later, atol=1e-5) for later in found[place + 1 :])


def test_places_of_a_picture_have_two_dimensions() -> None:
    flat, high = Image(torch.full((1, 128, 512, 3), 0.5)), Image(torch.full((1, 512, 128, 3), 0.5))

    wide, tall = (states([picture], Wording.plain("blue")) for picture in (flat, high))

    assert wide.shape == tall.shape
    assert not torch.allclose(wide[:, 2:], tall[:, 2:], atol=1e-6)


def test_words_behind_a_picture_may_have_weights() -> None:
    picture = drawn(64, 64)
    plain, even = states([picture], Wording.plain("ab")), Wording(((Span("a"), Span("b")),))
    strong = states([picture], Wording(((Span("a", 1.5), Span("b")),)))

    torch.testing.assert_close(states([picture], even), plain)
    torch.testing.assert_close(strong[:, :4], plain[:, :4])
    assert not torch.allclose(strong[:, 4], plain[:, 4], atol=1e-5)


@pytest.mark.parametrize("prefix", ["visual.", "model.visual."])
def test_the_tower_is_read_from_among_the_weights_of_the_whole_model(tmp_path: Any, prefix: str) -> None:
    whole = tiny_qwen()
    folder = tmp_path / "text_encoder"
    whole.config.save_pretrained(folder)
    tensors: Mapping[str, Tensor] = whole.model.visual.state_dict()
    others = {"model.embed_tokens.weight": torch.zeros(2, 2)}
    save_file(
        {f"{prefix}{name}": tensor for name, tensor in tensors.items()} | others, folder / "model.safetensors"
    )

    loaded = load_module(
        CheckpointFolder(tmp_path),
        tower_part("text_encoder"),
        path=tmp_path,
        dtype=torch.float32,
        device=torch.device("cpu"),
    )

    assert loaded.state_dict().keys() == tensors.keys()
    assert all(torch.equal(tensor, tensors[name]) for name, tensor in loaded.state_dict().items())


def test_families_say_whether_their_text_encoder_sees() -> None:
    seeing = {name for name, family in FAMILIES.items() if isinstance(family, SeeingFamily)}

    assert seeing == {"qwen-image"}
