"""What the chapters share: how a statement of this theory is declared, its data, and labels in the directions where training is hardest.

Symbols beside those of instances: lambda0 = lambda_min(H_inf), X = ‖X‖_2, S = max_i sum_j |rho_ij|, p_R = P(|w . x| <= R),
r_0 = ‖y - u(0)‖. The radius R of a ball around W(0), in which every ‖w_r - w_r(0)‖ <= R, is the instance's omega.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from theorems.language.registry import statement
from theorems.language.statement import INPUTS, Constant, FailureProbability, Range
from theorems.laws.gate_laws import data_norm, gate_kernel, kernel_floor, near_probability

if TYPE_CHECKING:
    from torch import Tensor

    from theorems.language.instance import Instance
    from theorems.two_layer.subject import TwoLayer

two_layer = partial(statement, theory="two-layer", architecture="two-layer", engines=("gates",), variance=1.0, kind="derived")

# All have lambda0 > 0, which the circle, with an even number of inputs, has not.
POSITIVE = ("orthonormal", "sphere", "close pairs", "cluster", "opposite pairs")
EVERY = (*POSITIVE, "circle")
SIZES: dict[str, Range] = {"width": (16, 2**20), "samples": (1, 8), "input_dimension": INPUTS, "separation": (0.05, 1.0)}
P = Constant(0.05, "a choice, not a hidden constant: small enough to be refuted in few trials, large enough that log(1/p) is a number")
OFTEN = Constant(0.25, "a choice: Markov's bound is the nearer to what it bounds, the less rare that is")
RARE = Constant(0.01, "a choice: the rarer, the nearer are a tail's mean and its quantile")
NEARLY_EQUAL: Range = (1e-5, 1.0)  # separations, down to where two inputs have the same gates in nearly all networks
FAILURE_P = FailureProbability("p", lambda instance, p, **others: p)

# Of an eigenvalue, over the width: gates are counted in units of 1/m, and of a smaller one, rounding or not, a run of a few steps shows
# nothing.
LEAST_FLOOR = 1e-3
CHERNOFF_BELOW = 0.034238  # (3/4) log(3/4) + 1/4, rounded down: P(S <= (3/4) E S) for a sum of terms in [0, 1]
CHERNOFF_ABOVE = 0.38629  # 2 log 2 - 1, rounded down: P(S >= 2 E S)


def floor_failure(instance: Instance) -> float:
    """n exp(-0.0342 m lambda0/‖X‖^2): matrix Chernoff for H(0) = (1/m) sum_r (D_r X)(D_r X)^T, terms of norm ‖X‖^2 at most."""
    exponent = CHERNOFF_BELOW * instance.width * kernel_floor(instance.inputs) / data_norm(instance.inputs) ** 2
    return instance.samples * math.exp(-exponent)


def near_failure(instance: Instance, radius: float, kappa: float = 1.0) -> float:
    """n exp(-0.386 m p_R): some N_i(R) above twice its mean."""
    return instance.samples * math.exp(-CHERNOFF_ABOVE * instance.width * near_probability(radius, kappa))


def floor(subject: TwoLayer) -> float:
    """lambda0 of the instance's data."""
    return kernel_floor(subject.instance.inputs)


def limit(subject: TwoLayer) -> Tensor:
    """H_inf, (n, n), as a tensor beside the subject's."""
    import torch

    return torch.as_tensor(gate_kernel(subject.instance.inputs)).to(subject.kernel())


def spectral(matrices: Tensor) -> Tensor:
    """‖M‖_2 of symmetric matrices (..., n, n)."""
    import torch

    norms: Tensor = torch.linalg.eigvalsh(matrices).abs().amax(-1)
    return norms


def certified_floor(subject: TwoLayer, radius: float) -> Tensor:
    """lambda_R = lambda_min(H(0)) - ‖U(R)‖_2, below which no kernel in the ball has an eigenvalue: (trials,)."""
    import torch

    least: Tensor = torch.linalg.eigvalsh(subject.kernel())[..., 0]
    return least - spectral(subject.flip_bound(radius))


def said_of(subject: TwoLayer, floors: Tensor) -> tuple[Tensor, Tensor]:
    """Where lambda_R is large enough to claim something, and lambda_R there, elsewhere a number to divide by: (trials,) each."""
    least = LEAST_FLOOR / subject.instance.width
    return floors >= least, floors.clamp_min(least)


def directions(subject: TwoLayer) -> list[Tensor]:
    """Unit residuals y - u(0), each (trials, n): along the bottom and the top eigenvector of H(0), where descent is slowest and fastest,
    and along the instance's own labels."""
    import torch

    vectors = torch.linalg.eigh(subject.kernel())[1]
    own = torch.as_tensor(subject.instance.targets[:, 0]).to(vectors).expand(subject.trials, -1)
    return [vectors[..., 0], vectors[..., -1], own / torch.linalg.vector_norm(own, dim=-1, keepdim=True)]


def step_size(subject: TwoLayer, share: float) -> Tensor:
    """share/lambda_max(H(0)), (trials,)."""
    import torch

    largest: Tensor = torch.linalg.eigvalsh(subject.kernel())[..., -1]
    return share / largest.clamp_min(1 / subject.instance.width)


def residual_rounding(subject: TwoLayer, least: Tensor, size: Tensor) -> float:
    """Relative error of a residual of norm `least`: it is the difference of labels and outputs, of norm `size` at most."""
    scale = float(subject.outputs().abs().amax()) + float(size.amax())
    return 4 * subject.rounding * math.sqrt(subject.instance.samples) * scale / max(float(least.amin()), 1e-300)
