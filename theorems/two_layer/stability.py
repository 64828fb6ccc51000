"""How far the kernel can move when every neuron may move by R: all W with ‖w_r - w_r(0)‖ <= omega for every r."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from theorems.language.forms import wrong
from theorems.language.statement import FailureProbability
from theorems.language.subject import Side
from theorems.laws.gate_laws import crowding, near_probability
from theorems.two_layer.shared import FAILURE_P, NEARLY_EQUAL, POSITIVE, SIZES, P, near_failure, spectral, two_layer

if TYPE_CHECKING:
    from torch import Tensor

    from theorems.two_layer.subject import TwoLayer

RANGES = {**SIZES, "width": (64, 4096), "samples": (1, 6), "radius": (1e-3, 0.2)}
ATTACK = "best gate pattern of each neuron, alternating with the extreme eigenvector"
CLUSTERS = {"samples": (16, 18), "separation": (0.01, 0.05), "width": (256, 1024), "radius": (0.02, 0.1)}


def _changes(subject: TwoLayer) -> list[Tensor]:
    """H(W) - H(0) at the worst W found upwards, and downwards."""
    return [subject.kernel_change(subject.instance.radius, top) for top in (True, False)]


def _rounding(subject: TwoLayer) -> float:
    """The change is a difference of kernels, sums of m equal terms 1/m whose counts are exact; only rho has a rounding."""
    return subject.rounding


def _worst(subject: TwoLayer) -> Tensor:
    import torch

    return torch.stack([spectral(change) for change in _changes(subject)], -1)


def _against_bound(subject: TwoLayer, power: float = 1.0) -> Side:
    bound = spectral(subject.flip_bound(subject.instance.radius**power))
    return Side(_worst(subject), axes=("end",), rounding=_rounding(subject), given={"bound": bound})


@two_layer(
    id="tl-flips",
    source="derived; sharper than Du et al. 2019, Lemma 3.2",
    claim="‖H(W) - H(0)‖_2 <= {bound}, bound = ‖U‖_2, U_{ij} = |rho_{ij}| #{r: i or j near, and each of them open or near}/m",
    at_most="1.001 bound",
    ranges=RANGES,
    data=POSITIVE,
    rests_on=("tl-dynamics",),
    attack=ATTACK,
    variants=(
        wrong("0.45 of it", "constant", at_most="0.45 bound", ranges={"samples": (1, 1)}),
        wrong("near at R^2", "exponent", measure=partial(_against_bound, power=2.0)),
    ),
    note="No probability: U is computed from W(0). At n = 1 half of it can always be reached, and all of it now and then: the thousandth"
    " more tells that from rounding.",
)
def flips(subject: TwoLayer) -> Side:
    return _against_bound(subject)


@two_layer(
    id="tl-stability",
    source="Du et al. 2019, Lemma 3.2, with Chernoff",
    claim="‖H(W) - H(0)‖_2 <= {bound}, p_R = erf(omega/sqrt 2), S = max_i sum_j |rho_{ij}|",
    at_most="4 p_R S",
    ranges={**RANGES, "width": (256, 4096)},
    failure=FailureProbability("n exp(-0.386 m p_R)", lambda i: near_failure(i, i.radius)),
    data=POSITIVE,
    rests_on=("tl-near", "tl-flips"),
    attack=ATTACK,
    variants=(
        wrong("n dropped: 3.2 R", "exponent", at_most="3.2 omega", ranges=CLUSTERS, data=("cluster",)),
        wrong("R^2", "exponent", at_most="4 omega^2 S", ranges={"radius": (1e-2, 0.05), "width": (2048, 4096), "samples": (1, 3)}),
        wrong("0.37 R at n = 1, below 1/sqrt(2 pi)", "constant", at_most="0.37 omega",
              ranges={"samples": (1, 1), "width": (2**13, 2**14), "radius": (0.1, 0.2)}),
    ),
    note="The limit of the attack at n = 1 is p_R/2, 0.399 R for small R.",
)  # fmt: skip
def stability(subject: TwoLayer) -> Side:
    worst = _worst(subject)
    given = {"p_R": near_probability(subject.instance.radius, 1.0), "S": crowding(subject.instance.inputs)}
    filled = {name: worst.new_full((subject.trials,), value) for name, value in given.items()}
    return Side(worst, axes=("end",), rounding=_rounding(subject), given=filled)


@two_layer(
    id="tl-stability-markov",
    source="Du et al. 2019, Lemma 3.2",
    claim="‖H(W) - H(0)‖_F <= {bound}, so at most lambda0/4 at omega = 0.1567 p lambda0/n^2",
    at_most="1.595770 n^2 omega/p",
    proved="1.128380 n^(3/2) omega/p",
    ranges={**RANGES, "width": (64, 2**13), "radius": (1e-6, 0.2), "separation": NEARLY_EQUAL},
    # where about one network in seven has a near neuron, and that one flips the gates of nearly equal inputs together
    tight={"samples": 1, "separation": NEARLY_EQUAL[0], "width": 64, "radius": "2.8 p/(0.797885 m)", "data": "cluster"},
    failure=FAILURE_P,
    constants={"p": P},
    data=POSITIVE,
    rests_on=("tl-near-markov",),
    attack=ATTACK,
    variants=(
        wrong("n^2 and 1/p dropped", "exponent", at_most="1.595770 omega", ranges=CLUSTERS, data=("cluster",)),
        wrong("R^2", "exponent", at_most="1.595770 n^2 omega^2/p",
              ranges={"radius": (1e-3, 1e-2), "width": (4096, 2**14), "samples": (1, 2)}),
        wrong("0.37 R at n = 1", "constant", at_most="0.37 omega",
              ranges={"samples": (1, 1), "width": (2**13, 2**14), "radius": (0.1, 0.2)}),
    ),
    note="4/sqrt(2 pi) = 1.596. Pairs and Markov's 1/p make it 39 to 1250 times what the attack finds at p = 0.1. A neuron of which k gates"
    " change moves at most 2 k n entries by 1/m, so by sqrt(2 n) k/m in this norm: n^(3/2) and sqrt(2) 0.798 = 1.128 are enough.",
)  # fmt: skip
def stability_markov(subject: TwoLayer) -> Side:
    import torch

    values = torch.stack([change.square().sum((-2, -1)).sqrt() for change in _changes(subject)], -1)
    return Side(values, axes=("end",), rounding=_rounding(subject))
