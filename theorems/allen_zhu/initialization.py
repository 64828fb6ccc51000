"""Random initialization: Section 7 of the paper. Norms, operators and angles of a network whose weights were just drawn."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from theorems.allen_zhu.intervals import growing, intervals
from theorems.language.calibration import approached, calibrated
from theorems.language.forms import FALSE, assume, probability, wrong
from theorems.language.indices import counted, interval_names
from theorems.language.registry import statement
from theorems.language.statement import INPUTS, Assumption, Constant, FailureProbability
from theorems.language.subject import Side
from theorems.laws.exact_laws import norm_failure_probability

if TYPE_CHECKING:
    from torch import Tensor

    from theorems.language.subject import Subject

TOLERANCE_AT_MOST_ONE = assume("eps <= 1")


@statement(
    id="forward-norm",
    source="Lemma 7.1",
    claim="| ‖h_{i,l}‖ - 1 | <= {bound} for all i, l = 0..L",
    kind="derived",
    at_most="eps",
    ranges={
        "width": (16, 10**12), "depth": (1, 64), "samples": (1, 6), "input_dimension": INPUTS,
        "separation": (1e-2, 1.0), "tolerance": (1e-6, 1.0),
    },
    assumptions=(
        TOLERANCE_AT_MOST_ONE,
        assume("m >= 3.3 (L + 1) log(8 n)", "so that some eps <= 1 says something"),
        # Below this tolerance the derived probability exceeds 1/2 and the claim says nothing: exponent log(4n), 30% for its prefactors.
        assume("eps >= sqrt(3.3 (L + 1) log(8 n)/m)", "where the failure probability is below 1/2", name="informative tolerance"),
    ),
    failure=FailureProbability(
        "n [ min_p (E Z^p)^{L+1} (1+eps)^{-2p} + min_p (E Z^{-p})^{L+1} (1-eps)^{2p} ], Z = (2/m) chi^2_K, K ~ Binomial(m, 1/2); "
        "the paper has O(nL) e^{-Omega(m eps^2/L)}",
        lambda i: norm_failure_probability(i.width, i.depth, i.samples, i.tolerance),
    ),
    exponents={"width": -0.5, "depth": 0.5},
    engines=("exact law", "dense", "revealed"),
    exact=True,
    variants=(
        wrong("initialization variance 2.2/m", "initialization", variance=2.2),
        wrong("initialization variance 1.8/m", "initialization", variance=1.8),
        # log ‖h_L‖^2 has variance about 5(L+1)/m, so P(‖h_L‖ > 1 + eps) is about exp(-0.4 m eps^2/(L+1)) for small eps.
        wrong("tail exponent twice the true one", "exponent", failure=probability("n exp(-0.8 m eps^2/(L + 1))")),
        wrong("decay 1/L missing in the exponent", "exponent", failure=probability("n exp(-0.4 m eps^2)")),
    ),
    note="Single inputs are drawn by their exact law, so the width has no limit.",
)  # fmt: skip
def forward_norm(subject: Subject) -> Side:
    """max over samples and layers of | ‖h_{i,l}‖ - 1 |."""
    # the rounding error of a norm near 1 is absolute, so it weighs 1/eps in the ratio deviation/eps
    return Side((subject.norms() - 1).abs(), axes=("sample", "layer"), rounding=subject.rounding / subject.instance.tolerance)


def informative_width(bound: str) -> Assumption:
    """The width from which the failure probability is small: a claimed one near 1/2 would take thousands of trials to refute."""
    return assume(f"m >= {bound}", "where the failure probability is below 1/20", name="informative width")


WIDTH_FOR_OPERATORS = assume("m >= n L log(n L)")
# n L: the union over samples and layers that a claim for all of them needs.
PER_LAYER = probability("n L exp(-c m/L)")
WIDE_FOR_NORMS = informative_width("16 L log(20 n L)")
# log ‖v^T Back_{i,a}‖ has variance (5 L/4 + 1/2)/m at most, for 5/(4m) in each layer and 1/(2m) in B, so it exceeds x with a probability of
# exp(-m x^2/(5 L/2 + 1)), and that is exp(-m/(16 L)) from x = sqrt(5/2 + 1/L)/4 on: 0.47 for one layer.
TAIL = math.exp(math.sqrt(7 / 2) / 4)
FEW_OUTPUTS = assume("d <= c m/L", "so that a net over R^d costs less than the concentration", c=1 / 8)


@statement(
    id="operator-norm",
    source="Lemma 7.3a",
    claim="‖W_b D_{i,b-1} ... D_{i,a} W_a‖_2 <= {bound} for all 1 <= a <= b <= L and i",
    kind="declared",
    at_most="C sqrt(L)",
    scales=("depth", "width"),
    ranges={"width": (16, 16384), "depth": (1, 32), "samples": (1, 4), "input_dimension": INPUTS, "separation": (1e-2, 1.0)},
    assumptions=(WIDTH_FOR_OPERATORS, WIDE_FOR_NORMS),
    failure=PER_LAYER,
    constants={
        "C": calibrated("operator-norm", "C", "sharp edge 2.83 for one layer, sqrt(4e) = 3.30 as L grows (free probability)"),
        "c": Constant(1 / 16, "log-norms vary by 5L/(4m), so exceeding 1.5 has exponent 0.4 log(1.5)^2 m/L = 0.066 m/L"),
    },
    rests_on=("forward-norm",),
    attack="Lanczos iteration",
    certificate="upper bounds",
    passes=12,
    variants=(
        wrong("constant 2.8, just below the sharp edge", "constant", constants={"C": Constant(2.8, FALSE)}),
        # where it costs little; the statement's own ranges refute it too
        wrong("sqrt(L) dropped", "exponent", at_most="C", ranges={"width": (16, 1024), "depth": (6, 8)}),
        wrong("initialization variance 4/m", "initialization", variance=4.0),
    ),
    note="Largest singular values by Lanczos iteration: a lower bound of the norm, so a refutation is sound.",
)
def operator_norm(subject: Subject) -> Side:
    """‖W_b D ... D W_a‖_2, the largest singular value found: (trials, samples, intervals (a, b))."""
    import torch

    pairs, looked_at = intervals(subject, growing, shallow=4)
    found = torch.stack([subject.product_norm(a, b) for a, b in pairs], dim=-1)
    return Side(found, axes=("sample", "interval"), rounding=subject.rounding, looked_at=looked_at, names=interval_names(pairs))


@statement(
    id="backward-norm",
    source="Lemma 7.4b",
    claim="‖v^T Back_{i,a}‖ <= {bound} ‖v‖ for all v in R^d, 1 <= a <= L + 1 and i",
    kind="declared",
    at_most="C sqrt(m/d)",
    scales=("width", "outputs", "depth"),
    ranges={
        "width": (16, 2**20), "depth": (1, 64), "samples": (1, 4), "input_dimension": INPUTS, "outputs": (1, 64), "separation": (1e-2, 1.0),
    },
    assumptions=(FEW_OUTPUTS, WIDTH_FOR_OPERATORS, WIDE_FOR_NORMS),
    failure=PER_LAYER,
    constants={
        # min: outside of the regime, d > m/8, there is no more room
        "C": approached("backward-norm", "C", TAIL, "sqrt(min(d/m, 1/8))", "exp(0.47), from where on its tail is thin enough", sharp=1.0),
        "c": Constant(1 / 16, "log-norms vary by 5L/(4m), as for operator-norm"),
    },
    rests_on=("forward-norm",),
    exact=True,
    variants=(
        wrong("constant 0.99, below the norm of B alone", "constant", constants={"C": Constant(0.99, FALSE)}),
        wrong("sqrt(m)/d in place of sqrt(m/d)", "exponent", at_most="C sqrt(m)/d"),
        wrong("d <= c m/L dropped: for every d", "assumption", assumptions=(WIDTH_FOR_OPERATORS, WIDE_FOR_NORMS),
              ranges={"outputs": (512, 1024), "width": (64, 128), "depth": (1, 1)}),
        wrong("initialization variance 2.8/m", "initialization", variance=2.8),
    ),
    note="The supremum over v is the largest singular value of a d x m matrix: exact.",
)  # fmt: skip
def backward_norm(subject: Subject) -> Side:
    """‖Back_a‖_2, a = 1..L + 1: (trials, samples, layers)."""
    import torch

    rows = torch.stack([subject.backward(layer) for layer in range(1, subject.instance.depth + 2)], dim=2)  # (..., layers, d, m)
    gram = rows @ rows.mT if rows.shape[-2] <= rows.shape[-1] else rows.mT @ rows
    largest = torch.linalg.eigvalsh(gram)[..., -1].clamp_min(0).sqrt()
    names = {"layer": counted("a", 1, subject.instance.depth + 1)}
    return Side(largest, axes=("sample", "layer"), rounding=subject.rounding, names=names)


WIDE_ENOUGH_FOR_ANGLES = informative_width("20 (L + 1) log(20 n^2 (L + 1))")


@statement(
    id="separation",
    source="Lemma 7.5",
    claim="‖(I - h_{i,l} h_{i,l}^T/‖h_{i,l}‖^2) h_{j,l}‖ >= {bound} for all i != j and l = 0..L",
    kind="declared",
    at_least="delta/2",
    scales=("separation", "depth"),
    ranges={"width": (16, 2**20), "depth": (1, 64), "samples": (2, 6), "input_dimension": (3, INPUTS[1]), "separation": (1e-4, 1.0)},
    assumptions=(assume("delta <= c/L"), WIDE_ENOUGH_FOR_ANGLES),
    failure=probability("n^2 (L + 1) exp(-c m/(L + 1))"),
    constants={
        "c": Constant(
            1 / 20, "log-residuals vary by 5(L+1)/(4m) about log(0.9 delta), so delta/2 has exponent 0.4 log(1.8)^2 = 0.14; a third of it"
        ),
    },
    rests_on=("forward-norm",),
    exact=True,
    tight={"data": "pairs"},
    variants=(
        wrong("separation 0.99 delta", "constant", at_least="0.99 delta"),
        wrong("delta <= c/L dropped", "assumption", assumptions=(WIDE_ENOUGH_FOR_ANGLES,), data=("pairs", "arc"),
              ranges={"depth": (16, 48), "samples": (2, 3), "separation": (0.7, 1.0), "width": (16, 16384)}),
        wrong("separation test that forgets one pair", "implementation", data=("forgotten pair",)),
    ),
    note="The paper has the failure probability e^{-Omega(delta^p m/L)}, and p = 0 is the strongest reading.",
)  # fmt: skip
def separation(subject: Subject) -> Side:
    """‖(I - h_i h_i^T/‖h_i‖^2) h_j‖, all i != j and layers: (trials, layers, samples, samples)."""
    import torch

    instance = subject.instance
    residuals: list[Tensor] = []
    for layer in range(instance.depth + 1):
        h = subject.activations(layer)
        rows: list[Tensor] = []
        for i in range(instance.samples):
            own = h[:, i : i + 1]
            squared = own.square().sum(-1, keepdim=True)
            share = torch.where(squared > 0, (h * own).sum(-1, keepdim=True) / squared.clamp_min(1e-300), 0.0)
            norm = (h - share * own).norm(dim=-1)
            norm[:, i] = torch.inf  # i = j is not claimed
            rows.append(norm)
        residuals.append(torch.stack(rows, dim=1))
    # the residual is a difference of vectors of norm about 1: its rounding error is absolute
    rounding = subject.rounding / instance.separation
    return Side(torch.stack(residuals, dim=1), axes=("layer", "i", "j"), rounding=rounding)
