"""Words that were learned from pictures ("textual inversion", Gal et al. 2022), put beside an encoder's own.

A learned word is one or more vectors in the place of token embeddings. The text encoder that knows it is a
light clone whose embedding layer answers ids below 0 with those vectors: vocabulary, tokenizer and shared
weights stay as they are, and the end of a text, which CLIP finds at its highest id, stays where it is.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Final, cast

import torch
from torch import Tensor, nn
from weft.sdk import ModelError

from weft_nodes.models.errors import PatchMismatchError
from weft_nodes.models.weights import iterate_tensors, read_header

# Names that files give to the vectors for each text encoder; else a file holds a single tensor for the first.
_NAMES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"text_encoder": ("clip_l", "emb_params"), "text_encoder_2": ("clip_g",)}
)


class EmbeddingUnknownError(ModelError):
    """A prompt names a learned word that its text encoder does not know.

    Args:
        name: The name behind `embedding:`.
        known: All names that the encoder knows.
    """

    code: ClassVar[str] = "embedding-unknown"

    def __init__(self, *, name: str, known: Sequence[str]) -> None:
        super().__init__(
            f"The prompt names embedding:{name}, which its text encoder does not know.",
            hint="Add it by embedding.apply before prompt.encode"
            + (f"; known here: {', '.join(sorted(known))}." if known else "."),
        )


@dataclass(frozen=True, slots=True)
class EmbeddingPatch:
    """A learned word for one text encoder.

    Args:
        path: The safetensors file.
        source: Digest of its content.
        name: What prompts call it, behind `embedding:`.
        part: The text encoder that learns it: "text_encoder" or "text_encoder_2".
    """

    path: str
    source: str
    name: str
    part: str = "text_encoder"

    @property
    def key(self) -> str:
        """Return a digest of the file's content, the name and the part."""
        words = ("embedding", self.source, self.name, self.part)
        return hashlib.blake2b(json.dumps(words).encode(), digest_size=16).hexdigest()

    def apply(self, net: nn.Module) -> None:
        """Put the word beside those that a text encoder knows; see `weft_nodes.models.patches.Patch`."""
        path = Path(self.path)
        layer = _embedding_layer(net)
        if layer is None:
            problem = "its text encoder is not of the CLIP kind"
            raise PatchMismatchError(patch=f"The embedding {path.name}", problem=problem)
        vectors_KD = read_vectors(path, part=self.part)
        width = int(cast("Tensor", layer.weight).shape[1])
        if vectors_KD.shape[1] != width:
            problem = f"its vectors have {vectors_KD.shape[1]} features, but this encoder's have {width}"
            raise PatchMismatchError(patch=f"The embedding {path.name}", problem=problem)
        _set_embedding_layer(net, LearnedWords(layer, self.name, vectors_KD))


class LearnedWords(nn.Module):
    """An embedding layer with one learned word more; they stack.

    Args:
        base: The layer, possibly itself such a layer.
        name: What prompts call the word.
        vectors_KD: Its vectors.
    """

    vectors_KD: Tensor
    first: int

    def __init__(self, base: nn.Module, name: str, vectors_KD: Tensor) -> None:
        super().__init__()
        self.base = base
        weight = cast("Tensor", base.weight)
        words: Mapping[str, tuple[int, ...]] = base.words if isinstance(base, LearnedWords) else {}
        self.first = base.first + len(base.vectors_KD) if isinstance(base, LearnedWords) else 0
        ids = tuple(-1 - self.first - row for row in range(len(vectors_KD)))
        self.words: Mapping[str, tuple[int, ...]] = {**words, name: ids}
        self.register_buffer("vectors_KD", vectors_KD.to(weight.device, weight.dtype), persistent=False)

    @property
    def weight(self) -> Tensor:
        """Return the vocabulary of the base, whose dtype and device others look at."""
        return cast("Tensor", self.base.weight)

    def forward(self, ids_NT: Tensor) -> Tensor:
        """Return the vector of each id; those of learned words lie below 0."""
        rows_NT = -1 - ids_NT - self.first
        is_own_NT = (rows_NT >= 0) & (rows_NT < len(self.vectors_KD))
        own_NTD = self.vectors_KD[rows_NT.clamp(0, len(self.vectors_KD) - 1)]
        others_NTD = self.base(torch.where(is_own_NT, 0, ids_NT))
        return torch.where(is_own_NT[..., None], own_NTD, others_NTD)


