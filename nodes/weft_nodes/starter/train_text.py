"""Trains the starter model's text encoder to describe, at every token, the object that the token is about.

A U-Net has to find out which word goes with which place of the picture. Here the encoder learns it first,
from captions alone, through small heads that are thrown away afterwards: a word of a phrase describes its own
object as far as it has been read, and the tokens from the end mark on, which have read all, take turns in
describing the first object, the second one and the background.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from transformers import CLIPTextModel, CLIPTokenizer

from weft_nodes.starter.scenes import (
    Background,
    Claim,
    Colour,
    Relation,
    SceneMix,
    Shape,
    Size,
    Thing,
    sample_claim,
)
from weft_nodes.starter.tokenizer import MAX_TOKENS, tokenize

_IGNORED = -100
_ROLES = 3
_FIELDS = MappingProxyType(
    {
        "shape": [*Shape],
        "colour": [*Colour],
        "size": ["unsaid", *Size],
        "place": ["middle", "any", *Relation],
        "background": [*Background],
        "role": ["first", "second", "background", "nothing"],
    }
)
_MIX = SceneMix(pairs=0.75)
_EMPTY_SHARE = 0.03


@dataclass(frozen=True, slots=True)
class Lesson:
    """A caption with what each of its tokens should know: an index per field and token, or ignored."""

    caption: str
    targets: dict[str, list[int]]


class TokenHeads(nn.Module):
    """One linear reader per field, on top of the encoder's last states."""

    def __init__(self, encoder: CLIPTextModel) -> None:
        super().__init__()
        self.encoder = encoder
        width = encoder.config.hidden_size
        self.heads = nn.ModuleDict({name: nn.Linear(width, len(values)) for name, values in _FIELDS.items()})

    def forward(self, tokens: torch.Tensor) -> dict[str, torch.Tensor]:
        """Map token ids (B, T) to scores (B, T, values) per field."""
        states = self.encoder(tokens).last_hidden_state
        return {name: head(states) for name, head in self.heads.items()}


class TextObjective:
    """Let every token describe its object."""

    def __init__(
        self, encoder: CLIPTextModel, tokenizer: CLIPTokenizer, *, batch: int, device: str = "cpu"
    ) -> None:
        self.module: nn.Module = TokenHeads(encoder).to(device)
        self._tokenizer = tokenizer
        self._batch = batch
        self._device = device

    def losses(self, rng: np.random.Generator) -> dict[str, torch.Tensor]:
        """Return the mean cross-entropy of all fields and the share of tokens read right."""
        lessons = [_lesson(rng) for _ in range(self._batch)]
        tokens = tokenize(self._tokenizer, [lesson.caption for lesson in lessons]).to(self._device)
        scores = self.module(tokens)
        loss = torch.zeros((), device=self._device)
        right, asked = 0, 0
        for name, score in scores.items():
            target = torch.tensor([lesson.targets[name] for lesson in lessons], device=self._device)
            scores_per_token, targets = score.flatten(0, 1), target.flatten()
            loss = loss + functional.cross_entropy(scores_per_token, targets, ignore_index=_IGNORED)
            right += int((score.argmax(-1) == target).sum())
            asked += int((target != _IGNORED).sum())
        return {"loss": loss, "right": torch.tensor(right / asked)}


def lesson_for(claim: Claim | None) -> Lesson:
    """Return what every token of a claim's caption should know; None stands for the empty caption."""
    columns: list[dict[str, int]] = [{}]
    if claim is not None:
        columns += _phrase(claim.first, 0, _place_of(claim, 0) if claim.second is None else None)
        if claim.second is not None:
            columns += [{} for _ in (claim.relation or "and").split()]
            columns += _phrase(claim.second, 1, _place_of(claim, 1))
        if claim.background is not None:
            background = [*Background].index(claim.background)
            columns += [{"role": 2}, {"role": 2}, {"role": 2, "background": background}]
            columns += [{"role": 2, "background": background}]
    while len(columns) < MAX_TOKENS:
        columns.append(_summary(claim, len(columns) % _ROLES))
    caption = "" if claim is None else claim.caption
    return Lesson(caption, {name: [column.get(name, _IGNORED) for column in columns] for name in _FIELDS})


def _lesson(rng: np.random.Generator) -> Lesson:
    return lesson_for(None if rng.random() < _EMPTY_SHARE else sample_claim(rng, _MIX))


def _phrase(thing: Thing, role: int, place: int | None) -> list[dict[str, int]]:
    """Return what the words of "a large red circle" know: each all that has been read so far."""
    known: dict[str, int] = {"role": role}
    if place is not None and role == 1:
        known["place"] = place
    columns = [dict(known)]
    known["size"] = 0 if thing.size is None else 1 + [*Size].index(thing.size)
    if thing.size is not None:
        columns.append(dict(known))
    known["colour"] = [*Colour].index(thing.colour)
    columns.append(dict(known))
    known["shape"] = [*Shape].index(thing.shape)
    columns.append(known)
    return columns


def _place_of(claim: Claim, role: int) -> int:
    if claim.second is None:
        return 0
    if claim.relation is None:
        return 1
    return 2 + [*Relation].index(claim.relation if role == 0 else claim.relation.inverse)


def _summary(claim: Claim | None, role: int) -> dict[str, int]:
    """Return what a token behind the caption knows: everything about the object whose turn it is."""
    if claim is None or (role == 1 and claim.second is None):
        return {"role": 3}
    if role == 2:
        return {"role": 2, "background": [*Background].index(claim.background or Background.WHITE)}
    thing = claim.things[role]
    return {
        "role": role,
        "place": _place_of(claim, role),
        "size": 0 if thing.size is None else 1 + [*Size].index(thing.size),
        "colour": [*Colour].index(thing.colour),
        "shape": [*Shape].index(thing.shape),
    }
