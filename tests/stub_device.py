"""A device for machines without one: its tensors lie in the CPU's memory, say that they are on cuda:0, and refuse what CUDA refuses.

`with stub_device():` takes every place where torch is given a device: what is made on "cuda" or moved there is tagged, and so is all that
is computed from it. The arithmetic is the CPU's, so a computation that never mixes devices gives the CPU's bits. As on CUDA

- tensors of both devices do not meet, save that elementwise functions and indexed assignments take a CPU tensor of no dimension,
- a tensor of the device may be indexed by CPU tensors, not the other way round; functions that take indices as arguments refuse both,
- numpy sees no tensor of the device before .cpu(); .item(), .tolist(), float(...) fetch their numbers themselves,
- `copy_` and assignments to slices move what they copy, and moving makes a copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

DEVICE = torch.device("cuda:0")

# Without a device= these make CPU tensors whatever numbers they are given.
_FACTORIES = {torch.zeros, torch.ones, torch.empty, torch.full, torch.eye, torch.arange, torch.linspace, torch.from_numpy, torch.rand,
              torch.randn, torch.randint, torch.randperm}  # fmt: skip
# Not elementwise: they take no CPU tensor beside one of the device, not even of no dimension.
_STRICT = {"cat", "stack", "hstack", "vstack", "equal", "gather", "scatter", "scatter_", "scatter_add", "scatter_add_", "index_select",
           "index_add", "index_add_", "take", "take_along_dim", "repeat_interleave", "searchsorted", "matmul", "__matmul__",
           "__rmatmul__", "mm", "bmm", "mv", "dot", "outer", "einsum", "addmm", "baddbmm", "bucketize"}  # fmt: skip

_ANSWERS: dict[Any, Any] = {
    Tensor.device.__get__: DEVICE, Tensor.is_cuda.__get__: True, Tensor.is_cpu.__get__: False,  # type: ignore[attr-defined]
}  # fmt: skip
_NUMBERS = {int, float, bool, str, slice, type(None), type(...), torch.dtype, torch.device, torch.Size}


class StubTensor(Tensor):
    """A tensor of the device."""

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _call(function, args, dict(kwargs or {}))


class _Mode(TorchFunctionMode):
    """Sees what no tensor of the device is part of yet."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if not all(issubclass(one, Tensor) for one in types):  # what answers for itself, as balls do
            return function(*args, **(kwargs or {}))
        return _call(function, args, dict(kwargs or {}))


@contextmanager
def stub_device() -> Iterator[str]:
    """The name of the device, which is there inside."""
    with ExitStack() as stack:
        for function in torch.autograd.Function.__subclasses__():
            if not function.__module__.startswith("torch"):
                stack.enter_context(mock.patch.multiple(function, **_on_either_device(function)))
        stack.enter_context(mock.patch("torch.cuda.mem_get_info", return_value=(2**33, 2**33)))
        stack.enter_context(_Mode())
        yield "cuda"


def _on_either_device(function: type[torch.autograd.Function]) -> dict[str, Any]:
    """Forward and backward of a function of our own: autograd hands it untagged derivatives, which are where its arguments were."""
    forward, backward = function.forward, function.backward

    def remembering(ctx: Any, *args: Any) -> Any:
        ctx.on_stub = any(isinstance(one, StubTensor) for one in args)
        return forward(ctx, *args)

    def tagging(ctx: Any, *derivatives: Any) -> Any:
        with torch._C._EnableTorchFunction(), _Mode():
            return backward(ctx, *(_tag(one) if ctx.on_stub else one for one in derivatives))

    return {"forward": staticmethod(remembering), "backward": staticmethod(tagging)}


def _refuse(what: str) -> RuntimeError:
    return RuntimeError(f"Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu! ({what})")


def _tensors(values: Iterable[Any]) -> list[Any]:
    """The tensors and arrays in nested arguments: asked of every call of torch, so that the usual kinds are told by their type."""
    found: list[Any] = []
    for value in values:
        kind = type(value)
        if kind in _NUMBERS:
            continue
        if kind is StubTensor or kind is Tensor or isinstance(value, Tensor | np.ndarray):
            found.append(value)
        elif isinstance(value, Mapping):
            found += _tensors(value.values())
        elif isinstance(value, list | tuple):
            found += _tensors(value)
    return found


def _tag(value: Any) -> Any:
    """The value on the device: a view, with its derivative."""
    if type(value) in _NUMBERS:
        return value
    if isinstance(value, Tensor):
        return value if isinstance(value, StubTensor) else value.as_subclass(StubTensor)
    if (isinstance(value, tuple) and hasattr(value, "_fields")) or type(value).__module__ == "torch.return_types":
        return type(value)([_tag(one) for one in value])
    return type(value)(_tag(one) for one in value) if isinstance(value, list | tuple) else value


