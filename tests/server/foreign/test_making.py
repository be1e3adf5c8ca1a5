"""The nodes of a rule are made where they are needed, with what stands in front of a prompt."""

from comfy_files import node, text_to_image
from weft.errors import JSON
from weft.foreign.conversion import convert
from weft.foreign.rule_book import load_rule_book

BOOK = load_rule_book()


def entries(**nodes: JSON) -> dict[str, JSON]:
    """The nodes of a workflow with some of its nodes replaced or added."""
    tree = {**text_to_image(), **{name.removeprefix("n"): entry for name, entry in nodes.items()}}
    found = convert(tree, BOOK).document.to_json()["nodes"]
    assert isinstance(found, dict)
    return found


def inputs(entry: JSON) -> dict[str, JSON]:
    """The inputs of a node."""
    assert isinstance(entry, dict)
    found = entry["inputs"]
    assert isinstance(found, dict)
    return found


def test_a_node_that_nothing_asks_for_is_not_made() -> None:
    load = node("LoadImage", image="a.png")

    assert "10-transparent" not in entries(n10=load)
    assert "10-transparent" in entries(n10=load, n11=node("InvertMask", mask=("10", 1)))


def test_learned_words_and_choices_stand_in_front_of_their_prompt() -> None:
    found = entries(n6=node("CLIPTextEncode", text="embedding:dusk {red|blue}", clip=("4", 1)))

    assert inputs(found["6"]) == {"encoder": {"from": "6-dusk.encoder"}, "text": {"from": "6-choices.text"}}
    assert inputs(found["6-dusk"]) == {"encoder": {"from": "4.encoder"}, "embedding": "dusk.safetensors"}
    assert inputs(found["6-choices"]) == {"text": "embedding:dusk {red|blue}", "seed": 0}


def test_guidance_that_keeps_lengths_is_taken_over() -> None:
    found = entries(n10=node("CFGNorm", model=("4", 0), strength=0.9), n3=node("KSampler", model=("10", 0)))

    assert inputs(found["10"]) == {"strength": 0.9}
    assert inputs(found["3"]) == {"model": {"from": "4.model"}, "guidance": {"from": "10.guidance"}}


def test_guidance_that_rides_on_a_model_goes_through_what_changes_the_model() -> None:
    found = entries(
        n10=node("PerturbedAttentionGuidance", model=("4", 0), scale=3.0),
        n11=node("FreeU_V2", model=("10", 0), b1=1.3, b2=1.4, s1=0.9, s2=0.2),
        n12=node("APG", model=("11", 0), eta=0.0, norm_threshold=5.0, momentum=0.0),
        n3=node("KSampler", model=("12", 0)),
    )

    assert inputs(found["3"]) == {"model": {"from": "11.model"}, "guidance": {"from": "12.guidance"}}
    assert inputs(found["12"])["before"] == {"from": "10.guidance"}
    assert inputs(found["11"])["model"] == {"from": "4.model"}
