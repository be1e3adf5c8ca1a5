"""A learned word is read like any other, by the clone that knows it and by no one else."""

from pathlib import Path

import pytest
import tiny_models
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from weft_nodes.models.clones import light_clone
from weft_nodes.models.embeddings import (
    EmbeddingPatch,
    EmbeddingUnknownError,
    LearnedWords,
    embedding_parts,
    learned_ids,
    read_vectors,
)
from weft_nodes.models.errors import ModelFileRefusedError, PatchMismatchError
from weft_nodes.models.patches import Patch
from weft_nodes.models.text import TextStack, chunk_tokens, hidden_states
from weft_nodes.models.wording import Wording, read_prompt

WIDTH = tiny_models.WIDTH


def _file(folder: Path, **tensors: Tensor) -> Path:
    path = folder / f"{'-'.join(tensors)}.safetensors"
    save_file(tensors, path)
    return path


def _patched(encoder: nn.Module, path: Path, *names: str, part: str = "text_encoder") -> nn.Module:
    clone = light_clone(encoder)
    for name in names:
        EmbeddingPatch(str(path), "digest", name, part).apply(clone)
    return clone


def _table(encoder: nn.Module) -> Tensor:
    table = encoder.get_submodule("embeddings.token_embedding").weight
    assert isinstance(table, Tensor)
    return table


def test_a_learned_word_with_the_vectors_of_known_tokens_reads_like_them(tmp_path: Path) -> None:
    encoder, tokenizer = tiny_models.tiny_text_encoder(), tiny_models.tiny_tokenizer()
    ids = tokenizer("an", add_special_tokens=False)["input_ids"]
    assert len(ids) == 2
    path = _file(tmp_path, emb_params=_table(encoder)[ids].detach().clone())
    patched = TextStack(_patched(encoder, path, "slim"), tokenizer)

    found = hidden_states(patched, Wording.plain("a embedding:slim singer"))

    expected = hidden_states(TextStack(encoder, tokenizer), Wording.plain("a an singer"))
    assert torch.equal(found.last_NTD, expected.last_NTD)
    assert torch.equal(found.pooled_ND, expected.pooled_ND)


@pytest.mark.parametrize("is_old", [True, False])
def test_the_end_of_a_text_is_found_behind_learned_words(tmp_path: Path, is_old: bool) -> None:
    encoder, tokenizer = tiny_models.tiny_text_encoder(), tiny_models.tiny_tokenizer()
    # 2 is what old configurations say; transformers then takes the highest id for the end.
    encoder.__dict__["eos_token_id"] = 2 if is_old else tokenizer.eos_token_id
    path = _file(tmp_path, emb_params=torch.randn(3, WIDTH))
    stack = TextStack(_patched(encoder, path, "dusk"), tokenizer)

    states = hidden_states(stack, Wording.plain("a embedding:dusk"))

    # Start, one token, three vectors; then the end.
    assert torch.equal(states.pooled_ND, states.last_NTD[:, 5])


def test_the_shared_encoder_stays_as_it_was(tmp_path: Path) -> None:
    encoder = tiny_models.tiny_text_encoder()
    before = _table(encoder).clone()

    clone = _patched(encoder, _file(tmp_path, emb_params=torch.randn(2, WIDTH)), "dusk")

    assert torch.equal(_table(encoder), before)
    with pytest.raises(EmbeddingUnknownError):
        learned_ids(encoder, "dusk")
    assert learned_ids(clone, "dusk") == (-1, -2)


def test_several_learned_words_stand_beside_each_other(tmp_path: Path) -> None:
    path = _file(tmp_path, emb_params=torch.randn(2, WIDTH))
    encoder = tiny_models.tiny_text_encoder()
    clone = _patched(encoder, path, "dusk", "dawn")
    ids = torch.tensor([[0, *learned_ids(clone, "dawn"), 7, *learned_ids(clone, "dusk")]])

    found = clone.get_submodule("embeddings.token_embedding")(ids)[0]

    vectors = read_vectors(path, part="text_encoder")
    table = _table(encoder)
    assert torch.equal(found, torch.cat([table[:1], vectors, table[7:8], vectors]))
    with pytest.raises(EmbeddingUnknownError) as caught:
        learned_ids(clone, "noon")
    assert "dawn, dusk" in caught.value.hint


def test_a_word_added_again_replaces_the_one_before(tmp_path: Path) -> None:
    path = _file(tmp_path, emb_params=torch.randn(2, WIDTH))

    clone = _patched(tiny_models.tiny_text_encoder(), path, "dusk", "dusk", "dawn")

    assert learned_ids(clone, "dusk") == (-3, -4)
    assert learned_ids(clone, "dawn") == (-5, -6)


