"""Step sizes: the largest that a kernel allows, and the paper's."""

from __future__ import annotations

import math

import numpy as np

from checkers.errors import InputError
from checkers.networks.kernels import limit_kernel
from checkers.networks.network import Network
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.networks.weights.dense import DenseWeights
from checkers.subjects.network import NetworkSubject
from theorems import registry
from theorems.allen_zhu.convergence import STABLE, largest_eigenvalue
from theorems.language.instance import Instance
from theorems.language.statement import FULLY_CONNECTED

LARGEST_KERNEL = 3000  # rows of a kernel whose eigenvalues take seconds


def takes_limit_kernel(engine: str, samples: int, outputs: int) -> bool:
    """Whether the step size is that of the limit kernel, the network's own being too large or not there."""
    return engine != "dense" or samples * outputs > LARGEST_KERNEL


def stable_step_size(network: Network, instance: Instance) -> float:
    """STABLE/lambda_max of the tangent kernel, as in gd-convergence.

    The kernel is that of the initial network where it is small enough to form; else its limit, whose largest eigenvalue a network's
    exceeds by five standard deviations at most: one is below 3 sqrt(L/m) (6% for L = 1 and 11% for L = 8 at m = 2048).
    """
    engine = "dense" if isinstance(network.hidden[0], DenseWeights) else "revealed"
    if not takes_limit_kernel(engine, instance.samples, instance.outputs):
        subject = NetworkSubject(network, instance, NormalSource(seed_sequence(0)))
        largest = float(largest_eigenvalue(subject).max())
        return STABLE / largest if largest > 0 else math.inf  # a dead network has a gradient of zero, which no step is too large for
    limiting = limit_kernel(instance.inputs, instance.depth, network.architecture, instance.width)
    limit = float(np.linalg.eigvalsh(limiting)[-1]) * instance.width / instance.outputs
    return STABLE / (limit * (1 + 15 * math.sqrt(instance.depth / instance.width)))


def promised_separation(delta: float, instance: Instance, architecture: str) -> float:
    """The data's least distance, or the largest that the lemmas of the architecture let themselves assume: c/L in the paper."""
    forms = [registry.form("gradient-lower", architecture)] if registry.has_form("gradient-lower", architecture) else []
    found = [one.limit(instance) for form in forms for one in form.assumptions if (one.quantity, one.relation) == ("separation", "<=")]
    return min([delta, *(found or [1 / instance.depth])])


def paper_step_size(instance: Instance, batch: int, architecture: str = FULLY_CONNECTED) -> float:
    """eta of Theorem 1, or with batch >= 1 batch times that of Theorem 2, as the architecture's form defines it."""
    if instance.width < 2 or instance.separation == 0:
        raise InputError("the paper's step size needs two neurons, for log m, and inputs that differ")
    identifier = "sgd-convergence" if batch else "gd-convergence"
    if not registry.has_form(identifier, architecture):
        raise InputError(f"the paper's step size on {architecture} networks is not known: {registry.reason(identifier, architecture)}")
    eta: float = registry.form(identifier, architecture).values(instance)["eta"]
    return batch * eta if batch else eta
