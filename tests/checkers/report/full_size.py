"""Facts of a report about every statement on every architecture, made up: as large as a real run's, in no time."""

from __future__ import annotations

import itertools

from checkers.records.counterexamples import Certificate
from checkers.records.decisions import CheckRun, PowerRun
from checkers.records.experiments import DeepNorms, FittedExponent, RegimeRow, Reliability, Rung, Threshold, ThresholdFit, Tried
from checkers.records.ledger import Accumulated, LedgerSummary, RunSummary
from checkers.records.report import Facts
from tests.checkers.report.made_up import SIZES
from tests.checkers.report.made_up import decision as decision
from tests.checkers.report.made_up import exponent as exponent
from tests.checkers.report.made_up import training as training
from tests.checkers.report.made_up import variants as variants
from tests.checkers.report.made_up import verdict as verdict
from theorems import registry
from theorems.language.statement import FULLY_CONNECTED, Statement


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
