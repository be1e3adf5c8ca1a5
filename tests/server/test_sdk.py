"""The SDK is the whole promised surface: documented, stable, quick to import and free of torch."""

import inspect
import subprocess
import sys
import typing

import pytest
from weft import sdk

ALIASES = {"JSON", "Seed", "Traits"}
WITHOUT_TORCH = (
    "errors", "graph_errors", "paths", "values", "sockets", "widgets", "schema", "docstrings", "annotations",
    "signature", "node", "context", "pictures", "sdk", "digests", "packs", "registry", "importing",
    "manifests", "plugins", "settings",
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(set(sdk.__all__) - ALIASES))
def test_every_name_of_the_surface_is_documented(name: str) -> None:
    found = getattr(sdk, name)

    assert inspect.getdoc(found)
    assert (found.__doc__ or "").strip()


@pytest.mark.parametrize("name", sorted(ALIASES))
def test_every_alias_of_the_surface_is_documented_by_the_module(name: str) -> None:
    assert f"- ``{name}``:" in (sdk.__doc__ or "")


@pytest.mark.parametrize("name", sorted(set(sdk.__all__) - ALIASES))
def test_every_function_of_the_surface_is_annotated(name: str) -> None:
    found = getattr(sdk, name)

    if inspect.isfunction(found):
        assert "return" in found.__annotations__
        parameters = inspect.signature(found).parameters
        assert set(parameters) <= set(found.__annotations__)


def test_the_surface_lists_all_that_the_module_offers() -> None:
    public = {
        name for name, found in vars(sdk).items() if not name.startswith("_") and not inspect.ismodule(found)
    }

    assert public == set(sdk.__all__)
    assert len(sdk.__all__) == len(set(sdk.__all__))


def test_a_node_can_be_written_with_the_surface_alone() -> None:
    @sdk.node("colour.double")
    def double(number: float, times: typing.Annotated[int, sdk.Slider(1, 9)] = 1) -> float:
        """Double a number.

        Args:
            number: What is doubled.
            times: How often.
        """
        return number * 2.0 * times

    assert double(3.0) == 6.0


def test_nothing_that_the_server_needs_imports_torch() -> None:
    modules = ", ".join(f"weft.{name}" for name in WITHOUT_TORCH)
    program = (
        f"import sys, {modules}; print([n for n in ('torch', 'diffusers', 'aiohttp') if n in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_importing_the_surface_imports_neither_pictures_nor_settings_machinery() -> None:
    program = (
        "import sys, weft.sdk; print([n for n in ('numpy', 'PIL', 'pydantic', 'torch') if n in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
