"""Workflows of ComfyUI as its users have them: in the format in which it saves, and in that of its API."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

Wire = tuple[str, int]
"""An output of a node: its id and the number of the output."""

OUTPUTS: Mapping[str, tuple[str, ...]] = {
    "CheckpointLoaderSimple": ("MODEL", "CLIP", "VAE"),
    "CLIPTextEncode": ("CONDITIONING",),
    "EmptyLatentImage": ("LATENT",),
    "KSampler": ("LATENT",),
    "VAEDecode": ("IMAGE",),
    "LoadImage": ("IMAGE", "MASK"),
    "RescaleCFG": ("MODEL",),
    "VHS_LoadVideo": ("IMAGE", "AUDIO"),
    "Reroute": ("",),
    "PrimitiveNode": ("INT",),
}


def node(class_type: str, title: str = "", **inputs: object) -> dict[str, Any]:
    """A node in the format of the API; a pair of an id and a number is a link."""
    found = {name: list(value) if isinstance(value, tuple) else value for name, value in inputs.items()}
    return {"class_type": class_type, "inputs": found, **({"_meta": {"title": title}} if title else {})}


def text_to_image(checkpoint: str = "starter", **sampling: object) -> dict[str, Any]:
    """The graph that ComfyUI opens with, in the format of its API."""
    usual = {
        "seed": 7,
        "steps": 20,
        "cfg": 2.0,
        "sampler_name": "dpmpp_2m",
        "scheduler": "simple",
        "denoise": 1.0,
        "model": ("4", 0),
        "positive": ("6", 0),
        "negative": ("7", 0),
        "latent_image": ("5", 0),
    }
    return {
        "3": node("KSampler", "KSampler", **{**usual, **sampling}),
        "4": node("CheckpointLoaderSimple", "Load Checkpoint", ckpt_name=checkpoint),
        "5": node("EmptyLatentImage", "Empty Latent Image", width=128, height=128, batch_size=1),
        "6": node("CLIPTextEncode", text="a red circle on a white background", clip=("4", 1)),
        "7": node("CLIPTextEncode", text="", clip=("4", 1)),
        "8": node("VAEDecode", samples=("3", 0), vae=("4", 2)),
        "9": node("SaveImage", "Save Image", filename_prefix="ComfyUI", images=("8", 0)),
    }


def saved_node(
    key: int, kind: str, values: Sequence[object] = (), *, at: tuple[float, float] = (0, 0), **more: object
) -> dict[str, Any]:
    """A node in the format in which ComfyUI saves, without its wires."""
    outputs = [{"name": name, "type": name, "links": []} for name in OUTPUTS.get(kind, ())]
    return {
        "id": key,
        "type": kind,
        "pos": list(at),
        "size": [315, 262],
        "flags": {},
        "order": 0,
        "mode": 0,
        "inputs": [],
        "outputs": outputs,
        "properties": {"Node name for S&R": kind},
        "widgets_values": list(values),
        **more,
    }


def saved(
    nodes: Sequence[dict[str, Any]], wires: Mapping[tuple[int, str], Wire], **more: object
) -> dict[str, Any]:
    """A saved workflow: nodes, and what feeds each of their inputs."""
    by_id = {str(entry["id"]): entry for entry in nodes}
    links = []
    for number, ((target, name), (origin, slot)) in enumerate(wires.items(), 1):
        outputs, inputs = by_id[origin]["outputs"], by_id[str(target)]["inputs"]
        kind = outputs[slot]["type"] if slot < len(outputs) else "*"
        known = next((entry for entry in inputs if entry["name"] == name), None)
        if known is None:
            inputs.append({"name": name, "type": kind, "link": number})
        else:
            known["link"] = number
        links.append([number, by_id[origin]["id"], slot, target, len(inputs) - 1, kind])
    return {
        "last_node_id": 99,
        "last_link_id": len(links),
        "nodes": list(nodes),
        "links": links,
        "groups": [],
        "config": {},
        "extra": {},
        "version": 0.4,
        **more,
    }


def saved_text_to_image() -> dict[str, Any]:
    """The graph that ComfyUI opens with, as it is saved: a group, a note and a corner are in it as well."""
    nodes = [
        saved_node(3, "KSampler", [7, "randomize", 20, 2.0, "dpmpp_2m", "simple", 1.0], at=(863, 186)),
        saved_node(4, "CheckpointLoaderSimple", ["starter"], at=(26, 474)),
        saved_node(5, "EmptyLatentImage", [128, 128, 1], at=(473, 609)),
        saved_node(
            6, "CLIPTextEncode", ["a red circle on a white background"], at=(415, 186), title="Prompt"
        ),
        saved_node(7, "CLIPTextEncode", [""], at=(413, 389)),
        saved_node(8, "VAEDecode", at=(1209, 188)),
        saved_node(9, "SaveImage", ["ComfyUI"], at=(1451, 189)),
        saved_node(10, "Note", ["Any *size* goes."], at=(26, 700), size={"0": 300, "1": 100}),
        saved_node(11, "Reroute", at=(700, 100)),
    ]
    wires: dict[tuple[int, str], Wire] = {
        (11, ""): ("4", 0),
        (3, "model"): ("11", 0),
        (3, "positive"): ("6", 0),
        (3, "negative"): ("7", 0),
        (3, "latent_image"): ("5", 0),
        (6, "clip"): ("4", 1),
        (7, "clip"): ("4", 1),
        (8, "samples"): ("3", 0),
        (8, "vae"): ("4", 2),
        (9, "images"): ("8", 0),
    }
    return saved(
        nodes, wires, groups=[{"title": "Prompts", "bounding": [400, 150, 450, 400], "color": "#3f789e"}]
    )


def image_to_image() -> dict[str, Any]:
    """A picture painted anew in a part of it."""
    return {
        **text_to_image(latent_image=("13", 0), denoise=0.6),
        "5": node("LoadImage", image="own.png [input]", upload="image"),
        "10": node(
            "ImageScale", image=("5", 0), upscale_method="nearest-exact", width=64, height=64, crop="center"
        ),
        "11": node("VAEEncode", pixels=("10", 0), vae=("4", 2)),
        "12": node("GrowMask", mask=("5", 1), expand=6, tapered_corners=True),
        "13": node("SetLatentNoiseMask", samples=("11", 0), mask=("12", 0)),
    }


def lora_and_control() -> dict[str, Any]:
    """A LoRA, a ControlNet, CLIP skip, and guidance that is scaled back."""
    return {
        **text_to_image(model=("14", 0), positive=("13", 0), negative=("13", 1)),
        "6": node("CLIPTextEncode", text="a (red:1.3) circle [x]", clip=("15", 0)),
        "10": node(
            "LoraLoader",
            lora_name="styles\\ink.safetensors",
            strength_model=0.8,
            strength_clip=0.5,
            model=("4", 0),
            clip=("4", 1),
        ),
        "11": node("ControlNetLoader", control_net_name="edges.safetensors"),
        "12": node("LoadImage", image="edges.png", upload="image"),
        "13": node(
            "ControlNetApplyAdvanced",
            strength=0.9,
            start_percent=0.0,
            end_percent=0.7,
            positive=("6", 0),
            negative=("7", 0),
            control_net=("11", 0),
            image=("12", 0),
        ),
        "14": node("RescaleCFG", model=("10", 0), multiplier=0.7),
        "15": node("CLIPSetLastLayer", clip=("10", 1), stop_at_clip_layer=-2),
    }


def flux() -> dict[str, Any]:
    """A model that is told its guidance, sampled with the parts of a sampler apart from each other."""
    return {
        "1": node("CheckpointLoaderSimple", ckpt_name="flux1-dev.safetensors"),
        "2": node("CLIPTextEncode", text="a lighthouse", clip=("1", 1)),
        "3": node("FluxGuidance", guidance=3.5, conditioning=("2", 0)),
        "4": node(
            "ModelSamplingFlux", max_shift=1.15, base_shift=0.5, width=1024, height=1024, model=("1", 0)
        ),
        "5": node("BasicGuider", model=("4", 0), conditioning=("3", 0)),
        "6": node("RandomNoise", noise_seed=2**63 + 5),
        "7": node("KSamplerSelect", sampler_name="euler"),
        "8": node("BasicScheduler", scheduler="simple", steps=20, denoise=1.0, model=("4", 0)),
        "9": node("EmptySD3LatentImage", width=1024, height=1024, batch_size=1),
        "10": node(
            "SamplerCustomAdvanced",
            noise=("6", 0),
            guider=("5", 0),
            sampler=("7", 0),
            sigmas=("8", 0),
            latent_image=("9", 0),
        ),
        "11": node("VAEDecode", samples=("10", 0), vae=("1", 2)),
        "12": node("PreviewImage", images=("11", 0)),
    }


def split_flux() -> dict[str, Any]:
    """The same model, each of its parts from a file of its own, under a LoRA for the network alone."""
    return {
        **flux(),
        "1": node("UNETLoader", unet_name="flux1-dev.safetensors", weight_dtype="fp8_e4m3fn"),
        "2": node("CLIPTextEncode", text="a lighthouse", clip=("20", 0)),
        "4": node("LoraLoaderModelOnly", lora_name="ink.safetensors", strength_model=1.0, model=("1", 0)),
        "11": node("VAEDecode", samples=("10", 0), vae=("21", 0)),
        "20": node(
            "DualCLIPLoader", clip_name1="t5xxl.safetensors", clip_name2="clip_l.safetensors", type="flux"
        ),
        "21": node("VAELoader", vae_name="ae.safetensors"),
    }


def as_text(tree: object) -> str:
    """A file as it is written there."""
    return json.dumps(tree)


def soft_mask() -> dict[str, Any]:
    """A picture painted anew as its mask says: where it is grey, in fewer steps."""
    tree = image_to_image()
    sampler = {**tree["3"], "inputs": {**tree["3"]["inputs"], "model": ["14", 0]}}
    return {**tree, "3": sampler, "14": node("DifferentialDiffusion", model=("4", 0), strength=1.0)}


def redux() -> dict[str, Any]:
    """A model that is told what a picture looks like."""
    return {
        **flux(),
        "3": node(
            "StyleModelApply",
            conditioning=("2", 0),
            style_model=("13", 0),
            clip_vision_output=("14", 0),
            strength=0.8,
            strength_type="multiply",
        ),
        "13": node("StyleModelLoader", style_model_name="flux1-redux-dev.safetensors"),
        "14": node("CLIPVisionEncode", clip_vision=("15", 0), image=("16", 0), crop="center"),
        "15": node("CLIPVisionLoader", clip_name="sigclip_vision_patch14_384.safetensors"),
        "16": node("LoadImage", image="own.png"),
    }


def pictures_as_prompts() -> dict[str, Any]:
    """Two pictures that a model reads, one behind the other, of which a sampler knows nothing."""
    return {
        **text_to_image(model=("12", 0)),
        "10": node("IPAdapterModelLoader", ipadapter_file="plus.safetensors"),
        "11": node("IPAdapter", model=("4", 0), ipadapter=("10", 0), image=("13", 0), weight=0.8),
        "12": node(
            "IPAdapterAdvanced",
            model=("11", 0),
            ipadapter=("10", 0),
            image=("14", 0),
            weight=0.5,
            weight_type="linear",
            start_at=0.0,
            end_at=0.6,
        ),
        "13": node("LoadImage", image="one.png"),
        "14": node("LoadImage", image="two.png"),
    }


def kontext() -> dict[str, Any]:
    """A model that is shown a picture, and a part of a picture, that it shall change."""
    return {
        **flux(),
        "3": node("ReferenceLatent", conditioning=("2", 0), latent=("14", 0)),
        "13": node("FluxKontextImageScale", image=("15", 0)),
        "14": node("VAEEncode", pixels=("13", 0), vae=("1", 2)),
        "15": node("LoadImage", image="own.png"),
    }


def qwen_edit(*pictures: int, vae: bool = True) -> dict[str, Any]:
    """An instruction about pictures, some of which are given."""
    given = {f"image{number}": ("20", 0) for number in pictures}
    if vae:
        given["vae"] = ("4", 2)
    return {
        **text_to_image(),
        "6": node("TextEncodeQwenImageEditPlus", "", clip=("4", 1), prompt="make it blue", **given),
        "20": node("LoadImage", image="own.png"),
    }


def instruct() -> dict[str, Any]:
    """A model that changes a picture as it is told, guided towards both the words and the picture."""
    return {
        **text_to_image(),
        "3": node(
            "SamplerCustomAdvanced",
            noise=("10", 0),
            guider=("11", 0),
            sampler=("12", 0),
            sigmas=("13", 0),
            latent_image=("5", 2),
        ),
        "5": node(
            "InstructPixToPixConditioning",
            positive=("6", 0),
            negative=("7", 0),
            vae=("4", 2),
            pixels=("14", 0),
        ),
        "10": node("RandomNoise", noise_seed=3),
        "11": node(
            "DualCFGGuider",
            model=("4", 0),
            cond1=("5", 0),
            cond2=("5", 1),
            negative=("7", 0),
            cfg_conds=7.5,
            cfg_cond2_negative=1.5,
            style="regular",
        ),
        "12": node("KSamplerSelect", sampler_name="euler"),
        "13": node("KarrasScheduler", steps=8, sigma_max=80.0, sigma_min=0.002, rho=7.0),
        "14": node("LoadImage", image="own.png"),
    }


def sized(*, refined: bool = False) -> dict[str, Any]:
    """A prompt that says how large the original of the picture seems, and to a refiner how fair it is."""
    size = {"width": 2048, "height": 1536, "clip": ("4", 1)}
    cut = {"crop_w": 16, "crop_h": 8, "target_width": 1024, "target_height": 768}
    base: dict[str, Any] = {**size, **cut, "text_g": "a star", "text_l": "a moon"}
    refiner: dict[str, Any] = {**size, "ascore": 7.5, "text": "a star"}
    said = node("CLIPTextEncodeSDXLRefiner", **refiner) if refined else node("CLIPTextEncodeSDXL", **base)
    return {**text_to_image(), "6": said}
