"""How many neurons are so near to a sample's hyperplane that a move of length R can open or close their gate."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from theorems.language.forms import wrong
from theorems.language.statement import Constant, FailureProbability
from theorems.language.subject import Side
from theorems.laws.gate_laws import near_probability
from theorems.two_layer.shared import FAILURE_P, NEARLY_EQUAL, OFTEN, POSITIVE, SIZES, P, floor, near_failure, two_layer

if TYPE_CHECKING:
    from theorems.two_layer.subject import TwoLayer

KAPPA = 0.5  # of the weights of tl-near and tl-near-markov; not 1, so that a formula that lost it is told apart
RANGES = {**SIZES, "width": (64, 2**20), "radius": (1e-3, 0.5)}


def _counts(subject: TwoLayer, kappa: float = KAPPA, power: float = 1.0) -> Side:
    """N_i, with p_R of another kappa or of another power of R for false variants."""
    counts = subject.near(subject.instance.radius)
    share = near_probability(subject.instance.radius**power, kappa)
    # the counts are whole numbers, but a product may fall on either side of R by its rounding: one neuron in 1e12
    return Side(counts, axes=("sample",), rounding=subject.rounding, given={"p_R": counts.new_full((subject.trials,), share)})


@two_layer(
    id="tl-near",
    source="Du et al. 2019, Lemma 3.2, with Chernoff",
    claim="N_i <= {bound} for all i, N_i = #{r: |w_r . x_i| <= omega}, p_R = erf(omega/(kappa sqrt 2))",
    at_most="2 m p_R",
    ranges=RANGES,
    failure=FailureProbability("n exp(-0.386 m p_R)", lambda i, kappa: near_failure(i, i.radius, kappa)),
    constants={"kappa": Constant(KAPPA, "the standard deviation of the entries of w_r, as drawn")},
    variance=KAPPA**2,
    data=POSITIVE,
    exact=True,
    variants=(
        wrong("0.95 in place of 2", "constant", at_most="0.95 m p_R", ranges={"width": (2**12, 2**14)}),
        wrong("R^2", "exponent", measure=lambda s, **kappa: _counts(s, power=2.0), ranges={"width": (2**12, 2**14)}),
        wrong("kappa dropped", "claim", measure=lambda s, **kappa: _counts(s, kappa=1.0), ranges={"width": (2**12, 2**14)}),
    ),
    note="N_i ~ Binomial(m, p_R) exactly.",
)
def near(subject: TwoLayer, kappa: float) -> Side:
    return _counts(subject, kappa)


def _total(subject: TwoLayer) -> Side:
    counts = subject.near(subject.instance.radius).sum(-1)
    return Side(counts, rounding=subject.rounding)


@two_layer(
    id="tl-near-markov",
    source="Du et al. 2019, Lemma 3.2; Arora et al. 2019, (17)",
    claim="sum_i N_i <= {bound}",
    at_most="0.797885 m n omega/(kappa p)",
    ranges={**RANGES, "samples": (1, 64), "separation": NEARLY_EQUAL, "radius": (1e-6, 0.5)},
    # one near neuron of nearly equal inputs makes the sum n at once: with probability p if the bound is n
    tight={"samples": 1, "separation": NEARLY_EQUAL[0], "width": 64, "radius": "1.9 p kappa/(0.797885 m)", "data": "cluster"},
    failure=FAILURE_P,
    constants={"kappa": Constant(KAPPA, "the standard deviation of the entries of w_r, as drawn"), "p": P},
    variance=KAPPA**2,
    data=POSITIVE,
    rests_on=("tl-near",),
    exact=True,
    variants=(
        wrong("R^2", "exponent", at_most="0.797885 m n omega^2/(kappa p)", ranges={"radius": (1e-3, 1e-2), "width": (2**12, 2**14)}),
        wrong("p dropped", "exponent", at_most="0.797885 m n omega/kappa", ranges={"radius": (1e-3, 0.05)}),
        wrong("a tenth of the mean over p", "constant", at_most="0.0398942 m n omega/(kappa p)", ranges={"radius": (1e-3, 0.05)}),
    ),
    note="Markov: the mean is at most p times the bound. tl-near allows 2 m n p_R where this allows m n p_R/p. Where a single neuron is"
    " near with probability p, and then to all inputs, no smaller bound is true.",
)
def near_total(subject: TwoLayer) -> Side:
    return _total(subject)


def _kept(subject: TwoLayer, p: float, *, printed: bool = False) -> Side:
    radius = (1.0 if printed else p) * floor(subject) / (12.8 * subject.instance.samples**2)
    counts = subject.near(radius).sum(-1)
    return Side(counts, rounding=subject.rounding, given={"lambda0": counts.new_full(counts.shape, floor(subject))})


@two_layer(
    id="tl-kept-gates",
    source="Du et al. 2019, section 4",
    claim="sum_i N_i <= {bound} at R = p lambda0/(12.8 n^2), which keeps the kernel within lambda0/8 of H(0) all over the ball",
    at_most="m lambda0/(16 n)",
    ranges={**SIZES, "width": (64, 2**20), "samples": (1, 12), "separation": (0.05, 1.4)},
    # where one near neuron is 2/3 of the bound; lambda0 of close pairs is about 0.16 delta + 0.17 delta^2, up to 1/2
    tight={"samples": 2, "separation": 1.4, "width": "24 n/min(1/2, 0.16 delta + 0.17 delta^2)", "data": "close pairs"},
    trials=1024,  # of a rate of 0.25 they tell 0.35: 7 standard deviations, as a rate of error near 1e-12 asks
    failure=FAILURE_P,
    constants={"p": OFTEN},
    data=POSITIVE,
    rests_on=("tl-near-markov",),
    exact=True,
    variants=(
        wrong("R = lambda0/(12.8 n^2), which has lost the p", "as printed", measure=partial(_kept, printed=True),
              data=("orthonormal",), ranges={"width": (2**10, 2**14), "samples": (1, 3)}),
        wrong("a fortieth of the bound", "constant", at_most="m lambda0/(640 n)"),
    ),
    note="The step of gradient descent needs that few gates to change. With the printed radius, a constant times lambda0/n^2, it is the"
    " mean that is this small, and half of the networks have more.",
)  # fmt: skip
def kept(subject: TwoLayer, p: float) -> Side:
    return _kept(subject, p)
