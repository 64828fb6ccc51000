"""Random initialization: Section 7 of the paper. Norms, operators and angles of a network whose weights were just drawn."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from theorems.allen_zhu.intervals import growing, intervals
from theorems.language.calibration import calibrated
from theorems.language.instance import Instance
from theorems.language.registry import statement
from theorems.language.statement import INPUTS, Assumption, Constant, FailureProbability, Variant
from theorems.language.subject import Comparison
from theorems.laws.exact_laws import norm_failure_probability

if TYPE_CHECKING:
    from torch import Tensor

    from theorems.language.subject import Subject


def log_width(instance: Instance) -> float:
    """log m of a width of 3 at least: others are divided by it."""
    return math.log(max(instance.width, 3))


def _gaussian_exponent(instance: Instance) -> float:
    """log ‖h_L‖^2 has variance about 5(L+1)/m, so P(‖h_L‖ > 1 + eps) is about exp(-0.4 m eps^2/(L+1)) for small eps."""
    return 0.4 * instance.width * instance.tolerance**2 / (instance.depth + 1)


def _derived_failure(instance: Instance) -> float:
    return norm_failure_probability(instance.width, instance.depth, instance.samples, instance.tolerance)


TOLERANCE_AT_MOST_ONE = Assumption("tolerance", "eps <= 1", "tolerance", "<=", lambda i: 1.0)
# Below this tolerance the derived probability exceeds 1/2 and the claim says nothing: exponent log(4n), with 30% for its prefactors.
TOLERANCE_SAYS_SOMETHING = Assumption(
    "informative tolerance",
    "eps >= sqrt(3.3 (L+1) log(8n)/m), where the failure probability is below 1/2",
    "tolerance",
    ">=",
    lambda i: math.sqrt(3.3 * (i.depth + 1) * math.log(8 * i.samples) / i.width),
)
WIDE_ENOUGH_FOR_NORMS = Assumption(
    "width", "m >= 3.3 (L+1) log(8n), so that some eps <= 1 says something", "width", ">=",
    lambda i: 3.3 * (i.depth + 1) * math.log(8 * i.samples),
)  # fmt: skip


@statement(
    id="forward-norm",
    source="Lemma 7.1",
    claim="‖h_{i,l}‖ in [1 - eps, 1 + eps] for all i, l = 0..L",
    kind="derived",
    ranges={
        "width": (16, 10**12), "depth": (1, 64), "samples": (1, 6), "input_dimension": INPUTS,
        "separation": (1e-2, 1.0), "tolerance": (1e-6, 1.0),
    },
    assumptions=(TOLERANCE_AT_MOST_ONE, WIDE_ENOUGH_FOR_NORMS, TOLERANCE_SAYS_SOMETHING),
    failure=FailureProbability(
        "n [ min_p (E Z^p)^{L+1} (1+eps)^{-2p} + min_p (E Z^{-p})^{L+1} (1-eps)^{2p} ], Z = (2/m) chi^2_K, K ~ Binomial(m, 1/2); "
        "the paper has O(nL) e^{-Omega(m eps^2/L)}",
        _derived_failure,
    ),
    exponents={"width": -0.5, "depth": 0.5},
    engines=("exact law", "dense", "revealed"),
    exact=True,
    variants=(
        Variant("initialization variance 2.2/m", "initialization", {"variance": 2.2}),
        Variant("initialization variance 1.8/m", "initialization", {"variance": 1.8}),
        Variant(
            "tail exponent twice the true one",
            "exponent",
            {"failure": FailureProbability("n exp(-0.8 m eps^2/(L+1))", lambda i: i.samples * math.exp(-2 * _gaussian_exponent(i)))},
        ),
        Variant(
            "decay 1/L missing in the exponent",
            "exponent",
            {"failure": FailureProbability("n exp(-0.4 m eps^2)", lambda i: i.samples * math.exp(-(i.depth + 1) * _gaussian_exponent(i)))},
        ),
    ),
    note="Single inputs are drawn by their exact law, so the width has no limit.",
)  # fmt: skip
def forward_norm(subject: Subject) -> Comparison:
    """max over samples and layers of | ‖h_{i,l}‖ - 1 | against eps."""
    import torch

    deviation = (subject.norms() - 1).abs()
    # the rounding error of a norm near 1 is absolute, so it weighs 1/eps in the ratio deviation/eps
    rounding = subject.rounding / subject.instance.tolerance
    return Comparison(deviation, torch.full_like(deviation, subject.instance.tolerance), axes=("sample", "layer"), rounding=rounding)


WIDTH_FOR_OPERATORS = Assumption(
    "width", "m >= n L log(nL)", "width", ">=", lambda i: i.samples * i.depth * math.log(max(i.samples * i.depth, 2))
)


def wide_enough_to_say(constant: float) -> Assumption:
    """The width from which exp(-constant m/L) is below 1/20: a claimed probability near 1/2 would take thousands of trials to refute."""
    return Assumption(
        "informative width",
        f"m >= {math.log(20) / constant:.3g} L, where the failure probability is below 1/20",
        "width",
        ">=",
        lambda i: math.log(20) / constant * i.depth,
    )


@statement(
    id="operator-norm",
    source="Lemma 7.3a",
    claim="‖W_b D_{i,b-1} ... D_{i,a} W_a‖_2 <= C sqrt(L) for all 1 <= a <= b <= L and i",
    kind="declared",
    ranges={"width": (16, 16384), "depth": (1, 32), "samples": (1, 4), "input_dimension": INPUTS, "separation": (1e-2, 1.0)},
    assumptions=(WIDTH_FOR_OPERATORS, wide_enough_to_say(1 / 16)),
    failure=FailureProbability("exp(-c m/L)", lambda i, C, c: math.exp(-c * i.width / i.depth)),
    constants={
        "C": calibrated("operator-norm", "C", "sharp edge 2.83 for one layer, sqrt(4e) = 3.30 as L grows (free probability)"),
        "c": Constant(1 / 16, "log-norms vary by 5L/(4m), so exceeding 1.5 has exponent 0.4 log(1.5)^2 m/L = 0.066 m/L"),
    },
    exponents={"depth": 0.5, "width": 0.0},
    rests_on=("forward-norm",),
    attack="Lanczos iteration",
    certificate="upper bounds",
    passes=12,
    variants=(
        Variant("constant 2.8, just below the sharp edge", "constant",
                {"constants": {"C": Constant(2.8, "false variant")}, "ranges": {"width": (16, 1024), "depth": (1, 8)}}),
        Variant(
            "sqrt(L) dropped",
            "exponent",
            {"measure": lambda subject, C, c: product_norms(subject, C, growth=0.0), "ranges": {"width": (16, 1024), "depth": (6, 8)}},
        ),
        Variant(
            "initialization variance 4/m",
            "initialization",
            {"variance": 4.0, "ranges": {"width": (16, 1024), "depth": (1, 8)}},
        ),
    ),
    note="Largest singular values by Lanczos iteration: a lower bound of the norm, so a refutation is sound.",
)
def operator_norm(subject: Subject, C: float, c: float) -> Comparison:
    """Largest singular value found against C sqrt(L)."""
    return product_norms(subject, C, growth=0.5)


def product_norms(subject: Subject, C: float, growth: float) -> Comparison:
    """‖W_b D ... D W_a‖_2 against C L^growth: (trials, samples, intervals (a, b))."""
    import torch

    pairs, looked_at = intervals(subject, growing, shallow=4)
    left = torch.stack([subject.product_norm(a, b) for a, b in pairs], dim=-1)
    right = torch.full_like(left, C * subject.instance.depth**growth)
    return Comparison(left, right, axes=("sample", "interval"), rounding=subject.rounding, looked_at=looked_at)


def backward_matrix_norms(subject: Subject, C: float, outputs_exponent: float = 0.5) -> Comparison:
    """‖Back_a‖_2 against C sqrt(m)/d^outputs_exponent, a = 1..L + 1: (trials, samples, layers)."""
    import torch

    instance = subject.instance
    rows = torch.stack([subject.backward(layer) for layer in range(1, instance.depth + 2)], dim=2)  # (trials, samples, layers, d, m)
    largest = torch.linalg.eigvalsh(rows @ rows.mT)[..., -1].clamp_min(0).sqrt()
    right = C * math.sqrt(instance.width) / instance.outputs**outputs_exponent
    return Comparison(largest, torch.full_like(largest, right), axes=("sample", "layer"), rounding=subject.rounding)


@statement(
    id="backward-norm",
    source="Lemma 7.4b",
    claim="‖v^T Back_{i,a}‖ <= C sqrt(m/d) ‖v‖ for all v in R^d, 1 <= a <= L + 1 and i",
    kind="declared",
    ranges={
        "width": (16, 2**20), "depth": (1, 64), "samples": (1, 4), "input_dimension": INPUTS, "outputs": (1, 8), "separation": (1e-2, 1.0),
    },
    assumptions=(
        Assumption(
            "outputs", "d <= m/(L log m), so that a net over R^d costs less than the concentration", "outputs", "<=",
            lambda i: i.width / (i.depth * log_width(i)),
        ),
        WIDTH_FOR_OPERATORS,
        wide_enough_to_say(1 / 16),
    ),
    failure=FailureProbability("exp(-c m/L)", lambda i, C, c: math.exp(-c * i.width / i.depth)),
    constants={
        "C": calibrated("backward-norm", "C", "sharp for large m: 1"),
        "c": Constant(1 / 16, "log-norms vary by 5L/(4m), as for operator-norm"),
    },
    exponents={"width": 0.5, "outputs": -0.5, "depth": 0.0},
    rests_on=("forward-norm",),
    exact=True,
    variants=(
        Variant("constant 0.99, below the norm of B alone", "constant", {"constants": {"C": Constant(0.99, "false variant")}}),
        Variant(
            "sqrt(m)/d in place of sqrt(m/d)",
            "exponent",
            {
                "measure": lambda subject, C, c: backward_matrix_norms(subject, C, outputs_exponent=1.0),
                "ranges": {"outputs": (1, 32), "width": (16, 4096)},
            },
        ),
        Variant(
            "initialization variance 2.8/m", "initialization", {"variance": 2.8, "ranges": {"depth": (1, 32), "width": (16, 4096)}},
        ),
    ),
    note="The supremum over v is the largest singular value of a d x m matrix: exact.",
)  # fmt: skip
def backward_norm(subject: Subject, C: float, c: float) -> Comparison:
    """Largest singular value of Back_a against C sqrt(m/d)."""
    return backward_matrix_norms(subject, C)


def orthogonal_parts(subject: Subject, fraction: float) -> Comparison:
    """fraction * delta against ‖(I - h_i h_i^T/‖h_i‖^2) h_j‖, all i != j and layers: (trials, layers, samples, samples)."""
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
    right = torch.stack(residuals, dim=1)
    # the residual is a difference of vectors of norm about 1: its rounding error is absolute
    rounding = subject.rounding / instance.separation
    return Comparison(torch.full_like(right, fraction * instance.separation), right, axes=("layer", "i", "j"), rounding=rounding)


SEPARATION_AT_MOST = Assumption("separation", "delta <= c/L", "separation", "<=", lambda i: 1 / i.depth)
WIDE_ENOUGH_FOR_ANGLES = Assumption(
    "informative width", "m >= (L+1) log(20 n^2)/c, where the failure probability is below 1/20", "width", ">=",
    lambda i: 20 * (i.depth + 1) * math.log(20 * i.samples**2),
)  # fmt: skip


@statement(
    id="separation",
    source="Lemma 7.5",
    claim="‖(I - h_{i,l} h_{i,l}^T/‖h_{i,l}‖^2) h_{j,l}‖ >= delta/2 for all i != j and l = 0..L",
    kind="declared",
    ranges={"width": (16, 2**20), "depth": (1, 64), "samples": (2, 6), "input_dimension": (3, INPUTS[1]), "separation": (1e-4, 1.0)},
    assumptions=(
        SEPARATION_AT_MOST,
        WIDE_ENOUGH_FOR_ANGLES,
    ),
    failure=FailureProbability(
        "n^2 exp(-c m/(L+1)); the paper has e^{-Omega(delta^p m/L)}, and p = 0 is the strongest reading",
        lambda i, c: i.samples**2 * math.exp(-c * i.width / (i.depth + 1)),
    ),
    constants={
        "c": Constant(
            1 / 20, "log-residuals vary by 5(L+1)/(4m) about log(0.9 delta), so delta/2 has exponent 0.4 log(1.8)^2 = 0.14; a third of it"
        ),
    },
    exponents={"separation": 1.0, "depth": 0.0},
    rests_on=("forward-norm",),
    exact=True,
    variants=(
        Variant("separation 0.99 delta", "constant", {"measure": lambda subject, c: orthogonal_parts(subject, 0.99)}),
        Variant(
            "delta <= c/L dropped",
            "assumption",
            {
                "assumptions": (WIDE_ENOUGH_FOR_ANGLES,),
                "ranges": {"depth": (16, 48), "samples": (2, 3), "separation": (0.7, 1.0), "width": (16, 16384)},
                "data": ("pairs", "arc"),
            },
        ),
        Variant("separation test that forgets one pair", "implementation", {"data": ("forgotten pair",)}),
    ),
)  # fmt: skip
def separation(subject: Subject, c: float) -> Comparison:
    """delta/2 against the part of h_j orthogonal to h_i."""
    return orthogonal_parts(subject, 0.5)
