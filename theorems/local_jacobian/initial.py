"""How far J J^T at a random start is from its mean, for two-layer networks: a sum over neurons, of independent matrices.

J J^T = sum_l A_l, A_l = v_l^2 D_l X X^T D_l with D_l = diag phi'(w_l . x_i), so 0 <= A_l <= R_l = v_l^2 Gamma^2 ‖X‖^2 for |phi'| <= Gamma.
On [0, R] the exponential lies below its chord, so that log E e^{s A} <= log(1 + (e^{s R} - 1) E A/R) <= s E A + s^2 R^2/8, the last by
Hoeffding's lemma for the eigenvalues of one matrix. With Lieb's concavity, E tr exp(s sum (A_l - E A_l)) <= n exp(s^2 sum R_l^2/8):
matrices obey Hoeffding's inequality with the constant of numbers, P(‖J J^T - E‖ >= t) <= 2 n exp(-2 t^2/sum R_l^2), where sum R_l^2 is
(Gamma ‖X‖)^4 ‖v‖_4^4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from theorems.language.forms import wrong
from theorems.language.statement import Constant, FailureProbability
from theorems.language.subject import Side
from theorems.laws.gate_laws import data_norm
from theorems.local_jacobian.shared import SMOOTH, local_jacobian

if TYPE_CHECKING:
    from theorems.local_jacobian.subject import LocalJacobian

P = Constant(0.1, "a choice: small enough to be refuted in few trials, large enough that log(1/p) is a number")
KAPPA = 16.0  # of the entries of W_0, so that many of the drawn activations are nearly gates there, which fluctuate most


def _deviation(subject: LocalJacobian, *, factor: float = 1.0) -> Side:
    """‖J J^T - factor E‖."""
    import torch

    expected, off = subject.expected_gram()
    values = torch.linalg.eigvalsh(subject.gram() - factor * expected).abs().amax(-1)
    _, high, _ = subject.slopes()
    v = subject.output_weights()
    size = torch.full_like(high, data_norm(subject.instance.inputs))
    given = {"Gamma": high, "X": size, "v_max": v.abs().amax(-1), "v_4": v.pow(4).sum(-1).pow(0.25)}
    # n times an entry's error at most, and what a sum of k products is off by; where phi is linear nothing fluctuates and both sides are 0
    error = subject.instance.samples * (off + subject.rounding * high.square())
    return Side((values - error).clamp_min(0), given=given)


PROVED = "v_4^2 Gamma^2 X^2 sqrt(51 log(n))"  # that of os-initial-sharp at p = n^-100, for log(2 n^101)/2 <= 51 log(n) where n >= 2
PRINTED, WIDE = "30 sqrt(m) v_max^2 Gamma^2 X^2 log(n)", "v_4^2 Gamma^2 X^2 sqrt(1000 log(n))"


@local_jacobian(
    id="os-initial",
    on=(SMOOTH,),
    source="Oymak, Fabian, Li and Soltanolkotabi 2019, Lemma 6.13",
    claim="for Gaussian W_0, |phi'| <= Gamma and inputs of norm 1: ‖J J^T - E J J^T‖ <= {bound}, so for |v_l| = m^(-1/2) also <= {bound}",
    at_most=(PRINTED, WIDE),
    proved=(PROVED, PROVED),
    ranges={"width": (1, 2**14), "samples": (2, 6)},
    tight={"samples": 2, "data": "orthonormal"},
    failure=FailureProbability("n^(-100)", lambda instance: instance.samples**-100.0),
    variance=KAPPA**2,
    rests_on=("os-jacobian",),
    variants=(
        wrong("0.15 in place of 30", "constant", at_most=("0.15 sqrt(m) v_max^2 Gamma^2 X^2 log(n)", WIDE)),
        wrong("sqrt(m) left out", "exponent", at_most=("30 v_max^2 Gamma^2 X^2 log(n)", WIDE), ranges={"width": (2**13, 2**14)}),
        wrong("0.1 in place of 1000", "constant", at_most=(PRINTED, "v_4^2 Gamma^2 X^2 sqrt(0.1 log(n))")),
    ),
    note="os-initial-sharp implies it with 6 sqrt(log(n)) in the place of 30 log(n), and 51 in that of 1000.",
)  # fmt: skip
def initial(subject: LocalJacobian) -> Side:
    import torch

    found = _deviation(subject)
    return Side(torch.stack([found.values] * 2, -1), axes=("part",), given=found.given)


@local_jacobian(
    id="os-initial-sharp",
    on=(SMOOTH,),
    source="derived; sharper than Oymak, Fabian, Li and Soltanolkotabi 2019, Lemma 6.13",
    claim="for W_0 of any law with independent rows and |phi'| <= Gamma: ‖J J^T - E J J^T‖ <= {bound}, v_4 = ‖v‖_4, m^(-1/4) for |v_l| ="
    " m^(-1/2)",
    at_most="v_4^2 Gamma^2 X^2 sqrt(log(2 n/p)/2)",
    exponents={"width": -0.5},
    ranges={"width": (1, 2**14)},
    tight={"samples": 6, "data": "orthonormal"},
    failure=FailureProbability("p", lambda instance, p: p),
    constants={"p": P},
    variance=KAPPA**2,
    rests_on=("os-jacobian",),
    variants=(
        wrong("a quarter of it", "constant", at_most="v_4^2 Gamma^2 X^2 sqrt(log(2 n/p)/32)", ranges={"samples": (1, 1)}),
        wrong("v_4^4 in place of v_4^2", "exponent", at_most="v_4^4 Gamma^2 X^2 sqrt(log(2 n/p)/2)", ranges={"width": (2**10, 2**14)}),
        wrong("E of two thirds", "implementation", measure=lambda subject, **p: _deviation(subject, factor=2 / 3),
              ranges={"width": (2**10, 2**14)}),
    ),
    note="At n = 1, with slopes of 0 and Gamma each half of the time, the sum is a binomial one, and 1/2 is the constant of numbers.",
)  # fmt: skip
def initial_sharp(subject: LocalJacobian) -> Side:
    return _deviation(subject)
