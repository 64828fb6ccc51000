"""Step sizes: the largest that a kernel allows, and the paper's."""

from __future__ import annotations

import math

import numpy as np
import torch

from checkers.errors import InputError
from checkers.networks.kernels import limit_kernel
from checkers.networks.network import Network
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.networks.weights.dense import DenseWeights
from checkers.subjects.network import NetworkSubject
from theorems import registry
from theorems.allen_zhu.convergence import step_size as gd_step_size
from theorems.allen_zhu.stochastic import sgd_step_size
from theorems.language.instance import Instance
from theorems.language.statement import FULLY_CONNECTED

LARGEST_KERNEL = 3000  # rows of a kernel whose eigenvalues take seconds


def takes_limit_kernel(engine: str, samples: int, outputs: int) -> bool:
    """Whether the step size is that of the limit kernel, the network's own being too large or not there."""
    return engine != "dense" or samples * outputs > LARGEST_KERNEL


def stable_step_size(network: Network, instance: Instance) -> float:
    """1.5/lambda_max of the tangent kernel, three quarters of what a fixed kernel allows; the rest is for its drift in training.

    The kernel is that of the initial network where it is small enough to form; else its limit, whose largest eigenvalue a network's
    exceeds by five standard deviations at most: one is below 3 sqrt(L/m) (6% for L = 1 and 11% for L = 8 at m = 2048).
    """
    engine = "dense" if isinstance(network.hidden[0], DenseWeights) else "revealed"
    if not takes_limit_kernel(engine, instance.samples, instance.outputs):
        subject = NetworkSubject(network, instance, NormalSource(seed_sequence(0)))
        kernel = torch.stack([subject.layer_kernel(layer) for layer in range(1, instance.depth + 1)]).sum(0)
        largest = float(torch.linalg.eigvalsh(kernel).max())
        return 1.5 / largest if largest > 0 else math.inf  # a dead network has a gradient of zero, which no step is too large for
    limiting = limit_kernel(instance.inputs, instance.depth, network.architecture, instance.width)
    limit = float(np.linalg.eigvalsh(limiting)[-1]) * instance.width / instance.outputs
    return 1.5 / (limit * (1 + 15 * math.sqrt(instance.depth / instance.width)))


def promised_separation(delta: float, instance: Instance, architecture: str) -> float:
    """The data's least distance, or the largest that the lemmas of the architecture let themselves assume: c/L in the paper."""
    forms = [registry.form("gradient-lower", architecture)] if registry.has_form("gradient-lower", architecture) else []
    found = [one.bound(instance) for form in forms for one in form.assumptions if (one.quantity, one.relation) == ("separation", "<=")]
    return min([delta, *(found or [1 / instance.depth])])


def paper_step_size(instance: Instance, batch: int, architecture: str = FULLY_CONNECTED) -> float:
    """That of Theorem 1, or with batch >= 1 of Theorem 2, with the constants and the power of L of the architecture's form."""
    if instance.width < 2 or instance.separation == 0:
        raise InputError("the paper's step size needs two neurons, for log m, and inputs that differ")
    identifier = "sgd-convergence" if batch else "gd-convergence"
    if not registry.has_form(identifier, architecture):
        raise InputError(f"the paper's step size on {architecture} networks is not known: {registry.reason(identifier, architecture)}")
    form = registry.form(identifier, architecture)
    # steps and step size have opposite powers of L: their product has none
    constant = form.constant_values()["step"] * instance.depth ** (2 - form.claimed_exponents.get("depth", 2.0))
    return sgd_step_size(instance, batch, constant) if batch else gd_step_size(instance, constant)
