"""Scenes of one or two coloured shapes: their captions, and how they are sampled and held out.

A caption leaves things open, and each of them has one meaning: no background phrase means white, no size
word means a medium shape give or take a little, and "and" means any of the four relations. Everything else
about a scene (where exactly a shape stands) is jitter.
"""

from __future__ import annotations

import enum
import hashlib
import math
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeVar

import numpy as np

PICTURE_SIZE = 128
"""Edge of a picture in pixels."""

_Item = TypeVar("_Item")
_CENTRE = PICTURE_SIZE // 2
_PAIR_OFFSET = 32
_HELD_OUT_PAIRS = 0.05
_HELD_OUT_SINGLES = 0.15
_STREWN_GAP = 6
_STREWN_REACH = 1.1


class Shape(enum.StrEnum):
    """What an object is."""

    CIRCLE = "circle"
    SQUARE = "square"
    TRIANGLE = "triangle"
    STAR = "star"
    DIAMOND = "diamond"
    RING = "ring"
    CROSS = "cross"
    HEART = "heart"


class Colour(enum.StrEnum):
    """How an object is filled."""

    RED = "red"
    GREEN = "green"
    BLUE = "blue"
    YELLOW = "yellow"
    PURPLE = "purple"
    ORANGE = "orange"
    PINK = "pink"
    BLACK = "black"
    BROWN = "brown"
    CYAN = "cyan"

    @property
    def rgb(self) -> tuple[int, int, int]:
        """Red, green and blue, 0..255 each."""
        return _COLOUR_RGB[self]


class Size(enum.StrEnum):
    """How large an object is."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"

    @property
    def radii(self) -> tuple[int, int]:
        """Least and greatest radius in pixels, both included."""
        return _SIZE_RADII[self]


class Relation(enum.StrEnum):
    """Where the first object of a pair stands, seen from the second."""

    LEFT = "left of"
    RIGHT = "right of"
    ABOVE = "above"
    BELOW = "below"

    @property
    def inverse(self) -> Relation:
        """The relation of the second object to the first."""
        return _INVERSE[self]

    @property
    def direction(self) -> tuple[int, int]:
        """Unit step (x, y) from the middle of the picture to the first object; y grows downwards."""
        return _DIRECTION[self]


class Background(enum.StrEnum):
    """What the picture is filled with behind the objects."""

    WHITE = "white"
    GRAY = "gray"
    CREAM = "cream"
    NAVY = "navy"

    @property
    def rgb(self) -> tuple[int, int, int]:
        """Red, green and blue, 0..255 each."""
        return _BACKGROUND_RGB[self]


_COLOUR_RGB = MappingProxyType(
    {
        Colour.RED: (220, 30, 35),
        Colour.GREEN: (30, 155, 60),
        Colour.BLUE: (35, 85, 235),
        Colour.YELLOW: (252, 216, 30),
        Colour.PURPLE: (145, 45, 185),
        Colour.ORANGE: (255, 130, 10),
        Colour.PINK: (255, 135, 195),
        Colour.BLACK: (12, 12, 12),
        Colour.BROWN: (130, 75, 35),
        Colour.CYAN: (35, 205, 225),
    }
)
_BACKGROUND_RGB = MappingProxyType(
    {
        Background.WHITE: (255, 255, 255),
        Background.GRAY: (165, 165, 165),
        Background.CREAM: (250, 240, 208),
        Background.NAVY: (32, 48, 115),
    }
)
_SIZE_RADII = MappingProxyType({Size.SMALL: (13, 15), Size.MEDIUM: (19, 21), Size.LARGE: (26, 28)})
_UNSAID_RADII = (17, 23)
_INVERSE = MappingProxyType(
    {
        Relation.LEFT: Relation.RIGHT,
        Relation.RIGHT: Relation.LEFT,
        Relation.ABOVE: Relation.BELOW,
        Relation.BELOW: Relation.ABOVE,
    }
)
_DIRECTION = MappingProxyType(
    {
        Relation.LEFT: (-1, 0),
        Relation.RIGHT: (1, 0),
        Relation.ABOVE: (0, -1),
        Relation.BELOW: (0, 1),
    }
)


@dataclass(frozen=True, slots=True)
class Thing:
    """One object as a caption names it; `size` is None where no size word is said."""

    shape: Shape
    colour: Colour
    size: Size | None = None

    @property
    def phrase(self) -> str:
        """Size, colour and shape with their article, as in "an orange star"."""
        words = " ".join(word for word in (self.size, self.colour, self.shape) if word)
        return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


@dataclass(frozen=True, slots=True)
class Claim:
    """All that a caption says about a picture.

    Attributes:
        first: The object named first.
        second: The other object of a pair, or None.
        relation: Where `first` stands seen from `second`; None for one object and for "and".
        background: The background said, or None, which means white.
    """

    first: Thing
    second: Thing | None = None
    relation: Relation | None = None
    background: Background | None = None

    @property
    def caption(self) -> str:
        """The claim as a sentence, "a large red circle left of a star on a white background" for one."""
        words = [self.first.phrase]
        if self.second is not None:
            words += [self.relation or "and", self.second.phrase]
        if self.background is not None:
            words.append(f"on a {self.background} background")
        return " ".join(words)

    @property
    def things(self) -> tuple[Thing, ...]:
        """The objects in the order of the caption."""
        return (self.first,) if self.second is None else (self.first, self.second)

    @property
    def is_held_out(self) -> bool:
        """Whether this combination is kept from training.

        A pair counts by both shapes, both colours and the relation, however it is worded ("a above b" is
        "b below a"); a single object by its shape, colour, size and background.
        """
        share = _HELD_OUT_SINGLES if self.second is None else _HELD_OUT_PAIRS
        return _share_of(self._combination()) < share

    def _combination(self) -> str:
        if self.second is None:
            return f"{self.first.phrase} {self.background or Background.WHITE}"
        first, second, relation = self.first, self.second, self.relation
        if relation in {Relation.RIGHT, Relation.BELOW}:
            first, second, relation = second, first, relation.inverse
        return f"{first.colour} {first.shape} {relation} {second.colour} {second.shape}"


@dataclass(frozen=True, slots=True)
class Placed:
    """An object where it stands in a picture: centre and radius in pixels."""

    thing: Thing
    x: int
    y: int
    radius: int


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture before it is drawn: what its caption claims, and where everything stands."""

    claim: Claim
    objects: tuple[Placed, ...]
    background: Background

    @property
    def caption(self) -> str:
        """The sentence that describes the scene."""
        return self.claim.caption


