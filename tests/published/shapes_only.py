"""Run networks that have no storage: tensors without storage spread, small ones beside them stay real.

PyTorch's meta device knows shapes and no numbers, but code around networks looks at numbers: lengths of
prompts, masks, places. So only weights, and what is computed with them, lie on the meta device here; whatever
else is meant for that device stays on the CPU.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

_META: Final = torch.device("meta")
_CPU: Final = torch.device("cpu")


class ShapesOnly(TorchFunctionMode):
    """Computes with numbers where all are there, and with shapes alone where some are not."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> object:
        """Call one function of torch."""
        options = dict(kwargs or {})
        tensors = list(_tensors((*args, *options.values())))
        if func is Tensor.__getitem__ and args[0].is_meta:
            # How many places a mask names is in its numbers.
            return args[0][_places(args[1])]
        if func is torch.isfinite and args[0].is_meta:
            # Nothing is known of numbers that are not there, so nothing against them.
            return torch.ones((), dtype=torch.bool)
        if func is Tensor.to and not args[0].is_meta and len(tensors) > 1:
            return args[0].to(tensors[1].dtype)
        is_known = not args[0].is_meta if func is Tensor.to else not any(tensor.is_meta for tensor in tensors)
        device = _CPU if is_known else _META
        return func(*_there(args, device), **{name: _there(value, device) for name, value in options.items()})


def remember_blocks(module: nn.Module) -> nn.Module:
    """Let blocks that are alike share what is known of them, so that depth costs nothing.

    A block of a list computes what an earlier one did, if both have the same class and the same shapes of
    weights, and are given the same shapes: then the earlier result is taken.

    Args:
        module: Without storage; its blocks are changed.
    """
    known: dict[object, object] = {}
    for blocks in module.modules():
        for block in blocks if isinstance(blocks, nn.ModuleList) else ():
            block.forward = _Remembering(block, known)
    return module


class _Remembering:
    """The forward of a block, looked up where a block that is alike was given inputs that are alike."""

    def __init__(self, block: nn.Module, known: dict[object, object]) -> None:
        self._forward = block.forward
        self._kind = (type(block), tuple(tuple(weight.shape) for weight in block.parameters()))
        self._known = known

    def __call__(self, *args: object, **kwargs: object) -> object:
        key = (self._kind, _described(args), _described(kwargs))
        if key in self._known:
            return self._known[key]
        result = self._forward(*args, **kwargs)
        if all(tensor.is_meta for tensor in _tensors((result,))):
            self._known[key] = result
        return result


def _tensors(values: Iterable[object]) -> Iterable[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from _tensors(value)


def _there(value: Any, device: torch.device) -> Any:
    """Bring tensors, and wishes for a device, to one device."""
    if isinstance(value, Tensor):
        return value if value.device == device else value.to(device)
    if isinstance(value, torch.device):
        return device
    if type(value) in (list, tuple):
        return type(value)(_there(each, device) for each in value)
    return value


def _places(index: Any) -> Any:
    """Name the places of masks by numbers."""
    if isinstance(index, tuple):
        return tuple(place for each in index for place in _as_tuple(_places(each)))
    if isinstance(index, Tensor) and index.dtype == torch.bool:
        return index.nonzero(as_tuple=True)
    return index


def _as_tuple(place: Any) -> tuple[Any, ...]:
    return place if isinstance(place, tuple) else (place,)


def _described(value: object) -> object:
    if isinstance(value, Tensor):
        return (tuple(value.shape), value.dtype, value.device)
    if isinstance(value, list | tuple):
        return tuple(_described(each) for each in value)
    if isinstance(value, dict):
        return tuple((name, _described(each)) for name, each in value.items())
    return value if isinstance(value, bool | int | float | str | None) else type(value)
