"""Light clones: a private tree of modules over shared weights.

A clone costs milliseconds and no weight memory. Hooks, processors, LoRA layers and caches put on it stay
private, so that variants of one checkpoint run side by side. The rule: *how weights are stored* (dtype,
quantisation, device) belongs to the base; *what the network does* belongs to clones. Only pristine bases may
be cloned: a hooked module keeps its `forward` bound to the original.
"""

import copy
from collections import OrderedDict
from typing import TypeVar, cast

from torch import nn

ModuleT = TypeVar("ModuleT", bound=nn.Module)


def light_clone(module: ModuleT) -> ModuleT:
    """Copy the tree of modules and share every parameter and buffer with the original.

    Args:
        module: A base without hooks, wrappers or adapters.

    Returns:
        A module of the same class whose parameters are the same objects. Changing its structure, hooks,
        attention processors or plain attributes leaves the original as it was; writing into a parameter does
        not.
    """
    clones: dict[int, object] = {}
    _clone_tree(module, clones)
    for clone in tuple(clones.values()):
        _redirect_attributes(clone, clones)
    return cast("ModuleT", clones[id(module)])


def _clone_tree(module: nn.Module, clones: dict[int, object]) -> None:
    # Depth first without recursion: module trees of large transformers are deep enough, and this is as short.
    waiting = [module]
    while waiting:
        original = waiting.pop()
        if id(original) in clones:
            continue
        clone = object.__new__(type(original))
        clones[id(original)] = clone
        waiting.extend(child for child in original.__dict__["_modules"].values() if child is not None)
        clone.__dict__.update(original.__dict__)
        # A compiled call is bound to the original; a clone compiles itself from the shared code cache.
        clone.__dict__["_compiled_call_impl"] = None


def _redirect_attributes(clone: object, clones: dict[int, object]) -> None:
    for name, attribute in clone.__dict__.items():
        clone.__dict__[name] = _private(name, attribute, clones)


def _private(name: str, attribute: object, clones: dict[int, object]) -> object:
    if type(attribute) is dict:
        return {key: clones.get(id(value), value) for key, value in attribute.items()}
    if type(attribute) is list:
        return [clones.get(id(value), value) for value in attribute]
    # Every module has several tables of hooks, nearly all of them empty, which `copy` looks into at length.
    if type(attribute) is OrderedDict:
        return attribute.copy()
    # An attention processor carries settings such as the scale of an adapter.
    if isinstance(attribute, (dict, set)) or name == "processor":
        return copy.copy(attribute)
    # Some modules keep a second reference to a child outside the tree.
    return clones.get(id(attribute), attribute)