@dataclass(frozen=True, slots=True)
class SceneMix:
    """How often a sampled caption has two objects and says the optional words; shares in 0..1."""

    pairs: float = 0.68
    background_said: float = 0.75
    size_said: float = 0.5
    and_said: float = 0.06


_STREWN = SceneMix(pairs=0.3, and_said=1.0)


def sample_claim(rng: np.random.Generator, mix: SceneMix | None = None) -> Claim:
    """Draw what a caption says; the two objects of a pair differ in shape or colour."""
    mix = mix or SceneMix()
    background = _pick(rng, tuple(Background)) if rng.random() < mix.background_said else None
    first = _sample_thing(rng, mix)
    if rng.random() >= mix.pairs:
        return Claim(first, background=background)
    second = _sample_thing(rng, mix)
    while (second.shape, second.colour) == (first.shape, first.colour):
        second = _sample_thing(rng, mix)
    relation = None if rng.random() < mix.and_said else _pick(rng, tuple(Relation))
    return Claim(first, second, relation, background)


def place_claim(claim: Claim, rng: np.random.Generator) -> Scene:
    """Decide what the claim leaves open: positions, exact radii and, for "and", the relation."""
    background = claim.background or Background.WHITE
    if claim.second is None:
        x, y = (int(_CENTRE + rng.integers(-10, 11)) for _ in range(2))
        return Scene(claim, (_place(claim.first, x, y, rng),), background)
    relation = claim.relation or _pick(rng, tuple(Relation))
    across_x, across_y = relation.direction
    objects = []
    for thing, sign in zip(claim.things, (1, -1), strict=True):
        # Along the axis of the relation the objects keep clear of each other; across it they may wander.
        along, across = (int(rng.integers(-reach, reach + 1)) for reach in (3, 8))
        x = _CENTRE + sign * across_x * (_PAIR_OFFSET + along) + abs(across_y) * across
        y = _CENTRE + sign * across_y * (_PAIR_OFFSET + along) + abs(across_x) * across
        objects.append(_place(thing, x, y, rng))
    return Scene(claim, tuple(objects), background)


