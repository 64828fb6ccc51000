"""Tensors of balls. Torch's functions accept them, so passes and measures written for tensors run on them unchanged.

A ball [mid +- rad] encloses the exact value of what was asked (python-flint's arb): an exact binary number goes in with radius 0, and
every operation widens the radius by its own rounding at the present precision. A comparison of two balls that overlap has no
answer and raises Undecided; a function of torch that is not here raises Unsupported. Nothing falls back to floating point.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from flint import arb, ctx

from checkers.certification.linear import eigenvalues, eigenvectors, matrix_product

PRECISIONS = (53, 128, 256)  # bits; 128 outlast the growth of radii, a factor sqrt(m) a layer, at every size that fits in memory


class Undecided(ArithmeticError):
    """Balls overlap at this precision: neither yes nor no."""


class Unsupported(NotImplementedError):
    """A question that has no answer in balls here."""


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Midpoints of this many bits."""
    before, ctx.prec = ctx.prec, bits
    try:
        yield
    finally:
        ctx.prec = before


def _one(value: Any) -> arb:
    return value if isinstance(value, arb) else arb(value)


def _entries(value: Any) -> np.ndarray:
    """An object array of balls from balls, a tensor, an array or a number; binary numbers are exact."""
    if isinstance(value, Balls):
        return value.data
    if isinstance(value, arb):
        return np.array(value, dtype=object)
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().numpy()
    flat = np.asarray(value)
    result = np.empty(flat.shape, dtype=object)
    result.reshape(-1)[:] = [arb(x) for x in flat.astype(np.float64).reshape(-1).tolist()] if flat.dtype.kind != "O" else flat.reshape(-1)
    return result


def _axes(dim: Any, ndim: int) -> tuple[int, ...]:
    if dim is None:
        return tuple(range(ndim))
    return tuple(axis % ndim for axis in (dim if isinstance(dim, tuple | list) else (dim,)))


def _each(function: Callable[[arb], arb]) -> Callable[[Balls], Balls]:
    mapped = np.frompyfunc(function, 1, 1)
    return lambda self: Balls(np.asarray(mapped(self.data), dtype=object))


def _pairwise(function: Callable[[arb, arb], arb], reflected: bool = False) -> Callable[..., Balls]:
    mapped = np.frompyfunc(function, 2, 1)

    def apply(self: Balls, other: Any, *, alpha: int = 1) -> Balls:
        first, second = self.data, _entries(other)
        if alpha != 1:
            second = second * alpha
        return Balls(np.asarray(mapped(second, first) if reflected else mapped(first, second), dtype=object))

    return apply


def _comparison(yes: Callable[[Any, Any], bool], no: Callable[[Any, Any], bool]) -> Callable[[Balls, Any], torch.Tensor]:
    """Both are tests that are true of balls only where they are true of all their numbers; where neither is, nothing is known."""

    def decide(a: arb, b: arb) -> bool:
        if yes(a, b):
            return True
        if no(a, b):
            return False
        raise Undecided(f"{a.str(8)} and {b.str(8)} overlap at {ctx.prec} bits")

    mapped = np.frompyfunc(decide, 2, 1)

    def compare(self: Balls, other: Any) -> torch.Tensor:
        return torch.from_numpy(np.asarray(mapped(self.data, _entries(other)), dtype=np.bool_))

    return compare


def _rounded(x: arb) -> arb:
    value = float(x.mid())
    if not x.is_exact() or x != arb(value):
        raise Undecided("only an exact number is rounded to an integer")
    return arb(float(round(value)))


def _square(x: arb) -> arb:
    return (x * x).nonnegative_part()


def _root(x: arb) -> arb:
    if x < 0:
        raise Undecided("the root of a negative number")
    return x.nonnegative_part().sqrt()  # the number enclosed is known not to be negative


def _power(x: arb, exponent: arb) -> arb:
    return _square(x) if exponent == 2 else x**exponent


def _larger(x: arb, y: arb) -> arb:
    return x.max(y)


def _smaller(x: arb, y: arb) -> arb:
    return x.min(y)


