"""The statements on convolutional networks: P positions on a circle, m channels, patches of q, W_l (m x qm) shared by all positions.

Norms are total norms over the positions. T_l, the linear map from h_{l-1} to g_l, commutes with shifts: it is block diagonal after a
discrete Fourier transform over the positions, with m x m Gaussian blocks of entries of variance 2/m, so ‖T_l‖_2 tends to 2 sqrt 2 as in a
fully connected layer. A change ‖W'_l‖_2 <= omega moves g_l by at most sqrt(q) omega ‖h_{l-1}‖: the patches' squared norms add up to q
‖h‖^2. So wherever the fully connected claim has omega, there is sqrt(q) omega here; ‖B‖ is near sqrt(P m/d), where it has sqrt(m/d);
there are P m neurons; and the squared gradient of one output is near q m/(2d) in every layer, the patches again.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from theorems.convergence import _radius
from theorems.forms import FALSE, at_least, at_most, bounded, bounded_below, exponential, form, informative, wrong
from theorems.gradient_check import gradient_check, without_last_sample
from theorems.gradients import _gradient_lower, _gradient_upper
from theorems.initialization import _backward_norm, _separation
from theorems.kernel_deviation import kernel_deviation
from theorems.limit_kernels import convolutional_limit_kernel
from theorems.norm_laws import convolutional_failure_probability
from theorems.registry import registry
from theorems.smoothness import _gradient_drift, _kernel_stability, _linearization, _output_stability, _semi_smoothness
from theorems.stability import _backward_stability, _forward_stability, _sign_flips
from theorems.statement import Assumption, Constant, FailureProbability

if TYPE_CHECKING:
    from torch import Tensor

    from theorems.exact_laws import Array
    from theorems.gradient_check import Activation
    from theorems.instance import Instance
    from theorems.subject import Subject

CONVOLUTIONAL = "convolutional"
CIRCLE = {"positions": (3, 8), "patch": (3, 5)}
AT_MOST_ALL = at_most("patch", "q <= P", "patch", lambda i: i.positions)
# Entries of W_l with variance 2/m: the factor q is missing. A patch of 3 or 5 then lengthens ‖h‖^2 by as much in every layer.
NO_FAN_IN = {"options": {"shared_fan_in": False}}


def _log(instance: Instance) -> float:
    return math.log(max(instance.width, 3))


def _written(subject: Subject, first: Tensor, hidden: list[Tensor], last: Tensor, x: Tensor, phi: Activation) -> Tensor:
    """f, layer by layer, with W_l as the P m x P m matrix that it stands for: block (p, p') is the part of W_l for offset p' - p."""
    import torch

    P, q, m = subject.instance.positions, subject.instance.patch, subject.instance.width
    block = first.shape[2] - 1
    padded = torch.nn.functional.pad(x[..., :-1], (0, P * block - x.shape[-1] + 1)).reshape(*x.shape[:-1], P, block)
    constant = (x[..., -1:] / math.sqrt(P)).expand(*x.shape[:-1], P)
    h = phi((torch.cat([padded, constant[..., None]], -1) @ first[:, None].mT).flatten(-2))
    for matrix in hidden:
        parts = {offset: matrix[..., (offset + q // 2) * m : (offset + q // 2 + 1) * m] for offset in range(-(q // 2), q // 2 + 1)}
        zero = torch.zeros_like(parts[0])
        rows = []
        for p in range(P):
            blocks = [zero] * P
            for offset, part in parts.items():
                blocks[(p + offset) % P] = part
            rows.append(torch.cat(blocks, -1))
        h = phi(h @ torch.cat(rows, -2).mT)
    return h @ last.mT


def _one_position(subject: Subject, layer: int, loss: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """The mistake of a false variant: a gradient of rank one, from the first position alone, as if weights were not shared."""
    left = (loss[..., None, None] * a).sum(2)[:, :, 0]
    return left.mT @ b[:, :, 0]


form(
    "gradient-formula", CONVOLUTIONAL,
    claim="grad_{W_l} F = sum_i sum_p (D_{i,l} Back_{i,l+1}^T loss_i)_p patch_p(h_{i,l-1})^T for every l: of rank at most P a sample",
    ranges={"width": (2, 16), "depth": (1, 4), "samples": (1, 4), **CIRCLE},
    assumptions=(AT_MOST_ALL,),
    measure=gradient_check(_written),
    variants=(
        wrong("positions not shared: the first one's outer product alone", "implementation",
              measure=gradient_check(_written, _one_position)),
        wrong("last sample left out", "claim", measure=gradient_check(_written, without_last_sample)),
    ),
    note="The right side is reverse-mode differentiation of a forward pass of its own, through block circulant matrices.",
)  # fmt: skip

form(
    "forward-norm", CONVOLUTIONAL,
    claim="the total norm ‖h_{i,l}‖ over all positions lies in [1 - eps, 1 + eps] for all i, l = 0..L",
    ranges={"width": (32, 2048), "depth": (1, 16), "samples": (1, 3), **CIRCLE},
    assumptions=(
        AT_MOST_ALL,
        at_most("tolerance", "eps <= 1", "tolerance", lambda i: 1.0),
        at_least("width", "m >= 3.3 (L+1) log(8n), so that some eps <= 1 says something", "width",
                 lambda i: 3.3 * (i.depth + 1) * math.log(8 * i.samples)),
        at_least("informative tolerance", "eps >= sqrt(3.3 (L+1) log(8n)/m), where the failure probability is below 1/2", "tolerance",
                 lambda i: math.sqrt(3.3 * (i.depth + 1) * math.log(8 * i.samples) / i.width)),
    ),
    failure=FailureProbability(
        "as for fully connected networks: by Jensen a convolutional layer is never more spread out, theorems.norm_laws",
        lambda i: convolutional_failure_probability(i.width, i.depth, i.samples, i.positions, i.tolerance),
    ),
    engines=("dense", "revealed"),
    variants=(
        wrong("factor q missing in the variance", "initialization", **NO_FAN_IN),
        wrong("initialization variance 2.8/(qm)", "initialization", variance=2.8),
        wrong("a tolerance without 1/sqrt m: half of the width's own scale", "claim", ranges={"depth": (8, 16), "width": (32, 512)},
              measure=bounded(registry["forward-norm"].measure, lambda i: 0.05)),
    ),
    note="The total ‖h_l‖^2 is a martingale of mean one; decorrelated positions make it more concentrated than this bound.",
)  # fmt: skip

SAYS = at_least("informative width", "m >= 48 L, where the failure probability is below 1/20", "width",
lambda i: 16 * math.log(20) * i.depth)
OPERATORS = (
    AT_MOST_ALL,
    at_least("width", "m >= n L log(nL)", "width", lambda i: i.samples * i.depth * math.log(max(i.samples * i.depth, 2))),
    SAYS,
)
PER_WIDTH = exponential("exp(-c m/L)", lambda i: i.width / i.depth)
EXPONENT = Constant(1 / 16, "as for fully connected networks")
form(
    "operator-norm", CONVOLUTIONAL,
    claim="‖T_b D_{i,b-1} ... D_{i,a} T_a‖_2 <= C sqrt L for all 1 <= a <= b <= L and i, T_l the map from h_{l-1} to g_l",
    ranges={"width": (48, 256), "depth": (1, 4), "samples": (1, 2), **CIRCLE}, assumptions=OPERATORS, failure=PER_WIDTH,
    constants={"C": Constant(5.5, "the fully connected 5.0; the largest of P/2 + 1 frequencies' blocks takes 10% more"), "c": EXPONENT},
    variants=(
        wrong("constant 2.75, below the sharp edge", "constant", constants={"C": Constant(2.75, FALSE)}),
        wrong("factor q missing in the variance", "initialization", **NO_FAN_IN, ranges={"depth": (2, 4)}),
    ),
)  # fmt: skip
for _identifier in ("sparse-forward", "sparse-backward", "sparse-bilinear", "sparse-output"):
    registry.leave_out(
        _identifier, CONVOLUTIONAL,
        "the union over supports counts independent columns, and the columns of one channel at P positions are shifts of each other: the "
        "claim needs a count of its own, which is not made here",
    )  # fmt: skip
form(
    "backward-norm", CONVOLUTIONAL,
    claim="‖v^T Back_{i,a}‖ <= C sqrt(P m/d) ‖v‖ for all v in R^d, 1 <= a <= L + 1 and i",
    ranges={"width": (48, 1024), "depth": (1, 4), "samples": (1, 2), "outputs": (1, 4), **CIRCLE},
    assumptions=(at_most("outputs", "d <= m/(L log m)", "outputs", lambda i: i.width / (i.depth * _log(i))), *OPERATORS), failure=PER_WIDTH,
    constants={"C": Constant(3.0, "as for fully connected networks, the squared norm being P times as large"), "c": EXPONENT},
    exponents={"width": 0.5, "outputs": -0.5, "depth": 0.0, "positions": 0.5},
    measure=bounded(lambda subject, C, c: _backward_norm(subject, C), lambda i: math.sqrt(i.positions)),
    variants=(
        wrong("constant 0.9, below the norm of B alone", "constant", constants={"C": Constant(0.9, FALSE)}),
        wrong("sqrt(P) missing, C = 1.3", "exponent", constants={"C": Constant(1.3, FALSE)},
              measure=lambda subject, C, c: _backward_norm(subject, C)),
        wrong("factor q missing in the variance", "initialization", **NO_FAN_IN, ranges={"depth": (3, 4)}),
    ),
)  # fmt: skip
form(
    "separation", CONVOLUTIONAL,
    claim="‖(I - h_{i,l} h_{i,l}^T/‖h_{i,l}‖^2) h_{j,l}‖ >= delta/2 for all i != j and l = 0..L, h over all positions, delta <= "
    "c/(L sqrt P)",
    ranges={"width": (128, 4096), "depth": (1, 6), "samples": (2, 3), "separation": (1e-3, 0.5), **CIRCLE},
    assumptions=(
        AT_MOST_ALL,
        at_most("separation", "delta <= c/(L sqrt P): two inputs may differ at one position only", "separation",
                lambda i: 1 / (i.depth * math.sqrt(i.positions))),
        at_least("informative width", "m >= 40 (L+1) log(20 n^2)", "width", lambda i: 40 * (i.depth + 1) * math.log(20 * i.samples**2)),
    ),
    failure=FailureProbability("n^2 exp(-c m/(L+1))", lambda i, c: i.samples**2 * math.exp(-c * i.width / (i.depth + 1))),
    constants={"c": Constant(1 / 40, "half of the fully connected exponent")},
    variants=(
        wrong("separation 0.99 delta", "constant", measure=lambda subject, c: _separation(subject, 0.99)),
        wrong("separation test that forgets one pair", "implementation", data=("forgotten pair",)),
    ),
)  # fmt: skip


def flips(instance: Instance) -> float:
    """m omega^{2/3} L."""
    return instance.width * math.pow(instance.radius, 2 / 3) * instance.depth


SMALL = at_most("radius", "omega <= c/(L^{9/2} log^3 m sqrt q)", "radius",
                lambda i: 1 / (math.pow(i.depth, 4.5) * math.log(i.width) ** 3 * math.sqrt(i.patch)))  # fmt: skip
KERNEL_SMALL = at_most("radius", "omega <= c/(L^9 log^{3/2} m sqrt q), c = 1/4", "radius",
                       lambda i: 0.25 / (math.pow(i.depth, 9) * math.log(i.width) ** 1.5 * math.sqrt(i.patch)))  # fmt: skip
NETWORKS = {"width": (64, 2048), "depth": (1, 3), "samples": (1, 2), "radius": (1e-9, 1e-1), **CIRCLE}
FLIP_FAILURE = exponential("exp(-c m omega^{2/3} L)", flips)
TWICE = Constant(2.0, "no failure in the quick profile with seed 100: gradients are quadratic forms, which concentrate like m")
FLIP_C = Constant(1.0, "as for fully connected networks")
SHARP = Constant(4.0, "as for fully connected networks: no failure in the quick profile with seed 100")
ENOUGH = informative("m omega^{2/3} L", 1.0, "radius", lambda i, count: (count / (i.width * i.depth)) ** 1.5)
MORE = informative("m omega^{2/3} L", 4.0, "radius", lambda i, count: (count / (i.width * i.depth)) ** 1.5)
SHARED = {"ranges": NETWORKS, "failure": FLIP_FAILURE, "passes": 4}

# The attack flips neurons of one position, the bound counts those of all: few positions, and widths at which small radii say something.
NARROW = {"width": (1024, 2048), "depth": (1, 1), "positions": (3, 3), "patch": (3, 3)}
form(
    "sign-flips", CONVOLUTIONAL, **{**SHARED, "passes": 2}, assumptions=(AT_MOST_ALL, SMALL, ENOUGH),
    claim="‖D~_l - D_l‖_0 <= C P m (sqrt(q) omega)^{2/3} L and ‖(D~_l - D_l) g_l‖ <= C sqrt(q) omega L^{3/2} for all ‖W'‖_2 <= "
    "omega, i and l",
    constants={"C": Constant(2.5, "0.985 P m (sqrt(q) omega)^{2/3} where the positions have equal norms; 1.26 at most for h_0's"),
    "c": FLIP_C},
    exponents={"radius": 2 / 3, "width": 1.0, "depth": 1.0, "positions": 1.0, "patch": 1 / 3},
    measure=bounded(lambda subject, C, c: _sign_flips(subject, C), lambda i: [i.positions * i.patch ** (1 / 3), math.sqrt(i.patch)]),
    variants=(
        wrong("omega in place of omega^{2/3}", "exponent", ranges=NARROW,
              measure=bounded(lambda subject, C, c: _sign_flips(subject, C, radius_exponent=1.0),
                              lambda i: [i.positions * math.sqrt(i.patch), math.sqrt(i.patch)])),
        wrong("constant 0.1", "constant", constants={"C": Constant(0.1, FALSE)}, ranges={"depth": (1, 1), "width": (64, 256)}),
    ),
    note="The attack flips neurons of one position at a time; the bound is for all positions together.",
)  # fmt: skip
form(
    "forward-stability", CONVOLUTIONAL, **SHARED, assumptions=(AT_MOST_ALL, SMALL, MORE),
    claim="‖g~_l - g_l‖ <= C sqrt(q) omega L^{5/2} sqrt(log m) and ‖h~_l - h_l‖ likewise, for all ‖W'‖_2 <= omega, i and l",
    constants={"C": Constant(1.0, "as for fully connected networks, sqrt(q) omega in place of omega"), "c": SHARP},
    exponents={"radius": 1.0, "depth": 2.5, "patch": 0.5},
    measure=bounded(lambda subject, C, c: _forward_stability(subject, C), lambda i: math.sqrt(i.patch)),
    variants=(
        wrong("C sqrt(log m) = 0.4, below what one layer attains", "constant", adversary=("hidden alignment",),
              measure=bounded(lambda subject, C, c: _forward_stability(subject, 0.4, log_exponent=0.0), lambda i: math.sqrt(i.patch)),
              ranges={"depth": (1, 1)}),
        wrong("L^{5/2} sqrt(log m) dropped", "exponent", adversary=("hidden alignment",), assumptions=(AT_MOST_ALL, MORE),
              ranges={"depth": (3, 3), "width": (64, 256), "radius": (1e-9, 1e-3)},
              measure=bounded(lambda subject, C, c: _forward_stability(subject, C, 0.0, 0.0), lambda i: math.sqrt(i.patch))),
    ),
)  # fmt: skip
form(
    "operator-stability", CONVOLUTIONAL, passes=8, assumptions=(AT_MOST_ALL, SMALL, MORE), failure=FLIP_FAILURE,
    claim="‖T~_b (D_{b-1} + D'') ... (D_a + D'') T~_a‖_2 <= C sqrt(L) for all ‖W'‖_2 <= omega and D'' in [-1,1] with ‖D''‖_0 <= m "
    "omega^{2/3} L",
    ranges={**NETWORKS, "width": (64, 128), "depth": (1, 2), "samples": (1, 1)},
    constants={"C": Constant(6.5, "as for fully connected networks, with 10% for the largest frequency"), "c": SHARP},
    variants=(
        wrong("constant 2.7, below the sharp edge", "constant", constants={"C": Constant(2.7, FALSE)}),
        wrong("factor q missing in the variance", "initialization", **NO_FAN_IN, ranges={"depth": (2, 2)},
              constants={"C": Constant(5.0, FALSE)}),
    ),
    note="What is found is a lower bound of the supremum over D'', so a refutation is sound.",
)  # fmt: skip
ONE_CHANGE = at_least("informative radius", "s = m omega^{2/3} L >= 1", "radius", lambda i: (1 / (i.width * i.depth)) ** 1.5)
form(
    "backward-stability", CONVOLUTIONAL, assumptions=(
        AT_MOST_ALL, at_most("radius", "omega <= c L^{-3/2}/sqrt q, c = 1/100", "radius", lambda i: 0.01 * i.depth**-1.5 * i.patch**-0.5),
        ONE_CHANGE,
    ),
    ranges={**NETWORKS, "width": (64, 512), "depth": (1, 2), "radius": (1e-9, 1.0)},
    constants={"C": Constant(18.0, "as for fully connected networks: D'' has as many nonzeros, wherever they are"),
               "c": Constant(1.0, "the union bound over supports of D''")},
    variants=(
        wrong("omega^{2/3} in place of omega^{1/3}", "exponent",
              measure=lambda subject, C, c: _backward_stability(subject, C, radius_exponent=2 / 3)),
        wrong("constant 2", "constant", constants={"C": Constant(2.0, FALSE)}),
    ),
    note="s = m omega^{2/3} L nonzeros among the P m neurons of a layer.",
)  # fmt: skip
form(
    "output-stability", CONVOLUTIONAL, **SHARED, assumptions=(AT_MOST_ALL, SMALL, MORE),
    claim="‖h_l(W~ + W') - h_l(W~)‖ <= C sqrt(q) L^{3/2} ‖W'‖_2 and ‖B(h_L(W~ + W') - h_L(W~))‖ <= C L sqrt(P q m/d) ‖W'‖_2 for all "
    "W~ in the "
    "ball and ‖W'‖_2 <= omega",
    constants={"C": Constant(2.5, "as for fully connected networks"), "c": SHARP},
    exponents={"depth": 1.5, "width": 0.5, "outputs": -0.5, "patch": 0.5, "positions": 0.5},
    measure=bounded(lambda subject, C, c: _output_stability(subject, C),
                    lambda i: [math.sqrt(i.patch)] * i.depth + [math.sqrt(i.patch * i.positions)]),
    variants=(
        wrong("constant 0.4, below what one layer attains", "constant", constants={"C": Constant(0.4, FALSE)}, ranges={"depth": (1, 1)}),
        wrong("L^{3/2} and L dropped, C = 1", "exponent", constants={"C": Constant(1.0, FALSE)}, ranges={"depth": (3, 3),
              "width": (64, 512)},
              measure=bounded(lambda subject, C, c: _output_stability(subject, C, depth=1.0),
                              lambda i: [math.sqrt(i.patch)] * i.depth + [math.sqrt(i.patch * i.positions)]),
              assumptions=(AT_MOST_ALL, MORE), adversary=("hidden alignment",)),
    ),
)  # fmt: skip

GRADIENTS = (
    AT_MOST_ALL,
    at_most("separation", "delta <= c/(L sqrt P)", "separation", lambda i: 1 / (i.depth * math.sqrt(i.positions))),
    at_least("width", "m >= n^3 L^3 log^2 m/delta", "width",
             lambda i: i.samples**3 * i.depth**3 * math.log(i.width) ** 2 / i.separation),
    at_most("radius", "omega <= c delta^{3/2}/(n^{9/2} L^6 log^3 m sqrt q)", "radius",
            lambda i: math.pow(i.separation, 1.5)
            / (math.pow(i.samples, 4.5) * math.pow(i.depth, 6) * math.log(i.width) ** 3 * math.sqrt(i.patch))),
    at_least("informative radius", "omega >= (m L)^{-3/2} log(20)^{3/2}", "radius", lambda i: (3 / (i.width * i.depth)) ** 1.5),
)  # fmt: skip
# For false variants: the initialization itself, with a failure probability that needs no radius.
AT_START = {"assumptions": (AT_MOST_ALL,), "adversary": (), "failure": FailureProbability("exp(-m/100)", lambda i,
              **_: math.exp(-i.width / 100))}
form(
    "gradient-upper", CONVOLUTIONAL, assumptions=GRADIENTS, failure=FLIP_FAILURE,
    claim="‖grad_{W_l} F_i‖_F^2 <= C q m F_i/d and ‖grad_{W_l} F‖_F^2 <= C q n m F/d for all W with ‖W - W(0)‖_2 <= omega, l, i and "
    "all labels",
    ranges={"width": (256, 1024), "depth": (1, 2), "samples": (1, 2), **CIRCLE},
    constants={"C": Constant(4.0, "as for fully connected networks, the patches' squared norm being q"), "c": TWICE},
    exponents={"width": 1.0, "outputs": -1.0, "samples": 1.0, "patch": 1.0},
    measure=bounded(lambda subject, C, c: _gradient_upper(subject, C), lambda i: i.patch),
    variants=(
        wrong("constant 0.8, below the limit", "constant", constants={"C": Constant(0.8, FALSE)}),
        wrong("factor q left out, C = 2", "exponent", constants={"C": Constant(2.0, FALSE)},
              measure=lambda subject, C, c: _gradient_upper(subject, C)),
        wrong("factor q missing in the variance", "initialization", **NO_FAN_IN, **AT_START, ranges={"depth": (2, 2), "width": (256, 512)}),
    ),
    note="Quadratic forms in the loss vector: 'for all labels' is the largest eigenvalue of the layer kernel, exactly.",
)  # fmt: skip
form(
    "gradient-lower", CONVOLUTIONAL, assumptions=GRADIENTS,
    claim="‖grad_{W_L} F‖_F^2 >= c (delta q^{3/2} m/(sqrt(P) d n)) max_i F_i for all W with ‖W - W(0)‖_2 <= omega and all labels",
    failure=FailureProbability("exp(-C m omega^{2/3} L)", lambda i, c, C: math.exp(-C * flips(i))),
    ranges={"width": (256, 1024), "depth": (1, 2), "samples": (1, 3), **CIRCLE},
    constants={"c": Constant(0.15, "half of the fully connected constant: patches of unequal norm and of two inputs that differ at one "
                             "position share the angle unevenly"), "C": TWICE},
    exponents={"width": 1.0, "outputs": -1.0, "separation": 1.0, "samples": -1.0, "patch": 1.5, "positions": -0.5},
    measure=bounded_below(lambda subject, c, C: _gradient_lower(subject, c), lambda i: i.patch**1.5 * i.positions**-0.5),
    variants=(
        wrong("delta dropped", "exponent", data=("pairs",),
              ranges={"samples": (2, 2), "separation": (0.02, 0.06), "depth": (1, 1), "width": (256, 1024)},
              **AT_START,
              measure=bounded_below(lambda subject, c, C: _gradient_lower(subject, c, separation_exponent=0.0),
                                    lambda i: i.patch**1.5 * i.positions**-0.5)),
        wrong("a pair of equal inputs", "assumption", **AT_START,
              data=("duplicate rows",), ranges={"samples": (2, 2), "depth": (1, 1)}),
    ),
)  # fmt: skip

LARGE = at_least("least radius", "omega >= d^{3/2}/(m L log m)^{3/2}", "radius",
                 lambda i: (i.outputs / (i.width * i.depth * math.log(i.width))) ** 1.5)  # fmt: skip


def _first(instance: Instance) -> float:
    """sqrt(P) q^{2/3}: sqrt of the P m (sqrt(q) omega)^{2/3} flips, each of which carries its share of sqrt(q) omega."""
    return math.sqrt(instance.positions) * math.pow(instance.patch, 2 / 3)


def _quadratic(instance: Instance) -> float:
    """What makes the second term P q times the fully connected one, after `_first`."""
    return instance.positions * instance.patch / _first(instance)


form(
    "semi-smoothness", CONVOLUTIONAL, **SHARED, assumptions=(AT_MOST_ALL, LARGE, SMALL, MORE),
    claim="F(W~ + W') <= F(W~) + <grad F(W~), W'> + C sqrt(n F(W~)) sqrt(P) q^{2/3} omega^{1/3} L^2 sqrt(m log m/d) ‖W'‖_2 + "
    "C n L^2 (P q m/d) ‖W'‖_2^2 for all W~ in the ball and ‖W'‖_2 <= omega",
    constants={"C": Constant(2.0, "as for fully connected networks"), "c": SHARP},
    measure=bounded(lambda subject, C, c: _semi_smoothness(subject, C, quadratic=_quadratic(subject.instance)), _first),
    variants=(
        wrong("a constant of 1/200", "constant", constants={"C": Constant(0.005, FALSE)}, ranges={"depth": (1, 1)},
              adversary=("output alignment", "weighted sign flips")),
        wrong("both error terms without m", "exponent", ranges={"width": (1024, 2048), "depth": (1, 1)},
              measure=bounded(lambda subject, C, c: _semi_smoothness(subject, C), lambda i: 0.1 * i.width**-0.5),
              adversary=("output alignment", "hidden alignment", "weighted sign flips")),
    ),
)  # fmt: skip
form(
    "gradient-drift", CONVOLUTIONAL, **SHARED, assumptions=(AT_MOST_ALL, KERNEL_SMALL, MORE),
    claim="‖grad f_c(W) - grad f_c(W(0))‖_F <= C sqrt(P) q^{1/6} sqrt(log m) omega^{1/3} L^3 ‖grad f_c(W(0))‖_F for all ‖W - "
    "W(0)‖_2 <= omega, "
    "i and c",
    constants={"C": Constant(3.0, "as for fully connected networks"), "c": SHARP},
    measure=bounded(lambda subject, C, c: _gradient_drift(subject, C), lambda i: math.sqrt(i.positions) * i.patch ** (1 / 6)),
    variants=(
        wrong("omega^{2/3} in place of omega^{1/3}", "exponent", adversary=("weighted sign flips",), ranges={"depth": (1, 1)},
              measure=lambda subject, C, c: _gradient_drift(subject, C, radius_exponent=2 / 3)),
        wrong("constant 0.05", "constant", constants={"C": Constant(0.05, FALSE)}, ranges={"depth": (1, 1)},
              adversary=("weighted sign flips",)),
    ),
)  # fmt: skip
form(
    "linearization", CONVOLUTIONAL, **SHARED, assumptions=(AT_MOST_ALL, KERNEL_SMALL, MORE),
    claim="abs(f_c(W(0) + W') - f_c(W(0)) - <grad f_c(W(0)), W'>) <= C sqrt(P) q^{2/3} L^3 omega^{4/3} sqrt(m log m/d) for all "
    "‖W'‖_2 <= omega, "
    "i and c",
    constants={"C": Constant(2.0, "as for fully connected networks"), "c": SHARP},
    measure=bounded(lambda subject, C, c: _linearization(subject, C), _first),
    variants=(
        wrong("omega^2 in place of omega^{4/3}", "exponent", ranges={"depth": (1, 1)},
              measure=lambda subject, C, c: _linearization(subject, C, radius_exponent=2.0)),
        wrong("constant 0.005", "constant", constants={"C": Constant(0.005, FALSE)}, ranges={"depth": (1, 1)}),
    ),
)  # fmt: skip
form(
    "kernel-stability", CONVOLUTIONAL, passes=4, assumptions=(AT_MOST_ALL, KERNEL_SMALL, MORE), failure=FLIP_FAILURE, ranges=NETWORKS,
    claim="abs(K_ij(W) - K_ij(W(0))) <= C sqrt(P) q^{1/6} sqrt(log m) omega^{1/3} L^3 sqrt(K_ii K_jj) for all ‖W - W(0)‖_2 <= omega "
    "and i, j",
    constants={"C": Constant(2.5, "as for fully connected networks"), "c": SHARP},
    measure=bounded(lambda subject, C, c: _kernel_stability(subject, C), lambda i: math.sqrt(i.positions) * i.patch ** (1 / 6)),
    variants=(
        wrong("omega in place of omega^{1/3}", "exponent", adversary=("weighted sign flips",), ranges={"depth": (1, 1)},
              measure=lambda subject, C, c: _kernel_stability(subject, C, radius_exponent=1.0)),
        wrong("constant 0.01", "constant", constants={"C": Constant(0.01, FALSE)}, ranges={"depth": (1, 1)},
              adversary=("weighted sign flips",)),
    ),
)  # fmt: skip



def _limit(instance: Instance) -> Array:
    return convolutional_limit_kernel(instance.inputs, instance.depth, instance.positions, instance.patch)


def _deviation(instance: Instance, C: float, p: float) -> float:
    """C q L^{5/2} (log(L/p)/m)^{1/4}."""
    return C * instance.patch * math.pow(instance.depth, 2.5) * math.pow(math.log(instance.depth / p) / instance.width, 0.25)


ONE_LAYER = {"depth": (1, 1), "width": (8192, 16384), "samples": (1, 1), "outputs": (1, 1)}
form(
    "kernel-limit", CONVOLUTIONAL,
    claim="|(d/m) K_ij(W(0)) - K_inf(x_i, x_j)| <= C q L (L^6 log(L/p)/m)^{1/4} for all i, j, with probability at least 1 - p",
    ranges={"width": (64, 1024), "depth": (1, 2), "samples": (1, 3), "outputs": (1, 2), **CIRCLE},
    assumptions=(
        AT_MOST_ALL, at_least("width", "m >= L^6 log(L/p)", "width", lambda i: i.depth**6 * math.log(20 * i.depth)),
        at_least("pairs and outputs", "m >= n^2 d", "width", lambda i: i.samples**2 * i.outputs),
    ),
    constants={"C": Constant(1.5, "errors near q L m^{-1/2}, so the least width decides: four deviations of K_ii at m = 64")},
    exponents={"width": -0.25, "depth": 2.5, "patch": 1.0},
    measure=kernel_deviation(_limit, _deviation),
    variants=(
        wrong("1/m in place of m^{-1/4}", "exponent",
              measure=kernel_deviation(_limit, lambda i, C, p: _deviation(i, C, p) / i.width**0.75)),
        wrong("factor q missing in the limit", "implementation", measure=kernel_deviation(lambda i: _limit(i) / i.patch, _deviation),
              ranges=ONE_LAYER),
        wrong("factor q missing in the variance", "initialization", **NO_FAN_IN,
              ranges={**ONE_LAYER, "depth": (2, 2)}),
    ),
    note="K_inf in closed form, theorems.limit_kernels.",
)  # fmt: skip

# One sample and one layer: the kernel is near q m/(2d), and its patches are P directions that never change.
GD = {
    "assumptions": (
        AT_MOST_ALL, at_most("separation", "delta <= c/L", "separation", lambda i: 1 / i.depth),
        Assumption("width", "m >= c n^24 L^12 log^5(m) d/delta^8", "width", ">=", constant=1 / 16,
                   bound=lambda i: i.samples**24 * i.depth**12 * i.outputs * math.log(i.width) ** 5 / i.separation**8),
    ),
    "ranges": {"width": (2**13, 2**15), "depth": (1, 1), "separation": (0.8, 1.0), **CIRCLE},
    "beyond": {"width": (64, 128), "depth": (1, 2), "samples": (1, 4), "input_dimension": (2, 8), "outputs": (1, 2),
    "separation": (0.05, 0.4),
               **CIRCLE},
}  # fmt: skip
form(
    "gd-rate", CONVOLUTIONAL, **GD,
    claim="F(W(t)) <= (1 - c eta delta q m/(d n^2))^t F(W(0)) for every t, with eta = c' d delta/(n^4 L^2 q m)",
    variants=(
        wrong("three times the sharp rate", "constant", constants={"c": Constant(3.0, FALSE)}),
        wrong("step size beyond 2 over the largest kernel eigenvalue", "assumption",
              constants={"step": Constant(20.0, FALSE), "c": Constant(0.01, FALSE)}),
    ),
)  # fmt: skip
form(
    "gd-radius", CONVOLUTIONAL, **GD,
    claim="‖W(t) - W(0)‖_F <= C n^3 sqrt(d) log(m)/(delta sqrt(q m)) for every t",
    variants=(
        wrong("1/m in place of 1/sqrt(m)", "exponent",
              measure=lambda subject, C, step: _radius(subject, C, step, width_exponent=1.0)),
        wrong("a hundredth of log(m)", "constant", constants={"C": Constant(0.01, FALSE)}),
    ),
)  # fmt: skip
registry.leave_out("relu-difference", CONVOLUTIONAL, "a fact about phi and two vectors: no network in it")
for _identifier in ("gd-convergence", "sgd-convergence", "other-losses", "classification"):
    registry.leave_out(_identifier, CONVOLUTIONAL, "its number of steps there is not derived; gd-rate and gd-radius are checked")
