"""What the chapters share: the maps that a statement is declared for, and labels in the directions where descent is slowest and fastest.

Symbols beside those of instances: alpha <= sigma_min(J) and ‖J‖ <= beta on a ball D around theta_0 whose radius is the instance's omega,
L_J the Lipschitz constant of J, r_0 = ‖y - f(theta_0)‖. Labels are chosen so that what a statement asks of D is just met.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from theorems.language.registry import Measure, statement
from theorems.language.statement import INPUTS, Range, Variant

if TYPE_CHECKING:
    from torch import Tensor

    from theorems.local_jacobian.subject import LocalJacobian, Path

LINEAR, GENERALIZED, SMOOTH = "linear map", "generalized linear model", "smooth two-layer"
# f(W) = sum_l v_l phi(w_l . x): generalized linear models have one neuron, linear maps a linear phi as well.
DATA = ("orthonormal", "sphere", "close pairs", "cluster")
SIZES: dict[str, Range] = {
    "width": (1, 256), "samples": (1, 6), "input_dimension": INPUTS, "separation": (0.05, 1.0), "radius": (1e-2, 8.0),
}  # fmt: skip
EXTREMES = "labels along the bottom and the top singular direction of J, both ways"

INSIDE = 0.999  # of r_0 is the residual, so that what a claim makes equal is told apart from rounding
STEPS = 12  # beyond them a residual that falls by 1/2 a step meets its rounding
LEAST = 1e-3  # of alpha/beta where something is claimed: a smaller one makes no difference to a run of a few steps


def local_jacobian(
    *, on: tuple[str, ...] = (LINEAR, GENERALIZED, SMOOTH), curved: tuple[Variant, ...] = (), **declaration: Any
) -> Callable[[Measure], Measure]:
    """Declare a statement of this theory for each of these maps; a range of the width is for those that have one. curved: false variants
    that are true of linear maps."""
    common = {"theory": "local-jacobian", "engines": ("jacobian",), "variance": 1.0, "data": DATA, "labels": ("signs",), **declaration}
    common.setdefault("kind", "derived")
    sizes, variants = {**SIZES, **common.pop("ranges", {})}, common.pop("variants")

    def declare(measure: Measure) -> Measure:
        for name in on:
            options = {"linear": float(name == LINEAR)}
            neurons = {} if name == SMOOTH else {"width": (1, 1)}
            ranges, false = {**sizes, **neurons}, (*variants, *(curved if name != LINEAR else ()))
            statement(**common, architecture=name, options=options, ranges=ranges, variants=false)(measure)
        return measure

    return declare


def directions(subject: LocalJacobian) -> Tensor:
    """Unit residuals y - f(theta_0), (trials, 5, n): along the bottom left singular vector of J and against it, along the top one and
    against it, and along the instance's own labels."""
    import torch

    vectors = torch.linalg.eigh(subject.gram())[1]
    bottom, top = vectors[..., 0], vectors[..., -1]
    own = torch.as_tensor(subject.instance.targets[:, 0]).to(vectors).expand(subject.trials, -1)
    return torch.stack([bottom, -bottom, top, -top, own / torch.linalg.vector_norm(own, dim=-1, keepdim=True)], 1)


def ball(subject: LocalJacobian, radius: float | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """Whether anything is claimed on the ball (omega, if no radius is given), and alpha and beta there, elsewhere numbers to compute with:
    (trials,) each."""
    import torch

    size = torch.full_like(subject.lipschitz(), subject.instance.radius if radius is None else radius)
    alpha, beta = subject.least(size), subject.most(size)
    claimed = (alpha >= LEAST * beta) & (beta > 0)
    beta = torch.where(claimed, beta, beta.clamp_min(1))
    return claimed, alpha.clamp_min(LEAST * beta), beta


def said(claimed: Tensor, *parts: Tensor) -> Tensor:
    """The parts of a claim, (trials, labels, steps) each, beside each other, and 0 where nothing is claimed. Without the start, where
    claims are equalities that no arithmetic tells from either side."""
    import torch

    values = torch.stack(parts, -1)[:, :, 1:]
    return torch.where(claimed[:, None, None, None], values, 0.0)


def counted(path: Path) -> Tensor:
    """t = 1, 2, ..., (trials, labels, steps)."""
    import torch

    return torch.arange(1, path.length.shape[-1]).to(path.length).expand(path.length[..., 1:].shape)


def norms(path: Path) -> Tensor:
    """‖r_t‖, (trials, labels, steps)."""
    import torch

    found: Tensor = torch.linalg.vector_norm(path.residual, dim=-1)
    return found


def rounding(subject: LocalJacobian, claimed: Tensor, least: Tensor, alpha: Tensor, beta: Tensor) -> float:
    """Relative error of a residual of norm `least` or more, and of eigenvalues of which the smallest is alpha^2 in a matrix of norm beta^2;
    of the trials where something is claimed."""
    import torch

    residual = torch.where(claimed, math.sqrt(subject.instance.samples) * subject.error / least, 0.0)
    conditioned = torch.where(claimed, subject.rounding * (beta / alpha).square(), 0.0)
    return float(4 * (residual + conditioned).amax())