class Balls:
    """An array of balls that behaves as a float64 tensor, as far as statements and passes ask. data: object array of arb."""

    __array_ufunc__ = None  # numpy arrays leave mixed arithmetic to us
    __slots__ = ("data",)
    dtype = torch.float64
    device = torch.device("cpu")
    requires_grad = False

    def __init__(self, data: Any) -> None:
        self.data = data if isinstance(data, np.ndarray) and data.dtype == object else _entries(data)

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        name = function.__name__.strip("_")
        if name == "get":  # a property of a tensor, asked of balls
            name = function.__self__.__name__
        method = _FUNCTIONS.get(name)
        if method is None:
            raise Unsupported(f"torch's {name!r} has no ball arithmetic here")
        first = args[0] if isinstance(args[0], list | tuple | Balls) or name in ("where", "grad") else Balls(args[0])
        return method(first, *args[1:], **(kwargs or {}))

    @property
    def shape(self) -> torch.Size:
        return torch.Size(self.data.shape)

    @property
    def ndim(self) -> int:
        return int(self.data.ndim)

    def dim(self) -> int:
        return self.ndim

    def size(self, dim: int | None = None) -> Any:
        return self.shape if dim is None else self.shape[dim]

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[Balls]:
        return (self[k] for k in range(len(self)))

    def __bool__(self) -> bool:
        return bool(self != 0)

    def __getitem__(self, key: Any) -> Balls:
        return Balls(_entries_at(self.data, key))

    def __setitem__(self, key: Any, value: Any) -> None:
        self.data[_plain(key)] = _entries(value)

    # elementwise
    __add__ = add = __radd__ = _pairwise(operator.add)
    __sub__ = sub = _pairwise(operator.sub)
    __rsub__ = rsub = _pairwise(operator.sub, reflected=True)
    __mul__ = mul = __rmul__ = _pairwise(operator.mul)
    __truediv__ = div = _pairwise(operator.truediv)
    __rtruediv__ = _pairwise(operator.truediv, reflected=True)
    __pow__ = pow = _pairwise(_power)
    __rpow__ = _pairwise(operator.pow, reflected=True)
    maximum = _pairwise(_larger)
    minimum = _pairwise(_smaller)
    __neg__ = neg = _each(operator.neg)
    __abs__ = abs = _each(abs)
    square = _each(_square)
    sqrt = _each(_root)
    log = _each(lambda x: x.log())
    exp = _each(lambda x: x.exp())
    round = _each(_rounded)
    relu = _each(lambda x: x.max(arb(0)))
    __ge__ = ge = _comparison(operator.ge, operator.lt)
    __gt__ = gt = _comparison(operator.gt, operator.le)
    __le__ = le = _comparison(operator.le, operator.gt)
    __lt__ = lt = _comparison(operator.lt, operator.ge)
    __eq__ = eq = _comparison(operator.eq, operator.ne)  # type: ignore[assignment]
    __ne__ = ne = _comparison(operator.ne, operator.eq)  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]

    def clamp(self, min: Any = None, max: Any = None) -> Balls:
        result: Balls = self if min is None else self.maximum(min)
        return result if max is None else Balls.minimum(result, max)

    def clamp_min(self, min: Any) -> Balls:
        return Balls(self.maximum(min))

    # reductions
    def sum(self, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Balls:
        axes = _axes(dim, self.ndim)
        if any(self.data.shape[axis] == 0 for axis in axes):
            shape = [1 if a in axes else n for a, n in enumerate(self.shape) if keepdim or a not in axes]
            return Balls(np.zeros(shape))
        return Balls(np.asarray(self.data.sum(axis=axes, keepdims=keepdim), dtype=object))

    def mean(self, dim: Any = None, keepdim: bool = False) -> Balls:
        count = int(np.prod([self.shape[axis] for axis in _axes(dim, self.ndim)]))
        return self.sum(dim, keepdim) / count

    def _extreme(self, function: Callable[[arb, arb], arb], dim: Any, keepdim: bool) -> Balls:
        data, axes = self.data, sorted(_axes(dim, self.ndim), reverse=True)
        for axis in axes:
            data = np.asarray(np.frompyfunc(function, 2, 1).reduce(data, axis=axis, keepdims=keepdim), dtype=object)
        return Balls(data)

    def amax(self, dim: Any = None, keepdim: bool = False) -> Balls:
        return self._extreme(_larger, dim, keepdim)

    def amin(self, dim: Any = None, keepdim: bool = False) -> Balls:
        return self._extreme(_smaller, dim, keepdim)

    def norm(self, p: Any = 2, dim: Any = None, keepdim: bool = False, dtype: Any = None, ord: Any = 2) -> Balls:
        if p not in (2, "fro") or ord != 2:
            raise Unsupported("only the Euclidean norm has ball arithmetic here")
        return self.square().sum(dim, keepdim).sqrt()

    def vector_norm(self, ord: Any = 2, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Balls:
        return self.norm(2, dim, keepdim, ord=ord)

    # products and spectra
    def __matmul__(self, other: Any) -> Balls:
        return Balls(matrix_product(self.data, _entries(other)))

    matmul = bmm = __matmul__

    def __rmatmul__(self, other: Any) -> Balls:
        return Balls(matrix_product(_entries(other), self.data))

    def baddbmm(self, first: Any, second: Any) -> Balls:
        return Balls.add(self, Balls(first) @ second)

    def baddbmm_(self, first: Any, second: Any) -> Balls:
        self.data = self.baddbmm(first, second).data
        return self

    def eigvalsh(self) -> Balls:
        return Balls(eigenvalues(self.data))

    def eigh(self) -> tuple[Balls, Balls]:
        values, vectors = eigenvectors(self.data)
        return Balls(values), Balls(vectors)

    # shapes
    @property
    def mT(self) -> Balls:
        return Balls(np.swapaxes(self.data, -1, -2))

    def transpose(self, first: int, second: int) -> Balls:
        return Balls(np.swapaxes(self.data, first, second))

    def permute(self, *order: Any) -> Balls:
        return Balls(np.transpose(self.data, order[0] if isinstance(order[0], tuple | list) else order))

    def view(self, *shape: Any) -> Balls:
        return Balls(self.data.reshape(shape[0] if isinstance(shape[0], tuple | list) else shape))

    reshape = view

    def flatten(self, start_dim: int = 0, end_dim: int = -1) -> Balls:
        start, end = start_dim % self.ndim, end_dim % self.ndim
        return Balls(self.data.reshape(*self.shape[:start], -1, *self.shape[end + 1 :]))

    def unflatten(self, dim: int, sizes: Sequence[int]) -> Balls:
        dim %= self.ndim
        return Balls(self.data.reshape(*self.shape[:dim], *sizes, *self.shape[dim + 1 :]))

    def expand(self, *shape: Any) -> Balls:
        sizes = tuple(shape[0]) if isinstance(shape[0], tuple | list) else shape
        own = (1,) * (len(sizes) - self.ndim) + tuple(self.shape)
        return Balls(np.broadcast_to(self.data, [o if s == -1 else s for o, s in zip(own, sizes, strict=True)]))

    def expand_as(self, other: Any) -> Balls:
        return self.expand(*other.shape)

    def unsqueeze(self, dim: int) -> Balls:
        return Balls(np.expand_dims(self.data, dim))

    def squeeze(self, dim: int) -> Balls:
        return Balls(np.squeeze(self.data, dim))

    def diagonal(self, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Balls:
        return Balls(np.diagonal(self.data, offset, dim1, dim2).copy())

    def repeat_interleave(self, repeats: int, dim: int) -> Balls:
        return Balls(np.repeat(self.data, repeats, axis=dim))

    def clone(self) -> Balls:
        return Balls(self.data.copy())

    def to(self, *args: Any, **kwargs: Any) -> Balls:
        """Balls have no precision to lose: a cast changes nothing."""
        return self

    detach = contiguous = double = float = half = bfloat16 = cpu = to

    def new_zeros(self, *shape: Any) -> Balls:
        return Balls(np.zeros(tuple(shape[0]) if shape and isinstance(shape[0], tuple | list) else shape))

    def new_full(self, shape: Sequence[int], value: Any) -> Balls:
        return Balls(np.array(_entries(value))).expand(*shape) if len(shape) else Balls(value)

    def new_tensor(self, value: Any) -> Balls:
        return Balls(value)


def _plain(key: Any) -> Any:
    """An index in numpy's words."""
    if isinstance(key, tuple):
        return tuple(_plain(part) for part in key)
    return key.numpy() if isinstance(key, torch.Tensor) else key


def _entries_at(data: np.ndarray, key: Any) -> np.ndarray:
    found = data[_plain(key)]
    return found if isinstance(found, np.ndarray) else np.array(found, dtype=object)


def _stack(parts: Sequence[Any], dim: int = 0) -> Balls:
    return Balls(np.stack([_entries(part) for part in parts], axis=dim))


def _cat(parts: Sequence[Any], dim: int = 0) -> Balls:
    return Balls(np.concatenate([_entries(part) for part in parts], axis=dim))


def _where(condition: torch.Tensor, yes: Any, no: Any) -> Balls:
    return Balls(np.where(condition.numpy(), _entries(yes), _entries(no)))


def _like(value: float | None) -> Callable[..., Balls]:
    def filled(example: Balls, fill_value: Any = value, **_: Any) -> Balls:
        return example.new_full(example.shape, fill_value)

    return filled


_METHODS = (
    "add sub rsub mul div truediv pow neg abs square sqrt log exp round relu maximum minimum clamp clamp_min ge gt le lt eq ne "
    "sum mean amax amin norm vector_norm matmul bmm baddbmm eigvalsh eigh transpose permute view reshape flatten unflatten expand "
    "expand_as unsqueeze squeeze diagonal repeat_interleave clone to detach double float new_zeros new_full new_tensor"
)
_FUNCTIONS: dict[str, Callable[..., Any]] = {name: getattr(Balls, name, None) or getattr(Balls, f"__{name}__") for name in _METHODS.split()}
_FUNCTIONS |= {f"linalg_{name}": _FUNCTIONS[name] for name in ("eigvalsh", "eigh", "vector_norm")}
_FUNCTIONS |= {"radd": Balls.add, "rmul": Balls.mul, "rtruediv": Balls.__rtruediv__, "rpow": Balls.__rpow__, "rmatmul": Balls.__rmatmul__}
_FUNCTIONS |= {
    "stack": _stack, "cat": _cat, "where": _where, "full_like": _like(None), "zeros_like": _like(0.0), "ones_like": _like(1.0),
    "as_tensor": Balls.to, "getitem": Balls.__getitem__,
}  # fmt: skip
