"""Errors below /v1/ have OpenAI's shape, with weft's words and codes in it."""

import pytest
from weft.errors import ProblemsError, WeftError
from weft.graph_errors import InputInvalidError
from weft.web.faults import BodyInvalidError, TokenMissingError, UnexpectedError
from weft.web.images.images_errors import dialect_error, dialect_status
from weft.web.images.images_faults import ImageModelUnknownError, ImageParameterError, ImagesFailedError
from weft.web.problems import document_of

PARAMETER = ImageParameterError(parameter="size", fault="is odd", hint="Use another.")
BODY = ProblemsError([BodyInvalidError(where="n", fault="is refused").problem()])
MODEL = ImageModelUnknownError(name="x", known=[])
BODIES = ProblemsError([BodyInvalidError(where=at, fault="is refused").problem() for at in ("n", "size")])
INPUT = ProblemsError([InputInvalidError(name="width", reason="is 3").problem(node="size", input="width")])


@pytest.mark.parametrize(
    ("error", "status", "kind", "param", "code"),
    [
        (PARAMETER, 400, "invalid_request_error", "size", "image-parameter"),
        (BODY, 400, "invalid_request_error", "n", "body-invalid"),
        (BODIES, 400, "invalid_request_error", "n", "body-invalid"),
        (INPUT, 400, "invalid_request_error", None, "input-invalid"),
        (MODEL, 404, "invalid_request_error", "model", "image-model-unknown"),
        (ImagesFailedError(reason="No.", job="j"), 422, "invalid_request_error", None, "images-failed"),
        (TokenMissingError(), 401, "authentication_error", None, "token-missing"),
        (UnexpectedError(request="r"), 500, "server_error", None, "unexpected"),
    ],
)
def test_an_error_keeps_its_code_and_gets_the_status_that_clients_expect(
    error: WeftError, status: int, kind: str, param: str | None, code: str
) -> None:
    document = document_of(error)

    told = dialect_error(document).error

    assert (dialect_status(document), told.type, told.param, told.code) == (status, kind, param, code)


def test_the_message_holds_fact_and_help_of_every_problem() -> None:
    told = dialect_error(document_of(BODIES)).error

    assert told.message.count("is refused.") == 2
    assert told.message.endswith(".")
