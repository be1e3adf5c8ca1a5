"""Measures what steers the starter model: `python -m weft_nodes.starter.steering` asks the pictures.

Shapes are strewn over a picture, their edges are shown to the control network and the captions do not say
where they are: each must be found where its edges were. The LoRA must turn filled shapes into outlined ones
and leave their colours; the same captions without it must not. Halves of pictures are painted anew: inside
the mask must be what was asked for, and outside nothing may change.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from weft_nodes.families.checkpoints import SHIPPED_STEERING
from weft_nodes.starter.drawing import draw_edges
from weft_nodes.starter.evaluate import MODEL_FOLDER, Accuracy
from weft_nodes.starter.inpainting import inpaint, judge, repaintings
from weft_nodes.starter.painting import Sampling, Steering, paint
from weft_nodes.starter.reading import fill_holes, read_picture
from weft_nodes.starter.scenes import (
    Background,
    Claim,
    Colour,
    Scene,
    Shape,
    Size,
    Thing,
    held_out_claims,
    strewn,
)

EDGES: Final = Path("controlnet/starter-edges")
"""Where the control network lies in a folder of models."""

OUTLINED: Final = Path("loras/starter-outlined.safetensors")
"""Where the LoRA lies in a folder of models."""

_NEAR = 6.0
_LEAST_HOLE = 0.06
_SOLID = (Shape.CIRCLE, Shape.SQUARE, Shape.TRIANGLE, Shape.DIAMOND, Shape.HEART)


def place_by_edges(control: Path, scenes: Sequence[Scene], sampling: Sampling) -> dict[str, Accuracy]:
    """Count the shapes of scenes that a control network puts where their edges are.

    Args:
        control: Folder of the control network.
        scenes: What is shown to it; captions say what is there but not where.
        sampling: How pictures are sampled.

    Returns:
        Objects of which one is found within 6 pixels ("placed"), and of those scenes' objects the ones that
        have their shape, too ("placed shape").
    """
    hints = np.stack([draw_edges(scene) for scene in scenes])
    captions = [scene.caption for scene in scenes]
    pictures = paint(MODEL_FOLDER, captions, sampling, Steering(control=control, hints=hints))
    placed: list[bool] = []
    shaped: list[bool] = []
    for scene, picture in zip(scenes, pictures, strict=True):
        seen = read_picture(picture).objects
        for each in scene.objects:
            near = [other for other in seen if math.hypot(other.x - each.x, other.y - each.y) <= _NEAR]
            placed.append(bool(near))
            shaped.append(any(other.shape is each.thing.shape for other in near))
    return {"placed": Accuracy(sum(placed), len(placed)), "placed shape": Accuracy(sum(shaped), len(shaped))}


def outline_shapes(lora: Path, claims: Sequence[Claim], sampling: Sampling) -> dict[str, Accuracy]:
    """Count the pictures that a LoRA turns into outlines.

    Args:
        lora: Its file.
        claims: Single objects whose shape has no hole by itself.
        sampling: How pictures are sampled.

    Returns:
        Pictures with a hollow object of the colour that was asked for, with the LoRA ("outlined with"); those
        with one object that has the outline of its shape ("outline's shape"); and those with a filled object
        of its colour without the LoRA ("filled without").
    """
    captions = [claim.caption for claim in claims]
    hollow = paint(MODEL_FOLDER, captions, sampling, Steering(lora=lora))
    filled = paint(MODEL_FOLDER, captions, sampling)
    verdicts = {
        "outlined with": [_LEAST_HOLE <= _hole(*each) <= 1 for each in zip(hollow, claims, strict=True)],
        "outline's shape": [
            [seen.shape for seen in read_picture(fill_holes(picture)).objects] == [claim.first.shape]
            for picture, claim in zip(hollow, claims, strict=True)
        ],
        "filled without": [0 <= _hole(*each) < _LEAST_HOLE for each in zip(filled, claims, strict=True)],
    }
    return {kind: Accuracy(sum(kept), len(kept)) for kind, kept in verdicts.items()}


def strewn_scenes(count: int, *, seed: int = 2024) -> list[Scene]:
    """Draw the fixed scenes for the control network, of claims that no training showed.

    Args:
        count: How many, 1..300.
        seed: Which ones.
    """
    rng = np.random.default_rng(seed)
    claims = held_out_claims(count, seed=seed, pairs=0.3)
    return [strewn(replace(claim, relation=None), rng) for claim in claims]


def solid_claims(count: int, *, seed: int = 2024) -> list[Claim]:
    """Draw the fixed claims for the LoRA: single large objects with room for a hole and none by themselves.

    Args:
        count: How many of the claims that no training showed, which are not many more than twenty.
        seed: In which order.
    """
    things = [Thing(shape, colour, Size.LARGE) for shape in _SOLID for colour in Colour]
    claims = [Claim(thing, background=background) for thing in things for background in Background]
    held_out = [claim for claim in claims if claim.is_held_out]
    order = np.random.default_rng(seed).permutation(len(held_out))
    return [held_out[place] for place in order[:count]]


def main(arguments: list[str] | None = None) -> int:
    """Measure what the command line names and print the accuracies."""
    options = _parser().parse_args(arguments)
    sampling = Sampling(options.steps, seed=options.seed)
    counts = place_by_edges(options.models / EDGES, strewn_scenes(options.scenes), sampling)
    counts |= outline_shapes(options.models / OUTLINED, solid_claims(options.claims), sampling)
    tasks = repaintings(options.pictures)
    counts |= judge(tasks, inpaint(MODEL_FOLDER, tasks, sampling))
    for kind, each in counts.items():
        sys.stdout.write(f"{kind:<15} {each.share:7.1%}  ({each.right} of {each.asked})\n")
    return 0


def _hole(picture: npt.NDArray[np.uint8], claim: Claim) -> float:
    """Return the hole of the only object of a picture; where it is not of the colour said, none can be."""
    seen = read_picture(picture).objects
    return seen[0].hole if [each.colour for each in seen] == [claim.first.colour] else math.nan


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m weft_nodes.starter.steering", description=__doc__)
    parser.add_argument(
        "--models", type=Path, default=SHIPPED_STEERING, help="folder of both; the shipped one"
    )
    parser.add_argument("--scenes", type=int, default=100, help="how many scenes of edges")
    parser.add_argument("--claims", type=int, default=20, help="how many captions for the LoRA")
    parser.add_argument("--pictures", type=int, default=60, help="how many pictures to inpaint")
    parser.add_argument("--steps", type=int, default=Sampling().steps)
    parser.add_argument("--seed", type=int, default=0)
    return parser


if __name__ == "__main__":
    sys.exit(main())
