"""The Jacobian of a two-layer network with a smooth activation: how large it is, and how fast it changes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from theorems.language.forms import wrong
from theorems.language.subject import Comparison, Side
from theorems.laws.gate_laws import data_norm
from theorems.local_jacobian.shared import GENERALIZED, SMOOTH, local_jacobian, rounding

if TYPE_CHECKING:
    from theorems.local_jacobian.subject import LocalJacobian


def _gram_error(subject: LocalJacobian, *, factor: float = 1.0, shifted: int = 0) -> Comparison:
    """|J J^T by differentiation - the formula| against rounding. The keyword arguments are mistakes of false variants."""
    found, claimed = subject.jacobian_gram(), factor * subject.gram().roll(shifted, dims=1)
    scale = claimed.diagonal(dim1=-2, dim2=-1).amax(-1)[:, None, None]
    return Comparison((found - claimed).abs(), (2 * subject.rounding * scale).expand_as(found), axes=("i", "j"))


@local_jacobian(
    id="os-jacobian",
    on=(GENERALIZED, SMOOTH),
    source="Oymak and Soltanolkotabi 2019, section 9.7",
    claim="(J J^T)_{ij} = <x_i, x_j> sum_l v_l^2 phi'(w_l . x_i) phi'(w_l . x_j) for f_i(W) = sum_l v_l phi(w_l . x_i)",
    kind="identity",
    variants=(
        wrong("off by a millionth", "constant", measure=partial(_gram_error, factor=1 + 1e-6)),
        wrong("slopes of another sample", "implementation", measure=partial(_gram_error, shifted=1), ranges={"samples": (2, 6)}),
    ),
    note="Gradients by reverse-mode differentiation: everything else in this theory asks the formula.",
)
def jacobian(subject: LocalJacobian) -> Comparison:
    return _gram_error(subject)


@local_jacobian(
    id="os-lipschitz",
    on=(SMOOTH,),
    source="Oymak, Fabian, Li and Soltanolkotabi 2019, Lemma 6.9, sharper",
    claim="for inputs of norm 1, |phi''| <= M and phi' <= Gamma: ‖J(W') - J(W)‖ <= {bound}, D = ‖W' - W‖_2 <= ‖W' - W‖_F, and"
    " ‖J(W)‖ <= {bound}",
    at_most=("1.001 M v_max X D", "1.001 Gamma sqrt(m) v_max X"),
    ranges={"width": (1, 64), "radius": (1e-2, 4.0)},
    rests_on=("os-jacobian",),
    attack="one row or all, along an input or X's top direction, through the steepest place of phi'",
    variants=(
        wrong("0.95 M", "constant", at_most=("0.95 M v_max X D", "1.001 Gamma sqrt(m) v_max X")),
        wrong("the longest row of W' - W in place of its norm", "claim", at_most=("1.001 M v_max X row", "1.001 Gamma sqrt(m) v_max X")),
        wrong("‖X‖ left out of the first", "exponent", at_most=("1.001 M v_max D", "1.001 Gamma sqrt(m) v_max X"),
              data=("cluster", "close pairs"), ranges={"samples": (2, 6)}),
        wrong("‖v‖_inf in place of sqrt(m) ‖v‖_inf", "exponent", at_most=("1.001 M v_max X D", "1.001 Gamma v_max X")),
    ),
    note="‖(J(W') - J(W))^T q‖^2 = sum_l v_l^2 ‖X^T (d_l q)‖^2 with |d_li| <= M |(w'_l - w_l) . x_i|, at most v_max^2 ‖X‖^2 max_i sum_l"
    " d_li^2, and sum_l ((w'_l - w_l) . x_i)^2 = ‖(W' - W) x_i‖^2: so the paper's Frobenius norm may be the spectral one. Attained by"
    " orthonormal inputs where phi' is a ramp, and looked at with a thousandth more, which tells that from rounding. v_max = ‖v‖_inf.",
)  # fmt: skip
def lipschitz(subject: LocalJacobian) -> Side:
    import torch

    moves = subject.jacobian_moves(subject.instance.radius)
    _, high, bend = subject.slopes()
    norm = torch.linalg.eigvalsh(subject.gram())[..., -1:].sqrt().expand_as(moves.change)
    given = {
        "M": bend, "Gamma": high, "v_max": subject.largest_output(), "X": torch.full_like(bend, data_norm(subject.instance.inputs)),
        "D": moves.spectral, "row": moves.row,
    }  # fmt: skip
    # slopes are numbers near Gamma, their differences as small as M D
    least = torch.where(bend > 0, bend * subject.instance.radius, 1.0)
    off = rounding(subject, bend > 0, least, torch.ones_like(bend), torch.ones_like(bend))
    return Side(torch.stack([moves.change, norm], -1), axes=("move", "part"), rounding=off, given=given)
