"""The tokenizer of Kolors is read from its own file, and damage is told."""

from pathlib import Path

import pytest
from weft_nodes.families import FAMILIES
from weft_nodes.models.errors import CheckpointCorruptError, ModelFileMissingError


def test_a_missing_vocabulary_and_a_damaged_one_are_told_apart(tmp_path: Path) -> None:
    (part,) = FAMILIES["kolors"].text_parts
    with pytest.raises(ModelFileMissingError, match=r"tokenizer\.model"):
        part.load(tmp_path)
    (tmp_path / "tokenizer.model").write_bytes(b"nothing")

    with pytest.raises(CheckpointCorruptError, match="tokenizer"):
        part.load(tmp_path)