def learned_ids(encoder: nn.Module, name: str) -> Sequence[int]:
    """Return the ids of a learned word.

    Args:
        encoder: A text encoder to which it may have been added.
        name: The name behind `embedding:`.

    Raises:
        EmbeddingUnknownError: The encoder does not know it.
    """
    layer = _embedding_layer(encoder)
    words: Mapping[str, Sequence[int]] = layer.words if isinstance(layer, LearnedWords) else {}
    if name not in words:
        raise EmbeddingUnknownError(name=name, known=tuple(words))
    return words[name]


def embedding_parts(path: Path) -> tuple[str, ...]:
    """List the text encoders for which a file holds vectors, from its header.

    Args:
        path: A safetensors file.

    Returns:
        Some of "text_encoder" and "text_encoder_2"; a single tensor of any name is for the first.

    Raises:
        ModelFileRefusedError: The file is a pickle.
        CheckpointCorruptError: The file is damaged.
    """
    names = tuple(read_header(path).tensors)
    found = tuple(part for part, known in _NAMES.items() if any(name in known for name in names))
    return found or (("text_encoder",) if len(names) == 1 else ())


def vector_widths(path: Path) -> Mapping[str, int]:
    """Return how wide the vectors of a learned word are for each text encoder, from the header of its file.

    Args:
        path: A safetensors file.

    Raises:
        ModelFileRefusedError: The file is a pickle.
        CheckpointCorruptError: The file is damaged.
    """
    shapes = {name: info.shape for name, info in read_header(path).tensors.items()}
    found: dict[str, int] = {}
    for part in embedding_parts(path):
        named = [shape for name, shape in shapes.items() if name in _NAMES[part]]
        shape = (named or [*shapes.values()])[0]
        if shape:
            found[part] = shape[-1]
    return found


def read_vectors(path: Path, *, part: str) -> Tensor:
    """Read the vectors of a learned word for one text encoder.

    Args:
        path: A safetensors file with `emb_params`, with `clip_l` and `clip_g`, or with a single tensor.
        part: Which text encoder.

    Returns:
        Vectors [K, D].

    Raises:
        ModelFileMissingError: There is no such file.
        ModelFileRefusedError: The file is a pickle.
        CheckpointCorruptError: The file is damaged.
        PatchMismatchError: The file holds no vectors for this encoder.
    """
    tensors = dict(iterate_tensors(path))
    known = [tensor for name, tensor in tensors.items() if name in _NAMES.get(part, ())]
    if not known and len(tensors) == 1 and part == "text_encoder":
        known = list(tensors.values())
    vectors = [tensor for tensor in known if tensor.ndim in (1, 2) and tensor.is_floating_point()]
    if not vectors:
        raise PatchMismatchError(
            patch=f"The embedding {path.name}", problem=f"it holds no vectors for a {part}"
        )
    return vectors[0].reshape(-1, vectors[0].shape[-1]).clone()


def _inner(encoder: nn.Module) -> nn.Module:
    # transformers 5.6 flattened CLIPTextModel; CLIPTextModelWithProjection still wraps its text model.
    return cast("nn.Module", getattr(encoder, "text_model", encoder))


def _embedding_layer(encoder: nn.Module) -> nn.Module | None:
    layer = getattr(getattr(_inner(encoder), "embeddings", None), "token_embedding", None)
    return layer if isinstance(layer, nn.Module) else None


def _set_embedding_layer(encoder: nn.Module, layer: nn.Module) -> None:
    cast("nn.Module", _inner(encoder).embeddings).token_embedding = layer
