"""Why a workflow of another program cannot be taken over."""

from weft.errors import GraphError, WeftError


class ForeignUnreadableError(GraphError):
    """A file says that it is a workflow of ComfyUI, and cannot be read as one."""

    code = "foreign-unreadable"

    def __init__(self, *, fault: str) -> None:
        super().__init__(
            f"The workflow of ComfyUI cannot be read: {fault}.",
            hint="Open it there and save it again, as a workflow or in the format of its API.",
        )


class RulesInvalidError(WeftError):
    """A file of rules cannot be read."""

    code = "rules-invalid"

    def __init__(self, *, place: str, fault: str) -> None:
        super().__init__(
            f"{place} cannot be read: {fault}.",
            hint="Write each rule as those of weft's own comfyui.toml.",
        )
