"""Which family a checkpoint belongs to: from names and shapes of its tensors, never from the tensors.

A rule per family: a tensor that must be there, and one whose width tells relatives apart. Every rule that
fails says why, so that an unknown file is answered by what it holds and what was tried.

What cannot be seen in a header: whether a Stable Diffusion 2.x file predicts the noise (the 512 "base"
models) or the velocity (the 768 models); both have the same tensors. Unless the file's metadata says so,
velocity is assumed, which the caller can override.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from weft_nodes.families.facts import FACTS
from weft_nodes.families.traits import Shapes, reads_no_text, traits_of
from weft_nodes.models.errors import CheckpointUnknownError, ModelFileMissingError
from weft_nodes.models.handles import Prediction
from weft_nodes.models.loading import is_flat, read_json
from weft_nodes.models.weights import Header, component_files, read_header


@dataclass(frozen=True, slots=True)
class Identified:
    """The family of a checkpoint.

    Args:
        family: Its id.
        reason: What gave it away, in words.
        prediction: What the network predicts, if the file says so itself; else "auto".
        has_zero_terminal_snr: Whether the file says that its noise schedule ends in noise alone.
        is_cosine: Whether the file says that its noise levels are those of CosXL.
        traits: How its network attends and what it learned of guidance; see `MODEL_TRAITS`.
    """

    family: str
    reason: str
    prediction: Prediction = "auto"
    has_zero_terminal_snr: bool = False
    is_cosine: bool = False
    traits: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to recognise a family.

    Args:
        family: Its id.
        tensor: A tensor that must be there; its last axis is the width of the text states.
        width: The width it must have.
        also: Further tensors that must be there.
        never: Tensors that must not be there.
        sized: Further tensors whose last axis must have a certain width.
    """

    family: str
    tensor: str
    width: int
    also: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    sized: tuple[tuple[str, int], ...] = ()

    def rejection(self, shapes: Mapping[str, tuple[int, ...]]) -> str:
        """Return why these tensors are not of this family; empty if they are."""
        sized = dict(self.sized)
        missing = [name for name in (self.tensor, *self.also, *sized) if name not in shapes]
        if missing:
            return f"{self.family}: there is no {missing[0]}"
        foreign = [name for name in self.never if name in shapes]
        if foreign:
            return f"{self.family}: has no {foreign[0]}"
        for name, size in sized.items():
            if shapes[name][-1] != size:
                return f"{self.family}: {name} has {size} columns, not {shapes[name][-1]}"
        width = shapes[self.tensor][-1]
        if width != self.width:
            return f"{self.family}: reads text of width {self.width}, not {width}"
        return ""


_ATTENTION: Final = "transformer_blocks.0.attn2.to_k.weight"
_FIRST: Final = f"input_blocks.1.1.{_ATTENTION}"
_SECOND: Final = f"input_blocks.4.1.{_ATTENTION}"

# Single files in the layout of the original training code, after the prefix of the network.
_FOREIGN_FILES: Final = (
    # Stable Video Diffusion, the upscaler that is told a level of noise, and unCLIP.
    "input_blocks.1.1.time_stack.0.norm1.weight",
    "label_emb.weight",
    "label_emb.0.0.weight",
)
FILE_PREFIX: Final = "model.diffusion_model."
FILE_RULES: Final = (
    Rule("sd15", _FIRST, 768, (), _FOREIGN_FILES),
    Rule("sd2", _FIRST, 1024, (), _FOREIGN_FILES),
    Rule("sdxl", _SECOND, 2048, ("label_emb.0.0.weight",)),
    Rule("sdxl-refiner", _SECOND, 1280, ("label_emb.0.0.weight",)),
    Rule("sd3", "context_embedder.weight", 4096, ("joint_blocks.0.x_block.attn.qkv.weight",)),
    Rule("chroma", "txt_in.weight", 4096, ("distilled_guidance_layer.in_proj.weight",)),
    Rule(
        "flux",
        "txt_in.weight",
        4096,
        (
            "double_blocks.0.img_attn.qkv.weight",
            "single_blocks.0.linear1.weight",
            "vector_in.in_layer.weight",
        ),
    ),
    Rule("auraflow", "cond_seq_linear.weight", 2048, ("register_tokens",)),
    Rule("z-image", "cap_embedder.1.weight", 2560, ("cap_pad_token", "x_embedder.weight")),
)

