"""Measures inpainting on the starter model: `python -m weft_nodes.starter.inpainting` asks the pictures.

Pictures of pairs are drawn in which one of the objects is another than a held-out caption says. The half of
the picture that holds it is masked and painted anew by the caption, on a model that was never trained for it:
the object inside must become what was asked for, and outside nothing may change.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from weft.sdk import Image

from weft_nodes.diffusion.denoiser import SampleJob
from weft_nodes.diffusion.guidance import Guidance
from weft_nodes.diffusion.schedules import schedule
from weft_nodes.diffusion.values import Latent
from weft_nodes.families.checkpoints import open_checkpoint
from weft_nodes.families.registry import FAMILIES, ModelStore
from weft_nodes.models.digests import DigestMemory
from weft_nodes.starter.drawing import draw_scene
from weft_nodes.starter.evaluate import MODEL_FOLDER, Accuracy
from weft_nodes.starter.painting import Sampling, sample_together
from weft_nodes.starter.reading import read_picture
from weft_nodes.starter.scenes import (
    PICTURE_SIZE,
    Claim,
    Colour,
    Placed,
    Shape,
    Thing,
    held_out_claims,
    place_claim,
)

_CELL: Final = 8
_CLEARANCE: Final = 4
_MOST_CHANGE: Final = 1


@dataclass(frozen=True, slots=True)
class Repainting:
    """A picture, and what it shall become.

    Attributes:
        claim: What the whole picture shall show; its first object is to be painted.
        picture: Another object in its place: (128, 128, 3), 0..255.
        mask: Where to paint: (128, 128).
    """

    claim: Claim
    picture: npt.NDArray[np.uint8]
    mask: npt.NDArray[np.bool_]


def repaintings(count: int, *, seed: int = 5) -> list[Repainting]:
    """Draw pictures of held-out pairs with a wrong first object.

    Args:
        count: How many, 1..180.
        seed: Which wrong objects, and where exactly both stand.
    """
    rng = np.random.default_rng(seed)
    pairs = [claim for claim in held_out_claims(300) if claim.second is not None]
    tasks = []
    for claim in pairs[:count]:
        scene = place_claim(replace(claim, first=_other_than(claim, rng)), rng)
        tasks.append(Repainting(claim, draw_scene(scene), _half_of(*scene.objects)))
    return tasks


@torch.no_grad()
def inpaint(folder: Path, tasks: Sequence[Repainting], sampling: Sampling) -> npt.NDArray[np.uint8]:
    """Paint the masked part of each picture anew, and lay it over the picture.

    Args:
        folder: A pipeline folder of the starter's family.
        tasks: The pictures; they share forwards.
        sampling: How they are sampled.

    Returns:
        An array of shape (tasks, 128, 128, 3), 0..255.

    Raises:
        ModelError: The folder cannot be read.
        DiffusionError: Sampler, schedule or steps cannot be used.
    """
    memory = DigestMemory()
    checkpoint = open_checkpoint(folder, memory=memory)
    store = ModelStore(FAMILIES, device="cpu", memory=memory)
    space = store.noise_space(checkpoint.model)
    pictures_BHWC = torch.from_numpy(np.stack([task.picture for task in tasks])).float() / 255
    masks_B1HW = torch.from_numpy(np.stack([task.mask for task in tasks])).float()[:, None]
    latent = store.encode_image(checkpoint.vae, Image(pictures_BHWC))
    empty = store.encode_prompt(checkpoint.encoder, "")
    cells_B1hw = torch.nn.functional.avg_pool2d(masks_B1HW, _CELL)
    jobs = [
        SampleJob(
            network=store.network(checkpoint.model),
            space=space,
            sampler=sampling.sampler,
            sigmas=schedule(sampling.schedule, space, sampling.steps),
            positive=store.encode_prompt(checkpoint.encoder, task.claim.caption),
            negative=empty,
            guidance=Guidance(sampling.guidance),
            latent_BChw=latent.samples_BChw[index : index + 1],
            mask_B1hw=cells_B1hw[index : index + 1],
            seed=sampling.seed + index,
        )
        for index, task in enumerate(tasks)
    ]
    sampled = asyncio.run(sample_together(jobs, sampling.rows))
    painted_BHWC = store.decode(checkpoint.vae, Latent(torch.cat(sampled), latent.space)).pixels_BHWC
    whole_BHWC = torch.lerp(pictures_BHWC, painted_BHWC, masks_B1HW.movedim(1, -1))
    rounded: npt.NDArray[np.uint8] = whole_BHWC.mul(255).round().to(torch.uint8).numpy()
    return rounded


def judge(tasks: Sequence[Repainting], pictures: npt.NDArray[np.uint8]) -> dict[str, Accuracy]:
    """Count the pictures that became what was asked for.

    Args:
        tasks: What was asked for.
        pictures: What became of them, as `inpaint` returns it.

    Returns:
        Pictures with exactly the object asked for inside the mask ("inside"), and those that are the same
        outside it, give or take one of 255 levels ("outside").
    """
    inside, outside = [], []
    for task, picture in zip(tasks, pictures, strict=True):
        seen = [each for each in read_picture(picture).objects if task.mask[int(each.y), int(each.x)]]
        asked = (task.claim.first.shape, task.claim.first.colour)
        inside.append([(each.shape, each.colour) for each in seen] == [asked])
        change = np.abs(picture.astype(np.int16) - task.picture)[~task.mask]
        outside.append(int(change.max()) <= _MOST_CHANGE)
    return {"inside": Accuracy(sum(inside), len(inside)), "outside": Accuracy(sum(outside), len(outside))}


def main(arguments: list[str] | None = None) -> int:
    """Measure the model that the command line names and print the accuracies."""
    parser = argparse.ArgumentParser(prog="python -m weft_nodes.starter.inpainting", description=__doc__)
    parser.add_argument("--model", type=Path, default=MODEL_FOLDER, help="pipeline folder; the shipped one")
    parser.add_argument("--pictures", type=int, default=60, help="how many, up to 180")
    parser.add_argument("--steps", type=int, default=Sampling().steps)
    options = parser.parse_args(arguments)
    tasks = repaintings(options.pictures)
    found = judge(tasks, inpaint(options.model, tasks, Sampling(options.steps)))
    for kind, each in found.items():
        sys.stdout.write(f"{kind:<8} {each.share:7.1%}  ({each.right} of {each.asked})\n")
    return 0


def _other_than(claim: Claim, rng: np.random.Generator) -> Thing:
    """Draw an object of another shape and colour than the first, and unlike the second."""
    shapes, colours = tuple(Shape), tuple(Colour)
    while True:
        thing = Thing(
            shapes[rng.integers(len(shapes))], colours[rng.integers(len(colours))], claim.first.size
        )
        is_other = thing.shape is not claim.first.shape and thing.colour is not claim.first.colour
        seconds = [(one.shape, one.colour) for one in claim.things[1:]]
        if is_other and (thing.shape, thing.colour) not in seconds:
            return thing


def _half_of(first: Placed, second: Placed) -> npt.NDArray[np.bool_]:
    """Select the side of the first object up to the second, in whole latent pixels."""
    mask = np.zeros((PICTURE_SIZE, PICTURE_SIZE), np.bool_)
    is_across = abs(first.x - second.x) > abs(first.y - second.y)
    place, other = (first.x, second.x) if is_across else (first.y, second.y)
    reach = second.radius + _CLEARANCE
    along = mask.T if is_across else mask
    if place < other:
        along[: (other - reach) // _CELL * _CELL] = True
    else:
        along[-(-(other + reach) // _CELL) * _CELL :] = True
    return mask


if __name__ == "__main__":
    sys.exit(main())
