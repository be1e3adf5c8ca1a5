"""Notices when a node changes a tensor that it was given.

Torch counts the changes made to a tensor in place. The count of every tensor is noted when it is made, and
compared before and after each call that is given it, which costs microseconds however large the tensor is.
Changes made behind the back of torch, such as through a numpy view, are not counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from weft.engine.codec import SCALAR_TYPES, Storage, storages_of, tensors_of
from weft.errors import NodeError

if TYPE_CHECKING:
    import torch

Seal: TypeAlias = "Sequence[tuple[str, torch.Tensor, int]]"
"""The tensors in the inputs of a call: the name of the input, the tensor, its count of changes."""

NO_SEAL: Seal = ()


class InputMutatedError(NodeError):
    """A node changed a value that it was given, or was given one that another node had changed.

    Args:
        type: The node type.
        inputs: The inputs that hold what was changed.
        values: What was changed.
        is_victim: Whether it had been changed before the node began.
    """

    code = "input-mutated"

    def __init__(
        self, *, type: str, inputs: Iterable[str], values: object = None, is_victim: bool = False
    ) -> None:
        names = ", ".join(dict.fromkeys(inputs))
        fact = (
            f'What "{type}" was given had been changed by another node: {names}.'
            if is_victim
            else f'"{type}" changed what it was given: {names}.'
        )
        super().__init__(fact, hint="Values are shared by all who use them; a node changes a copy.")
        self.storages: frozenset[Storage] = frozenset(storages_of(values))


class Seals:
    """How often each tensor that nodes made had been changed when it was finished."""

    @cached_property
    def _known(self) -> MutableMapping[torch.Tensor, int]:
        from torch.utils.weak import WeakTensorKeyDictionary

        known: MutableMapping[torch.Tensor, int] = WeakTensorKeyDictionary()
        return known

    def note(self, outputs: Mapping[str, object]) -> None:
        """Note the tensors of a finished result.

        Args:
            outputs: The values by output name.
        """
        for value in outputs.values():
            if type(value) not in SCALAR_TYPES:
                for tensor in tensors_of(value):
                    self._known[tensor] = _changes(tensor)

    def take(self, type: str, inputs: Mapping[str, object]) -> Seal:
        """Note the tensors that a call is given.

        Args:
            type: The node type.
            inputs: The arguments.

        Returns:
            What `check` compares with after the call.

        Raises:
            InputMutatedError: One of them has been changed since it was made.
        """
        seal = [
            (name, tensor, self._count(tensor))
            for name, value in inputs.items()
            for tensor in tensors_of(value)
        ]
        _compare(type, seal, is_victim=True)
        return seal

    def check(self, type: str, seal: Seal) -> None:
        """Refuse a call that changed what it was given.

        Args:
            type: The node type.
            seal: What `take` returned before the call.

        Raises:
            InputMutatedError: Some tensor was changed during the call.
        """
        _compare(type, seal, is_victim=False)

    def _count(self, tensor: torch.Tensor) -> int:
        """Return what was noted of a tensor; what is met for the first time is trusted as it is."""
        known = self._known.get(tensor)
        if known is None:
            known = self._known[tensor] = _changes(tensor)
        return known


def _compare(type: str, seal: Seal, *, is_victim: bool) -> None:
    changed = [(name, tensor) for name, tensor, count in seal if _changes(tensor) != count]
    if changed:
        names, tensors = zip(*changed, strict=True)
        raise InputMutatedError(type=type, inputs=names, values=list(tensors), is_victim=is_victim)


def _changes(tensor: torch.Tensor) -> int:
    """Return how often a tensor was changed; 0 for those of inference mode, which torch itself protects."""
    return 0 if tensor.is_inference() else int(tensor._version)  # noqa: SLF001
