"""Facts of a report about every statement on every architecture, made up: as large as a real run's, in no time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from checkers.records.counterexamples import Certificate
from checkers.records.decisions import CheckRun, Decision, PowerRun, Sizes, Triage, VariantVerdict, Verdict, Visited
from checkers.records.experiments import DeepNorms, Exponent, FittedExponent, RegimeRow, Reliability, Rung, Threshold, ThresholdFit, Tried
from checkers.records.ledger import Accumulated, LedgerSummary, RunSummary
from checkers.records.report import Facts
from checkers.records.training import LemmaRadius, OutsideRegime, StepCheck, TrainingRun
from theorems import registry
from theorems.language.statement import FULLY_CONNECTED, Statement

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
        radii=[0.01, 0.001],
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


def threshold() -> Threshold:
    tried = [Tried(width=32, trials=300, successes=1, side="below"), Tried(width=256, trials=300, successes=299, side="above")]
    ladders = {"samples": (2, 4, 8), "depth": (1, 2, 3), "separation": (1.0, 0.7, 0.5)}
    base = {"samples": 2, "depth": 1, "separation": 1.0}
    sizes = [base] + [{**base, axis: value} for axis, values in ladders.items() for value in values[1:]]
    rungs = [
        Rung(
            axis="samples",
            samples=int(one["samples"]),
            depth=int(one["depth"]),
            separation=one["separation"],
            predicted_steps=5,
            estimate=100.0 + place,
            low=64,
            high=181,
            tried=tried,
        )
        for place, one in enumerate(sizes)
    ]
    exponents = [
        FittedExponent(
            axis=axis,
            fitted=fitted,
            low=fitted - 0.5,
            high=fitted + 0.5,
            claimed={"Allen-Zhu, Li & Song 2019": wide, "Zou & Gu 2019": less},
        )
        for axis, fitted, wide, less in (("samples", 0.24, 24, 8), ("depth", 0.34, 12, 12), ("separation", -2.1, -8, -4))
    ]
    ranges = {"samples": (2.0, 8.0), "depth": (1.0, 3.0), "separation": (0.5, 1.0)}
    fit = ThresholdFit(constant=80, exponents={"samples": 0.24, "depth": 0.34, "separation": -2.1}, ranges=ranges, seed=1, note="made up")
    return Threshold(
        seed=1,
        profile="quick",
        probability=0.95,
        goal=0.01,
        factor=2,
        level=0.99,
        trials=300,
        rungs=rungs,
        exponents=exponents,
        fit=fit,
        seconds=1,
    )


def nights(forms: list[Statement]) -> LedgerSummary:
    evidence = [
        Accumulated(
            id=form.id,
            architecture=form.architecture,
            nights=12,
            runs=12,
            instances=1234,
            trials=123_456,
            failures=1234,
            log10_e_value=-3.2,
            highest=0.1,
            level=1.23e-08,
            refuted=False,
        )
        for form in forms
    ]
    run = RunSummary(
        run=1,
        started="2019-06-09T00:00:00+00:00",
        state="finished",
        seed=1,
        profile="quick",
        statements=63,
        decisions=1234,
        trials=123_456,
        spent=1e-7,
        verdicts={"HOLDS": 120},
        versions={},
        machine={},
        counterexamples=[],
    )
    return LedgerSummary(ledger="nights.sqlite", alpha=1e-6, runs=[run], evidence=evidence, hidden=[])


def facts() -> Facts:
    """Of the size of a whole run."""
    forms = [registry.form(*cell) for cell in registry.cells()]
    scaled = [(one, axis, power) for one in forms if one.architecture == FULLY_CONNECTED for axis, power in one.claimed_exponents.items()]
    widths = itertools.cycle((0.05, 0.5))
    certificates = [
        Certificate(
            id=one.id,
            architecture=one.architecture,
            source=one.source,
            sizes=SIZES,
            seed=1,
            outcome="HOLDS",
            grade="certified",
            low=-0.12345,
            high=-0.12344,
            bits=128,
            claimed=0.0123,
            regime_depth=1.2,
        )
        for one in forms
        if one.certificate
    ]
    reliability = [
        Reliability(
            what="e-value, looked at after each of 50 decisions",
            truth="just true",
            alpha=alpha,
            trials=20_000,
            decisions=70,
            refuted=0,
            promised=alpha,
            expected=None,
            as_promised=True,
        )
        for alpha in (0.01, 0.001, 1e-6) * 3
    ]
    regime = RegimeRow(
        samples=2,
        depth=1,
        separation=1.0,
        width=16_777_216,
        precision="float64",
        inside=1.0,
        inside_with_logs=2.1e-8,
        predicted_steps=16,
        allowed_steps=442.0,
        taken=16,
        loss=0.000656,
        bytes=2**32,
    )
    return Facts(
        check=CheckRun(seed=20190609, alpha=1e-6, profile="quick", verdicts=[verdict(one) for one in forms]),
        power=PowerRun(seed=20190609, alpha=1e-6, profile="quick", variants=[found for one in forms for found in variants(one)]),
        trainings=[training(number) for number in range(12)],
        titles=[f"200 digits, random labels, cross-entropy loss, gd, number {number}" for number in range(12)],
        versions={
            "lemmafuzz": "0.1.0",
            "python": "3.11.7",
            "torch": "2.13.0+cpu",
            "numpy": "2.4.6",
            "scipy": "1.17.1",
            "hypothesis": "6.170.15",
        },
        scaling=[exponent(one, axis, power, width=next(widths)) for one, axis, power in scaled],
        nights=nights(forms),
        reliability=reliability,
        certificates=certificates,
        regime=[regime] * 5,
        threshold=threshold(),
        deep_norms=DeepNorms(
            width=256,
            depth=1000,
            trials=200,
            layers=[0, 9, 99, 999],
            quantiles={"fully connected": [[0.5, 1, 1.5]] * 4, "residual": [[0.9, 1, 1.1]] * 4},
        ),
    )