def _plain(value: Tensor) -> Tensor:
    return value.as_subclass(Tensor)


def _move(value: Tensor, there: bool) -> Tensor:
    """A copy on the other device; the tensor itself where it is there."""
    if isinstance(value, StubTensor) == there:
        return value
    return _tag(value.clone()) if there else _plain(value).clone()


def _is_device(value: Any) -> bool | None:
    """Whether an argument names the stub; None: it names no device."""
    if isinstance(value, Tensor):
        return isinstance(value, StubTensor)
    if isinstance(value, str | torch.device):
        kind = torch.device(value).type
        return kind == DEVICE.type if kind in ("cpu", DEVICE.type) else None
    return None


def _to(args: Any, kwargs: dict[str, Any]) -> Any:
    value, rest = args[0], list(args[1:])
    there: bool | None = isinstance(value, StubTensor)
    if rest and _is_device(rest[0]) is not None:
        there = _is_device(rest[0])
        rest[0] = torch.device("cpu") if not isinstance(rest[0], Tensor) else rest[0]
    for name in ("device", "other"):
        if _is_device(kwargs.get(name)) is not None:
            there = _is_device(kwargs[name])
            kwargs[name] = torch.device("cpu") if name == "device" else kwargs[name]
    found = Tensor.to(_move(value, bool(there)), *rest, **kwargs)
    return _tag(found) if there else _plain(found) if isinstance(found, StubTensor) else found


def _index(key: Any) -> list[Any]:
    """The tensors of an index; an integer of no dimension is as good as a number."""
    masks = (torch.bool, torch.uint8)
    return [one for one in _tensors((key,)) if not (isinstance(one, Tensor) and one.ndim == 0 and one.dtype not in masks)]


def _call(function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    with torch._C.DisableTorchFunction():
        return _decided(function, args, kwargs)


def _decided(function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    name = getattr(function, "__name__", "")
    if name == "__get__":  # a property: the device is a stub's own answer, .grad and .T are tensors of the device
        if not isinstance(args[0], StubTensor):
            return function(*args)
        return _ANSWERS[function] if function in _ANSWERS else _tag(function(*args))
    given = _tensors(args) + _tensors(kwargs.values()) if kwargs else _tensors(args)
    tagged = any(isinstance(one, StubTensor) for one in given)
    owner = args[0] if args else None
    if function is Tensor.to:
        return _to(args, kwargs)
    if name in ("cuda", "cpu") and isinstance(owner, Tensor):
        return _plain(_move(owner, False)) if name == "cpu" else _move(owner, True)
    if kwargs.get("device") is not None:
        there = _is_device(kwargs["device"])
        kwargs["device"] = "cpu"
        if function is torch.as_tensor:
            return _move(function(*args, **kwargs), bool(there))
        found = function(*args, **kwargs)
        return _tag(found) if there else _plain(found) if isinstance(found, StubTensor) else found
    if not tagged or function in _FACTORIES:
        return function(*args, **kwargs)
    if name in ("numpy", "__array__", "__dlpack__", "__array_wrap__"):
        raise TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory first.")
    if name in ("copy_", "type_as"):
        found = function(*args, **kwargs)
        return found if found is owner else _tag(found) if isinstance(args[1], StubTensor) else _plain(found)
    if any(isinstance(one, np.ndarray) and one.ndim for one in given) and function not in (torch.tensor, torch.as_tensor):
        raise TypeError(f"can't convert cuda:0 device type tensor to numpy. ({name})")
    if name in ("__getitem__", "__setitem__"):
        _check_index(owner, args[1], args[2] if name == "__setitem__" else None)
    else:
        _check(name, owner, given)
    found = function(*args, **kwargs)
    if found is owner or (function in (torch.tensor,) and not isinstance(owner, StubTensor)):
        return found
    return _tag(found) if name != "__getitem__" or isinstance(owner, StubTensor) else found


def _check(name: str, owner: Any, given: list[Any]) -> None:
    others = [one for one in given if isinstance(one, Tensor) and not isinstance(one, StubTensor)]
    in_place = (name.endswith("_") and not name.endswith("__")) or name.startswith("__i")
    for one in others:
        if one.ndim or name in _STRICT or name.startswith("linalg_") or (in_place and one is owner):
            raise _refuse(name)


def _check_index(owner: Any, key: Any, value: Any) -> None:
    indices = _index(key)
    if not isinstance(owner, StubTensor) and any(isinstance(one, StubTensor) for one in indices):
        raise RuntimeError("indices should be either on cpu or on the same device as the indexed tensor (cpu)")
    # an assignment to slices is a copy, which moves; with tensors among the indices it is a scatter, which does not
    if indices and isinstance(value, Tensor) and value.ndim and isinstance(value, StubTensor) != isinstance(owner, StubTensor):
        raise _refuse("__setitem__")
