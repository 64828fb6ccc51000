"""The network at its random start: what its gradient is, and how large its outputs are."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from theorems.language.forms import wrong
from theorems.language.statement import INPUTS, Constant, FailureProbability
from theorems.language.subject import Comparison, Side
from theorems.laws.binomial import binomial
from theorems.two_layer.shared import EVERY, FAILURE_P, NEARLY_EQUAL, RARE, SIZES, two_layer

if TYPE_CHECKING:
    from theorems.language.instance import Instance
    from theorems.two_layer.subject import TwoLayer


def _gram_error(subject: TwoLayer, *, products: bool = True, shifted: int = 0) -> Comparison:
    """|<df(x_i)/dW, df(x_j)/dW> - H_ij| against rounding. The keyword arguments are mistakes of false variants."""
    import torch

    found, kernel = subject.jacobian_gram(), subject.kernel()
    if not products:
        own = torch.as_tensor(subject.instance.inputs @ subject.instance.inputs.T).to(kernel)
        kernel = torch.where(own == 0, 0.0, kernel / torch.where(own == 0, 1.0, own))
    if shifted:
        kernel = kernel.roll(shifted, dims=1)
    # sums over neurons of terms of at most 1/m, so the error is absolute; autograd's passes and ours
    return Comparison((found - kernel).abs(), torch.full_like(found, 2 * subject.rounding), axes=("i", "j"))


@two_layer(
    id="tl-dynamics",
    source="Du et al. 2019, (5)-(7)",
    claim="du/dt = H(W)(y - u) under gradient flow: H_{ij} = rho_{ij} (1/m) sum_r D_{ri} D_{rj} is the Gram matrix of the gradients of"
    " f(x_i)",
    kind="identity",
    ranges={**SIZES, "samples": (1, 6), "width": (4, 2**16)},
    data=EVERY,
    variants=(
        wrong("rho_ij left out", "implementation", measure=lambda s: _gram_error(s, products=False), ranges={"samples": (2, 6)}),
        wrong("gates of another sample", "implementation", measure=lambda s: _gram_error(s, shifted=1), ranges={"samples": (2, 6)}),
        wrong("a row too many", "claim", measure=lambda s: _gram_error(s, shifted=-1), ranges={"samples": (3, 6)}),
    ),
    note="Gradients by reverse-mode differentiation.",
)
def dynamics(subject: TwoLayer) -> Comparison:
    return _gram_error(subject)


def output_shortfall(instance: Instance, p: float) -> float:
    """The mean of u_i(0)^2/kappa^2 over its largest share p, u_i as in tl-output-law: that of K/m times the square of a normal number.

    If t is exceeded with probability a, t is no more than the mean of the largest share a. Such means add up at most, whatever the
    dependence: a sum exceeds the sum of those of its terms with probability p at most.
    """
    return _shortfall(instance.width, p)


@lru_cache(maxsize=1024)
def _shortfall(m: int, p: float) -> float:
    import numpy as np
    from scipy.optimize import brentq
    from scipy.stats import norm

    counts, weight = binomial(m, 0.5)
    share, weight = counts[counts > 0] / m, weight[counts > 0]

    def beyond(threshold: float) -> Any:
        """sqrt of the threshold over the standard deviation, for each count."""
        return np.sqrt(threshold / share)

    threshold = brentq(lambda one: float(weight @ (2 * norm.sf(beyond(one)))) - p, 0.0, 100.0, xtol=1e-13)
    ends = beyond(threshold)
    return float(weight @ (share * 2 * (ends * norm.pdf(ends) + norm.sf(ends)))) / p * (1 + 1e-9)  # of the root, and of the window


@two_layer(
    id="tl-output",
    source="Du et al. 2019, proof of Theorem 3.2",
    claim="‖y - u(0)‖^2 <= {bound} (Markov), Y = ‖y‖, and ‖u(0)‖^2 <= {bound}, tail the mean of u_i(0)^2/kappa^2 over its largest share p",
    at_most=("(Y^2 + kappa^2 n/2)/p", "kappa^2 n tail"),
    proved=("(Y + kappa sqrt(n tail))^2", ""),
    ranges={**SIZES, "samples": (1, 64), "separation": NEARLY_EQUAL},
    tight={"samples": 1, "separation": NEARLY_EQUAL[0], "width": 64, "data": "cluster", "labels": "zero"},
    failure=FAILURE_P,
    constants={"kappa": Constant(1.0, "the standard deviation of the entries of w_r, as drawn"), "p": RARE},
    data=EVERY,
    labels=("signs", "random", "zero"),
    exact=True,
    variants=(
        wrong("a_r = 1 always", "initialization", options={"fair": 0.0}, ranges={"width": (256, 2**14)}),
        wrong("p dropped from Markov's bound", "exponent", at_most=("Y^2 + kappa^2 n/2", "kappa^2 n tail")),
        wrong("the mean in place of the tail", "constant", at_most=("(Y^2 + kappa^2 n/2)/p", "kappa^2 n/2")),
    ),
    note="E ‖y - u(0)‖^2 = ‖y‖^2 + kappa^2 n/2 exactly. The first form follows from the second where tail <= (1 - p)/(2 p). The second has"
    " no union over samples, which would make it 2 kappa^2 n log(2 n/p). Inputs that are nearly equal have nearly equal outputs: there it"
    " is short of sharp by the mean of a tail over its quantile, 1.27 at p = 0.01.",
)
def output(subject: TwoLayer, p: float) -> Side:
    import torch

    outputs = subject.outputs()
    targets = torch.as_tensor(subject.instance.targets[:, 0]).to(outputs)
    values = torch.stack([(targets - outputs).square().sum(-1), outputs.square().sum(-1)], -1)
    tail = outputs.new_full((subject.trials,), output_shortfall(subject.instance, p))
    return Side(values, axes=("part",), rounding=subject.rounding, given={"Y": targets.norm().expand(subject.trials), "tail": tail})


def output_tail(instance: Instance, share: float = 0.5) -> float:
    """P(|u_i(0)| > eps) = E erfc(eps/sqrt(2 K/m)), u | K ~ N(0, K/m), K ~ Binomial(m, share)."""
    return _tail(instance.width, instance.tolerance, share)


@lru_cache(maxsize=1024)
def _tail(m: int, tolerance: float, share: float) -> float:
    import numpy as np
    from scipy.special import erfc

    counts, weight = binomial(m, share)
    with np.errstate(divide="ignore"):
        tails = np.where(counts > 0, erfc(tolerance / np.sqrt(2 * counts / m)), 0.0)
    return float(weight @ tails) + 1e-14


@two_layer(
    id="tl-output-law",
    source="exact law",
    claim="|u_i(0)| <= eps for one i, with the exact probability of a Gaussian N(0, K/m), K ~ Binomial(m, 1/2)",
    ranges={"width": (1, 10**12), "tolerance": (0.5, 3.0), "input_dimension": INPUTS},
    failure=FailureProbability("E erfc(eps/sqrt(2 K/m))", output_tail),
    at_most="eps",
    engines=("gate law",),
    data=("orthonormal",),
    rests_on=("tl-output",),
    exact=True,
    variants=(
        wrong(
            "0.45 in place of 1/2", "constant", failure=FailureProbability("K ~ Binomial(m, 0.45)", lambda i: output_tail(i, 0.45)),
            ranges={"width": (1000, 10**12)},
        ),
        wrong("initialization variance 1.1", "initialization", variance=1.1),
    ),
    note="The probability is attained: no constant is left in it.",
)  # fmt: skip
def output_law(subject: TwoLayer) -> Side:
    return Side(subject.outputs().abs(), axes=("sample",), rounding=subject.rounding)
