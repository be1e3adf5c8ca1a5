"""Prompts: what a picture shall show, where in it, and during which steps."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, Literal

import torch
from torch import Tensor
from torch.nn import functional
from weft.sdk import (
    FingerprintScope,
    Mask,
    ModelFile,
    NodeError,
    Paths,
    Run,
    Slider,
    Text,
    Traits,
    listing,
    node,
)

from weft_nodes.diffusion.errors import ConditioningError
from weft_nodes.diffusion.sights import is_sight
from weft_nodes.diffusion.values import Conditioning, Prompt
from weft_nodes.families.learned_words import embedding_traits
from weft_nodes.families.network import GUIDANCE
from weft_nodes.families.prompting import encode_text
from weft_nodes.families.registry import ModelStore
from weft_nodes.families.sides import SCORE, SIZES
from weft_nodes.models.embeddings import EmbeddingPatch, embedding_parts
from weft_nodes.models.errors import ModelFileMissingError, PatchMismatchError
from weft_nodes.models.handles import ENCODER_TRAITS, PROMPT_TRAITS, TRAIT_HINTS, UNREAD, TextEncoder
from weft_nodes.models.weights import single_files
from weft_nodes.models.wording import EMBEDDING

_EMBEDDING_FOLDER = "embeddings"
# What the network is told of a picture is no part of the prompt's meaning.
_HINTS = (SIZES, SCORE)
# What a prompt must have as soon as one of several has it.
_COMBINED: Final[Traits] = MappingProxyType(
    {name: PROMPT_TRAITS[name] for name in ("family", "blocks", "references", "sizes")}
)
_SINGLE: Final[Traits] = MappingProxyType({"family": "$family", "prompts": "one"})
# Where a range leaves out prompts that never apply, one may be left.
_PERHAPS_FEWER: Final[Traits] = MappingProxyType(
    {name: value for name, value in PROMPT_TRAITS.items() if name != "prompts"}
)


@listing("embedding")
def embeddings_by_name(paths: Paths) -> Mapping[str, Mapping[str, str]]:
    """Name the learned words in the `embeddings` folders of the models folders.

    Args:
        paths: Where to look.

    Returns:
        Traits by name, read from headers: the families whose text encoders can learn the word.
    """
    return {name: embedding_traits(path) for name, path in sorted(_embeddings(paths).items())}


def _digest_of_embedding(run: FingerprintScope, embedding: str) -> str:
    """Tell files apart by their content and their place, which handles carry."""
    path = _embeddings(run.paths).get(embedding)
    return "missing" if path is None else f"{path} {run.file_digest(path)}"


@node(
    "prompt.encode",
    lane="device",
    output="conditioning",
    accepts={"encoder": {"family": "$family"}},
    gives={"conditioning": {"family": "$family", "shown": "nothing"}},
    advises={"text": (UNREAD,)},
)
def encode_prompt(
    run: Run,
    encoder: TextEncoder,
    text: Annotated[
        str,
        Text(
            multiline=True,
            placeholder="a red circle on a white background",
            brackets="()[]",
            literal_where="weighting=off",
        ),
    ] = "",
    weighting: Literal["interpolate", "rescale", "off"] = "interpolate",
) -> Conditioning:
    r"""Turn a text into what the model reads. Brackets say more than words can.

    `a (red:1.3) circle` lets a word count more, `(red:0.7)` less; `(red)` is 1.1 and `[red]` 1 / 1.1.
    `a [red:blue:0.4] circle` is red for the first 40 % of the steps, then blue; `[red::0.4]` goes and
    `[blue:0.4]` comes. `a [red|blue] circle` changes from step to step. `a circle BREAK a star` reads the
    words behind in a chunk of their own, and `a circle AND a star:0.5` is two prompts at once, the second
    with half the strength. `embedding:name` is a word added by embedding.apply. A backslash makes a sign a
    character: `\(red\)`.

    Args:
        run: The run this is part of.
        encoder: The text encoder of the checkpoint that is to read the prompt.
        text: What the picture shall show (or shall not, when used as negative). It may have any length;
            an empty text stands for any picture.
        weighting: interpolate: words are moved away from, or towards, what an empty prompt says; rescale:
            what they say is multiplied, and the mean kept, as prompts for Automatic1111's web interface
            expect; off: the text is taken letter by letter, brackets and all.

    Returns:
        The prompt, applying everywhere and during all steps; several where words change on the way.

    Raises:
        PromptUnreadableError: Brackets do not pair, or a number is out of bounds.
        EmbeddingUnknownError: The text names a learned word that was not added to the encoder.
        ModelError: The weights of the encoder cannot be read.
    """
    return encode_text(run, encoder, text, weighting=weighting)


@node(
    "embedding.apply",
    lane="io",
    output="encoder",
    fingerprint=_digest_of_embedding,
    accepts={"encoder": ENCODER_TRAITS, "embedding": {"family": "$family"}},
    gives={"encoder": ENCODER_TRAITS},
)
def add_embedding(
    run: Run,
    encoder: TextEncoder,
    embedding: Annotated[str, ModelFile("embedding", (_EMBEDDING_FOLDER,))],
    word: str = "",
) -> TextEncoder:
    """Teach a text encoder a learned word ("textual inversion"), for prompts to use like any other.

    Args:
        run: The run this is part of.
        encoder: The text encoder; the checkpoint itself stays as it is.
        embedding: Name of a .safetensors file in the `embeddings` folder of a models folder.
        word: What prompts call it: "dusk" is written embedding:dusk, or (embedding:dusk:1.2) with a weight.
            Empty takes the name of the file without its ending.

    Returns:
        The text encoder that knows the word.

    Raises:
        ModelFileMissingError: There is no file of that name.
        ModelFileRefusedError: The file is a pickle, which could run code.
        CheckpointCorruptError: The file is damaged.
        PatchMismatchError: The file holds no learned word.
        NodeError: The word has letters that a prompt cannot name, such as spaces.
    """
    path = _embeddings(run.paths).get(embedding)
    if path is None:
        raise ModelFileMissingError(
            path=Path(embedding), hint=f"Put the file into a {_EMBEDDING_FOLDER} folder of a models folder."
        )
    name = word or embedding.removesuffix(".safetensors")
    if EMBEDDING.fullmatch(f"embedding:{name}") is None:
        raise NodeError(
            f'"{name}" is no word that a prompt can name.',
            hint="Enter a word of letters, digits and _ - . or /, with at least one letter.",
        )
    digest = run.service(ModelStore).digests.file(path)
    run.note_file(embedding, digest)
    parts = embedding_parts(path)
    if not parts:
        raise PatchMismatchError(patch=f"The embedding {embedding}", problem="it holds no learned word")
    return encoder.with_patches(*(EmbeddingPatch(str(path), digest, name, part) for part in parts))


@node(
    "prompt.combine",
    lane="inline",
    output="conditioning",
    accepts={
        "a": {**_COMBINED, "shown": "$shown", "pictures": "$pictures"},
        "b": {**_COMBINED, "shown": "$also_shown", "pictures": "$more_pictures"},
    },
    gives={
        "conditioning": {
            **_COMBINED,
            # Each still shows and is steered by its own.
            "shown": "$shown + $also_shown",
            "pictures": "$pictures + $more_pictures",
            "prompts": "several",
        }
    },
)
def combine_prompts(a: Conditioning, b: Conditioning) -> Conditioning:
    """Let two prompts apply at once: the model answers each, and the answers are averaged.

    Prompts with regions share the picture by their regions and strengths.

    Args:
        a: First prompt.
        b: Second prompt.

    Returns:
        Both prompts.
    """
    return a.combined_with(b)


@node(
    "prompt.concat",
    output="conditioning",
    accepts={"a": PROMPT_TRAITS, "b": _SINGLE},
    gives={"conditioning": PROMPT_TRAITS},
    hints=TRAIT_HINTS,
)
def concat_prompts(a: Conditioning, b: Conditioning) -> Conditioning:
    """Read one prompt behind another, as if they were one long text.

    Args:
        a: The prompt that comes first; its regions, ranges and strengths are kept.
        b: A single prompt that is read behind each of them.

    Returns:
        As many prompts as `a` has.

    Raises:
        ConditioningError: `b` holds several prompts, or was made by an encoder of another width.
    """
    behind = _only(b, "b")

    def joined(entry: Prompt) -> Prompt:
        read = {
            name: _behind(name, tensor, behind)
            for name, tensor in entry.tensors.items()
            if tensor.ndim == 3 or _is_mask(name)
        }
        return replace(entry, tensors={**entry.tensors, **read})

    return _changed(a, joined)


@node(
    "prompt.average",
    output="conditioning",
    accepts={"a": PROMPT_TRAITS, "b": _SINGLE},
    gives={"conditioning": PROMPT_TRAITS},
    hints=TRAIT_HINTS,
)
def average_prompts(
    a: Conditioning, b: Conditioning, amount: Annotated[float, Slider(0, 1)] = 0.5
) -> Conditioning:
    """Mix two prompts to one that lies between them. A shorter one is silent where the longer goes on.

    Args:
        a: The prompt returned unchanged when `amount` is 0; its regions, ranges, strengths and size
            hints are kept.
        b: A single prompt, reached when `amount` is 1.
        amount: Share of `b`, 0..1.

    Returns:
        As many prompts as `a` has.

    Raises:
        ConditioningError: `b` holds several prompts, or the two are of different encoders.
    """
    other = _only(b, "b")

    def mixed(entry: Prompt) -> Prompt:
        return replace(
            entry,
            tensors={
                name: tensor if is_sight(name) or name in _HINTS else _mixed(name, tensor, other, amount)
                for name, tensor in entry.tensors.items()
            },
        )

    return _changed(a, mixed)


@node(
    "prompt.region",
    output="conditioning",
    accepts={"conditioning": PROMPT_TRAITS},
    gives={"conditioning": PROMPT_TRAITS},
)
def limit_to_region(
    conditioning: Conditioning, mask: Mask, strength: Annotated[float, Slider(0, 10, step=0.05)] = 1.0
) -> Conditioning:
    """Let a prompt apply in a part of the picture; combine it with others for the rest.

    Args:
        conditioning: The prompt.
        mask: Where it applies: one mask of any size, stretched over the picture.
        strength: Its weight against other prompts in the same place, 0..10.

    Returns:
        The prompt, limited to the region.

    Raises:
        ConditioningError: There are several masks.
    """
    if mask.values_BHW.shape[0] != 1:
        raise ConditioningError(
            f"A region needs one mask, but there are {mask.values_BHW.shape[0]}.",
            hint="Use one mask, or join them with mask.combine.",
        )
    return conditioning.with_(mask_hw=mask.values_BHW[0], strength=strength)


@node(
    "prompt.range",
    lane="inline",
    output="conditioning",
    accepts={"conditioning": _PERHAPS_FEWER},
    gives={"conditioning": _PERHAPS_FEWER},
)
def limit_to_range(
    conditioning: Conditioning,
    start: Annotated[float, Slider(0, 1)] = 0.0,
    end: Annotated[float, Slider(0, 1)] = 1.0,
) -> Conditioning:
    """Let a prompt apply during a part of the steps: early steps decide the layout, late ones the detail.

    Args:
        conditioning: The prompt.
        start: Share of the steps after which it begins to apply, 0..1.
        end: Share of the steps after which it no longer applies, 0..1; 1 includes the last step.

    Returns:
        The prompt, limited to the range; where its words change on the way, they still do so at their time.

    Raises:
        ConditioningError: `end` lies before `start`.
    """
    if end < start:
        raise ConditioningError(
            f"A prompt cannot apply in the range {start}..{end}.", hint="Let the end lie behind the start."
        )
    narrowed = [(max(entry.start, start), min(entry.end, end), entry) for entry in conditioning.entries]
    return Conditioning(
        tuple(replace(entry, start=begin, end=stop) for begin, stop, entry in narrowed if begin <= stop)
    )


@node(
    "prompt.strength",
    lane="inline",
    output="conditioning",
    accepts={"conditioning": PROMPT_TRAITS},
    gives={"conditioning": PROMPT_TRAITS},
)
def set_strength(
    conditioning: Conditioning, strength: Annotated[float, Slider(0, 10, step=0.05)] = 1.0
) -> Conditioning:
    """Weigh a prompt against those it is combined with.

    Args:
        conditioning: The prompt.
        strength: Its weight, 0..10; alone, a prompt has full effect whatever its strength.

    Returns:
        The prompt with that strength.
    """
    return conditioning.with_(strength=strength)


@node(
    "prompt.zero_out",
    output="conditioning",
    accepts={"conditioning": PROMPT_TRAITS},
    gives={"conditioning": PROMPT_TRAITS},
)
def zero_out(conditioning: Conditioning) -> Conditioning:
    """Make a prompt say nothing at all, which some models expect of a negative prompt.

    Args:
        conditioning: Any prompt; its shape, region and range are kept.

    Returns:
        The prompt with zeros in place of its words.
    """

    def silent(entry: Prompt) -> Prompt:
        tensors = {
            name: tensor if name in (*_HINTS, GUIDANCE) or not _is_said(name) else torch.zeros_like(tensor)
            for name, tensor in entry.tensors.items()
        }
        return replace(entry, tensors=tensors)

    return _changed(conditioning, silent)


def _embeddings(paths: Paths) -> Mapping[str, Path]:
    return single_files(models / _EMBEDDING_FOLDER for models in paths.models)


def _changed(conditioning: Conditioning, change: Callable[[Prompt], Prompt]) -> Conditioning:
    return Conditioning(tuple(change(entry) for entry in conditioning.entries))


def _only(conditioning: Conditioning, name: str) -> Prompt:
    """Return the single prompt of a conditioning; with several, it would be a guess which one is meant."""
    if len(conditioning.entries) != 1:
        raise ConditioningError(
            f"{name} holds {len(conditioning.entries)} prompts, but must be a single one.",
            hint="Put prompt.combine behind this node, and let no words of the text change on the way.",
        )
    return conditioning.entries[0]


def _mixed(name: str, tensor: Tensor, other: Prompt, amount: float) -> Tensor:
    theirs = other.tensors.get(name)
    if theirs is not None and (tensor.ndim == 3 or _is_mask(name)):
        length = max(tensor.shape[1], theirs.shape[1])
        tensor, theirs = _filled(tensor, length), _filled(theirs, length)
    if theirs is None or theirs.shape != tensor.shape:
        shape = "nothing" if theirs is None else list(theirs.shape)
        raise ConditioningError(
            f"The prompts differ in shape: {name} is {list(tensor.shape)} and {shape}.",
            hint="Encode both with the same text encoder.",
        )
    if _is_mask(name):
        return torch.maximum(tensor, theirs.to(tensor))
    return torch.lerp(tensor, theirs.to(tensor), amount)


def _filled(tensor: Tensor, length: int) -> Tensor:
    """Fill what is read token by token up with silence."""
    return functional.pad(tensor, (0, 0) * (tensor.ndim - 2) + (0, length - tensor.shape[1]))


def _behind(name: str, first: Tensor, other: Prompt) -> Tensor:
    """Join what is read token by token, states or their mask."""
    second = other.tensors.get(name)
    if second is None or first.shape[2:] != second.shape[2:]:
        width = "no" if second is None else second.shape[-1]
        raise ConditioningError(
            f"The prompts have {first.shape[-1]} and {width} features for each token.",
            hint="Encode both with the same text encoder.",
        )
    return torch.cat([first, second.to(first)], dim=1)


def _is_said(name: str) -> bool:
    """Tell whether an input is made of the words."""
    return not _is_mask(name) and not is_sight(name)


def _is_mask(name: str) -> bool:
    """Tell whether an input says which tokens are padding."""
    return name.endswith("_mask")
