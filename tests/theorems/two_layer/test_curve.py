"""tl-curve where its bound vanishes: no refutation by rounding."""

from __future__ import annotations

from checkers.evidence.decide import decide
from strategies import instance_from_sizes
from theorems import registry


def test_a_bound_that_vanishes_is_not_refuted_by_rounding() -> None:
    """Of one sample exactly half of m neurons are active with probability 0.05 at m = 256: then e_H = 0, where no gate is near."""
    statement = registry["tl-curve"]
    sizes: dict[str, int | float | str] = {"width": 256, "samples": 1, "radius": 1e-4, "data": "sphere", "input_dimension": 3}
    instance = instance_from_sizes(statement, sizes)
    decision = decide(statement, instance, seed=7, engine="gates", trials=512, alpha=1e-9)
    assert decision.evidence
    assert decision.failures == 0
    assert decision.right > 0