def test_a_learned_word_has_a_weight_like_any_other(tmp_path: Path) -> None:
    path = _file(tmp_path, emb_params=torch.randn(2, WIDTH))
    stack = TextStack(
        _patched(tiny_models.tiny_text_encoder(), path, "dusk.v2"), tiny_models.tiny_tokenizer(length=8)
    )
    chunks = chunk_tokens(stack, read_prompt("a (embedding:dusk.v2:1.5).")[0].wording)

    assert chunks.ids_NT[0, 2:4].tolist() == [-1, -2]
    assert chunks.weights_NT[0].tolist() == [1, 1, 1.5, 1.5, 1, 1, 1, 1]


def test_a_learned_word_is_not_torn_apart_where_a_prompt_is_cut(tmp_path: Path) -> None:
    path = _file(tmp_path, emb_params=torch.randn(3, WIDTH))
    stack = TextStack(
        _patched(tiny_models.tiny_text_encoder(), path, "dusk"), tiny_models.tiny_tokenizer(length=6)
    )

    chunks = chunk_tokens(stack, Wording.plain("a b embedding:dusk"))

    assert chunks.mask_NT.sum(dim=1).tolist() == [4, 5]
    assert chunks.ids_NT[1, 1:4].tolist() == [-1, -2, -3]


def test_a_learned_word_longer_than_a_chunk_is_read_in_several(tmp_path: Path) -> None:
    path = _file(tmp_path, emb_params=torch.randn(7, WIDTH))
    stack = TextStack(
        _patched(tiny_models.tiny_text_encoder(), path, "dusk"), tiny_models.tiny_tokenizer(length=6)
    )

    chunks = chunk_tokens(stack, Wording.plain("embedding:dusk"))

    kept = chunks.ids_NT[chunks.ids_NT < 0].tolist()
    assert (len(chunks.ids_NT), kept) == (2, [-1, -2, -3, -4, -5, -6, -7])


def test_each_encoder_reads_its_own_vectors_of_a_file(tmp_path: Path) -> None:
    small, large = torch.randn(2, WIDTH), torch.randn(2, WIDTH + 8)
    path = _file(tmp_path, clip_l=small, clip_g=large)

    assert embedding_parts(path) == ("text_encoder", "text_encoder_2")
    assert torch.equal(read_vectors(path, part="text_encoder"), small)
    assert torch.equal(read_vectors(path, part="text_encoder_2"), large)


def test_a_single_tensor_of_any_name_is_for_the_first_encoder(tmp_path: Path) -> None:
    path = _file(tmp_path, **{"<dusk>": torch.randn(WIDTH)})

    assert embedding_parts(path) == ("text_encoder",)
    assert read_vectors(path, part="text_encoder").shape == (1, WIDTH)
    with pytest.raises(PatchMismatchError, match="no vectors for a text_encoder_2"):
        read_vectors(path, part="text_encoder_2")


def test_vectors_of_another_width_are_refused(tmp_path: Path) -> None:
    path = _file(tmp_path, emb_params=torch.randn(2, WIDTH + 1))

    with pytest.raises(PatchMismatchError, match=f"{WIDTH + 1} features, but this encoder's have {WIDTH}"):
        _patched(tiny_models.tiny_text_encoder(), path, "dusk")


def test_an_encoder_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = _file(tmp_path, emb_params=torch.randn(2, WIDTH))

    with pytest.raises(PatchMismatchError, match="CLIP"):
        EmbeddingPatch(str(path), "digest", "dusk").apply(nn.Linear(2, 2))


def test_a_pickle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "dusk.safetensors"
    torch.save({"string_to_param": {"*": torch.randn(2, WIDTH)}}, path)

    with pytest.raises(ModelFileRefusedError):
        embedding_parts(path)


def test_the_key_of_a_patch_says_what_it_depends_on() -> None:
    patches = [
        EmbeddingPatch("a", "1", "dusk"),
        EmbeddingPatch("a", "2", "dusk"),
        EmbeddingPatch("a", "1", "dawn"),
        EmbeddingPatch("a", "1", "dusk", "text_encoder_2"),
    ]

    assert len({patch.key for patch in patches}) == len(patches)
    assert EmbeddingPatch("b", "1", "dusk").key == patches[0].key
    assert all(isinstance(patch, Patch) for patch in patches)


def test_a_layer_with_learned_words_still_shows_its_vocabulary() -> None:
    base = nn.Embedding(4, 3)

    layer = LearnedWords(base, "dusk", torch.randn(1, 3))

    assert layer.weight is base.weight
    assert layer.vectors_KD.dtype == base.weight.dtype
