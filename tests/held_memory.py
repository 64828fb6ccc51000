"""What tensors hold at most, whatever the allocator makes of it."""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Callable
from typing import Any

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class HeldMemory(TorchDispatchMode):
    """While it is entered, peak: the most bytes that the storages of all tensors made since have had together."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.now = self.peak = 0
        self._bytes: dict[int, int] = {}  # of each storage
        self._owners: Counter[int] = Counter()  # tensors on it
        self._known: set[int] = set()

    def __torch_dispatch__(self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(found):
            if isinstance(tensor, Tensor) and id(tensor) not in self._known and tensor.untyped_storage().data_ptr():
                place = tensor.untyped_storage().data_ptr()
                if place not in self._bytes:
                    self._bytes[place] = tensor.untyped_storage().nbytes()
                    self.now += self._bytes[place]
                self._owners[place] += 1
                self._known.add(id(tensor))
                weakref.finalize(tensor, self._gone, id(tensor), place)
                self.peak = max(self.peak, self.now)
        return found

    def _gone(self, tensor: int, place: int) -> None:
        self._known.discard(tensor)
        self._owners[place] -= 1
        if not self._owners[place]:
            self.now -= self._bytes.pop(place)
