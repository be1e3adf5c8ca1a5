"""The built-in nodes of weft: a plugin like any other, found by the entry point `weft.nodes`."""

NODE_MODULES: tuple[str, ...] = (
    "checkpoints",
    "adapters",
    "prompts",
    "control",
    "image_prompts",
    "latents",
    "sampling",
    "guidance",
    "networks",
    "sigmas",
    "images",
    "edits",
    "editing",
    "masks",
    "preprocess",
    "perceive",
    "upscale",
    "grids",
    "lists",
    "tables",
    "texts",
    "arithmetic",
    "numbers",
    "flow",
)
"""The modules that hold nodes; the packages beside them hold what the nodes stand on."""
