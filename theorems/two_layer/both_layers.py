"""Both layers trained: the output weights a_r move as well, by R_a = lambda0/(16 n^2) at most each."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from theorems.language.forms import wrong
from theorems.language.subject import Side
from theorems.two_layer.shared import FAILURE_P, POSITIVE, SIZES, P, floor, spectral, two_layer
from theorems.two_layer.stability import ATTACK

if TYPE_CHECKING:
    from theorems.two_layer.subject import TwoLayer

# At the end of the range the sides are equal, which no arithmetic tells from either side; so near to it 2 R_a is told apart as well.
JUST_INSIDE = 2.0**-20


@two_layer(
    id="tl-amplitudes",
    source="Du et al. 2019, Lemma A.2",
    claim="|a^2 - 1| <= {bound} for all | |a| - 1 | <= omega",
    at_most="2 omega + omega^2",
    ranges={"width": (1, 1), "radius": (2.0**-12, 1 / 32)},
    engines=("vectors",),
    exact=True,
    variants=(
        wrong("2 R_a", "as printed", at_most="2 omega"),
        wrong("R_a^2 alone", "exponent", at_most="omega^2"),
    ),
    note="Attained at a = 1 + R_a, and looked at just inside. The paper leaves out R_a^2.",
)
def amplitudes(subject: TwoLayer) -> Side:
    import torch

    radius = subject.instance.radius * (1 - JUST_INSIDE)
    # a^2 - 1 = (a - 1)(a + 1): without the cancellation that would drown R_a^2
    moves = torch.tensor([radius, -radius], dtype=torch.float64).expand(subject.trials, -1)
    return Side((moves * (2 + moves)).abs(), axes=("end",), rounding=8 * 2.0**-53)


def _change(subject: TwoLayer, p: float, *, gates: float = 1.0, amplitude: float = 1.0) -> Side:
    """The worst change in the product of both balls; the keyword arguments enlarge them for false variants."""
    import torch

    n, value = subject.instance.samples, floor(subject)
    radius, reach = 0.0783328 * value * p / n**2 * gates, value / (16 * n**2) * amplitude
    found = [spectral(subject.kernel_change(radius, top, reach)) for top in (True, False)]
    values = torch.stack(found, -1)
    return Side(values, axes=("end",), rounding=subject.rounding, given={"lambda0": values.new_full((subject.trials,), value)})


@two_layer(
    id="tl-both",
    source="Du et al. 2019, Lemmas A.2 to A.4",
    claim="‖H(W, a) - H(0)‖_2 <= {bound} wherever ‖w_r - w_r(0)‖ <= sqrt(2 pi) lambda0 p/(32 n^2) and | |a_r| - 1 | <= lambda0/(16 n^2)",
    at_most="lambda0/4",
    ranges={**SIZES, "width": (256, 4096), "samples": (2, 6)},
    failure=FAILURE_P,
    constants={"p": P},
    data=POSITIVE,
    rests_on=("tl-amplitudes", "tl-stability-markov"),
    attack=ATTACK,
    variants=(
        wrong("lambda0/(20 n^2)", "constant", at_most="lambda0/(20 n^2)", ranges={"width": (2048, 4096)}),
        wrong("R_a = lambda0, n^2 dropped", "assumption", measure=partial(_change, amplitude=64.0), ranges={"samples": (2, 2)}),
    ),
    note="The gates' part is at most (1 + R_a)^2 lambda0/8 and the amplitudes' n (2 R_a + R_a^2): together below lambda0/4 for n >= 2, and"
    " 0.26 lambda0 at n = 1.",
)
def both(subject: TwoLayer, p: float) -> Side:
    return _change(subject, p)
