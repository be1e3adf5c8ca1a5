"""What travels on wires in place of networks: small immutable handles, equal in every process.

A handle names weights by content, so its key is exactly what result caching needs: the same file under
another name gives the same key, a changed file or one more patch gives another one.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Literal

from weft.sdk import Advice, Traits, value

from weft_nodes.models.patches import Patch

Dtype = Literal["auto", "float32", "float16", "bfloat16", "float8", "int8", "nf4"]
Prediction = Literal["auto", "epsilon", "v_prediction", "sample"]

MODEL_TRAITS: Final[Traits] = MappingProxyType(
    {
        name: f"${name}"
        for name in (
            "family",
            "space",
            "network",
            "attention",
            "guidance",
            "blocks",
            "shown",
            "references",
            "sights",
            "sizes",
            "step_cache",
            "lite",
            "layers",
            "execution",
            "edges",
        )
    }
)
"""What is known of a model before anything runs; nodes that change a model accept and give it.

    network    unet, transformer, or unconditional for a U-Net that reads no text
    attention  self where what places attend to can be changed apart from the text: it is read by layers of
               its own, or by those of Stable Diffusion 3; joint where others read text and picture as one;
               plain where there is no text
    blocks     skipped where a step cache leaves some out, so that controls cannot add behind them; else whole
    guidance   free where two prompts are weighed against each other, told where the network is told how much
               to follow the prompt, none where it was distilled to need neither, unprompted where it reads
               no prompt
    shown      nothing, picture or picture+mask: what it reads beside the noise, and its prompts must show
    references none where it reads no pictures as further tokens
    sights     none where it reads neither pictures beside the noise nor further tokens
    sizes      none where it is told nothing of the size of a picture, so that prompts cannot say it
    step_cache none where no step cache knows its layers, last layer where one does, used behind a step cache
    lite       true where a Taylor cache can predict the last layer alone
    layers     whole where no layer can be left out, skipped where guidance leaves some out, remembered
               where a step cache must find all of them
    execution  fixed where its attention is of one kernel, and none of its blocks can be compiled
    edges      seamless where opposite edges meet, tiled where it sees large pictures through windows, whole
               where it cannot become either any more; tiled, whole where it is no U-Net
"""

PROMPT_TRAITS: Final[Traits] = MappingProxyType(
    {name: f"${name}" for name in ("family", "blocks", "shown", "references", "sizes", "pictures", "prompts")}
)
"""What is known of a prompt before anything runs; nodes that change a prompt accept and give it.

What a model has as well means what it means there, and must agree with it. Besides:

    pictures   as controls where control networks steer, as references where pictures are shown as further
               tokens; where one network does both, neither knows of the other
    prompts    several where it surely holds more than one
"""

READERS: Final = ("clip_l", "clip_g", "t5", "bert")
"""Text encoders that a prompt may have words for alone."""

ENCODER_TRAITS: Final[Traits] = MappingProxyType({name: f"${name}" for name in ("family", *READERS)})
"""What is known of text encoders before anything runs; nodes that change them accept and give it.

Of each of `READERS` it is said to be empty where it is not there, as the words for it must be.
"""

UNREAD: Final = Advice(
    0,
    "encoder",
    "family",
    "ddpm",
    reason="belongs to a model that reads no words",
    hint="Leave it empty: the model makes the pictures that it was trained on.",
)
"""What is said of a text for a model that reads none."""

BESIDE_TRAITS: Final[Traits] = MappingProxyType(
    {name: value for name, value in PROMPT_TRAITS.items() if name not in ("shown", "prompts")}
)
"""What prompts beside the positive one must have in common with it: where they show nothing or have no
controls, they follow it."""

GUIDANCE_TRAITS: Final[Traits] = MappingProxyType(
    {
        **BESIDE_TRAITS,
        **{name: MODEL_TRAITS[name] for name in ("network", "attention", "layers", "sights")},
        "negative": "$negative",
    }
)
"""What is known of guidance before anything runs: its neutral prompt, and which models it is for.

    negative   needed where two prompts are compared