# The network of a folder in the diffusers layout.
_FOLDER_FIRST: Final = f"down_blocks.0.attentions.0.{_ATTENTION}"
_FOLDER_SECOND: Final = f"down_blocks.1.attentions.0.{_ATTENTION}"
# The starter pays no attention where its latents are largest.
_FOLDER_MIDDLE: Final = f"mid_block.attentions.0.{_ATTENTION}"
_ADDED: Final = "add_embedding.linear_1.weight"
_PROJECTED: Final = "encoder_hid_proj.weight"
# What makes a relative of these U-Nets that is asked in another way.
_FOREIGN_UNETS: Final = (
    "class_embedding.weight",  # told a level of noise: the upscaler
    "class_embedding.linear_1.weight",  # told a picture: unCLIP
    "position_net.linears.0.weight",  # told places: GLIGEN
    "controlnet_cond_embedding.conv_in.weight",
    # For videos: AnimateDiff, Stable Video Diffusion, ModelScope.
    "down_blocks.0.motion_modules.0.norm.weight",
    "down_blocks.0.attentions.0.temporal_transformer_blocks.0.attn1.to_k.weight",
    "down_blocks.0.temp_attentions.0.norm.weight",
)
FOLDER_RULES: Final = (
    Rule("sd15", _FOLDER_FIRST, 768, ("conv_in.weight",), _FOREIGN_UNETS),
    Rule("sd2", _FOLDER_FIRST, 1024, ("conv_in.weight",), _FOREIGN_UNETS),
    Rule("sdxl", _FOLDER_SECOND, 2048, (_ADDED,), (*_FOREIGN_UNETS, _PROJECTED)),
    Rule("sdxl-refiner", _FOLDER_SECOND, 1280, (_ADDED,), _FOREIGN_UNETS),
    Rule("kolors", _PROJECTED, 4096, (_FOLDER_SECOND, _ADDED), _FOREIGN_UNETS),
    Rule("starter", _FOLDER_MIDDLE, FACTS["starter"].text_width, ("conv_in.weight",), _FOREIGN_UNETS),
    Rule("sd3", "context_embedder.weight", 4096, ("pos_embed.proj.weight", "norm_out.linear.weight")),
    Rule(
        "flux",
        "context_embedder.weight",
        4096,
        ("single_transformer_blocks.0.proj_mlp.weight", "time_text_embed.timestep_embedder.linear_1.weight"),
        ("controlnet_x_embedder.weight",),
    ),
    Rule("z-image", "cap_embedder.1.weight", 2560, ("x_pad_token",)),
    Rule("auraflow", "context_embedder.weight", 2048, ("register_tokens",)),
    Rule("chroma", "context_embedder.weight", 4096, ("distilled_guidance_layer.in_proj.weight",)),
    Rule(
        "pixart-sigma",
        "caption_projection.linear_1.weight",
        4096,
        ("adaln_single.linear.weight", "pos_embed.proj.weight"),
        (
            # The alpha models, which are told sizes, and Latte, which makes videos.
            "adaln_single.emb.resolution_embedder.linear_1.weight",
            "temporal_transformer_blocks.0.attn1.to_k.weight",
        ),
        # Allegro, which makes videos too, is wider.
        (("adaln_single.linear.weight", 1152),),
    ),
    Rule("hunyuandit", "text_embedder.linear_1.weight", 2048, ("text_embedding_padding",)),
    Rule(
        "sana",
        "caption_projection.linear_1.weight",
        2304,
        ("caption_norm.weight", "patch_embed.proj.weight"),
        # The sprint models, which sample on the sphere.
        ("time_embed.guidance_embedder.linear_1.weight",),
    ),
    Rule(
        "qwen-image",
        "txt_in.weight",
        3584,
        ("txt_norm.weight", "transformer_blocks.0.img_mod.1.weight"),
        ("time_text_embed.addition_t_embedding.weight",),
    ),
    Rule(
        "lumina2",
        "time_caption_embed.caption_embedder.1.weight",
        2304,
        ("context_refiner.0.attn.to_q.weight",),
        # OmniGen2, which reads pictures too.
        ("ref_image_patch_embedder.weight",),
    ),
    Rule("flux2", "context_embedder.weight", 15360, ("double_stream_modulation_img.linear.weight",)),
)
_NETWORKS: Final = ("unet", "transformer")
_SCHEDULER: Final = "scheduler"

