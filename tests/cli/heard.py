"""What is heard from a command, be it carried out in this process or in one of its own."""

import io
import json
from dataclasses import dataclass
from typing import Any, Protocol

from weft.cli.app import execute
from weft.cli.terminal import Terminal


@dataclass(frozen=True)
class Heard:
    """What a command answered."""

    code: int
    data: str
    words: str

    @property
    def answer(self) -> dict[str, Any]:
        """The answer to --json."""
        found = json.loads(self.data)
        assert isinstance(found, dict)
        return found

    def states(self) -> dict[str, str]:
        """What became of each node of a run."""
        return {name: node["state"] for name, node in self.answer["nodes"].items()}

    def reasons(self) -> dict[str, str]:
        """Why, by code."""
        return {name: node["reason"]["code"] for name, node in self.answer["nodes"].items()}

    def codes(self) -> list[str]:
        """The codes of the problems."""
        return [problem["code"] for problem in self.answer["problems"]]


class Weft(Protocol):
    """Carries out one command line."""

    def __call__(self, *words: str) -> Heard:
        """Carry it out."""
        ...


def hear(*words: str) -> Heard:
    """Carry out a command line in this process, as if nobody sat at a terminal."""
    data, said = io.StringIO(), io.StringIO()
    code = execute(words, Terminal(data=data, words=said))
    return Heard(int(code), data.getvalue(), said.getvalue())
