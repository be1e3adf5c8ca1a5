"""Measures the starter model: `python -m weft_nodes.starter.evaluate` samples held-out prompts.

The prompts name combinations that training never showed. Every picture is read by plain image processing, and
the accuracy is printed per kind of claim.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from weft_nodes.starter.painting import Sampling, paint
from weft_nodes.starter.reading import Reading, Seen, read_picture
from weft_nodes.starter.scenes import Background, Claim, Thing, held_out_claims

MODEL_FOLDER = Path(__file__).parent / "model"
"""The pipeline folder that ships with weft."""


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How many claims of a kind the pictures fulfil."""

    right: int
    asked: int

    @property
    def share(self) -> float:
        """Share of fulfilled claims, 0..1."""
        return self.right / self.asked


def judge(claim: Claim, reading: Reading) -> dict[str, list[bool]]:
    """Return for every kind of claim that a caption makes whether the picture keeps it.

    An object counts only if the picture holds as many objects as the caption names. The two objects of a pair
    are told apart by their shapes and colours; where that is a tie, the relation counts as missed.
    """
    verdicts: dict[str, list[bool]] = {
        "background": [reading.background is (claim.background or Background.WHITE)],
    }
    seen = _assign(claim, reading)
    hits = [
        (found is not None and found.colour is thing.colour, found is not None and found.shape is thing.shape)
        for thing, found in zip(claim.things, seen, strict=True)
    ]
    kind = "single" if claim.second is None else "pair"
    verdicts[f"{kind} colour"] = [colour for colour, _ in hits]
    verdicts[f"{kind} shape"] = [shape for _, shape in hits]
    verdicts["single object" if kind == "single" else "both objects"] = [all(all(hit) for hit in hits)]
    verdicts["size"] = [
        found is not None and found.size is thing.size
        for thing, found in zip(claim.things, seen, strict=True)
        if thing.size is not None
    ]
    if claim.relation is not None:
        first, second = seen
        related = first is not None and second is not None and first.relation_to(second) is claim.relation
        verdicts["relation"] = [related]
    return verdicts


def tally(claims: Sequence[Claim], readings: Sequence[Reading]) -> dict[str, Accuracy]:
    """Add up the verdicts of all pictures per kind of claim."""
    verdicts: defaultdict[str, list[bool]] = defaultdict(list)
    for claim, reading in zip(claims, readings, strict=True):
        for kind, kept in judge(claim, reading).items():
            verdicts[kind] += kept
    return {kind: Accuracy(sum(kept), len(kept)) for kind, kept in sorted(verdicts.items()) if kept}


def evaluate(folder: Path, claims: Sequence[Claim], sampling: Sampling) -> dict[str, Accuracy]:
    """Paint a picture per claim, read them all back and return the accuracy per kind of claim."""
    pictures = paint(folder, [claim.caption for claim in claims], sampling)
    return tally(claims, [read_picture(picture) for picture in pictures])


def main(arguments: list[str] | None = None) -> int:
    """Evaluate the model that the command line names and print the accuracies."""
    options = _parser().parse_args(arguments)
    sampling = Sampling(options.steps, options.guidance, options.seed, options.sampler, options.schedule)
    accuracies = evaluate(options.model, held_out_claims(options.prompts), sampling)
    if options.json:
        figures = {kind: {"right": each.right, "asked": each.asked} for kind, each in accuracies.items()}
        sys.stdout.write(json.dumps(figures, indent=2) + "\n")
        return 0
    for kind, each in accuracies.items():
        sys.stdout.write(f"{kind:<14} {each.share:7.1%}  ({each.right} of {each.asked})\n")
    return 0


def _assign(claim: Claim, reading: Reading) -> tuple[Seen | None, ...]:
    """Return which object each thing of the claim is; none where their numbers differ or it is a tie."""
    nothing: tuple[Seen | None, ...] = (None,) * len(claim.things)
    if len(reading.objects) != len(claim.things):
        return nothing
    if claim.second is None:
        return reading.objects
    straight, crossed = reading.objects, reading.objects[::-1]
    likeness = [
        sum(_likeness(*pair) for pair in zip(claim.things, order, strict=True))
        for order in (straight, crossed)
    ]
    if likeness[0] == likeness[1]:
        return nothing
    return straight if likeness[0] > likeness[1] else crossed


def _likeness(thing: Thing, seen: Seen) -> int:
    return (thing.shape is seen.shape) + (thing.colour is seen.colour)


def _parser() -> argparse.ArgumentParser:
    defaults = Sampling()
    parser = argparse.ArgumentParser(prog="python -m weft_nodes.starter.evaluate", description=__doc__)
    parser.add_argument("--model", type=Path, default=MODEL_FOLDER, help="pipeline folder; the shipped one")
    parser.add_argument("--prompts", type=int, default=200, help="how many held-out prompts")
    parser.add_argument("--steps", type=int, default=defaults.steps)
    parser.add_argument("--guidance", type=float, default=defaults.guidance)
    parser.add_argument("--sampler", default=defaults.sampler)
    parser.add_argument("--schedule", default=defaults.schedule)
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--json", action="store_true", help="print counts as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
