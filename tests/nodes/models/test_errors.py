"""Every error of the model layer has its own code, one sentence of fact and one of help."""

from pathlib import Path

import pytest
from weft.sdk import ModelError
from weft_nodes.models import errors

PATH = Path("models/a.safetensors")

EXAMPLES = [
    (errors.ModelFileMissingError(path=PATH), "checkpoint-missing"),
    (errors.ModelFileRefusedError(path=PATH, reason="is a pickle"), "pickle-refused"),
    (errors.CheckpointCorruptError(path=PATH, problem="it is empty"), "checkpoint-corrupt"),
    (errors.CheckpointIncompleteError(path=PATH, part="unet", missing=["a"]), "checkpoint-incomplete"),
    (errors.CheckpointUnknownError(path=PATH, seen="3 tensors", tried=["sd15: no"]), "checkpoint-unknown"),
    (errors.CheckpointChangedError(path=PATH, expected="a", found="b"), "checkpoint-changed"),
    (errors.PackageMissingError(what="Reading a.gguf", package="gguf", extra="gguf"), "package-missing"),
    (errors.FamilyUnknownError(family="sd9", known=["sd15"]), "family-unknown"),
    (errors.LatentMismatchError("A latent is odd.", hint="Make it even."), "latent-mismatch"),
    (errors.PatchMismatchError(patch="The LoRA x", problem="it is too wide"), "patch-mismatch"),
    (errors.ControlMismatchError(problem="it was made for sdxl"), "control-mismatch"),
]


@pytest.mark.parametrize(("error", "code"), EXAMPLES)
def test_an_error_has_its_code_a_fact_and_help(error: ModelError, code: str) -> None:
    assert error.code == code
    assert error.message.endswith(".")
    assert error.hint.endswith(".")
    assert str(error) == error.message


def test_no_two_errors_share_a_code() -> None:
    assert len({type(error).code for error, _ in EXAMPLES}) == len(EXAMPLES)


def test_every_error_of_the_module_is_in_its_tree() -> None:
    kinds = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ModelError)
    ]
    defined = {kind.__name__: kind.code for kind in kinds if kind.__module__ == errors.__name__}

    assert len(defined) == len(EXAMPLES)
    assert all(
        name in (errors.__doc__ or "") and code in (errors.__doc__ or "") for name, code in defined.items()
    )


def test_an_error_about_a_file_names_it() -> None:
    about_files = [error for error, code in EXAMPLES if code.startswith(("checkpoint", "pickle"))]

    assert all(str(PATH) in error.message for error in about_files)


def test_long_lists_of_tensors_are_cut_and_counted() -> None:
    error = errors.CheckpointIncompleteError(
        path=PATH, part="unet", missing=[f"t{n}" for n in range(40)], misshapen=["x is [1] instead of [2]"]
    )

    assert "40 tensors are missing (t0, t1, t2, …)" in error.message
    assert "1 tensor has another shape (x is [1] instead of [2])" in error.message
