"""Schemas are plain data: they travel as JSON unchanged and check what is entered."""

import json

import pytest
from weft.schema import MISSING, Advice, InputSchema, Listed, NodeSchema, OutputSchema
from weft.sockets import parse_type
from weft.widgets import Choice, Items, ModelFile, Number, Slider, Text

FEW = Advice(4, "model", "speed", "fast", "was made for few steps", "Take 4.", beside="mask")
STEPS = InputSchema(
    "steps",
    parse_type("int"),
    required=False,
    default=20,
    widget=Slider(1, 200, integer=True),
    doc="Number of steps.",
    advice=(FEW,),
)
MODEL = InputSchema("model", parse_type("model"), traits={"family": "$F", "space": Listed("file", "space")})
MASK = InputSchema("mask", parse_type("mask | null"), False, None, lazy=True)
PROMPT = InputSchema("prompt", parse_type("string"), widget=Text(multiline=True))
LIMIT = InputSchema("limit", parse_type("float | null"), False, None, Number(min=0))
SAMPLE = NodeSchema(
    type="latent.sample",
    version=3,
    title="Sample latent",
    category="latent",
    summary="Turn noise into a latent.",
    doc="Turn noise into a latent.\n\nSlowly.",
    inputs=(STEPS, MODEL, MASK, PROMPT, LIMIT),
    outputs=(OutputSchema("latent", parse_type("latent"), "The result.", {"space": "$S"}),),
    pure=False,
    lane="device",
    sink=True,
    is_async=True,
    streams=False,
    has_fingerprint=True,
    hints={"family": "Use parts of one family."},
    pack="weft",
    code_digest="abc",
)


def test_a_schema_read_from_its_json_is_the_same_schema() -> None:
    written = json.loads(json.dumps(SAMPLE.to_json()))

    assert NodeSchema.from_json(written) == SAMPLE


@pytest.mark.parametrize("entry", SAMPLE.inputs, ids=lambda entry: entry.name)
def test_an_input_read_from_its_json_is_the_same_input(entry: InputSchema) -> None:
    assert InputSchema.from_json(json.loads(json.dumps(entry.to_json()))) == entry


def test_no_default_and_a_default_of_null_are_told_apart() -> None:
    assert "default" not in MODEL.to_json()
    assert MASK.to_json()["default"] is None
    assert InputSchema.from_json(MODEL.to_json()).default is MISSING


def test_traits_keep_constants_variables_and_listings_apart() -> None:
    again = InputSchema.from_json(json.loads(json.dumps(MODEL.to_json())))

    assert again.traits == {"family": "$F", "space": Listed("file", "space")}


def test_an_input_that_an_earlier_version_wrote_has_no_advice() -> None:
    written = STEPS.to_json()
    del written["advice"]

    assert InputSchema.from_json(written).advice == ()


def test_inputs_and_outputs_are_found_by_name() -> None:
    assert SAMPLE.input("steps") is STEPS
    assert SAMPLE.input("nothing") is None
    assert SAMPLE.output("latent") is SAMPLE.outputs[0]
    assert SAMPLE.output("nothing") is None


def test_an_input_without_a_widget_takes_links_only() -> None:
    assert MODEL.link_only
    assert not STEPS.link_only


@pytest.mark.parametrize(
    ("entry", "value", "reason"),
    [
        (STEPS, 20, None),
        (STEPS, 0, "is 0, but must lie between 1 and 200"),
        (STEPS, None, "is null, but must be a whole number"),
        (LIMIT, None, None),
        (LIMIT, 3, None),
        (LIMIT, -1, "is -1, but must be at least 0"),
        (MASK, None, None),
        (MASK, 5, "is 5, but takes a link from an output of type mask | null"),
        (MODEL, None, "is null, but takes a link from an output of type model"),
        (MODEL, "sdxl", 'is "sdxl", but takes a link from an output of type model'),
    ],
)
def test_an_entered_value_is_checked_with_its_type(
    entry: InputSchema, value: object, reason: str | None
) -> None:
    assert entry.check(value) == reason  # type: ignore[arg-type]


def test_the_json_schema_covers_what_can_be_entered_and_nothing_else() -> None:
    schema = SAMPLE.json_schema()

    assert schema["properties"] == {
        "steps": {
            "type": "integer",
            "minimum": 1,
            "maximum": 200,
            "default": 20,
            "description": "Number of steps.",
        },
        "prompt": {"type": "string"},
        "limit": {"anyOf": [{"type": "number", "minimum": 0}, {"type": "null"}], "default": None},
    }
    assert schema["required"] == ["prompt"]
    assert schema["additionalProperties"] is False
    assert (schema["title"], schema["description"]) == ("Sample latent", "Turn noise into a latent.")


@pytest.mark.parametrize("widget", [Choice("samplers"), ModelFile("lora"), Items(Text())])
def test_dynamic_choices_and_lists_appear_in_the_json_schema(widget: Choice | ModelFile | Items) -> None:
    entry = InputSchema("x", parse_type("string"), widget=widget)

    assert entry.json_schema() == widget.json_schema()


def test_schemas_can_be_keys() -> None:
    assert len({SAMPLE, NodeSchema.from_json(SAMPLE.to_json())}) == 1
