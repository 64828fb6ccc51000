"""Facts made up, one at a time: a decision, a verdict, false variants, an exponent, a training run."""

from __future__ import annotations

from collections.abc import Iterator

from checkers.records.decisions import Decision, Sizes, Triage, VariantVerdict, Verdict, Visited
from checkers.records.experiments import Exponent
from checkers.records.training import LemmaRadius, OutsideRegime, StepCheck, TrainingRun
from theorems.language.statement import Statement

SIZES: Sizes = {
    "width": 123_456,
    "depth": 5,
    "samples": 3,
    "input_dimension": 17,
    "outputs": 2,
    "separation": 0.0123,
    "tolerance": 0.123,
    "radius": 1.23e-05,
    "sparsity": 12,
    "positions": 8,
    "patch": 3,
    "data": "close pairs",
    "labels": "opposite",
    "data_seed": 123_456,
}
POPULATIONS = ("search",) * 10 + ("width most", "separation least", "samples most", "radius most", "far wide", "far deep", "far pair")
CHECKED = ("gradient-upper", "gradient-lower", "semi-smoothness", "kernel-stability", "gd-rate", "gd-radius", "gd-convergence")


def decision(form: Statement, variant: str = "", failures: int = 0) -> Decision:
    return Decision(
        statement=form.id,
        variant=variant,
        architecture=form.architecture,
        engine="dense",
        sizes=SIZES,
        trials=123_456,
        failures=failures,
        within_rounding=0,
        claimed=0.0123,
        p_value=0.0 if failures else 1.0,
        alpha=1.23e-12,
        refuted=failures > 0,
        evidence=True,
        ratio=1.23,
        left=0.1234,
        right=0.1003,
        place={"trial": 35},
        regime_depth=1.23,
        adversary="spectral ascent",
        at="(a, b) = (1, 6), i = 2, l = 5, ‖D~_l - D_l‖_0 <= C m omega L",
    )


def verdict(form: Statement) -> Verdict:
    visited = [
        Visited(
            population=name,
            sizes={**SIZES, "width": 64 * 2**place, "depth": 1 + place % 5, "separation": 0.9**place},
            ratio=0.9 / (1 + place),
            trials=12,
            failures=0,
            claimed=0.0123,
            detectable_rate=0.34,
        )
        for place, name in enumerate(POPULATIONS)
    ]
    return Verdict(
        id=form.id,
        theory=form.theory,
        architecture=form.architecture,
        verdict="EXTRAPOLATED" if form.trained else "HOLDS",
        grade="attacked",
        instances=17,
        trials=1_234_567,
        failures=12_345,
        detectable_rate=0.000123,
        worst_ratio=0.912,
        constant="C = 3",
        provenance="calibrated",
        regime="17 inside, 1.23e-05 to 12,345 times",
        source=form.source,
        kind=form.kind,
        worst=decision(form),
        looked_at={"a = b, and a = 1 or b = L with 2, 4, 8 or L factors": 6},
        weakest_corner="separation least",
        corner_rate=0.96,
        inside_with_ones=12,
        beyond=8,
        visited=visited,
    )


def variants(form: Statement) -> Iterator[VariantVerdict]:
    triage = Triage(label="certified", regime_depth=1.2, engine="dense", proved=12, needed=12, excess=(0.123, 0.124), bits=128)
    for one in form.variants:
        found = decision(form, one.name, 123)
        yield VariantVerdict(
            id=form.id,
            variant=one.name,
            kind=one.kind,
            architecture=form.architecture,
            verdict="REFUTED",
            instances=12,
            counterexample=found,
            severest=found,
            triage=triage,
            severest_triage=triage,
        )


def exponent(form: Statement, axis: str, power: float, short: float = 0.0, width: float = 0.05) -> Exponent:
    """short: by how much less than claimed the measured side grows, for a bound from above along a large quantity."""
    values = [2.0**place for place in range(2, 7)]
    points = [[value ** (power - short) * (1 + 0.01 * (place - 1)) for value in values] for place in range(3)]
    measured = power - short
    return Exponent(
        id=form.id,
        axis=axis,
        claimed=power,
        measured=measured,
        low=measured - width,
        high=measured + width,
        consistent=True,
        error=0.01,
        direction=form.direction or "at most",
        level=1e-9,
        values=values,
        points=points,
        bound=values,
        fixed={"samples": 1, "separation": 1.0, "outputs": 1, "width": 65_536},
        radii=[0.01 / value for value in values] if axis != "radius" else [],
    )


def training(number: int) -> TrainingRun:
    steps = 1000
    checks = [
        StepCheck(
            id=name,
            verdict="FAILED" if name == "gradient-upper" and number < 3 else "HOLDS",
            steps=140,
            worst_ratio=0.9,
            worst_step=10,
            first_failure=454 if name == "gradient-upper" and number < 3 else -1,
            median_ratio=0.00123,
        )
        for name in CHECKED
    ]
    outside = OutsideRegime(
        ids=[*CHECKED], of=["gd-rate"], formula="m >= n^24 L^12 log(m)^5 d/delta^8", quantity="width", value=256, limit=3e74
    )
    return TrainingRun(
        seed=1,
        width=256,
        depth=4,
        samples=100,
        outputs=10,
        delta=0.13,
        algorithm="gradient descent",
        step_size=0.0002561,
        weights="dense",
        loss=[0.99**step for step in range(steps)],
        radius=[0.01 * step for step in range(steps)],
        accuracy=[step / steps for step in range(steps)],
        checks=checks,
        blame="",
        data="digits",
        labels="random",
        steps=steps - 1,
        reached=True,
        outside=[outside],
        radii=[LemmaRadius(id="gradient-lower", formula="omega <= c delta^(3/2)", needed=1e-9, reached=4.9)],
        explanation=["The run left the ball that the lemmas speak of: gradient-lower asks for omega <= c delta^(3/2), and it moved 4.9."]
        * 12,
    )
