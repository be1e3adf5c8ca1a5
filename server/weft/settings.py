"""Settings: flags before ``WEFT_*`` environment variables before ``weft.toml`` before defaults.

Nothing is probed or created when this module is imported; `load_settings` reads, and folders are made when
something is first written to them.
"""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ByteSize, ConfigDict, Field, ValidationError

from weft.errors import SettingsError, suggest
from weft.paths import Paths

ENV_PREFIX = "WEFT_"
CONFIG_NAME = "weft.toml"
MIB = 2**20
GIB = 2**30
DEVICES = "auto, cpu, cuda, cuda:N or mps"
"""What the setting `device` may be, in words."""


def _split(value: object) -> object:
    """Split a list of folders as PATH is split, so that it can stand in an environment variable."""
    return [part for part in value.split(os.pathsep) if part] if isinstance(value, str) else value


Folders = Annotated[tuple[Path, ...], BeforeValidator(_split)]
"""Several folders; in an environment variable separated as in PATH."""


def _split_names(value: object) -> object:
    """Split a list of names at commas, so that it can stand in an environment variable."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_split_names)]
"""Several names; in an environment variable separated by commas."""


def user_data_dir() -> Path:
    """Give the folder for the user's data on this platform, without creating it."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "weft"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "weft"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "weft"


def shipped_workflows() -> Path:
    """Give the folder of the workflows that come with weft: inside the package, or in a source checkout."""
    packed = Path(__file__).parent / "_workflows"
    return packed if packed.is_dir() else Path(__file__).parents[2] / "workflows"


