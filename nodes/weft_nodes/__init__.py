"""The built-in nodes of weft: a plugin like any other, found by the entry point `weft.nodes`."""

NODE_MODULES: tuple[str, ...] = (
    "checkpoints",
    "adapters",
    "prompts",
    "control",
    "latents",
    "sampling",
    "guidance",
    "sigmas",
    "images",
    "edits",
    "masks",
    "lists",
    "texts",
    "arithmetic",
    "numbers",
    "flow",
)
"""The modules that hold nodes; the packages beside them hold what the nodes stand on."""
