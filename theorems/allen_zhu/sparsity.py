"""Sparse vectors through a random network: parts b to d of Lemma 7.3 and part a of Lemma 7.4.

A vector with few nonzeros sees few columns of the first matrix, and over all supports together a random matrix stretches it
little more than one fixed vector. The nonlinearity changes few signs at once, so its effect is such a vector.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from theorems.allen_zhu.initialization import WIDTH_FOR_OPERATORS, log_width, wide_enough_to_say
from theorems.allen_zhu.intervals import intervals, outermost
from theorems.language.calibration import calibrated
from theorems.language.registry import statement
from theorems.language.statement import INPUTS, Assumption, Constant, FailureProbability, Variant
from theorems.language.subject import Comparison

if TYPE_CHECKING:
    from theorems.language.instance import Instance
    from theorems.language.subject import Subject


def sparsity_limit(instance: Instance) -> float:
    """m/(L log m): the paper's sparsity, hidden constant 1."""
    return instance.width / (instance.depth * log_width(instance))


# The union over supports costs s log(em/s) in the exponent: sqrt 2 (1 + sqrt(2 s log(em/s)/m)) < 2 for one layer when s <= 0.05 m/log m,
# and log-norms of L layers vary by 5L/(4m), which asks for 1/L; 4/5 of that.
SPARSE = Assumption("sparsity", "s <= c m/(L log m)", "sparsity", "<=", lambda i, c: c * sparsity_limit(i), {"c": 0.04})
SOME_SPARSITY = Assumption(
    "sparsity of one", "m >= L log(m)/c, so that a single nonzero is sparse", "width", ">=", lambda i: 25 * i.depth * log_width(i)
)
WIDE_FOR_SPARSE = wide_enough_to_say(1 / 64)
FAILURE = FailureProbability("exp(-c m/L)", lambda i, C, c: math.exp(-c * i.width / i.depth))
EXPONENT = Constant(1 / 64, "one long column has exponent log(sqrt 2)^2 2m/(5L) = 0.048 m/L, less log m for the choice of the column")
RANGES = {
    "width": (64, 2**20), "depth": (1, 32), "samples": (1, 2), "input_dimension": INPUTS, "separation": (1e-2, 1.0), "sparsity": (1, 4096),
}  # fmt: skip
# A search asks each factor of a product for fifty vectors; at L = 4 all products take revealed weights several times what three take.
SHALLOW = 3
ASSUMPTIONS = (WIDTH_FOR_OPERATORS, WIDE_FOR_SPARSE, SOME_SPARSITY, SPARSE)


def sparse_product_norms(subject: Subject, bound: float, left: bool, depth_exponent: float = 0.0) -> Comparison:
    """sup ‖W_b D ... W_a v‖ over s-sparse unit v, or sup ‖u^T W_b D ... W_a‖ over s-sparse unit u, against bound L^depth_exponent:
    (trials, samples, intervals (a, b)). left: u, the vector on the left."""
    import torch

    depth, s = subject.instance.depth, subject.instance.sparsity
    pairs, looked_at = intervals(subject, outermost, SHALLOW)
    stretch = torch.stack([subject.sparse_product_norm(a, b, s if left else None, None if left else s) for a, b in pairs], dim=-1)
    right = torch.full_like(stretch, bound * depth**depth_exponent)
    return Comparison(stretch, right, axes=("sample", "interval"), rounding=subject.rounding, looked_at=looked_at)


DENSE_SUPPORTS = Variant(
    "sparsity assumption dropped",
    "assumption",
    {"assumptions": (WIDTH_FOR_OPERATORS, WIDE_FOR_SPARSE), "ranges": {"width": (64, 1024), "depth": (1, 1), "sparsity": (32, 256)}},
)
LARGER_INITIALIZATION = Variant(
    "initialization variance 4/m", "initialization", {"variance": 4.0, "ranges": {"width": (64, 2048), "depth": (1, 4)}}
)


