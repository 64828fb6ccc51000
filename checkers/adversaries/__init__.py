"""Adversaries: they own "for all W in the ball". Each moves every layer by at most the radius in spectral norm, on any weights."""

from __future__ import annotations

from collections.abc import Mapping

from checkers.adversaries.ascent import ascent_from_alignment, continuation, spectral_ascent
from checkers.adversaries.attack import Adversary, Attack, Objective, strongest
from checkers.adversaries.directions import hidden_alignment, lengthening, output_alignment, random_direction, random_matrix
from checkers.adversaries.flips import (
    flips_on_top,
    heavy_flips,
    heavy_flips_on_top,
    switching_off,
    switching_on,
    targeted_flips,
    weighted_flips,
)
from checkers.adversaries.joint import (
    joint_flips,
    joint_heavy_flips,
    joint_neuron,
    joint_pushes,
    joint_switching,
    joint_weighted_flips,
    jointly_to_the_brink,
)
from checkers.adversaries.pushes import pushes, to_the_brink
from checkers.networks.network import Network


def best_of_all(attack: Attack) -> Network:
    """In each trial the strongest move of every other adversary, random ones included."""
    return attack.best([adversary(attack) for name, adversary in ADVERSARIES.items() if name != "best of all"])


ADVERSARIES: Mapping[str, Adversary] = {
    "random": random_direction,
    "random matrix": random_matrix,
    "rank-one alignment": strongest(lengthening),
    "hidden alignment": strongest(hidden_alignment),
    "output alignment": strongest(output_alignment),
    "targeted sign flips": strongest(targeted_flips),
    "weighted sign flips": strongest(weighted_flips),
    "heavy sign flips": strongest(heavy_flips),
    "flips on top": strongest(flips_on_top),
    "heavy flips on top": strongest(heavy_flips_on_top),
    "switching on": strongest(switching_on),
    "switching off": strongest(switching_off),
    "pushes through zero": strongest(pushes),
    "to the brink": strongest(to_the_brink),
    "joint sign flips": strongest(joint_flips),
    "joint heavy flips": strongest(joint_heavy_flips),
    "joint push of one neuron": strongest(joint_neuron),
    "joint weighted flips": strongest(joint_weighted_flips),
    "joint switching": strongest(joint_switching),
    "joint pushes": strongest(joint_pushes),
    "jointly to the brink": strongest(jointly_to_the_brink),
    "ascent from alignment": ascent_from_alignment,
    "spectral ascent": spectral_ascent,
    "continuation": continuation,
    "best of all": best_of_all,
}

# These ask so many questions, or store so much, that checks leave them out where weights are revealed; benchmarks do not.
COSTLY = frozenset({"random matrix", "continuation", "best of all"})
ASCENTS = frozenset({"spectral ascent", "ascent from alignment"})
# An ascent stays in the span of activations and backward vectors: some fifty directions a layer on either side, with their
# images 0.4 GB at this many entries of a vector in all layers and trials.
ASCENT_ENTRIES = 2**18
FEW = 4  # trials that any decision has


def affordable(name: str, network: Network) -> bool:
    """Whether a check lets this adversary loose on revealed weights."""
    trials = max(FEW, network.trials)  # one alone may be a batch of several
    return name not in COSTLY and (name not in ASCENTS or network.width * network.depth * trials <= ASCENT_ENTRIES)


__all__ = ["ADVERSARIES", "ASCENTS", "COSTLY", "Adversary", "Attack", "Objective", "affordable"]
