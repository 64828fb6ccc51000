"""The claim of a statement whose bound is a formula: what was measured beside the formula's values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from theorems.language.declaration_error import DeclarationError
from theorems.language.formula import FormulaError
from theorems.language.subject import Comparison, Side


def with_bound(identifier: str, found: Side, claimed: Callable[..., Sequence[Any]], *, parts: int, above: bool) -> Comparison:
    """The measured side against its bounds, one a part; DeclarationError where they do not fit.

    claimed: function (**given) -> the bounds' values, of so many parts. above: the bounds are upper ones, right sides.
    """
    import torch

    measured = found.values
    if not hasattr(measured, "new_tensor"):
        raise DeclarationError(f"statement {identifier!r}: field 'measure' gave a {type(measured).__name__} as its side, not a tensor")
    if parts > 1 and (measured.ndim < 2 or measured.shape[-1] != parts):
        raise DeclarationError(f"statement {identifier!r} has {parts} bounds, and its last axis is not as long")
    shape = tuple(measured.shape[:-1] if parts > 1 else measured.shape)
    # what is given once a trial stands beside every index
    given = {name: one.reshape(tuple(one.shape) + (1,) * (len(shape) - one.ndim)) for name, one in found.given.items()}
    try:
        sides = claimed(**given)
        whole = [(side if hasattr(side, "expand") else measured.new_tensor(side)).expand(shape) for side in sides]
    except (FormulaError, RuntimeError) as error:
        raise DeclarationError(f"statement {identifier!r}: {error}") from error
    bound = torch.stack(whole, -1) if parts > 1 else whole[0]
    left, right = (measured, bound) if above else (bound, measured)
    rounding = found.rounding
    if found.error and isinstance(bound, torch.Tensor):  # balls know their own
        rounding += found.error / float(bound.min())
    return Comparison(left, right, found.axes, rounding, found.looked_at, found.names)
