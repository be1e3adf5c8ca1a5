"""The page of sizes: how much memory the published models take."""

from typing import Final

from published.configs import MODELS, Published

_INTRODUCTION: Final = """# Sizes of the published models

Parameters of each part, and the memory of their weights in bfloat16; 1 GB is 10^9 bytes. The tests build each
model in full size without storage, count, encode a prompt, run the network on two latents of pictures of
1024x1024 pixels, decode them, and check the workflow *text-to-image* against a file of these shapes.

| Model | Family | Network | Text encoders | Autoencoder | Network in bfloat16 | All in bfloat16 |
|---|---|---|---|---|---|---|
"""


def page() -> str:
    """The page."""
    return _INTRODUCTION + "".join(f"{line(model)}\n" for model in MODELS)


def line(model: Published) -> str:
    """The line of one model."""
    network, *_ = model.billions.values()
    encoders = (count for part, count in model.billions.items() if part.startswith("text_encoder"))
    cells = (
        model.title,
        model.family,
        _count(network),
        " + ".join(_count(encoder) for encoder in encoders) or "none",
        _count(model.billions["vae"]) if "vae" in model.billions else "none",
        _bytes(network),
        _bytes(sum(model.billions.values())),
    )
    return f"| {' | '.join(cells)} |"


def _count(billions: float) -> str:
    return f"{billions:.3g} B" if billions >= 0.5 else f"{billions * 1000:.3g} M"


def _bytes(billions: float) -> str:
    return f"{2 * billions:.3g} GB" if billions >= 0.5 else f"{2000 * billions:.3g} MB"
