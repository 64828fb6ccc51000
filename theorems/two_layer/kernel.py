"""How near the kernel of a random start is to its limit, and whether its least eigenvalue is there."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from theorems.language.forms import wrong
from theorems.language.statement import INPUTS, Constant, FailureProbability
from theorems.language.subject import Side
from theorems.laws.binomial import hoeffding_deviations, largest_deviations
from theorems.laws.gate_laws import both_open, correlations, data_norm, kernel_floor
from theorems.two_layer.shared import (
    CHERNOFF_BELOW,
    EVERY,
    FAILURE_P,
    NEARLY_EQUAL,
    POSITIVE,
    P,
    floor,
    floor_failure,
    limit,
    spectral,
    two_layer,
)

if TYPE_CHECKING:
    from theorems.language.instance import Array, Instance
    from theorems.two_layer.subject import TwoLayer

# Of up to three inputs the gate patterns are drawn by their law, so the width has no limit.
SIZES = {"width": (16, 10**12), "samples": (1, 8), "input_dimension": INPUTS, "separation": (0.01, 1.0)}
ENGINES = ("gate law", "gates")
CORRELATIONS = 12  # digits to which two of them are the same: the rest is rounding
FEW = 64  # different ones, of which each is worth a sum over all counts


def _distance(subject: TwoLayer, p: float, *, factor: float = 1.0) -> Side:
    """‖H(0) - factor H_inf‖_F^2 for both bounds, a difference of numbers of at most 1/2 and itself about n/sqrt m."""
    import torch

    squares = (subject.kernel() - factor * limit(subject)).square().sum((-2, -1))
    tail = squares.new_full((subject.trials,), entries_shortfall(subject.instance.inputs, subject.instance.width, p))
    rounding = 2 * subject.rounding * math.sqrt(subject.instance.width)
    return Side(torch.stack([squares, squares], -1), axes=("part",), rounding=rounding, given={"tail": tail})


def entries_shortfall(inputs: Array, m: int, p: float) -> float:
    """m times the mean over i and j of T_p of (H_ij(0) - H_inf,ij)^2 (binomial.py): of few different rho_ij exactly, of more at most."""
    import numpy as np

    rho = correlations(inputs)
    values, times = np.unique(rho.round(CORRELATIONS), return_counts=True)
    if len(values) > FEW:
        off = (np.sum(rho**2) - len(inputs)) * hoeffding_deviations(p)
        return float(len(inputs) * largest_deviations(m, 0.5, p) + off) / len(inputs) ** 2
    each = [largest_deviations(m, float(both_open(value)), p) * value**2 for value in values]
    return float(times @ np.array(each)) / len(inputs) ** 2


@two_layer(
    id="tl-kernel",
    source="Arora et al. 2019, Lemma C.3",
    claim="‖H(0) - H_inf‖_F^2 <= {bound}, and <= {bound}, tail the mean over i, j of m (H_{ij}(0) - H_inf,ij)^2, each over its own largest"
    " share p",
    at_most=("n^2 log(2 n^2/p)/(2 m)", "n^2 tail/m"),
    proved=("n^2 tail/m", ""),
    ranges={**SIZES, "samples": (1, 64), "separation": NEARLY_EQUAL},
    tight={"samples": 1, "separation": NEARLY_EQUAL[0], "width": 64, "data": "cluster"},
    failure=FAILURE_P,
    constants={"p": P},
    engines=ENGINES,
    data=EVERY,
    rests_on=("tl-dynamics",),
    exact=True,
    variants=(
        wrong("a quarter of the bound", "constant", at_most=("n^2 log(2 n^2/p)/(8 m)", "n^2 tail/m"), ranges={"samples": (1, 1)}),
        wrong("pi in place of 2 pi in H_inf", "implementation", measure=partial(_distance, factor=2.0)),
        wrong("1/m^2", "exponent", at_most=("n^2 log(2 n^2/p)/(2 m^2)", "n^2 tail/m")),
    ),
    note="E ‖H(0) - H_inf‖_F^2 = sum_ij rho_ij^2 p_ij (1 - p_ij)/m exactly, p_ij = (pi - arccos rho_ij)/(2 pi): at n = 1 the first bound"
    " is nearly sharp. The second has no union over pairs, and is nearly sharp for nearly equal inputs, too.",
)
def kernel(subject: TwoLayer, p: float) -> Side:
    return _distance(subject, p)


@two_layer(
    id="tl-entries",
    source="Du et al. 2019, proof of Lemma 3.1",
    claim="|H_{ij}(0) - H_inf,ij| <= {bound} for all i, j, where size = |rho_{ij}|",
    at_most="size sqrt(log(n (n + 1)/p)/(2 m))",
    ranges=SIZES,
    failure=FAILURE_P,
    constants={"p": P},
    engines=ENGINES,
    data=EVERY,
    rests_on=("tl-dynamics",),
    exact=True,
    variants=(
        wrong(
            "p' = n^2 p in the union over pairs, where p/n^2 is meant", "as printed", at_most="2 sqrt(log(1/(n^2 p))/m)",
            constants={"p": Constant(0.1, "such that n^2 p < 1 at n = 3")}, ranges={"samples": (3, 3)}, data=("orthonormal",),
        ),
        wrong("no union over pairs, constant 1/8", "constant", at_most="size sqrt(log(2/p)/(8 m))"),
        wrong("1/m", "exponent", at_most="size log(n (n + 1)/p)/m"),
    ),
    note="Hoeffding for each of the n(n + 1)/2 entries. The proof sets p' = n^2 p: a bound that is the smaller the more pairs there are.",
)  # fmt: skip
def entries(subject: TwoLayer) -> Side:
    import torch

    found, expected = subject.kernel(), limit(subject)
    size = torch.as_tensor(correlations(subject.instance.inputs)).to(found).abs().expand_as(found)
    rounding = 2 * subject.rounding * math.sqrt(subject.instance.width)
    return Side((found - expected).abs(), axes=("i", "j"), rounding=rounding, given={"size": size})


def _floor_failure(factor: float = 1.0, *, floors: bool = True) -> FailureProbability:
    """n exp(-0.0342 factor m lambda0/‖X‖^2), or with 1/2 in place of lambda0: mistakes of false variants."""

    def bound(instance: Instance) -> float:
        value = kernel_floor(instance.inputs) if floors else 0.5
        return instance.samples * math.exp(-factor * CHERNOFF_BELOW * instance.width * value / data_norm(instance.inputs) ** 2)

    return FailureProbability(f"n exp(-{factor * CHERNOFF_BELOW:.4f} m {'lambda0' if floors else '(1/2)'}/‖X‖^2)", bound)


@two_layer(
    id="tl-floor",
    source="Du et al. 2019, Lemma 3.1, with matrix Chernoff",
    claim="lambda_min(H(0)) >= {bound}",
    at_least="3/4 lambda0",
    ranges=SIZES,
    failure=FailureProbability("n exp(-0.0342 m lambda0/‖X‖^2)", floor_failure),
    engines=ENGINES,
    data=POSITIVE,
    rests_on=("tl-dynamics",),
    exact=True,
    variants=(
        wrong("exponent four times as large", "exponent", failure=_floor_failure(4.0),
              ranges={"samples": (1, 3), "width": (64, 256)}, data=("orthonormal",)),
        wrong("lambda0 dropped from the exponent", "exponent", failure=_floor_failure(floors=False),
              ranges={"samples": (2, 2), "width": (150, 400), "separation": (0.01, 0.012)}, data=("close pairs",)),
        wrong("0.99 lambda0", "constant", at_least="0.99 lambda0", ranges={"samples": (1, 3)}, data=("orthonormal",)),
    ),
    note="For orthonormal data lambda_min is the least of n Binomial(m, 1/2)/m: the exponent is 0.0316 m, and this one 0.0171 m.",
)  # fmt: skip
def kernel_least(subject: TwoLayer) -> Side:
    import torch

    least = torch.linalg.eigvalsh(subject.kernel())[..., 0]
    value = floor(subject)
    # eigenvalues of a matrix of norm n/2 at most: the error is absolute
    rounding = subject.rounding * subject.instance.samples / max(value, 1e-300)
    return Side(least, rounding=rounding, given={"lambda0": least.new_full(least.shape, value)})


def _wide(power: float = 2.0, constant: float = 8.0) -> FailureProbability:
    """p where m >= constant n^2 log(n (n + 1)/p)/lambda0^power; nothing is said of fewer neurons."""

    def bound(instance: Instance, p: float) -> float:
        n = instance.samples
        needed = constant * n**2 * math.log(n * (n + 1) / p) / max(kernel_floor(instance.inputs), 1e-300) ** power
        return p if instance.width >= needed else 1.0

    return FailureProbability(f"p, if m >= {constant:g} n^2 log(n (n + 1)/p)/lambda0^{power:g}", bound)


@two_layer(
    id="tl-floor-hoeffding",
    source="Du et al. 2019, Lemma 3.1",
    claim="‖H(0) - H_inf‖_2 <= {bound}",
    at_most="lambda0/4",
    ranges={**SIZES, "width": (2**10, 10**12), "samples": (1, 3)},
    failure=_wide(),
    constants={"p": P},
    engines=ENGINES,
    data=POSITIVE,
    rests_on=("tl-entries",),
    exact=True,
    variants=(
        wrong("lambda0 in place of lambda0^2", "exponent", failure=_wide(1.0),
              ranges={"samples": (2, 2), "separation": (0.01, 0.02), "width": (10**5, 10**6)}, data=("close pairs",)),
        wrong("1/2 in place of 8", "constant", failure=_wide(constant=0.5), ranges={"width": (8, 100), "samples": (1, 1)}),
    ),
    note="tl-entries, summed over all pairs. It asks for 8 n^2 log(n(n + 1)/p)/lambda0^2 neurons where tl-floor asks for 29"
    " ‖X‖^2 log(n/p)/lambda0.",
)  # fmt: skip
def kernel_deviation(subject: TwoLayer) -> Side:
    values = spectral(subject.kernel() - limit(subject))
    value = floor(subject)
    rounding = 4 * subject.rounding * subject.instance.samples / max(value, 1e-300)
    return Side(values, rounding=rounding, given={"lambda0": values.new_full(values.shape, value)})
