"""Every error of files, workflows and models says what is and what to do, and is drawn in their page."""

import re

import pytest
from weft.errors import WeftError
from weft.jobs.files import file_faults
from weft.jobs.files.file_faults import (
    AddressRefusedError,
    AssetKeptError,
    AssetPlainError,
    HubRefusedError,
    HubUnknownError,
    HubUnreachableError,
    ModelExistsError,
    ModelNameError,
    ModelPictureUnknownError,
    PreconditionFailedError,
    PullUnclearError,
    PullUnknownError,
    UploadRefusedError,
    UploadTooLargeError,
    WeightsRefusedError,
    WorkflowNameError,
    WorkflowShippedError,
)

ERRORS = [
    UploadRefusedError(),
    UploadTooLargeError.of_bytes(5),
    UploadTooLargeError.of_pixels(3, 4, 5),
    AssetKeptError(digest="ab"),
    AssetPlainError(digest="ab"),
    PreconditionFailedError(name="mine", tag="3"),
    PreconditionFailedError(name="mine", tag=""),
    WorkflowNameError(name="../x"),
    WorkflowShippedError(name="mine"),
    WeightsRefusedError(name="x.ckpt", reason="is a pickle"),
    ModelNameError(field="file", value="../x", expected="a plain name"),
    ModelExistsError(name="x"),
    ModelPictureUnknownError(picture="x"),
    PullUnclearError(repo="o/m", files=["a", "b"]),
    PullUnclearError(repo="o/m", files=[]),
    PullUnknownError(pull="x"),
    HubUnreachableError(host="hub", reason="it is away"),
    HubRefusedError(what="repository o/m"),
    HubUnknownError(what="repository o/m"),
    AddressRefusedError(address="http://127.0.0.1", reason="it is private"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_says_one_fact_and_one_help(error: WeftError) -> None:
    assert error.message.endswith(".")
    assert error.hint.endswith(".")


def test_every_error_is_drawn_in_the_page() -> None:
    drawn = set(re.findall(r"(\w+Error) \[([a-z-]+)\]", file_faults.__doc__ or ""))

    assert drawn == {(type(error).__name__, error.code) for error in ERRORS}


@pytest.mark.parametrize("length", [10_000])
def test_what_a_client_sent_is_shortened_in_the_message(length: int) -> None:
    long = "x" * length

    for error in (
        WorkflowNameError(name=long),
        ModelNameError(field="file", value=long, expected="less"),
        AddressRefusedError(address=long, reason="it is long"),
    ):
        assert len(error.message) < 400
