"""Training the text encoder: what each token should know, and that it can be learned."""

from pathlib import Path

import numpy as np
from weft_nodes.starter.loop import Habits, Run, Schedule
from weft_nodes.starter.networks import build_text_encoder
from weft_nodes.starter.scenes import (
    Background,
    Claim,
    Colour,
    Relation,
    Shape,
    Size,
    Thing,
    sample_claim,
    vocabulary,
)
from weft_nodes.starter.tokenizer import MAX_TOKENS, build_tokenizer
from weft_nodes.starter.train_text import TextObjective, lesson_for

PAIR = Claim(
    Thing(Shape.CIRCLE, Colour.RED, Size.LARGE),
    Thing(Shape.STAR, Colour.BLUE),
    Relation.ABOVE,
    Background.NAVY,
)


def known_at(lesson_field: list[int], position: int) -> int | None:
    return None if lesson_field[position] < 0 else lesson_field[position]


def test_a_word_knows_only_what_has_been_read() -> None:
    targets = lesson_for(PAIR).targets

    # 1 a, 2 large, 3 red, 4 circle, 5 above, 6 a, 7 blue, 8 star
    assert [known_at(targets["size"], position) for position in (1, 2, 4)] == [None, 3, 3]
    assert [known_at(targets["colour"], position) for position in (2, 3, 4, 7)] == [None, 0, 0, 2]
    assert [known_at(targets["shape"], position) for position in (3, 4, 7, 8)] == [None, 0, None, 3]
    assert [known_at(targets["place"], position) for position in (4, 8)] == [
        None,
        2 + [*Relation].index(Relation.BELOW),
    ]


def test_the_tokens_behind_a_caption_take_turns_in_describing_everything() -> None:
    targets = lesson_for(PAIR).targets
    first, second, background = 27, 28, 29

    assert [targets["role"][position] for position in (first, second, background)] == [0, 1, 2]
    assert [targets["shape"][position] for position in (first, second)] == [0, 3]
    assert targets["place"][first] == 2 + [*Relation].index(Relation.ABOVE)
    assert targets["background"][background] == [*Background].index(Background.NAVY)


def test_an_unsaid_background_is_known_to_be_white() -> None:
    targets = lesson_for(Claim(Thing(Shape.RING, Colour.PINK))).targets

    assert targets["background"][29] == [*Background].index(Background.WHITE)
    assert targets["role"][28] == 3


def test_the_empty_caption_is_about_nothing() -> None:
    lesson = lesson_for(None)

    assert lesson.caption == ""
    assert set(lesson.targets["role"][1:]) == {3}
    assert set(lesson.targets["shape"]) == {-100}


def test_the_targets_line_up_with_the_tokens() -> None:
    tokenizer = build_tokenizer(vocabulary())
    rng = np.random.default_rng(0)
    for _ in range(100):
        claim = sample_claim(rng)
        lesson = lesson_for(claim)
        words = tokenizer.tokenize(claim.caption)
        for position, word in enumerate(words, start=1):
            if word.removesuffix("</w>") in {*Shape}:
                assert lesson.targets["shape"][position] == [*Shape].index(Shape(word.removesuffix("</w>")))
        assert all(len(column) == MAX_TOKENS for column in lesson.targets.values())


def test_the_encoder_learns(tmp_path: Path) -> None:
    tokenizer = build_tokenizer(vocabulary())
    objective = TextObjective(build_text_encoder(tokenizer), tokenizer, batch=16)
    before = objective.losses(np.random.default_rng(1))
    Run(objective, Schedule(25, rate=2e-3, warmup=5), tmp_path, seed=0, habits=Habits()).train()
    after = objective.losses(np.random.default_rng(1))

    assert after["loss"] < 0.7 * before["loss"]
    assert after["right"] > before["right"]
