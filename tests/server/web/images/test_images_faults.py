"""What the images dialect refuses names the parameter and says what to do."""

from weft.web.images.images_faults import ImageModelUnknownError, ImageParameterError, ImagesFailedError


def test_a_parameter_without_an_input_names_both() -> None:
    error = ImageParameterError.without_input(parameter="size", workflow="portrait", input="width")

    assert error.message == (
        'The parameter "size" cannot be honoured: the workflow "portrait" has no input "width".'
    )
    assert error.details == {"location": "size"}
    assert '"width"' in error.hint


def test_an_unknown_model_brings_the_names_there_are() -> None:
    error = ImageModelUnknownError(name="portait", known=["portrait", "landscape"])

    assert "portrait" in error.hint
    assert error.details == {"location": "model"}


def test_pictures_that_were_not_made_lead_to_their_job() -> None:
    error = ImagesFailedError(reason="The job failed.", job="j1")

    assert error.details == {"job": "j1"}
    assert "/api/jobs/j1" in error.hint