def sample_scene(rng: np.random.Generator, mix: SceneMix | None = None) -> Scene:
    """Draw a scene for training: never one of the held-out combinations, whatever its wording."""
    while True:
        scene = place_claim(sample_claim(rng, mix), rng)
        if not shown_claim(scene).is_held_out:
            return scene


def sample_strewn_scene(rng: np.random.Generator) -> Scene:
    """Draw a scene whose objects stand anywhere in the picture, which its caption does not say.

    One object, or two that do not touch; never one of the held-out combinations.
    """
    while True:
        claim = sample_claim(rng, _STREWN)
        if not claim.is_held_out:
            return strewn(claim, rng)


def strewn(claim: Claim, rng: np.random.Generator) -> Scene:
    """Place what a claim names anywhere in the picture, whole and apart; its relation is not looked at."""
    while True:
        objects = tuple(_place(thing, 0, 0, rng) for thing in claim.things)
        objects = tuple(
            replace(each, x=_within(each.radius, rng), y=_within(each.radius, rng)) for each in objects
        )
        reach = sum(each.radius for each in objects) + _STREWN_GAP
        apart = math.hypot(objects[0].x - objects[-1].x, objects[0].y - objects[-1].y)
        if len(objects) == 1 or apart >= reach:
            return Scene(claim, objects, claim.background or Background.WHITE)


def shown_claim(scene: Scene) -> Claim:
    """Say what the scene shows, with the relation that "and" came to stand for."""
    if scene.claim.second is None:
        return scene.claim
    first, second = scene.objects
    step = (second.x - first.x, second.y - first.y)
    if abs(step[0]) > abs(step[1]):
        relation = Relation.LEFT if step[0] > 0 else Relation.RIGHT
    else:
        relation = Relation.ABOVE if step[1] > 0 else Relation.BELOW
    return replace(scene.claim, relation=relation)


def held_out_claims(count: int, *, seed: int = 2024, pairs: float = 0.6) -> list[Claim]:
    """Draw the fixed claims of the evaluation, all of them held out and no two alike.

    Args:
        count: How many claims, 1..300: there are not many more single ones.
        seed: Which ones.
        pairs: Share of claims with two objects, 0..1; they come after the single ones.
    """
    rng = np.random.default_rng(seed)
    pair_count = round(count * pairs)
    claims: dict[str, Claim] = {}
    for share, goal in ((0.0, count - pair_count), (1.0, count)):
        mix = SceneMix(pairs=share, and_said=0.0)
        while len(claims) < goal:
            claim = sample_claim(rng, mix)
            if claim.is_held_out:
                claims.setdefault(claim.caption, claim)
    return list(claims.values())


def vocabulary() -> list[str]:
    """Return every word that a caption can hold, sorted."""
    kinds: tuple[type[enum.StrEnum], ...] = (Shape, Colour, Size, Relation, Background)
    phrases = [member.value for kind in kinds for member in kind]
    return sorted(
        {word for phrase in phrases for word in phrase.split()} | {"a", "an", "and", "on", "background"}
    )


def _sample_thing(rng: np.random.Generator, mix: SceneMix) -> Thing:
    size = _pick(rng, tuple(Size)) if rng.random() < mix.size_said else None
    return Thing(_pick(rng, tuple(Shape)), _pick(rng, tuple(Colour)), size)


def _within(radius: int, rng: np.random.Generator) -> int:
    """Draw a middle along one axis that leaves an object whole."""
    room = math.ceil(_STREWN_REACH * radius)
    return int(rng.integers(room, PICTURE_SIZE - room + 1))


def _place(thing: Thing, x: int, y: int, rng: np.random.Generator) -> Placed:
    low, high = thing.size.radii if thing.size else _UNSAID_RADII
    return Placed(thing, x, y, int(rng.integers(low, high + 1)))


def _pick(rng: np.random.Generator, items: tuple[_Item, ...]) -> _Item:
    return items[int(rng.integers(len(items)))]


def _share_of(text: str) -> float:
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