@statement(
    id="sparse-forward",
    source="Lemma 7.3b",
    claim="‖W_b D_{i,b-1} ... D_{i,a} W_a v‖ <= 2 ‖v‖ for all v with ‖v‖_0 <= s, 1 <= a <= b <= L and i, where s <= c m/(L log m)",
    kind="declared",
    ranges=RANGES,
    assumptions=ASSUMPTIONS,
    failure=FAILURE,
    constants={"C": Constant(2.0, "the paper's own number; sharp for one nonzero and large m: sqrt 2"), "c": EXPONENT},
    exponents={"width": 0.0, "depth": 0.0, "sparsity": 0.0},
    rests_on=("forward-norm",),
    attack="truncated power iteration",
    certificate="upper bounds",
    passes=4,
    variants=(
        Variant("1.4 in place of 2, just below sqrt 2", "constant", {"constants": {"C": Constant(1.4, "false variant")}}),
        DENSE_SUPPORTS,
        LARGER_INITIALIZATION,
    ),
    note="The last D is missing from the product, so one fixed vector is stretched by sqrt 2, not by 1.",
)
def sparse_forward(subject: Subject, C: float, c: float) -> Comparison:
    """Largest stretch found against 2."""
    return sparse_product_norms(subject, C, left=False)


@statement(
    id="sparse-backward",
    source="Lemma 7.3c",
    claim="‖u^T W_b D_{i,b-1} ... D_{i,a} W_a‖ <= C ‖u‖ for all u with ‖u‖_0 <= s, 1 <= a <= b <= L and i, where s <= c m/(L log m)",
    kind="declared",
    ranges=RANGES,
    assumptions=ASSUMPTIONS,
    failure=FAILURE,
    constants={"C": calibrated("sparse-backward", "C", "sharp for one nonzero and large m: sqrt 2"), "c": EXPONENT},
    exponents={"width": 0.0, "depth": 0.0, "sparsity": 0.0},
    rests_on=("forward-norm",),
    attack="truncated power iteration",
    certificate="upper bounds",
    passes=4,
    variants=(
        Variant("constant 1.4, just below sqrt 2", "constant", {"constants": {"C": Constant(1.4, "false variant")}}),
        Variant(
            "decay 1/sqrt(L)",
            "exponent",
            {
                "measure": lambda subject, C, c: sparse_product_norms(subject, C, left=True, depth_exponent=-0.5),
                "ranges": {"depth": (4, 8), "width": (64, 2048), "samples": (1, 1)},
            },
        ),
        DENSE_SUPPORTS,
    ),
)
def sparse_backward(subject: Subject, C: float, c: float) -> Comparison:
    """Largest stretch of the transposed product found against C."""
    return sparse_product_norms(subject, C, left=True)


def _bilinear(subject: Subject, C: float, sparsity_exponent: float = 0.5, log_exponent: float = 0.5) -> Comparison:
    import torch

    instance, s = subject.instance, subject.instance.sparsity
    pairs, looked_at = intervals(subject, outermost, SHALLOW)
    found = torch.stack([subject.sparse_product_norm(a, b, s, s) for a, b in pairs], dim=-1)
    right = C * s**sparsity_exponent * log_width(instance) ** log_exponent / math.sqrt(instance.width)
    return Comparison(found, torch.full_like(found, right), axes=("sample", "interval"), rounding=subject.rounding, looked_at=looked_at)


@statement(
    id="sparse-bilinear",
    source="Lemma 7.3d",
    claim="|u^T W_b D_{i,b-1} ... D_{i,a} W_a v| <= C sqrt(s log(m)/m) ‖u‖ ‖v‖ for all u, v with s nonzeros, 1 <= a <= b <= L and i",
    kind="declared",
    ranges=RANGES,
    assumptions=(
        WIDTH_FOR_OPERATORS,
        SOME_SPARSITY,
        Assumption("sparsity", "s <= m/(L log m)", "sparsity", "<=", lambda i, c: c * sparsity_limit(i), {"c": 0.25}),
    ),
    failure=FailureProbability("exp(-c s log m)", lambda i, C, c: math.exp(-c * i.sparsity * log_width(i))),
    constants={
        "C": calibrated("sparse-bilinear", "C", "sharp for one layer, one nonzero and large m: the largest of m^2 entries, 2 sqrt 2"),
        "c": Constant(0.75, "beyond C the union over supports leaves (C^2/4 - 2) s log m in the exponent"),
    },
    exponents={"width": -0.5, "sparsity": 0.5, "depth": 0.0},
    rests_on=("forward-norm",),
    attack="alternating truncation",
    certificate="upper bounds",
    passes=4,
    variants=(
        Variant(
            "constant 2.5, below the largest entry",
            "constant",
            {"constants": {"C": Constant(2.5, "false variant")}, "ranges": {"width": (64, 512), "depth": (1, 2)}},
        ),
        Variant(
            "log m dropped",
            "exponent",
            {"measure": lambda subject, C, c: _bilinear(subject, C, log_exponent=0.0), "ranges": {"width": (128, 512), "depth": (1, 2)}},
        ),
        Variant(
            "sqrt(s) dropped",
            "exponent",
            {
                "measure": lambda subject, C, c: _bilinear(subject, C, sparsity_exponent=0.0),
                "ranges": {"sparsity": (4, 64), "width": (256, 2048), "depth": (1, 2)},
            },
        ),
    ),
)
def sparse_bilinear(subject: Subject, C: float, c: float) -> Comparison:
    """Largest bilinear value found against C sqrt(s log(m)/m)."""
    return _bilinear(subject, C)