"""

TRAIT_HINTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "network": "Use a model with such a network, or take out what is made for the other kind.",
        "attention": "Choose a guidance that is made for this model, or take this one out.",
        "correction": "Keep one of the two: only one method can change the negative prediction.",
        "update": "Keep one of the two: only one method can join the predictions.",
        "limit": "Keep one of the two: only one method can limit the result.",
        "negative": "Connect a negative prompt, which may be empty, or take that guidance out.",
        "blocks": "Use model.taylor_cache, or take the step cache or the control out.",
        "layers": "Take guidance.skip_layers out, or the step cache if there is one.",
        "step_cache": "Use no more than one step cache, and one that knows this model.",
        "lite": "Switch it on: of this model the last layer alone can be predicted.",
        "execution": "Take this node out: the model computes in one way alone.",
        "edges": "Keep one of them: seamless edges, which take a U-Net, tiles, or a step cache.",
        "shown": "A model that reads picture+mask wants prompt.inpaint behind its prompts, one that reads a "
        "picture prompt.picture, and one that reads nothing neither.",
        "references": "Use a model that was made for editing, such as FLUX.1 Kontext, or show no references.",
        "sights": "Use a model that is shown pictures, or take guidance.picture out.",
        "sizes": "Take prompt.size_hint out: only Stable Diffusion XL and Kolors are told sizes.",
        "pictures": "Take out the control or the reference: no control network knows of reference pictures.",
        "prompts": "Put prompt.combine behind this node.",
        "kind": "Choose one of these kinds, or another control network.",
        "vae": "Connect the VAE of the checkpoint.",
        **dict.fromkeys(READERS, "Leave it unset: this model has no such text encoder."),
    }
)
"""What to do where a trait of a model, a prompt or guidance is not what it must be."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Where weights lie, and what they are.

    Args:
        source: Digest of the content of all files they are made from.
        path: Folder in the diffusers layout, or a single file.
        config: Folder of configurations for a single file; empty for a folder, which has its own.
        dtype: Type to compute in. "auto" is float32 on a CPU, and float16 elsewhere but for an autoencoder
            that overflows; weights that are packed in the file stay so. "float8", "int8" and "nf4"
            compute likewise, but pack the weights of linear layers to eight or four bits.
        parts: Files of single parts, and folders of tokenizers, that lie elsewhere, by the name of the part.
    """

    source: str
    path: str
    config: str = ""
    dtype: Dtype = "auto"
    parts: tuple[tuple[str, str], ...] = ()


@value("model", color="#b39ddb")
@dataclass(frozen=True, slots=True)
class Model:
    """A denoising network of a model family, with its patches.

    Args:
        family: Id of the model family, such as "sdxl".
        space: Id of the latent space it denoises, such as "sd".
        weights: Which weights.
        component: Part of the checkpoint that holds it.
        prediction: What the network predicts; "auto" takes what the checkpoint or its family says.
        has_zero_terminal_snr: Whether the noise schedule is rescaled to end in noise alone.
        is_cosine: Whether it was trained anew on the noise levels of CosXL.
        patches: Changes to the network, applied in order.
    """

    family: str
    space: str
    weights: Weights
    component: str = "unet"
    prediction: Prediction = "auto"
    has_zero_terminal_snr: bool = False
    is_cosine: bool = False
    patches: tuple[Patch, ...] = ()

    @property
    def source(self) -> str:
        """Return the digest of the weights' content."""
        return self.weights.source

    @property
    def key(self) -> str:
        """Return a digest of all that decides what this network computes; the same in every process."""
        schedule = f"{self.prediction} {self.has_zero_terminal_snr}{' cosine' if self.is_cosine else ''}"
        patches = [patch.key for patch in self.patches]
        return key_of(
            "model", self.family, self.source, self.weights.dtype, self.component, schedule, *patches
        )

    def with_patches(self, *patches: Patch) -> "Model":
        """Return this model with more patches behind those it has."""
        return replace(self, patches=self.patches + patches)


@value("encoder", color="#ffd54f")
@dataclass(frozen=True, slots=True)
class TextEncoder:
    """The text encoders and tokenizers of a checkpoint.

    Args:
        family: Id of the model family, such as "sdxl".
        weights: Which weights.
        skipped_layers: How many of the last layers are left out ("CLIP skip" minus one), 0..11.
        patches: Changes to the encoders, applied in order.
    """

    family: str
    weights: Weights
    skipped_layers: int = 0
    patches: tuple[Patch, ...] = ()

    @property
    def source(self) -> str:
        """Return the digest of the weights' content."""
        return self.weights.source

    @property
    def key(self) -> str:
        """Return a digest of all that decides what a prompt is encoded to."""
        patches = [patch.key for patch in self.patches]
        return key_of(
            "encoder", self.family, self.source, self.weights.dtype, str(self.skipped_layers), *patches
        )

    def with_patches(self, *patches: Patch) -> "TextEncoder":
        """Return this encoder with more patches behind those it has."""
        return replace(self, patches=self.patches + patches)


@value("vae", color="#ff7f7f")
@dataclass(frozen=True, slots=True)
class Vae:
    """The autoencoder between pictures and latents.

    Args:
        family: Id of the model family, such as "sdxl".
        space: Id of the latent space it reads and writes.
        weights: Which weights.
        patches: Changes to the network, applied in order.
    """

    family: str
    space: str
    weights: Weights
    patches: tuple[Patch, ...] = ()

    @property
    def source(self) -> str:
        """Return the digest of the weights' content."""
        return self.weights.source

    @property
    def key(self) -> str:
        """Return a digest of all that decides what this autoencoder computes."""
        patches = [patch.key for patch in self.patches]
        return key_of("vae", self.family, self.source, self.weights.dtype, *patches)

    def with_patches(self, *patches: Patch) -> "Vae":
        """Return this autoencoder with more patches behind those it has."""
        return replace(self, patches=self.patches + patches)


def key_of(*words: str) -> str:
    """Return a digest of some words, the same in every process."""
    return hashlib.blake2b(json.dumps(words).encode(), digest_size=16).hexdigest()
