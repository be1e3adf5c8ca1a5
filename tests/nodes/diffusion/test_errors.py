"""Errors of the sampling core: stable codes, a sentence of fact and a sentence of help."""

import pytest
from weft_nodes.diffusion import errors


def test_a_misspelt_name_is_answered_with_the_closest_one() -> None:
    error = errors.UnknownSamplerError(name="eulr", known=["euler", "heun"])

    assert str(error) == "There is no sampler 'eulr'."
    assert error.hint == 'Did you mean "euler"?'
    assert error.code == "unknown-sampler"


def test_a_name_like_no_other_gets_the_list_alone() -> None:
    known = [f"schedule_{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]

    error = errors.UnknownScheduleError(name="qqq", known=known)

    assert error.hint == f"Known schedules: {', '.join(known)}."


def test_every_error_has_its_own_code() -> None:
    classes = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)
    ]

    codes = [kind.code for kind in classes if issubclass(kind, errors.DiffusionError)]

    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("kind", [errors.NonFiniteLatentError, errors.SamplingCancelledError])
def test_an_error_of_a_run_names_the_step(kind: type[errors.DiffusionError]) -> None:
    arguments: dict[str, object] = {"step": 3, "steps": 20}
    if kind is errors.NonFiniteLatentError:
        arguments["sampler"] = "euler"

    error = kind(**arguments)  # type: ignore[arg-type]

    assert "3 of 20" in error.message
    assert error.hint
