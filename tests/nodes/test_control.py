"""Control nodes: a picture steers what is sampled, composes with the rest, and mismatches are found early."""

import asyncio
from pathlib import Path

import pytest
import tiny_models
import torch
from tiny.controls import tiny_control, tiny_hints, write_control
from tiny_runs import load_tiny, tiny_paths
from torch import Tensor
from weft.engine.codec import decode, digest, encode
from weft.errors import JSON
from weft.graph.check import check
from weft.graph.document import parse_document
from weft.graph.workflows import NoWorkflows
from weft.plugins import load
from weft.sdk import Image, LocalRun, Mask, NodeError, Paths
from weft.settings import load_settings
from weft_nodes.checkpoints import checkpoints_by_name
from weft_nodes.control import PictureKind, apply_control, controls_by_name, load_control
from weft_nodes.diffusion.errors import ConditioningError
from weft_nodes.diffusion.values import Conditioning, Control
from weft_nodes.latents import empty_latent
from weft_nodes.models.controls import ControlNet
from weft_nodes.models.errors import ControlMismatchError
from weft_nodes.models.handles import Weights
from weft_nodes.prompts import encode_prompt
from weft_nodes.sampling import sample_latent

EDGES = Image(torch.rand(1, 64, 64, 3, generator=torch.Generator().manual_seed(3)).round())
LEFT = Mask(torch.cat([torch.ones(1, 64, 32), torch.zeros(1, 64, 32)], dim=2))


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """Folders with tiny checkpoints, and a control network for one of them."""
    found = tiny_paths(tmp_path_factory.mktemp("control"))
    net = tiny_control(tiny_models.shared("starter"), "starter")
    write_control(found.models[0] / "controlnet" / "edges", net, "starter")
    grey = tiny_hints(tiny_models.shared("starter"), "starter", channels=1)
    write_control(found.models[0] / "controlnet" / "sketch", grey, "starter")
    return found


@pytest.fixture(scope="module")
def run(paths: Paths) -> LocalRun:
    """A run over them."""
    return LocalRun(paths=paths)


def words(run: LocalRun, text: str = "a red circle") -> Conditioning:
    """A prompt of the tiny checkpoint."""
    return encode_prompt(run, load_tiny(run).encoder, text)


def steered(run: LocalRun, *, strength: float = 1.0, mask: Mask | None = None) -> Conditioning:
    """A prompt under the tiny control network."""
    return apply_control(run, words(run), load_control(run, "edges"), EDGES, None, mask, strength=strength)


def sampled(run: LocalRun, positive: Conditioning) -> Tensor:
    """Two steps of sampling."""
    model = load_tiny(run).model
    empty = empty_latent(model, width=64, height=64)
    return asyncio.run(sample_latent(run, model, positive, words(run, ""), empty, steps=2)).samples_BChw


def test_a_control_changes_what_is_sampled(run: LocalRun) -> None:
    assert not torch.equal(sampled(run, steered(run)), sampled(run, words(run)))


def test_strength_zero_gives_the_bits_of_no_control(run: LocalRun) -> None:
    assert torch.equal(sampled(run, steered(run, strength=0.0)), sampled(run, words(run)))


def test_a_mask_of_nothing_gives_what_no_control_gives(run: LocalRun) -> None:
    nothing = Mask(torch.zeros(1, 64, 64))

    torch.testing.assert_close(sampled(run, steered(run, mask=nothing)), sampled(run, words(run)))


def test_controls_follow_one_another(run: LocalRun) -> None:
    twice = apply_control(run, steered(run), load_control(run, "edges"), EDGES, None, LEFT, start=0.5)

    assert [len(entry.controls) for entry in twice.entries] == [2]
    assert not torch.equal(sampled(run, twice), sampled(run, steered(run)))


def test_t2i_adapters_steer_alone_and_beside_control_networks(run: LocalRun) -> None:
    sketch = load_control(run, "sketch")
    alone = apply_control(run, words(run), sketch, EDGES, None, LEFT, strength=0.5)
    both = apply_control(run, steered(run), sketch, EDGES, None, LEFT, strength=0.5)
    results = [sampled(run, each) for each in (words(run), steered(run), alone, both)]

    for place, result in enumerate(results):
        assert not any(torch.equal(result, later) for later in results[place + 1 :])


