"""What the papers on two-layer networks ask of a data set, as printed, with honest constants, and in sharp form.

All of them need that nothing moves farther than R, where R is so small that lambda_min(H) >= lambda0/2 all over the ball: 2 ‖X‖ r_0 <=
sqrt(m) lambda0 R, so m >= 4 ‖X‖^2 r_0^2/(lambda0 R)^2. What differs is how large ‖X‖, r_0 and 1/R are taken to be. r_0^2 stands for its
mean, ‖y‖^2 + n/2.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from theorems.language.requirement import requirement
from theorems.laws.data_predicates import NOT_PARALLEL, POSITIVE
from theorems.laws.gate_laws import correlations, crowding, data_norm, gate_kernel, kernel_floor, near_probability
from theorems.two_layer.convergence import REACH

if TYPE_CHECKING:
    from theorems.language.instance import Array


def given(inputs: Array, targets: Array) -> Mapping[str, float]:
    """lambda0 and top, the eigenvalues of H_inf at both ends; X = ‖X‖; S; A, the norm of the matrix of |rho_ij|; p_R at the radius of
    tl-converge; r_0."""
    floor, crowd = kernel_floor(inputs), crowding(inputs)
    return {
        "lambda0": floor, "top": float(np.linalg.eigvalsh(gate_kernel(inputs))[-1]), "X": data_norm(inputs), "S": crowd,
        "A": float(np.linalg.norm(np.abs(correlations(inputs)), 2)),
        "p_R": near_probability(floor / (REACH * crowd), 1.0), "r_0": math.sqrt(float(targets @ targets) + len(inputs) / 2),
    }  # fmt: skip


_asks = partial(requirement, theory="two-layer", trained="first layer", given=given)
_derived = partial(_asks, standing="derived", assumes=(POSITIVE,))
_limit = partial(_asks, standing="limit", assumes=(POSITIVE,))
STEPS = "top log(1/eps)/lambda0"  # of eta = 1/top, the residual shrinking by 1 - eta lambda0/2 a step

_asks(
    id="du",
    name="Du et al.",
    source="ICLR 2019, Theorem 4.1",
    standing="printed",
    assumes=(NOT_PARALLEL,),
    width="n^6/(lambda0^4 p^3)",
    steps="n^2 log(1/eps)/lambda0^2",
)
_derived(
    id="du-markov",
    name="Du et al., constants of the proof",
    source="Theorem 4.1 by Markov and Hoeffding: tl-converge-markov",
    width="4401 (C^2 + 1/2) n^6/(p^3 lambda0^4)",
    steps=STEPS,
    note="r_0^2 <= 3 n (C^2 + 1/2)/p, ‖X‖^2 <= n, R = sqrt(2 pi) p lambda0/(48 n^2): three events, a third of p for each",
)
_asks(
    id="arora",
    name="Arora et al.",
    source="ICML 2019, Theorem 4.1",
    standing="printed",
    assumes=(POSITIVE,),
    definitions={"kappa": "e p/sqrt(n)", "e": "Y sqrt(eps)"},
    width="n^7/(lambda0^4 kappa^2 p^4 e^2)",
    note="to follow the kernel's course up to e = ‖y‖ sqrt(eps), from weights of standard deviation kappa = e p/sqrt(n); its steps are"
    " those of the kernel",
)
_derived(
    id="converge-sharp",
    name="Du et al., sharp form",
    source="by Chernoff and counts: tl-converge",
    width="max(656 X^2 S^2 r_0^2/lambda0^4, 29.2 X^2 log(3 n/p)/lambda0, 2.6 log(3 n/p)/p_R)",
    steps=STEPS,
    note="R = lambda0/(12.77 S)",
)
_limit(
    id="certificate-limit",
    name="certificate by flips, as m grows",
    source="tl-certificate-flow, as m grows and R falls: E U(R) = 0.798 R |rho_ij|",
    width="2.547 A^2 X^2 r_0^2/lambda0^4",
    note="the integral of lambda0 - 0.798 A R over R is largest lambda0^2/(1.596 A); 2.547 = 8/pi",
)
_limit(
    id="frobenius",
    name="path of all weights, ReLU",
    source="after Oymak, Soltanolkotabi 2018: omega(s) = 1.114 ‖X‖ (s/sqrt m)^(1/3)",
    width="30.6 X^6 r_0^2/lambda0^4",
    note="the Jacobian's deviation against the way of all neurons together; lambda_min(H(0)) taken as lambda0",
)
_derived(
    id="floor-hoeffding",
    name="kernel floor, entries",
    source="Du et al. 2019, Lemma 3.1: tl-floor-hoeffding",
    width="8 n^2 log(n (n + 1)/p)/lambda0^2",
    promises="kernel",
)
_derived(
    id="floor",
    name="kernel floor, matrix Chernoff",
    source="tl-floor",
    width="29.21 X^2 log(n/p)/lambda0",
    promises="kernel",
    note="lambda_min(H(0)) >= 3/4 lambda0 with probability 1 - p: whether the kernel is there at all",
)
