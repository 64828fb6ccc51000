"""Which instances came nearest to a refutation."""

from __future__ import annotations

from collections.abc import Iterable

from checkers.records.decisions import Decision

NEAREST = "nearest"  # the population of closer looks


def identity(decision: Decision) -> tuple[object, ...]:
    """What tells the instance of a decision from others."""
    return tuple(decision.sizes.items())


def nearest(decisions: Iterable[Decision]) -> list[Decision]:
    """The last decision of every instance on evidence, the least p-value first; among equals, as where nothing fails, by ratio.

    The largest ratio alone says little where a claim may fail: 1 of 8 networks may fail badly, and 12 of 512 hardly, where 1% is claimed.
    """
    last = {identity(decision): decision for decision in decisions if decision.evidence}
    return sorted(last.values(), key=lambda decision: (decision.p_value, -decision.ratio))