class Settings(BaseModel):
    """All settings. Relative folders are relative to where weft was started.

    Attributes:
        data_dir: Everything weft keeps for itself; by default the user's data folder.
        output_dir: Where nodes that save put their files.
        input_dir: Pictures and other files that workflows read by name.
        models_dirs: Folders searched for weight files; by default ``./models`` and below `data_dir`.
        custom_nodes_dirs: Folders of packs; by default ``./custom_nodes`` and below `data_dir`.
        workflows_dirs: Folders of workflows, first match first; by default those below `data_dir`, then
            the shipped ones.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        cache_device_bytes: Results kept on the device, at most; "2GiB" and the like are understood.
        cache_ram_bytes: Results kept in memory, at most.
        cache_disk_bytes: Results kept on disk, at most.
        host: Address that the server listens on; anything but a loopback address needs a token.
        port: Port of the server; 0 lets the system choose one.
        host_names: Further names under which the server may be called, such as that of a reverse proxy.
        require_token: Whether a token is needed even on a loopback address.
        workers: Worker processes; with several on CUDA each gets a device of its own, in turn.
        jobs_per_worker: Jobs that a worker runs at once, so that they can sample together.
        memory_bytes: Memory that a worker may use on a CPU; 0 sets no limit.
        max_queued_jobs: Jobs that may wait at once, at most.
        max_body_bytes: Bytes of a JSON body, at most.
        max_upload_bytes: Bytes of an uploaded file, at most.
        max_upload_pixels: Pixels of an uploaded picture, at most.
        max_nodes: Nodes of a submitted workflow, at most.
        keep_jobs: Finished jobs that stay in the history, at most.
        keep_days: Days for which finished jobs stay in the history, at most; 0 sets no limit.
        images_workflow: Workflow behind ``/v1/images/generations``.
        edits_workflow: Workflow behind ``/v1/images/edits``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    data_dir: Path = Field(default_factory=user_data_dir)
    output_dir: Path = Path("output")
    input_dir: Path = Path("input")
    models_dirs: Folders = Field(default_factory=lambda data: (Path("models"), data["data_dir"] / "models"))
    custom_nodes_dirs: Folders = Field(
        default_factory=lambda data: (Path("custom_nodes"), data["data_dir"] / "custom_nodes")
    )
    workflows_dirs: Folders = Field(
        default_factory=lambda data: (data["data_dir"] / "workflows", shipped_workflows())
    )
    device: str = Field(default="auto", pattern=r"^(auto|cpu|mps|cuda(:[0-9]+)?)$")
    cache_device_bytes: ByteSize = Field(default=ByteSize(2 * GIB), ge=0)
    cache_ram_bytes: ByteSize = Field(default=ByteSize(4 * GIB), ge=0)
    cache_disk_bytes: ByteSize = Field(default=ByteSize(20 * GIB), ge=0)
    host: str = "127.0.0.1"
    port: int = Field(default=9338, ge=0, le=65535)
    host_names: Names = ()
    require_token: bool = False
    workers: int = Field(default=1, ge=1, le=64)
    jobs_per_worker: int = Field(default=8, ge=1, le=256)
    memory_bytes: ByteSize = Field(default=ByteSize(0), ge=0)
    max_queued_jobs: int = Field(default=10_000, ge=1)
    max_body_bytes: ByteSize = Field(default=ByteSize(20 * MIB), ge=1)
    max_upload_bytes: ByteSize = Field(default=ByteSize(64 * MIB), ge=1)
    max_upload_pixels: int = Field(default=64_000_000, ge=1)
    max_nodes: int = Field(default=10_000, ge=1)
    keep_jobs: int = Field(default=10_000, ge=1)
    keep_days: float = Field(default=0, ge=0)
    images_workflow: str = "text-to-image"
    edits_workflow: str = "edit-image"

    @property
    def paths(self) -> Paths:
        """The folders that nodes may use."""
        return Paths(
            input_dir=self.input_dir,
            output_dir=self.output_dir,
            models=self.models_dirs,
            data_dir=self.data_dir,
        )


def load_settings(flags: Mapping[str, object] | None = None, *, config: Path | None = None) -> Settings:
    """Read the settings from all their sources.

    Args:
        flags: Settings from the command line, by name; None stands for a flag that was not given.
        config: The configuration file; by default ``weft.toml`` in the current folder, if there is one.

    Raises:
        SettingsError: A value is bad or a name unknown; names the setting and where it comes from.
    """
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    path = config if config is not None else Path(CONFIG_NAME)
    layers = (
        (path, _read_toml(path, is_required=config is not None)),
        (ENV_PREFIX, _read_environment()),
        ("flags", given),
    )
    merged: dict[str, object] = {}
    sources: dict[str, str] = {}
    for source, values in layers:
        merged.update(values)
        sources.update({name: _source_of(name, source) for name in values})
    try:
        # The sources hold raw values, whose validation is what this call is for.
        return Settings(**merged)  # type: ignore[arg-type]
    except ValidationError as error:
        raise _settings_error(error, sources) from error


def _source_of(name: str, source: Path | str) -> str:
    if source == ENV_PREFIX:
        return f"the environment variable {ENV_PREFIX}{name.upper()}"
    if source == "flags":
        return f"the flag --{name.replace('_', '-')}"
    return f"the file {source}"


def _read_environment() -> dict[str, object]:
    """Give the settings that the environment holds; its other variables may be anybody's."""
    held = {name.lower(): value for name, value in os.environ.items()}
    named = {field: f"{ENV_PREFIX}{field}".lower() for field in Settings.model_fields}
    return {field: held[name] for field, name in named.items() if name in held}


def _read_toml(path: Path, *, is_required: bool) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        if not is_required:
            return {}
        raise SettingsError(
            setting="config", source=f"{path}", fault="names a file that does not exist"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(setting="config", source=f"{path}", fault=f"cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(setting="config", source=f"{path}", fault=f"is not TOML: {error}") from error


def _settings_error(error: ValidationError, sources: Mapping[str, str]) -> SettingsError:
    first = error.errors()[0]
    name = str(first["loc"][0])
    source = sources.get(name, "its default")
    if first["type"] == "extra_forbidden":
        hint = suggest(name, Settings.model_fields)
        return SettingsError(setting=name, source=source, fault="does not exist", hint=hint)
    why = f"but must be {DEVICES}" if name == "device" else f"which is refused: {first['msg']}"
    fault = f"is {first['input']!r}, {why}"
    return SettingsError(setting=name, source=source, fault=fault)
