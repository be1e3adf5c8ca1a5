"""Parameters of the images dialect become inputs of a workflow by their names, or are refused."""

from dataclasses import replace
from typing import Any

import pytest
from server.graph.toys import Shelf, catalog, entry, tree
from weft.graph.signature import SignatureOutput
from weft.sockets import parse_type
from weft.web.description.function_schema import Function, read_functions
from weft.web.images.images_faults import ImageModelUnknownError, ImageParameterError
from weft.web.images.images_mapping import choose_function, makes_pictures, map_call, picture_output
from weft.web.images.images_wire import GenerationsRequest
from weft.widgets import LARGEST_SEED

NODES = {
    "words": entry("toy.repeat", text="a circle"),
    "load": entry("toy.load", checkpoint="small"),
    "size": entry("toy.empty"),
    "sample": entry("toy.sample", model="@load.model", latent="@size.latent"),
    "width": entry("toy.number"),
    "height": entry("toy.number"),
    "image": entry("toy.text"),
}
SOCKETS = {
    "prompt": "words.text",
    "seed": "sample.seed",
    "width": "width.value",
    "height": "height.value",
    "image": "image.text",
}


def function(name: str = "portrait", *, inputs: str = "prompt seed width height", **outputs: str) -> Function:
    """A workflow whose outputs are of the given types."""
    document = tree(NODES, inputs={word: SOCKETS[word] for word in inputs.split()})
    (found,) = read_functions(Shelf(**{name: document}), catalog())
    given = {
        output: SignatureOutput(output, parse_type(kind), "", output)
        for output, kind in (outputs or {"image": "image"}).items()
    }
    return replace(found, signature=replace(found.signature, outputs=given))


def options(**given: Any) -> GenerationsRequest:
    return GenerationsRequest(prompt="a red circle", **given)


def test_a_workflow_with_a_prompt_and_a_picture_makes_pictures() -> None:
    assert makes_pictures(function())
    assert not makes_pictures(function(inputs="seed"))
    assert not makes_pictures(function(text="string"))


def test_the_picture_is_the_output_called_so_else_the_first_there_is() -> None:
    assert picture_output(function(drawing="image", image="image")) == "image"
    assert picture_output(function(seed="int", grid="list[image]", sketch="image")) == "grid"
    assert picture_output(function(mask="mask")) is None


@pytest.mark.parametrize("model", [None, "", "gpt-image-1", "dall-e-3", "default"])
def test_names_of_openai_stand_for_the_workflow_of_the_settings(model: str | None) -> None:
    functions = [function("default"), function("other")]

    assert choose_function(functions, model, "default").name == "default"


def test_a_workflow_can_be_named_as_the_model() -> None:
    functions = [function("default"), function("dall-e-of-mine")]

    assert choose_function(functions, "dall-e-of-mine", "default").name == "dall-e-of-mine"


@pytest.mark.parametrize("model", ["unknown", "text-only"])
def test_another_name_is_refused(model: str) -> None:
    functions = [function("default"), function("text-only", text="string")]

    with pytest.raises(ImageModelUnknownError) as caught:
        choose_function(functions, model, "default")

    assert "default" in caught.value.hint


def test_the_size_becomes_width_and_height() -> None:
    call = map_call(function(), options(size="640x512"))

    assert call.inputs == {"prompt": "a red circle", "width": 640, "height": 512}
    assert call.output == "image"


@pytest.mark.parametrize("size", [None, "auto"])
def test_no_size_leaves_it_to_the_workflow(size: str | None) -> None:
    assert map_call(function(), options(size=size)).inputs == {"prompt": "a red circle"}


def test_several_pictures_get_seeds_that_follow_one_another() -> None:
    assert map_call(function(), options(n=3, seed=41)).seeds == (41, 42, 43)


def test_without_a_seed_every_call_draws_another() -> None:
    drawn = {map_call(function(), options()).seeds for _ in range(8)}

    assert len(drawn) > 1


def test_seeds_never_leave_their_range() -> None:
    assert map_call(function(), options(n=2, seed=LARGEST_SEED - 1)).seeds == (LARGEST_SEED - 1, LARGEST_SEED)

    with pytest.raises(ImageParameterError, match="no room for 2 seeds"):
        map_call(function(), options(n=2, seed=LARGEST_SEED))


@pytest.mark.parametrize(
    ("inputs", "given", "parameter"),
    [
        ("prompt seed", {"size": "64x64"}, "size"),
        ("prompt seed width", {"size": "64x64"}, "size"),
        ("prompt", {"seed": 7}, "seed"),
        ("prompt", {"n": 2}, "n"),
    ],
)
def test_what_the_workflow_cannot_honour_is_refused(
    inputs: str, given: dict[str, Any], parameter: str
) -> None:
    with pytest.raises(ImageParameterError) as caught:
        map_call(function(inputs=inputs), options(**given))

    assert caught.value.details == {"location": parameter}


def test_a_workflow_without_a_seed_makes_one_picture() -> None:
    assert map_call(function(inputs="prompt"), options()).seeds is None


def test_an_uploaded_picture_goes_to_the_input_of_its_name() -> None:
    call = map_call(function(inputs="prompt seed image"), options(), {"image": "asset:00"})

    assert call.inputs["image"] == "asset:00"


def test_a_mask_for_a_workflow_without_one_is_refused() -> None:
    with pytest.raises(ImageParameterError, match='no input "mask"'):
        map_call(function(inputs="prompt image"), options(), {"image": "asset:00", "mask": "asset:01"})
