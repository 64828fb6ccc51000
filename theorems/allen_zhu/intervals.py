"""The products W_b D_{b-1} ... D_a W_a, 1 <= a <= b <= L, of parts a to d of Lemma 7.3: all of them, or a few, which are then named.

There are L(L+1)/2 with L(L+1)(L+2)/6 factors together. A search asks each factor for dozens of vectors, so on large networks it looks at
a few products: those that its statement expects to be the worst, and it says in terms of L which.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from theorems.language.subject import Subject

Interval = tuple[int, int]
Few = Callable[[int], tuple[list[Interval], str]]


def every_interval(depth: int) -> list[Interval]:
    """All pairs a <= b, ordered by a: each product is the one before it with one factor more, or a single factor."""
    return [(a, b) for a in range(1, depth + 1) for b in range(a, depth + 1)]


def growing(depth: int) -> tuple[list[Interval], str]:
    """Where the norm grows with the number of factors: single layers and the first and last products of 2, 4, 8, ... and L layers; beyond
    depth 8 the first and the last layer, the first half and the whole."""
    if depth > 8:
        return [(1, 1), (1, depth // 2), (1, depth), (depth, depth)], "(a, b) = (1, 1), (1, L/2), (1, L) and (L, L)"
    lengths = sorted({*(2**k for k in range(1, depth.bit_length())), depth})
    ends = {pair for length in lengths for pair in ((1, length), (depth - length + 1, depth))}
    return [(a, a) for a in range(1, depth + 1)] + sorted(ends), "a = b, and a = 1 or b = L with 2, 4, 8 or L factors"


def outermost(depth: int) -> tuple[list[Interval], str]:
    """Where one factor has the longest columns and all of them the widest spread: the first, the last and all layers."""
    return sorted({(1, 1), (depth, depth), (1, depth)}), "(a, b) = (1, 1), (1, L) and (L, L)"


def leading(depth: int) -> tuple[list[Interval], str]:
    """Where two products of each length tell enough: the first two layers, the last one, and all of them."""
    return sorted({(1, 1), (1, min(2, depth)), (1, depth), (depth, depth)}), "(a, b) = (1, 1), (1, 2), (1, L) and (L, L)"


def intervals(subject: Subject, few: Few, shallow: int) -> tuple[list[Interval], str]:
    """The pairs to look at, and in words which they are where they are not all. shallow: the depth up to which all are."""
    depth = subject.instance.depth
    pairs = every_interval(depth)
    if depth <= shallow or subject.affords(sum(b - a + 1 for a, b in pairs)):
        return pairs, ""
    return few(depth)