# Headers of large models take a while to read, and every list of models reads those of all.
_MOST_REMEMBERED: Final = 4096

# Families with distilled relatives that only their scheduler gives away: SD Turbo, SDXL Turbo and Lightning.
# The tensors in which files of CosXL keep the ends of their noise levels, of which one tells.
_COSINE: Final = "edm_vpred.sigma_max"
_WITH_TURBO: Final = frozenset({"sd15", "sd2", "sdxl"})

# What other single files hold, so that the error can say it.
_OTHERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cap_pad_token": "a Z-Image transformer alone: load it with model.load",
        "cond_seq_linear.weight": "an AuraFlow transformer alone: load it with model.load",
        "distilled_guidance_layer.in_proj.weight": "a Chroma transformer alone: load it with model.load",
        "double_blocks.0.img_attn.norm.key_norm.scale": "a FLUX transformer alone: load it with model.load",
        "joint_blocks.0.x_block.attn.qkv.weight": "a network of Stable Diffusion 3 alone: use model.load",
        "input_blocks.0.0.weight": "a U-Net of another width",
        "down_blocks.0.resnets.0.norm1.weight": "a part of a diffusers folder: load the folder in its place",
        "decoder.mid.block_1.norm1.weight": "an autoencoder alone: load it with vae.load",
        "text_model.embeddings.token_embedding.weight": "a text encoder alone: load it with encoder.load",
        ".lora_down.weight": "a LoRA, which is applied to a model rather than loaded as one",
        ".lora_A.weight": "a LoRA, which is applied to a model rather than loaded as one",
    }
)


def identify(path: Path) -> Identified:
    """Find out the family of a checkpoint; it is remembered until one of its files changes.

    Args:
        path: A folder in the diffusers layout, or a single safetensors file.

    Returns:
        The family, with the reason.

    Raises:
        ModelFileMissingError: There is no such file, or a folder lacks one.
        ModelFileRefusedError: The weights are a pickle.
        CheckpointCorruptError: A file is damaged.
        CheckpointUnknownError: No known family has these tensors.
    """
    return _identify(path, _state_of(path))


def identify_network(path: Path) -> Identified:
    """Find out the family of a file that holds a denoising network alone, whatever layout its names are of.

    It is remembered until the file changes.

    Args:
        path: The file.

    Returns:
        The family, with the reason.

    Raises:
        ModelFileMissingError: There is no such file.
        ModelFileRefusedError: It is a pickle.
        CheckpointCorruptError: It is damaged.
        CheckpointUnknownError: No known family has these tensors.
        PackageMissingError: It needs a package that is not installed.
    """
    return _identify_network(path, _state_of(path))


def _state_of(path: Path) -> tuple[tuple[str, int, int, int], ...]:
    """Tell size, time of change and inode of every file that says what a checkpoint is."""
    folders = [path, *(path / name for name in (*_NETWORKS, _SCHEDULER))]
    files = [file for folder in folders if folder.is_dir() for file in sorted(folder.iterdir())] or [path]
    found = []
    for file in files:
        # What is not there, such as the end of a link, is missed when it is read.
        with suppress(OSError):
            state = file.stat()
            found.append((str(file), state.st_size, state.st_mtime_ns, state.st_ino))
    return tuple(found)


@lru_cache(_MOST_REMEMBERED)
def _identify(path: Path, _state: tuple[tuple[str, int, int, int], ...]) -> Identified:
    return _identify_folder(path) if path.is_dir() else _identify_file(read_header(path))