def test_a_steered_prompt_survives_the_cache(run: LocalRun) -> None:
    positive = steered(run, mask=LEFT)
    back = decode(encode(positive))

    assert isinstance(back, Conditioning)
    assert digest(back) == digest(positive)
    assert torch.equal(sampled(run, back), sampled(run, positive))


def test_several_pictures_and_reversed_ranges_are_refused(run: LocalRun) -> None:
    control = load_control(run, "edges")
    two = Image(EDGES.pixels_BHWC.expand(2, -1, -1, -1))

    with pytest.raises(ConditioningError, match="there are 2 and 1"):
        apply_control(run, words(run), control, two, None, None)
    with pytest.raises(ConditioningError, match="range"):
        apply_control(run, words(run), control, EDGES, None, None, start=0.6, end=0.5)


def test_control_networks_of_latents_ask_for_an_autoencoder(run: LocalRun) -> None:
    control = ControlNet("flux", "flux", Weights("", ""), "FluxControlNetModel")

    with pytest.raises(NodeError, match=r"FLUX\.1 read the latent"):
        apply_control(run, words(run), control, EDGES, None, None)


def test_a_kind_of_pictures_that_a_network_was_not_trained_on_is_refused(run: LocalRun) -> None:
    six = ControlNet("sdxl", "sdxl", Weights("", ""), "ControlNetUnionModel", 6)
    flux = ControlNet("flux", "flux", Weights("", ""), "FluxControlNetModel", 10)

    with pytest.raises(ControlMismatchError, match=r"trained on pose, depth, scribble, .* shall show tile"):
        apply_control(run, words(run), six, EDGES, None, None, kind="tile")
    with pytest.raises(ControlMismatchError, match="shall show normal"):
        apply_control(run, words(run), flux, EDGES, None, None, kind="normal")


@pytest.mark.parametrize(
    ("kind", "number"),
    [("pose", 0), ("depth", 1), ("scribble", 2), ("canny", 3), ("normal", 4), ("repaint", 7)],
)
def test_kinds_are_numbered_as_the_network_was_trained(run: LocalRun, kind: PictureKind, number: int) -> None:
    union = ControlNet("sdxl", "sdxl", Weights("", ""), "ControlNetUnionModel", 8)
    steered = apply_control(run, words(run), union, EDGES, None, None, kind=kind)
    untold = apply_control(run, words(run), load_control(run, "edges"), EDGES, None, None, kind=kind)

    found = [entry.controls[0] for prompt in (steered, untold) for entry in prompt.entries]
    assert [control.kind for control in found if isinstance(control, Control)] == [number, 0]


def test_control_networks_are_listed_with_their_family_and_are_no_checkpoints(paths: Paths) -> None:
    known = {"family": "starter", "space": "starter"}
    assert controls_by_name(paths) == {"edges": known, "sketch": known, "starter-edges": known}
    assert not any(name.startswith("controlnet") for name in checkpoints_by_name(paths))


@pytest.mark.parametrize(("checkpoint", "found"), [("xl", ["trait-mismatch"]), ("starter", [])])
def test_the_check_finds_a_control_network_of_another_family(
    tmp_path: Path, paths: Paths, checkpoint: str, found: list[str]
) -> None:
    settings = load_settings(
        {"data_dir": tmp_path, "custom_nodes_dirs": (), "models_dirs": tuple(paths.models)}
    )
    nodes: dict[str, JSON] = {
        "checkpoint": {"type": "checkpoint.load", "inputs": {"checkpoint": checkpoint}},
        "text": {"type": "prompt.encode", "inputs": {"encoder": {"from": "checkpoint.encoder"}}},
        "picture": {"type": "image.empty", "inputs": {}},
        "control": {"type": "control.load", "inputs": {"control_net": "edges"}},
        "steered": {
            "type": "control.apply",
            "inputs": {
                "conditioning": {"from": "text.conditioning"},
                "control": {"from": "control.control"},
                "image": {"from": "picture.image"},
            },
        },
    }
    entries: dict[str, JSON] = {
        name: {"version": 1, **entry} for name, entry in nodes.items() if isinstance(entry, dict)
    }
    document = parse_document(
        {"weft": 1, "outputs": {"it": {"from": "steered.conditioning"}}, "nodes": entries}
    )

    report = check(document, load(settings).registry, NoWorkflows())

    assert sorted({problem.code for problem in report.problems}) == found
