"""The networks that diffusers and transformers build, and the names their tensors have in files.

Conversion from the layout of the original training code is diffusers' (`loaders/single_file_utils.py`, 0.42);
it is called per network on plain tensors, so that no pipeline is built and nothing is looked up on a hub.
Both libraries take seconds to import, so they are imported when the first network is built.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, cast

from torch import Tensor, nn

from weft_nodes.models.adapter import ModulePart

Half = Literal["float16", "bfloat16"]
Fit = Callable[[Mapping[str, tuple[int, ...]]], dict[str, object]]

# What the names of the network's tensors begin with in a single file.
_NETWORK: Final = "model.diffusion_model."

# What the text layers of a language model are called within models that see too, in turn of age.
_TEXT_LAYERS: Final = ("model.", "model.language_model.", "language_model.model.")

# Names of the autoencoder's attention in folders that were written before diffusers 0.18.
_OLD_ATTENTION: Final = MappingProxyType(
    {".query.": ".to_q.", ".key.": ".to_k.", ".value.": ".to_v.", ".proj_attn.": ".to_out.0."}
)


def unet_part(name: str = "unet") -> ModulePart:
    """Describe a conditional U-Net.

    Args:
        name: Its folder.
    """

    def build(config: Mapping[str, object]) -> nn.Module:
        from diffusers import UNet2DConditionModel

        return cast("nn.Module", UNet2DConditionModel.from_config(dict(config)))

    def convert(module: nn.Module, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint

        return cast("dict[str, Tensor]", convert_ldm_unet_checkpoint(tensors, _config(module)))

    return ModulePart(
        name=name,
        build=build,
        rename=lambda _, tensors: tensors,
        prefixes=(_NETWORK,),
        convert=convert,
        fit=_shown_channels,
    )


def autoencoder_part(name: str = "vae", *, kind: str = "AutoencoderKL", half: Half = "float16") -> ModulePart:
    """Describe an image autoencoder.

    Args:
        name: Its folder.
        kind: Name of its class in diffusers; only the first is read from single files.
        half: The type of two bytes in which it does not overflow.
    """

    def build(config: Mapping[str, object]) -> nn.Module:
        import diffusers

        return cast("nn.Module", getattr(diffusers, kind).from_config(dict(config)))

    def convert(module: nn.Module, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        from diffusers.loaders.single_file_utils import convert_ldm_vae_checkpoint

        return cast("dict[str, Tensor]", convert_ldm_vae_checkpoint(tensors, _config(module)))

    return ModulePart(
        name=name,
        build=build,
        rename=_modern_attention,
        prefixes=("first_stage_model.", "vae."),
        convert=convert,
        half=half,
    )


def clip_part(name: str, *, prefix: str, projection: bool = False) -> ModulePart:
    """Describe a text encoder of OpenAI's CLIP.

    Args:
        name: Its folder.
        prefix: What its tensors' names begin with in single files, up to `text_model.`.
        projection: Whether the pooled state is projected.
    """

    def convert(module: nn.Module, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        plain = {key.removeprefix(prefix): tensor for key, tensor in tensors.items()}
        return _flattened(module, plain)

    return _clip(name, prefix=prefix, projection=projection, convert=convert)


def open_clip_part(name: str, *, prefix: str, projection: bool = False) -> ModulePart:
    """Describe a text encoder of OpenCLIP, whose attention is stored fused.

    Args:
        name: Its folder.
        prefix: What its tensors' names begin with in single files, up to `transformer.`.
        projection: Whether the pooled state is projected.
    """

    def convert(module: nn.Module, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        from diffusers.loaders.single_file_utils import convert_open_clip_checkpoint

        return _flattened(module, convert_open_clip_checkpoint(module, tensors, prefix=prefix))

    return _clip(name, prefix=prefix, projection=projection, convert=convert)


def transformer_part(
    kind: str,
    *,
    half: Half = "float16",
    convert: str = "",
    fit: Fit | None = None,
    name: str = "transformer",
) -> ModulePart:
    """Describe a denoising transformer of diffusers.

    Args:
        kind: Name of its class in diffusers, such as "SD3Transformer2DModel".
        half: The type of two bytes in which it does not overflow.
        convert: Function of diffusers' `single_file_utils` that brings the tensors of a single file to the
            names of the class; without one they have those names already.
        fit: Reads options of its configuration from the shapes of a single file; see `ModulePart`.
        name: Its folder.
    """

    def build(config: Mapping[str, object]) -> nn.Module:
        import diffusers

        return cast("nn.Module", getattr(diffusers, kind).from_config(dict(config)))

    def converted(module: nn.Module, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        if not convert:
            return {key.removeprefix(_NETWORK): tensor for key, tensor in tensors.items()}
        from diffusers.loaders import single_file_utils

        convert_all = getattr(single_file_utils, convert)
        return cast("dict[str, Tensor]", convert_all(tensors, config=_config(module)))

    return ModulePart(
        name=name,
        build=build,
        rename=lambda _, tensors: tensors,
        prefixes=(_NETWORK,),
        convert=converted,
        half=half,
        fit=fit,
    )


def text_model_part(name: str, kind: str, *, prefix: str, half: Half = "bfloat16") -> ModulePart:
    """Describe a text encoder of transformers that is called by its class, such as T5.

    Args:
        name: Its folder.
        kind: Name of its class in transformers, such as "T5EncoderModel".
        prefix: What its tensors' names begin with in single files.
        half: The type of two bytes in which it does not overflow; T5 and most language models do in float16.
    """

    def build(config: Mapping[str, object]) -> nn.Module:
        import transformers

        model = getattr(transformers, kind)
        return cast("nn.Module", model(model.config_class.from_dict(dict(config))))

    def convert(_: nn.Module, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        return {key.removeprefix(prefix): tensor for key, tensor in tensors.items()}

    return ModulePart(
        name=name,
        build=build,
        rename=lambda _, tensors: tensors,
        prefixes=(prefix,),
        convert=convert,
        half=half,
    )


def language_model_part(name: str, kind: str, *, half: Half = "bfloat16") -> ModulePart:
    """Describe the layers of a language model that read text; what it sees or says with is left out.

    Args:
        name: Its folder.
        kind: Name of the class of these layers in transformers, such as "Qwen2_5_VLTextModel".
        half: The type of two bytes in which it does not overflow.
    """

    def build(config: Mapping[str, object]) -> nn.Module:
        import transformers

        whole = transformers.AutoConfig.for_model(**config)
        return cast("nn.Module", getattr(transformers, kind)(whole.get_text_config()))

    return ModulePart(
        name=name,
        build=build,
        rename=_text_layers,
        prefixes=("text_encoders.",),
        convert=_text_layers,
        half=half,
    )


def _shown_channels(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, object]:
    """Return how many channels a U-Net reads: more than a latent has, if it was made for inpainting."""
    first = shapes.get("input_blocks.0.0.weight") or shapes.get("conv_in.weight")
    return {"in_channels": first[1]} if first else {}


def _text_layers(module: nn.Module, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    wanted = module.state_dict().keys()
    plain = {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        for prefix in ("", *_TEXT_LAYERS)
        if name.startswith(prefix)
    }
    return {name: tensor for name, tensor in plain.items() if name in wanted}


def _config(module: nn.Module) -> dict[str, Any]:
    return dict(cast("Mapping[str, Any]", module.config))


def _clip(
    name: str,
    *,
    prefix: str,
    projection: bool,
    convert: Callable[[nn.Module, dict[str, Tensor]], dict[str, Tensor]],
) -> ModulePart:
    def build(config: Mapping[str, object]) -> nn.Module:
        from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

        kind = CLIPTextModelWithProjection if projection else CLIPTextModel
        return cast("nn.Module", kind(CLIPTextConfig.from_dict(dict(config))))

    return ModulePart(name=name, build=build, rename=_flattened, prefixes=(prefix,), convert=convert)


def _flattened(module: nn.Module, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    # transformers 5.6 dropped the `text_model.` level of CLIPTextModel; files on disk still have it.
    if hasattr(module, "text_model"):
        return tensors
    return {name.removeprefix("text_model."): tensor for name, tensor in tensors.items()}


def _modern_attention(module: nn.Module, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    wanted = module.state_dict()
    renamed = {_modern_name(name): tensor for name, tensor in tensors.items()}
    # The oldest files store these linear layers as convolutions of size one.
    return {
        name: tensor[..., 0, 0] if tensor.ndim == 4 and name in wanted and wanted[name].ndim == 2 else tensor
        for name, tensor in renamed.items()
    }


def _modern_name(name: str) -> str:
    if ".attentions." in name:
        for old, new in _OLD_ATTENTION.items():
            name = name.replace(old, new)
    return name
