"""The statements on residual networks h_l = phi(h_{l-1} + tau W_l h_{l-1}) for l < L, h_L = phi(W_L h_{L-1}), tau = 1/(L log m).

In products of layers, W_l stands for T_l = I + tau W_l where l < L and for W_L where l = L. A layer moves a vector by O(tau), and tau L <=
1/log m: so norms, products and stability carry no power of L, layers l < L have gradients with a factor tau, and only two layers, h_0 and
h_L, spread the norms. Sign flips: given h_{l-1}, the pre-activation of each neuron is normal with deviation tau sqrt(2/m) ‖h_{l-1}‖, so
at most 0.985 m (omega')^{2/3} signs yield to a change of norm tau omega' (theorems.stability), and changes of earlier layers add up to
omega' <= L omega.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from theorems.convergence import _radius, _rate
from theorems.forms import FALSE, at_least, at_most, bounded, exponential, form, informative, wrong
from theorems.gradient_check import gradient_check, layer_gradient, without_last_sample
from theorems.gradients import _gradient_lower, _gradient_upper
from theorems.initialization import _backward_norm, _operator_norm, _separation
from theorems.kernel_deviation import kernel_deviation
from theorems.limit_kernels import residual_limit_kernel
from theorems.norm_laws import residual_failure_probability, step
from theorems.registry import registry
from theorems.smoothness import _gradient_drift, _kernel_stability, _linearization, _output_stability, _semi_smoothness
from theorems.sparsity import _output, _stretch
from theorems.stability import _forward_stability, _sign_flips
from theorems.statement import Assumption, Constant, FailureProbability

if TYPE_CHECKING:
    from torch import Tensor

    from theorems.exact_laws import Array
    from theorems.gradient_check import Activation
    from theorems.instance import Instance
    from theorems.subject import Subject

RESIDUAL = "residual"
SEEN = "1.3 times the worst that the search of the quick profile saw with seed 100"
# tau = 1 at every depth; the chain without its identity. Both need layers below the last to be felt.
TAU_ONE = {"options": {"step": 1.0}}
NO_SKIP = {"options": {"identity": 0.0}}


def _log(instance: Instance) -> float:
    return math.log(max(instance.width, 3))


def _written(subject: Subject, first: Tensor, hidden: list[Tensor], last: Tensor, x: Tensor, phi: Activation) -> Tensor:
    """f, layer by layer."""
    tau = step(first.shape[1], len(hidden))
    h = phi(x @ first.mT)
    for matrix in hidden[:-1]:
        h = phi(h + tau * (h @ matrix.mT))
    return phi(h @ hidden[-1].mT) @ last.mT


def _without_step(subject: Subject, layer: int, loss: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """The mistake of a false variant: grad_{W_l} without the factor tau."""
    divisor = step(subject.instance.width, subject.instance.depth) if layer < subject.instance.depth else 1.0
    return layer_gradient(subject, layer, loss, a, b) / divisor


form(
    "gradient-formula", RESIDUAL,
    claim="grad_{W_l} F = tau_l sum_i (D_{i,l} Back_{i,l+1}^T loss_i) h_{i,l-1}^T for every l, tau_l = tau for l < L and 1 for l = L",
    ranges={"depth": (2, 8)},
    measure=gradient_check(_written),
    variants=(
        wrong("tau left out of the gradient", "implementation", measure=gradient_check(_written, _without_step)),
        wrong("last sample left out", "claim", measure=gradient_check(_written, without_last_sample)),
    ),
    note="The right side is reverse-mode differentiation of a forward pass of its own.",
)  # fmt: skip

form(
    "forward-norm", RESIDUAL,
    ranges={"width": (32, 16384), "depth": (2, 128), "samples": (1, 4)},
    assumptions=(
        at_most("tolerance", "eps <= 1", "tolerance", lambda i: 1.0),
        at_least("width", "m >= 5 log(8n), so that some eps <= 1 says something", "width", lambda i: 5 * math.log(8 * i.samples)),
        at_least("informative tolerance", "eps >= sqrt(5 log(8n)/m), where the failure probability is below 1/2", "tolerance",
                 lambda i: math.sqrt(5 * math.log(8 * i.samples) / i.width)),
    ),
    failure=FailureProbability(
        "n [ min_p (E Z^p)^2 (E R^p)^{L-1} (1+eps)^{-2p} + likewise below ], theorems.norm_laws; e^{-Omega(m eps^2)}, with no L",
        lambda i: residual_failure_probability(i.width, i.depth, i.samples, i.tolerance),
    ),
    exponents={"width": -0.5, "depth": 0.0},
    engines=("dense", "revealed"),
    variants=(
        wrong("tau = 1", "assumption", **TAU_ONE),
        wrong("skip connection dropped", "implementation", **NO_SKIP),
        wrong("initialization variance 2.2/m", "initialization", variance=2.2, ranges={"width": (2048, 16384), "depth": (2, 16)}),
    ),
)  # fmt: skip

SAYS = at_least("informative width", "m >= 48, where the failure probability is below 1/20", "width", lambda i: 16 * math.log(20))
OPERATORS = (at_least("width", "m >= n log(nL)", "width", lambda i: i.samples * math.log(max(i.samples * i.depth, 2))), SAYS)
PER_WIDTH = exponential("exp(-c m)", lambda i: i.width)
EXPONENT = Constant(1 / 16, "the norms of two layers vary; log ‖h_L‖^2 has variance 10/m")

form(
    "operator-norm", RESIDUAL,
    claim="‖T_b D_{i,b-1} ... D_{i,a} T_a‖_2 <= C for all 1 <= a <= b <= L and i, T_l = I + tau W_l for l < L and T_L = W_L",
    ranges={"width": (48, 1024), "depth": (1, 16), "samples": (1, 2)},
    assumptions=OPERATORS, failure=PER_WIDTH,
    constants={"C": Constant(5.0, "sharp edge 2 sqrt 2 of the last layer as m grows; 1.25 for the chain and 1.4 for widths near 48"),
    "c": EXPONENT},
    exponents={"depth": 0.0, "width": 0.0},
    measure=lambda subject, C, c: _operator_norm(subject, C, growth=0.0),
    variants=(
        wrong("constant 2.8, just below the sharp edge", "constant", constants={"C": Constant(2.8, FALSE)}),
        wrong("decay 1/sqrt(L)", "exponent", measure=lambda subject, C, c: _operator_norm(subject, C, growth=-0.5),
              ranges={"depth": (4, 16), "width": (48, 256)}),
        wrong("tau = 1", "assumption", **TAU_ONE, ranges={"depth": (3, 8), "width": (48, 256)}),
    ),
)  # fmt: skip

SPARSE = (
    at_most("sparsity", "s <= c m/log m, c = 0.04", "sparsity", lambda i: 0.04 * i.width / _log(i)),
    at_least("sparsity of one", "m >= log(m)/c, so that a single nonzero is sparse", "width", lambda i: 25 * _log(i)),
    at_least("informative width", "m >= 192, where the failure probability is below 1/20", "width", lambda i: 64 * math.log(20)),
)
form(
    "sparse-forward", RESIDUAL,
    claim="‖T_b D_{i,b-1} ... D_{i,a} T_a v‖ <= 2 ‖v‖ for all v with ‖v‖_0 <= s, 1 <= a <= b <= L and i, where s <= c m/log m",
    ranges={"width": (192, 8192), "depth": (1, 6)}, assumptions=SPARSE, failure=PER_WIDTH,
    constants={"C": Constant(2.0, "as for fully connected networks; sharp for one nonzero and large m: sqrt 2 of the last layer"),
               "c": Constant(1 / 64, "as for fully connected networks, without 1/L")},
    variants=(
        wrong("1.4 in place of 2, just below sqrt 2", "constant", constants={"C": Constant(1.4, FALSE)}),
        wrong("tau = 1", "assumption", **TAU_ONE, ranges={"depth": (3, 6), "width": (192, 1024)}),
    ),
)  # fmt: skip
form(
    "sparse-backward", RESIDUAL,
    claim="‖u^T T_b D_{i,b-1} ... D_{i,a} T_a‖ <= C ‖u‖ for all u with ‖u‖_0 <= s, 1 <= a <= b <= L and i, where s <= c m/log m",
    ranges={"width": (192, 8192), "depth": (1, 6)}, assumptions=SPARSE, failure=PER_WIDTH,
    constants={"C": Constant(2.1, "sharp for one nonzero and large m: sqrt 2 of the last layer"),
               "c": Constant(1 / 64, "as for fully connected networks, without 1/L")},
    variants=(
        wrong("constant 1.4, just below sqrt 2", "constant", constants={"C": Constant(1.4, FALSE)}),
        wrong("decay 1/sqrt(L)", "exponent", measure=lambda subject, C, c: _stretch(subject, C, left=True, depth_exponent=-0.5),
              ranges={"depth": (4, 8), "width": (192, 1024), "samples": (1, 1)}),
    ),
)  # fmt: skip
registry.leave_out("sparse-bilinear", RESIDUAL, "the skip connection contributes <u, v> to the bilinear form, which does not shrink with m")

form(
    "backward-norm", RESIDUAL,
    ranges={"width": (64, 8192), "depth": (1, 16), "samples": (1, 2)},
    assumptions=(at_most("outputs", "d <= m/log m", "outputs", lambda i: i.width / _log(i)), *OPERATORS), failure=PER_WIDTH,
    constants={"C": Constant(3.0, "1 + sqrt(d/m) for B alone, at most 1.6; sqrt(2 * share of active neurons) for the chain"),
    "c": EXPONENT},
    variants=(
        wrong("constant 0.99, below the norm of B alone", "constant", constants={"C": Constant(0.99, FALSE)}),
        wrong("sqrt(m)/d in place of sqrt(m/d)", "exponent",
              measure=lambda subject, C, c: _backward_norm(subject, C, outputs_exponent=1.0), ranges={"outputs": (12, 32)}),
        wrong("tau = 1", "assumption", **TAU_ONE, ranges={"depth": (4, 8), "width": (64, 512)}),
    ),
)  # fmt: skip
form(
    "sparse-output", RESIDUAL,
    ranges={"width": (64, 8192), "depth": (1, 6), "outputs": (1, 8)},
    assumptions=(
        at_least("wide enough for a sparse vector", "m >= log m max(1, d/log m)", "width", lambda i: max(_log(i), i.outputs)),
        at_least("informative width", "m >= 20, where the failure probability is below 1/20", "width", lambda i: 20.0),
        at_most("sparsity", "s <= m/log m", "sparsity", lambda i: i.width / _log(i)),
        at_least("many nonzeros", "s >= d/log m", "sparsity", lambda i: i.outputs / _log(i)),
    ),
    constants={"C": Constant(3.0, SEEN)},
    variants=(
        wrong("constant 0.9, below the largest entry", "constant", constants={"C": Constant(0.9, FALSE)},
              ranges={"sparsity": (1, 2), "outputs": (1, 2), "width": (64, 512)}),
        wrong("1/d in place of 1/sqrt(d)", "exponent",
              measure=lambda subject, C, c: _output(subject, C, outputs_exponent=-1.0), ranges={"outputs": (12, 16), "width": (64, 512)}),
    ),
)  # fmt: skip

form(
    "separation", RESIDUAL,
    claim="‖(I - h_{i,l} h_{i,l}^T/‖h_{i,l}‖^2) h_{j,l}‖ >= delta/2 for all i != j and l = 0..L, where delta <= c, whatever L",
    ranges={"width": (64, 16384), "depth": (1, 32), "samples": (2, 4)},
    assumptions=(
        at_most("separation", "delta <= c, c = 1/2", "separation", lambda i: 0.5),
        at_least("informative width", "m >= 40 log(20 n^2), where the failure probability is below 1/20", "width",
                 lambda i: 40 * math.log(20 * i.samples**2)),
    ),
    failure=FailureProbability("n^2 exp(-c m)", lambda i, c: i.samples**2 * math.exp(-c * i.width)),
    constants={"c": Constant(1 / 40, "log-residuals vary by 10/(4m), as for L = 1; half of the fully connected exponent there")},
    exponents={"separation": 1.0, "depth": 0.0},
    variants=(
        wrong("separation 0.99 delta", "constant", measure=lambda subject, c: _separation(subject, 0.99)),
        wrong("separation test that forgets one pair", "implementation", data=("forgotten pair",)),
        wrong("skip connection dropped", "assumption", **NO_SKIP, ranges={"depth": (2, 16)}),
    ),
)  # fmt: skip


def flips(instance: Instance) -> float:
    """m omega^{2/3}: the signs that one layer yields, and the exponent of the failure probability."""
    return instance.width * math.pow(instance.radius, 2 / 3)


SMALL = at_most("radius", "omega <= c/(L log^3 m)", "radius", lambda i: 1 / (i.depth * math.log(i.width) ** 3))
KERNEL_SMALL = at_most("radius", "omega <= c/(L^{3/2} log^{3/2} m), c = 1/4", "radius",
                       lambda i: 0.25 / (math.pow(i.depth, 1.5) * math.log(i.width) ** 1.5))  # fmt: skip
NETWORKS = {"width": (64, 16384), "depth": (1, 8), "samples": (1, 2), "radius": (1e-9, 1e-1)}
FLIP_FAILURE = exponential("exp(-c m omega^{2/3})", flips)
FLIP_C = Constant(1.0, "as for fully connected networks, without L")
SHARP = Constant(4.0, "as for fully connected networks, without L: no failure in the quick profile with seed 100")


def enough_flips(c: float = 1.0):  # type: ignore[no-untyped-def]
    """The radius from which the failure probability exp(-c m omega^{2/3}) is below 1/20."""
    return informative("m omega^{2/3}", c, "radius", lambda i, count: (count / i.width) ** 1.5)


SHARED = {"ranges": NETWORKS, "failure": FLIP_FAILURE, "passes": 4}

form(
    "sign-flips", RESIDUAL, **SHARED, assumptions=(SMALL, enough_flips()),
    claim="‖D~_l - D_l‖_0 <= C m (L omega)^{2/3} and ‖(D~_l - D_l) g_l‖ <= C omega for all ‖W'‖_2 <= omega, i and l",
    constants={"C": Constant(2.5, "0.985 m (L omega)^{2/3} for what all layers together can move; the rest for counts as small as 3"),
               "c": FLIP_C},
    exponents={"radius": 2 / 3, "width": 1.0, "depth": 2 / 3},
    measure=lambda subject, C, c: _sign_flips(subject, C, depth_exponent=2 / 3, size=subject.instance.depth**-1.5),
    variants=(
        wrong("omega in place of omega^{2/3}", "exponent",
              measure=lambda subject, C, c: _sign_flips(subject, C, 1.0, 2 / 3, size=subject.instance.depth**-1.5)),
        wrong("constant 0.9, below the single-layer optimum", "constant", constants={"C": Constant(0.9, FALSE)}, ranges={"depth": (1, 1)}),
    ),
)  # fmt: skip
form(
    "forward-stability", RESIDUAL, **SHARED, assumptions=(SMALL, enough_flips(4.0)),
    claim="‖g~_l - g_l‖ <= C omega and ‖h~_l - h_l‖ <= C omega for all ‖W'‖_2 <= omega, i and l",
    constants={"C": Constant(3.0, "(1 + 2.83 tau L) omega to first order, tau L <= 0.24 for m >= 64; times 1.5 for what follows"),
               "c": SHARP},
    exponents={"radius": 1.0, "depth": 0.0},
    measure=lambda subject, C, c: _forward_stability(subject, C, depth_exponent=0.0, log_exponent=0.0),
    variants=(
        wrong("constant 0.9, below what one layer attains", "constant", constants={"C": Constant(0.9, FALSE)},
              adversary=("hidden alignment",)),
        wrong("tau = 1", "assumption", **TAU_ONE, ranges={"depth": (4, 8), "width": (64, 512)}, adversary=("hidden alignment",)),
    ),
)  # fmt: skip
for _identifier in ("operator-stability", "backward-stability"):
    registry.leave_out(
        _identifier, RESIDUAL,
        "a diagonal change that doubles the same neuron in every layer is carried along by the skip connections, 2^L: false as quantified; "
        "what holds, |D + D''| <= 1, is part of forward-stability and semi-smoothness here",
    )  # fmt: skip
form(
    "output-stability", RESIDUAL, **SHARED, assumptions=(SMALL, enough_flips(4.0)),
    claim="‖h_l(W~ + W') - h_l(W~)‖ <= C ‖W'‖_2 and ‖B(h_L(W~ + W') - h_L(W~))‖ <= C sqrt(m/d) ‖W'‖_2 for all W~ in the ball and "
    "‖W'‖_2 <= omega",
    constants={"C": Constant(3.0, "as for forward-stability; ‖B D‖ sqrt(d/m) <= 1.2"), "c": SHARP},
    exponents={"depth": 0.0, "width": 0.5, "outputs": -0.5},
    measure=bounded(lambda subject, C, c: _output_stability(subject, C), lambda i: [i.depth**-1.5] * i.depth + [1 / i.depth]),
    variants=(
        wrong("constant 0.9, below what one layer attains", "constant", constants={"C": Constant(0.9, FALSE)},
              adversary=("hidden alignment",)),
        wrong("tau = 1", "assumption", **TAU_ONE, ranges={"depth": (4, 8), "width": (64, 512)}, adversary=("hidden alignment",)),
    ),
)  # fmt: skip


def _tau_squared(instance: Instance) -> list[list[float]]:
    """tau^2 for the layers below the last, 1 for that: a column, for (layer, part)."""
    return [[step(instance.width, instance.depth) ** 2]] * (instance.depth - 1) + [[1.0]]


GRADIENTS = (
    at_most("separation", "delta <= c, c = 1/2", "separation", lambda i: 0.5),
    at_least("width", "m >= n^3 log^2 m/delta", "width", lambda i: i.samples**3 * math.log(i.width) ** 2 / i.separation),
    at_most("radius", "omega <= c delta^{3/2}/(n^{9/2} L log^3 m)", "radius",
            lambda i: math.pow(i.separation, 1.5) / (math.pow(i.samples, 4.5) * i.depth * math.log(i.width) ** 3)),
    informative("m omega^{2/3}", 1.0, "radius", lambda i, count: (count / i.width) ** 1.5),
)  # fmt: skip
form(
    "gradient-upper", RESIDUAL, assumptions=GRADIENTS, failure=FLIP_FAILURE,
    claim="‖grad_{W_l} F_i‖_F^2 <= C tau_l^2 m F_i/d and ‖grad_{W_l} F‖_F^2 <= C tau_l^2 n m F/d, tau_l = tau for l < L and 1 for l "
    "= L, for "
    "all W with ‖W - W(0)‖_2 <= omega, l, i and all labels",
    ranges={"width": (256, 8192), "depth": (1, 6)},
    constants={"C": Constant(4.0, "limit 1 for l = L and at most 2 below it, where up to all neurons are active; times 2"), "c": FLIP_C},
    measure=bounded(lambda subject, C, c: _gradient_upper(subject, C), _tau_squared),
    variants=(
        wrong("constant 0.9, below the limit", "constant", constants={"C": Constant(0.9, FALSE)}),
        wrong("tau^4 in place of tau^2", "exponent", ranges={"depth": (2, 6), "width": (256, 1024)},
              measure=bounded(lambda subject, C, c: _gradient_upper(subject, C),
              lambda i: [[factor**2 for factor in row] for row in _tau_squared(i)])),
        wrong("tau = 1", "assumption", **TAU_ONE, ranges={"depth": (2, 4), "width": (256, 1024)}),
    ),
    note="Quadratic forms in the loss vector: 'for all labels' is the largest eigenvalue of the layer kernel, exactly.",
)  # fmt: skip
# For false variants: the initialization itself, with a failure probability that needs no radius.
AT_START = {"assumptions": (), "adversary": (), "failure": FailureProbability("exp(-m/100)", lambda i, **_: math.exp(-i.width / 100))}
form(
    "gradient-lower", RESIDUAL, assumptions=GRADIENTS,
    failure=FailureProbability("exp(-C m omega^{2/3})", lambda i, c, C: math.exp(-C * flips(i))),
    ranges={"width": (256, 8192), "depth": (1, 4), "samples": (1, 4)},
    constants={"c": Constant(0.3, "two samples at distance delta, large m: 4/pi as delta -> 0, as for L = 1; 0.41 there by calibration"),
    "C": FLIP_C},
    variants=(
        wrong("delta dropped", "exponent", measure=lambda subject, c, C: _gradient_lower(subject, c, separation_exponent=0.0),
              data=("pairs",), ranges={"samples": (2, 2), "separation": (0.05, 0.15), "depth": (1, 2), "width": (256, 1024)}, **AT_START),
        wrong("skip connection dropped", "implementation", **NO_SKIP, ranges={"depth": (3, 4), "width": (256, 1024)}, **AT_START),
        wrong("a pair of equal inputs", "assumption", **AT_START,
              data=("duplicate rows",), ranges={"samples": (2, 2), "depth": (1, 2)}),
    ),
    note="The last layer's gradient carries no tau: the bound is that of one fully connected layer on h_{L-1}.",
)  # fmt: skip

SMOOTH = at_least("least radius", "omega >= d^{3/2}/(m log m)^{3/2}", "radius",
lambda i: (i.outputs / (i.width * math.log(i.width))) ** 1.5)
form(
    "semi-smoothness", RESIDUAL, **SHARED, assumptions=(SMOOTH, SMALL, enough_flips(4.0)),
    claim="F(W~ + W') <= F(W~) + <grad F(W~), W'> + C sqrt(n F(W~)) omega^{1/3} L^{4/3} sqrt(m log m/d) ‖W'‖_2 + C n (m/d) ‖W'‖_2^2 "
    "for all W~ in the ball and ‖W'‖_2 <= omega",
    constants={"C": Constant(2.0, "as for one fully connected layer"), "c": SHARP},
    exponents={"radius": 1 / 3, "depth": 4 / 3, "width": 0.5},
    measure=bounded(lambda subject, C, c: _semi_smoothness(subject, C, quadratic=subject.instance.depth ** (-4 / 3)),
                    lambda i: i.depth ** (-2 / 3)),
    variants=(
        wrong("a constant of 1/20", "constant", constants={"C": Constant(0.05, FALSE)}, ranges={"depth": (1, 2)},
              adversary=("output alignment", "weighted sign flips")),
        wrong("both error terms without m", "exponent", ranges={"width": (1024, 16384), "depth": (1, 2)},
              measure=bounded(lambda subject, C, c: _semi_smoothness(subject, C), lambda i: i.width**-0.5),
              adversary=("output alignment", "hidden alignment", "weighted sign flips")),
    ),
    note="Each of L layers has flips that carry at most tau L omega, seen through (L omega)^{1/3} sqrt(m log m/d): L^{4/3}, as tau L < 1.",
)  # fmt: skip
form(
    "gradient-drift", RESIDUAL, **SHARED, assumptions=(KERNEL_SMALL, enough_flips(4.0)),
    claim="‖grad f_c(W) - grad f_c(W(0))‖_F <= C sqrt(log m) omega^{1/3} L ‖grad f_c(W(0))‖_F for all ‖W - W(0)‖_2 <= omega, i and c",
    constants={"C": Constant(3.0, "as for one fully connected layer"), "c": SHARP},
    exponents={"radius": 1 / 3, "depth": 1.0},
    measure=bounded(lambda subject, C, c: _gradient_drift(subject, C), lambda i: i.depth**-2.0),
    variants=(
        wrong("omega^{2/3} in place of omega^{1/3}", "exponent", adversary=("weighted sign flips",), ranges={"depth": (1, 2)},
              measure=lambda subject, C, c: _gradient_drift(subject, C, radius_exponent=2 / 3)),
        wrong("constant 0.3", "constant", constants={"C": Constant(0.3, FALSE)}, ranges={"depth": (1, 1)},
              adversary=("weighted sign flips",)),
    ),
)  # fmt: skip
form(
    "linearization", RESIDUAL, **SHARED, assumptions=(KERNEL_SMALL, enough_flips(4.0)),
    claim="abs(f_c(W(0) + W') - f_c(W(0)) - <grad f_c(W(0)), W'>) <= C L^{4/3} omega^{4/3} sqrt(m log m/d) for all ‖W'‖_2 <= omega, "
    "i and c",
    constants={"C": Constant(2.0, "as for one fully connected layer"), "c": SHARP},
    exponents={"radius": 4 / 3, "width": 0.5, "outputs": -0.5, "depth": 4 / 3},
    measure=bounded(lambda subject, C, c: _linearization(subject, C), lambda i: i.depth ** (-5 / 3)),
    variants=(
        wrong("omega^2 in place of omega^{4/3}", "exponent", ranges={"depth": (1, 2)},
              measure=lambda subject, C, c: _linearization(subject, C, radius_exponent=2.0)),
        wrong("constant 0.05", "constant", constants={"C": Constant(0.05, FALSE)}, ranges={"depth": (1, 2)}),
    ),
)  # fmt: skip
form(
    "kernel-stability", RESIDUAL, passes=4, assumptions=(KERNEL_SMALL, enough_flips(4.0)), failure=FLIP_FAILURE,
    claim="abs(K_ij(W) - K_ij(W(0))) <= C sqrt(log m) omega^{1/3} L sqrt(K_ii K_jj) for all ‖W - W(0)‖_2 <= omega and pairs i, j",
    ranges={**NETWORKS, "samples": (1, 4)},
    constants={"C": Constant(2.5, "as for one fully connected layer"), "c": SHARP},
    exponents={"radius": 1 / 3, "depth": 1.0},
    measure=bounded(lambda subject, C, c: _kernel_stability(subject, C), lambda i: i.depth**-2.0),
    variants=(
        wrong("omega in place of omega^{1/3}", "exponent", adversary=("weighted sign flips",), ranges={"depth": (1, 2)},
              measure=lambda subject, C, c: _kernel_stability(subject, C, radius_exponent=1.0)),
        wrong("constant 0.1", "constant", constants={"C": Constant(0.1, FALSE)}, ranges={"depth": (1, 2)},
              adversary=("weighted sign flips",)),
    ),
)  # fmt: skip



def _limit(instance: Instance) -> Array:
    return residual_limit_kernel(instance.inputs, instance.depth, step(instance.width, instance.depth))


def _deviation(instance: Instance, C: float, p: float) -> float:
    """C (log(1/p)/m)^{1/4}."""
    return C * math.pow(math.log(1 / p) / instance.width, 0.25)


ONE_LAYER = {"depth": (1, 1), "width": (8192, 16384), "samples": (1, 1), "outputs": (1, 1)}
form(
    "kernel-limit", RESIDUAL,
    claim="|(d/m) K_ij(W(0)) - K_inf(x_i, x_j; tau)| <= C (log(1/p)/m)^{1/4} for all i, j, with probability at least 1 - p",
    ranges={"width": (64, 8192), "depth": (1, 6)},
    assumptions=(at_least("pairs and outputs", "m >= n^2 d", "width", lambda i: i.samples**2 * i.outputs),
                 at_least("width", "m >= log(1/p)", "width", lambda i: math.log(20))),
    constants={"C": Constant(2.0, "errors near m^{-1/2}, so the least width decides: three deviations of K_ii at m = 64 are 1.2")},
    exponents={"width": -0.25, "depth": 0.0},
    measure=kernel_deviation(_limit, _deviation),
    variants=(
        wrong("1/m in place of m^{-1/4}", "exponent",
              measure=kernel_deviation(_limit, lambda i, C, p: _deviation(i, C, p) / i.width**0.75)),
        wrong("kernel without its last layer", "implementation", measure=kernel_deviation(_limit, _deviation, layers_left_out=1),
              ranges=ONE_LAYER),
        wrong("initialization variance 4/m", "initialization", variance=4.0, ranges=ONE_LAYER),
    ),
    note="K_inf by a recursion over the law of one neuron, theorems.limit_kernels; its quadrature error is far below the bound.",
)  # fmt: skip

# One sample: the kernel is near m/(2d) whatever the depth, for layers l < L add at most 4 L tau^2 of it.
WIDE = Assumption(
    "width", "m >= c n^24 log^5(m) d/delta^8", "width", ">=",
    lambda i: i.samples**24 * i.outputs * math.log(i.width) ** 5 / i.separation**8, constant=1 / 16,
)  # fmt: skip
GD = {
    "assumptions": (at_most("separation", "delta <= c", "separation", lambda i: 1.0), WIDE),
    "ranges": {"width": (2**13, 2**16), "depth": (1, 4), "separation": (0.8, 1.0)},
    "beyond": {"width": (64, 256), "depth": (2, 6), "samples": (1, 6), "input_dimension": (2, 8), "outputs": (1, 3),
    "separation": (0.05, 0.5)},
}  # fmt: skip
form(
    "gd-rate", RESIDUAL, **GD,
    claim="F(W(t)) <= (1 - c eta delta m/(d n^2))^t F(W(0)) for every t, with eta = c' d delta/(n^4 m)",
    measure=lambda subject, c, step: _rate(subject, c, step * subject.instance.depth**2),
    variants=(
        wrong("three times the sharp rate", "constant", constants={"c": Constant(3.0, FALSE)}, ranges={"depth": (1, 1)}),
        wrong("step size beyond 2 over the largest kernel eigenvalue", "assumption",
              constants={"step": Constant(20.0, FALSE), "c": Constant(0.01, FALSE)}),
    ),
    note="No power of L: the kernel of the last layer carries the descent, and the layers below it add a factor of at most 1 + 2 L tau^2.",
)  # fmt: skip
form(
    "gd-radius", RESIDUAL, **GD,
    measure=lambda subject, C, step: _radius(subject, C, step * subject.instance.depth**2),
    variants=(
        wrong("1/m in place of 1/sqrt(m)", "exponent",
              measure=lambda subject, C, step: _radius(subject, C, step * subject.instance.depth**2, width_exponent=1.0)),
        wrong("a fiftieth of log(m)", "constant", constants={"C": Constant(0.02, FALSE)}),
    ),
)  # fmt: skip
registry.leave_out("relu-difference", RESIDUAL, "a fact about phi and two vectors: no network in it")
for _identifier in ("gd-convergence", "sgd-convergence", "other-losses", "classification"):
    registry.leave_out(_identifier, RESIDUAL, "its number of steps there is not derived; gd-rate and gd-radius are checked")
