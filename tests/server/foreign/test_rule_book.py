"""weft's rules lead to nodes that exist, and packs add their own."""

import json
from pathlib import Path

import pytest
from weft.foreign.changes import CHANGES
from weft.foreign.faults import RulesInvalidError
from weft.foreign.rule_book import load_rule_book
from weft.foreign.rules import Make, Rule
from weft.schema import NodeSchema

BOOK = load_rule_book()
WANTED = {
    *("CheckpointLoaderSimple", "CLIPTextEncode", "KSampler", "KSamplerAdvanced", "EmptyLatentImage"),
    *("EmptySD3LatentImage", "VAEDecode", "VAEEncode", "VAEEncodeForInpaint", "SaveImage", "PreviewImage"),
    *("LoadImage", "LoadImageMask", "LatentUpscale", "LatentUpscaleBy", "ImageScale", "ImageScaleBy"),
    *("LoraLoader", "LoraLoaderModelOnly", "ControlNetLoader", "ControlNetApply", "ControlNetApplyAdvanced"),
    *("ConditioningCombine", "ConditioningAverage", "ConditioningConcat", "ConditioningZeroOut"),
    *("ConditioningSetTimestepRange", "CLIPSetLastLayer", "FluxGuidance", "ModelSamplingFlux"),
    *("ModelSamplingSD3", "SamplerCustom", "SamplerCustomAdvanced", "BasicGuider", "BasicScheduler"),
    *("KSamplerSelect", "RandomNoise", "RescaleCFG", "FreeU_V2", "PerpNeg", "PrimitiveInt", "PrimitiveFloat"),
    *("StyleModelApply", "TextEncodeQwenImageEditPlus", "InstructPixToPixConditioning", "ReferenceLatent"),
    *("DifferentialDiffusion", "TomePatchModel", "FluxKontextImageScale", "PreviewAny", "ImageCompare"),
    *("PrimitiveString", "ImageInvert", "InvertMask", "SetLatentNoiseMask"),
}

every_rule = pytest.mark.parametrize("type", sorted(BOOK.rules))


@pytest.fixture(scope="module")
def schemas() -> dict[str, NodeSchema]:
    """Weft's own nodes by type."""
    from nodes.test_catalogue import DEFINITIONS

    return {name: definition.schema for name, definition in DEFINITIONS.items()}


def test_the_nodes_of_common_workflows_have_rules() -> None:
    assert BOOK.rules.keys() >= WANTED


@every_rule
def test_a_rule_leads_to_nodes_inputs_and_outputs_that_exist(
    schemas: dict[str, NodeSchema], type: str
) -> None:
    rule = BOOK.rules[type]
    for make in rule.makes:
        inputs = {entry.name: entry for entry in schemas[make.type].inputs}
        assert make.inputs.keys() <= inputs.keys()
        assert {name for name, entry in inputs.items() if entry.required} <= make.inputs.keys()
    for name, output in set(_outputs_named(rule)):
        (make,) = [make for make in rule.makes if make.name == name]
        assert output in {entry.name for entry in schemas[make.type].outputs}


@every_rule
def test_a_rule_uses_names_and_changes_that_exist_and_mentions_every_value(type: str) -> None:
    rule = BOOK.rules[type]

    changes = {change for e in rule.expressions for change in e.changes}
    assert changes <= {"prompt", *CHANGES, *BOOK.names}
    assert rule.makes or rule.gives or rule.hands_out


def _outputs_named(rule: Rule) -> list[tuple[str, str]]:
    terms = [base for give in rule.gives for base in give.bases]
    terms += [term for e in rule.expressions for term in e.terms]
    return [(term.path[0], term.path[1]) for term in terms if term.kind == "made"]


def test_names_of_samplers_and_schedules_are_those_of_the_nodes() -> None:
    from weft_nodes.sampling import sampler_names, schedule_names

    samplers, schedules = BOOK.names["sampler"], BOOK.names["schedule"]
    assert set(samplers.same.values()) == set(sampler_names())
    assert {ours for ours, _ in samplers.near.values()} <= set(sampler_names())
    assert set(schedules.same.values()) == set(schedule_names())


def test_a_pack_brings_rules_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    line = (
        'Posterize = { widgets = "levels", makes = "example:image.posterize image levels", gives = "image" }'
    )
    (tmp_path / "mine" / "comfyui.toml").write_text(f"[nodes]\n{line}\n")

    book = load_rule_book([tmp_path, tmp_path / "nowhere"])

    assert isinstance(book.rules["Posterize"].makes[0], Make)
    assert book.widget_names("Posterize") == ("levels",)
    assert "KSampler" in book.rules
    assert BOOK.widget_names("Posterize") is None


@pytest.mark.parametrize("text", ["[nodes", "nodes = 3", "[names]\na = 3", '[prompts]\nlearned = "a"'])
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "comfyui.toml").write_text(text)

    with pytest.raises(RulesInvalidError, match=json.dumps("comfyui.toml")[1:-1]):
        load_rule_book([tmp_path])
