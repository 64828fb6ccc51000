"""What is proved beyond the printed bounds: it holds where the printed ones are tried, and is what sorts mutants as slack."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from checkers.evidence.decide import decide
from checkers.evidence.profiles import PROFILES
from checkers.experiments.mutants.run import mutants_of
from strategies import data_set, instance_from_sizes
from theorems import registry
from theorems.language.formula import Formula
from theorems.language.instance import Instance
from theorems.language.statement import Statement
from theorems.laws.gate_laws import correlations, kernel_floor
from theorems.two_layer.kernel import entries_shortfall
from theorems.two_layer.outputs import output_shortfall

QUICK = PROFILES["quick"]
IDS = [one.id for name in ("two-layer", "local-jacobian") for one in registry.theory(name)]
FORMS = [form for identifier in IDS for form in registry.forms(identifier) if form.proved_bounds]
SIZES: dict[str, dict[str, int | float | str]] = {
    "tl-stability-markov": {"width": 64, "samples": 6, "radius": 0.003, "separation": 1e-5, "data": "cluster"},
    "tl-complexity": {"width": 4096, "samples": 2, "radius": 0.3, "separation": 0.5, "data": "sphere"},
}


@pytest.mark.parametrize("statement", FORMS, ids=lambda one: f"{one.id} on {one.architecture}")
def test_what_is_proved_is_not_refuted(statement: Statement) -> None:
    texts = tuple(proved.text if proved else bound.text for proved, bound in zip(statement.proved_bounds, statement.bounds, strict=True))
    sharper = replace(statement, at_most=texts) if statement.at_most else replace(statement, at_least=texts)
    width = int(min(64, statement.ranges["width"][1]))
    sizes = {"width": width, "samples": 3, "radius": 0.5, "tolerance": 0.1, **SIZES.get(statement.id, {})}
    instance = instance_from_sizes(sharper, sizes)
    engine = "vectors" if "vectors" in statement.engines else statement.engines[-1]
    decision = decide(sharper, instance, seed=3, engine=engine, trials=64, alpha=1e-6)
    assert not decision.refuted
    assert decision.within_rounding < decision.trials


@pytest.mark.parametrize("shape", ["sphere", "cluster", "circle", "close pairs", "orthonormal"])
@pytest.mark.parametrize(("samples", "dimension"), [(2, 3), (7, 8), (33, 40)])
def test_lambda0_is_no_less_than_the_series_says(shape: str, samples: int, dimension: int) -> None:
    """The exact sum over the coefficients of arcsin lies between the formula and lambda0."""
    x = data_set(shape, np.random.default_rng(2), samples, dimension, 0.02)
    rho = np.abs(correlations(x) - np.eye(samples))
    r = float(rho.max())
    apart, k = math.sqrt(2 - 2 * r), np.arange(100_000)
    central = np.concatenate([[1.0], np.cumprod(1 - 1 / (2.0 * k[1:]))])  # binom(2k, k)/4^k
    coefficient, least = central / (2 * k + 1), np.clip(1 - (samples - 1) * r ** (2.0 * k + 2), 0, None)
    rest = math.pi / 2 - float(coefficient.sum())  # arcsin 1, and what is left of it, with the last of the powers that only grow
    series = (float((coefficient * least).sum()) + rest * float(least[-1])) / (2 * math.pi)
    claimed = registry["tl-separation"].bounds[1](Instance(width=1, samples=samples), apart=apart)
    assert claimed <= series + 1e-12
    assert series <= kernel_floor(x) + 1e-12


def test_the_largest_share_of_one_output() -> None:
    p = 0.01
    end = float(norm.isf(p))  # of width 1 the gate is open half of the time: P(K z^2 > t^2) = P(z > t)
    assert output_shortfall(Instance(width=1), p) == pytest.approx((end * float(norm.pdf(end)) + p) / p, rel=1e-6)
    end = float(norm.isf(p / 2))
    assert output_shortfall(Instance(width=10**9), p) == pytest.approx(0.5 * (1 + 2 * end * float(norm.pdf(end)) / p), rel=1e-3)


def test_many_correlations_are_bounded_where_few_are_summed() -> None:
    same = data_set("cluster", np.random.default_rng(0), 6, 8, 1e-4)
    other = data_set("sphere", np.random.default_rng(0), 16, 3, 0.01)
    assert entries_shortfall(same, 64, 0.05) == pytest.approx(entries_shortfall(same[:1], 64, 0.05), rel=1e-3), "nearly equal inputs"
    assert len(np.unique(correlations(other).round(12))) > 64
    assert entries_shortfall(other[:5], 64, 0.05) < entries_shortfall(same, 64, 0.05)
    assert entries_shortfall(other, 64, 0.05) < float((correlations(other) ** 2).mean()) * (1 + math.log(40)) / 2


def test_the_sharp_first_form_follows_from_the_second() -> None:
    """(Y + a)^2 <= Y^2/p + a^2/(1 - p), so tail <= (1 - p)/(2 p) is enough."""
    p = registry["tl-output"].constants["p"].value
    assert all(output_shortfall(Instance(width=width), p) <= (1 - p) / (2 * p) for width in (16, 64, 2**20))
    first, proved = registry["tl-output"].bounds[0], Formula("(Y + kappa sqrt(n tail))^2")
    assert registry["tl-output"].proved_bounds[0] == proved
    for square in (0.0, 1.0, 50.0):
        given = {"Y": square, "kappa": 1.0, "p": p, "tail": output_shortfall(Instance(width=16), p)}
        assert proved(Instance(width=16, samples=9), **given) <= first(Instance(width=16, samples=9), **given)


@pytest.mark.parametrize("identifier", ["tl-near-markov", "tl-kept-gates", "tl-stability-markov"])
def test_markov_forms_are_tried_where_few_neurons_decide(identifier: str) -> None:
    """Their corners have about one near neuron in a few networks."""
    from strategies.corners import corners

    statement = registry[identifier]
    limits = QUICK.populations(statement)[-1]
    most = {one.name: one for one in corners(statement, limits)}["samples most"].limits
    width, samples = most["width"][0], most["samples"][0]
    if identifier == "tl-kept-gates":
        assert 1 < width * 0.495 / (16 * samples) < 1.51, "of the bound"
    else:
        assert 0.09 < width * math.sqrt(2 / math.pi) * most["radius"][0] / math.sqrt(statement.variance) < 0.15
    assert mutants_of(statement)[0]