@lru_cache(_MOST_REMEMBERED)
def _identify_network(path: Path, _state: tuple[tuple[str, int, int, int], ...]) -> Identified:
    header = read_header(path)
    shapes = {name.removeprefix(FILE_PREFIX): info.shape for name, info in header.tensors.items()}
    # The names of a folder's network are its own, and more particular where layouts share some.
    rule = _first_match((*FOLDER_RULES, *FILE_RULES), shapes, path, lambda: _seen(header))
    return Identified(
        rule.family,
        f"its network reads text of width {rule.width}",
        _stated_prediction(header),
        "ztsnr" in header.tensors,
        _COSINE in header.tensors,
        traits_of(rule.family, shapes),
    )


def _identify_file(header: Header) -> Identified:
    shapes = {
        name.removeprefix(FILE_PREFIX): info.shape
        for name, info in header.tensors.items()
        if name.startswith(FILE_PREFIX)
    }
    rule = _first_match(FILE_RULES, shapes, header.path, lambda: _seen(header))
    return Identified(
        rule.family,
        f"its network reads text of width {rule.width}",
        _stated_prediction(header),
        "ztsnr" in header.tensors,
        _COSINE in header.tensors,
        traits_of(rule.family, shapes),
    )


def _identify_folder(path: Path) -> Identified:
    if not (path / "model_index.json").is_file():
        raise ModelFileMissingError(
            path=path / "model_index.json", hint="The folder is not a diffusers model."
        )
    index = read_json(path / "model_index.json")
    shapes: dict[str, tuple[int, ...]] = {}
    folders = [path] if is_flat(path) else [path / name for name in _NETWORKS if (path / name).is_dir()]
    for file in (file for folder in folders for file in component_files(folder)):
        shapes |= {name: info.shape for name, info in read_header(file).tensors.items()}
    # A folder may name its family itself, as small test models do, whose widths are nobody's.
    named = index.get("_weft_family")
    if isinstance(named, str):
        return Identified(named, "model_index.json names it", traits=_folder_traits(named, shapes, path))
    pipeline = str(index.get("_class_name", "no pipeline"))
    if reads_no_text(pipeline, shapes):
        traits = _folder_traits("ddpm", shapes, path)
        return Identified("ddpm", f"a {pipeline} of pictures reads no text", traits=traits)
    rule = _first_match(FOLDER_RULES, shapes, path, lambda: f"the parts of a {pipeline}")
    return Identified(
        rule.family,
        f"its network reads text of width {rule.width}",
        traits=_folder_traits(rule.family, shapes, path),
    )


def _folder_traits(family: str, shapes: Shapes, path: Path) -> Mapping[str, str]:
    """Tell by its scheduler, too, whether a U-Net needs guidance; turbo models have the tensors of others."""
    traits = traits_of(family, shapes)
    file = path / _SCHEDULER / "scheduler_config.json"
    if family not in _WITH_TURBO or traits["guidance"] != "free" or not file.is_file():
        return traits
    config = read_json(file)
    is_turbo = (
        str(config.get("_class_name", "")).startswith("Euler")
        and config.get("timestep_spacing") == "trailing"
        # Models of the velocity and those that end in noise alone are spaced so as well.
        and config.get("prediction_type", "epsilon") == "epsilon"
        and not config.get("rescale_betas_zero_snr")
    )
    return {**traits, "guidance": "none"} if is_turbo else traits


def _first_match(
    rules: tuple[Rule, ...], shapes: Mapping[str, tuple[int, ...]], path: Path, seen: Callable[[], str]
) -> Rule:
    rejections = []
    for rule in rules:
        rejection = rule.rejection(shapes)
        if not rejection:
            return rule
        rejections.append(rejection)
    raise CheckpointUnknownError(path=path, seen=seen(), tried=rejections)


def _seen(header: Header) -> str:
    count = f"{len(header.tensors)} tensors"
    for tail, words in _OTHERS.items():
        if any(name.endswith(tail) for name in header.tensors):
            return f"{count}: {words}"
    examples = ", ".join(sorted(header.tensors)[:3]) or "none"
    return f"{count} ({examples})"


def _stated_prediction(header: Header) -> Prediction:
    # Some trainers leave empty tensors as flags, others the "modelspec" metadata of Stability AI.
    if "v_pred" in header.tensors:
        return "v_prediction"
    stated = header.metadata.get("modelspec.prediction_type", "").lower()
    return "v_prediction" if stated in ("v", "v_prediction") else "epsilon" if stated == "epsilon" else "auto"