def sparse_backward_norms(subject: Subject, C: float, log_exponent: float = 0.5, outputs_exponent: float = -0.5) -> Comparison:
    """sup ‖Back_a u‖ over s-sparse unit u against C sqrt(s) log(m)^log_exponent d^outputs_exponent, a = 1..L + 1:
    (trials, samples, layers)."""
    import torch

    instance = subject.instance
    found = torch.stack([subject.sparse_backward_norm(layer, instance.sparsity) for layer in range(1, instance.depth + 2)], dim=-1)
    right = C * math.sqrt(instance.sparsity) * log_width(instance) ** log_exponent * instance.outputs**outputs_exponent
    return Comparison(found, torch.full_like(found, right), axes=("sample", "layer"), rounding=subject.rounding)


AT_MOST_SPARSE = Assumption("sparsity", "s <= m/(L log m)", "sparsity", "<=", sparsity_limit)
AT_LEAST_OUTPUTS = Assumption("many nonzeros", "s >= d/log m", "sparsity", ">=", lambda i: i.outputs / log_width(i))


@statement(
    id="sparse-output",
    source="Lemma 7.4a",
    claim="‖Back_{i,a} u‖ <= C sqrt(s log(m)/d) ‖u‖ for all u with s nonzeros, 1 <= a <= L + 1 and i, where s >= d/log m",
    kind="declared",
    ranges={**RANGES, "outputs": (1, 16)},
    assumptions=(
        WIDTH_FOR_OPERATORS,
        Assumption("wide enough for a sparse vector", "m >= L log m max(1, d/log m)", "width", ">=",
                   lambda i: i.depth * max(log_width(i), i.outputs)),
        Assumption("informative width", "m >= 20, where the failure probability is below 1/20", "width", ">=", lambda i: 20.0),
        AT_MOST_SPARSE,
        AT_LEAST_OUTPUTS,
    ),
    failure=FailureProbability("exp(-c s log m)", lambda i, C, c: math.exp(-c * i.sparsity * log_width(i))),
    constants={
        "C": calibrated("sparse-output", "C", "sharp for one output, one nonzero and large m: the largest of m normals, sqrt 2"),
        "c": Constant(1.0, "beyond C the union over supports leaves (C^2/2 - 1) s log m in the exponent"),
    },
    exponents={"width": 0.0, "sparsity": 0.5, "outputs": -0.5, "depth": 0.0},
    rests_on=("forward-norm",),
    attack="truncated power iteration",
    certificate="upper bounds",
    passes=4,
    variants=(
        Variant(
            "constant 1.2, below the largest entry",
            "constant",
            {"constants": {"C": Constant(1.2, "false variant")}, "ranges": {"sparsity": (1, 2), "outputs": (1, 2), "width": (64, 512)}},
        ),
        Variant(
            "1/d in place of 1/sqrt(d)",
            "exponent",
            {"measure": lambda subject, C, c: sparse_backward_norms(subject, C, outputs_exponent=-1.0), "ranges": {"outputs": (8, 16)}},
        ),
        Variant(
            "s >= d/log m dropped",
            "assumption",
            {
                "assumptions": (WIDTH_FOR_OPERATORS, AT_MOST_SPARSE),
                "ranges": {"outputs": (256, 512), "sparsity": (1, 1), "width": (512, 1024), "depth": (1, 1), "samples": (1, 1)},
            },
        ),
        Variant(
            "initialization variance 6/m",
            "initialization",
            {"variance": 6.0, "ranges": {"depth": (4, 8), "outputs": (1, 2), "width": (64, 256), "samples": (1, 1)}},
        ),
    ),
    note="Exact for one output: the largest entries of a row. With more, alternating truncation between R^d and the supports.",
)  # fmt: skip
def sparse_output(subject: Subject, C: float, c: float) -> Comparison:
    """Largest ‖Back_a u‖ found against C sqrt(s log(m)/d)."""
    return sparse_backward_norms(subject, C)
