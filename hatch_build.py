"""Puts the editor into the wheel, with the third-party modules that it stands on.

They are fetched from the npm registry by the lock file, which also holds their digests, so that none of them
lies in the repository. In a checkout they land in ``frontend/vendor``; what lies there in step with the lock
is never fetched again. ``python hatch_build.py`` does the same without installing anything.

The modules are also joined into one file, ``frontend/bundle.js``, without comments and with short names,
which a browser has at once. A wheel holds that file alone. In a checkout the server gives it out until a
module is edited, and then the modules themselves, so nothing has to be built to see a change.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import deno
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Vendored(NamedTuple):
    """A file that is taken from a package.

    Attributes:
        name: What it is called in ``vendor``.
        source: Where it lies among the packages.
        imported_as: What modules call it, as the page does; empty for what is no module.
    """

    name: str
    source: str
    imported_as: str = ""


VENDORED = (
    Vendored("preact.mjs", "preact/dist/preact.mjs", "preact"),
    Vendored("hooks.mjs", "preact/hooks/dist/hooks.mjs", "preact/hooks"),
    Vendored("signals-core.mjs", "@preact/signals-core/dist/signals-core.mjs", "@preact/signals-core"),
    Vendored("signals.mjs", "@preact/signals/dist/signals.mjs", "@preact/signals"),
    Vendored("htm.mjs", "htm/dist/htm.mjs", "htm"),
    Vendored("htm-preact.mjs", "htm/preact/index.mjs", "htm/preact"),
    Vendored("LICENSE-preact", "preact/LICENSE"),
    Vendored("LICENSE-signals", "@preact/signals/LICENSE"),
    Vendored("LICENSE-htm", "htm/LICENSE"),
)
"""All that is taken."""

BUNDLE = "bundle.js"
PACKED = frozenset({".css", ".json", ".svg", ".webp"})
WHOLE = frozenset({"index.html", BUNDLE, "THIRD_PARTY.md"})
"""What a wheel holds of the editor, besides what lies in ``vendor`` and is no module."""

_INDENT = re.compile(rb"\n[ \t]+(?=<)")
"""What stands before a tag on a line of its own: in templates alone, and htm leaves it out of the page."""

STAMP = "VERSIONS"
"""Says what lies beside it: a line for each package, with its version and digest."""

ENTRY = 'import "htm/preact";\nimport "preact/hooks";\nimport "@preact/signals";\n'
"""A module that needs every package that is wanted."""


class EditorError(Exception):
    """The editor could not be made ready."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The editor could not be made ready: {reason}\n"
            "Its third-party modules (Preact, signals, htm; 40 kB) come from the npm registry, and so does "
            "what packs a wheel. Where that cannot be reached, connect to the network and install again; "
            "NPM_CONFIG_REGISTRY names another registry, HTTPS_PROXY a proxy."
        )


class EditorHook(BuildHookInterface[Any]):
    """Runs whenever weft is installed or packed."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetch what lacks and join the modules; a wheel gets what a browser loads."""
        root = Path(self.root)
        fetch(root)
        bundle(root)
        if version == "editable":
            return
        frontend = root / "frontend"
        for path in sorted(path for path in frontend.rglob("*") if path.is_file()):
            is_licence = path.parent.name == "vendor" and path.suffix != ".mjs"
            if is_licence or path.suffix in PACKED or path.name in WHOLE:
                name = path.relative_to(frontend).as_posix()
                build_data["force_include"][str(path)] = f"weft/_frontend/{name}"


def fetch(root: Path) -> bool:
    """Bring ``frontend/vendor`` into step with the lock file.

    Args:
        root: The checkout, or an unpacked source distribution.

    Returns:
        Whether something had to be fetched.

    Raises:
        EditorError: The registry cannot be reached, or sent something else than was locked.
    """
    vendor = root / "frontend" / "vendor"
    wanted = _locked(root)
    if (vendor / STAMP).is_file() and (vendor / STAMP).read_text(encoding="utf-8") == wanted:
        return False
    with tempfile.TemporaryDirectory() as scratch:
        packages = _install(root, Path(scratch))
        shutil.rmtree(vendor, ignore_errors=True)
        vendor.mkdir(parents=True)
        for file in VENDORED:
            shutil.copyfile(packages / file.source, vendor / file.name)
    # Written last, so that what was interrupted is fetched again.
    (vendor / STAMP).write_text(wanted, encoding="utf-8")
    return True


def bundle(root: Path) -> None:
    """Join the editor's modules, and what they stand on, into ``frontend/bundle.js``.

    Args:
        root: The checkout, or an unpacked source distribution, whose ``frontend/vendor`` is there.

    Raises:
        EditorError: A module has a fault, or deno could not fetch the program that it does this with.
    """
    frontend = root / "frontend"
    modules = [file for file in VENDORED if file.imported_as]
    vendor = {file.imported_as: (frontend / "vendor" / file.name).as_uri() for file in modules}
    with tempfile.TemporaryDirectory() as scratch:
        config, joined = Path(scratch, "deno.json"), Path(scratch, BUNDLE)
        config.write_text(json.dumps({"imports": vendor}), encoding="utf-8")
        ways = ["--platform=browser", "--minify", f"--config={config}", f"--output={joined}"]
        _run(root, "bundle", *ways, (frontend / "main.js").as_posix())
        # Replaced as a whole: a server may be reading it.
        whole = frontend / f"{BUNDLE}.new"
        whole.write_bytes(_INDENT.sub(b"\n", joined.read_bytes()))
        whole.replace(frontend / BUNDLE)


def _locked(root: Path) -> str:
    """Say what the lock file holds of each package that is wanted, and which files are taken of them."""
    locked = json.loads((root / "deno.lock").read_text(encoding="utf-8"))["npm"]
    lines = [
        f"{package} {entry['integrity']}"
        for package, entry in sorted(locked.items())
        # As in `@preact/signals@2.11.4_preact@11.2.0`; the first letter may be the sign of a scope.
        if any(file.source.startswith(f"{package[0]}{package[1:].partition('@')[0]}/") for file in VENDORED)
    ]
    return "\n".join([*lines, *(f"{file.name} {file.source}" for file in VENDORED), ""])


def _install(root: Path, scratch: Path) -> Path:
    """Fetch the packages, checked against the digests of the lock file, and give the folder they lie in."""
    for name in ("deno.json", "deno.lock"):
        shutil.copyfile(root / name, scratch / name)
    (scratch / "entry.js").write_text(ENTRY, encoding="utf-8")
    _run(scratch, "install", "--frozen", "--node-modules-dir=auto", "--entrypoint", "entry.js")
    return scratch / "node_modules"


def _deno() -> str:
    """Give the path of deno: pip builds in an environment whose programs are on the PATH and nowhere else."""
    return shutil.which("deno") or deno.find_deno_bin()


def _run(folder: Path, command: str, *arguments: str) -> None:
    done = subprocess.run(  # noqa: S603 - deno itself, with words of our own
        [_deno(), command, "--quiet", *arguments],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1", "RUST_BACKTRACE": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise EditorError(done.stderr.strip() or f"deno ended with {done.returncode}")


if __name__ == "__main__":
    fetch(Path(__file__).parent)
    bundle(Path(__file__).parent)
