"""How far two networks are apart, exactly: the formula that Claim 11.2 is proved with, an identity."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from theorems.allen_zhu.calculus import UNIT_ROUNDOFF
from theorems.language.forms import wrong
from theorems.language.registry import statement
from theorems.language.statement import INPUTS
from theorems.language.subject import Comparison

if TYPE_CHECKING:
    from torch import Tensor

    from theorems.allen_zhu.gradient_check import Activation, Written
    from theorems.language.subject import Subject


def difference_check(written: Written, changed_signs: bool = True, later: bool = True) -> Callable[[Subject], Comparison]:
    """A measure: h_l(W~ + W') - h_l(W~) from the passes that all statements use against the formula's sum, entry by entry within rounding.

    The sum over a is a forward pass through W~ itself, `written`, with D~_l + D''_l in place of phi and W'_l h_{l-1}(W~ + W') added in
    every layer: x_l = (D~_l + D''_l) (W~_l x_{l-1} + W'_l h_{l-1}), x_0 = 0. The computed D~ + D'' = (phi(a) - phi(b))/(a - b), a and b
    the computed g_l of the two networks, turns a - b into phi(a) - phi(b) whatever a and b are off by, and is at most 1. So the two sides
    differ by r_l <= |W~_l| r_{l-1} + what rounding adds to the three products with W~_l and the two with W'_l:
    gamma |W~_l| (|h~| + |h| + |x|)_{l-1} + 2 gamma sqrt(k) omega ‖h~_{l-1}‖ for W'_l of rank k with orthogonal factors, h~ = h(W~ + W')
    (Higham, ch. 3; as in calculus.py). k is 1, or P where every position adds a direction.

    The keyword arguments are mistakes of false variants: D'' left out, h_{l-1}(W~) for h_{l-1}(W~ + W').
    """

    def measure(subject: Subject) -> Comparison:
        import torch

        instance, origin = subject.instance, subject.origin
        first, hidden, last = origin.weights()
        inputs = torch.as_tensor(instance.inputs, device=last.device).expand(subject.trials, -1, -1)
        layers = range(1, instance.depth + 1)
        h, moved = ([one.activations(layer) for layer in (0, *layers)] for one in (origin, subject))
        diagonals, pushed, reach = [], [], []
        for layer in layers:
            change = subject.pre_activations(layer) - origin.pre_activations(layer)
            slope = torch.where(change != 0, (moved[layer] - h[layer]) / torch.where(change != 0, change, 1), origin.signs(layer))
            diagonals.append(slope if changed_signs else origin.signs(layer))
            pushed.append(subject.displacement(layer, moved[layer - 1] if later else h[layer - 1]))
            reach.append(instance.radius * math.sqrt(instance.positions) * moved[layer - 1].norm(dim=-1, keepdim=True))
        found: list[Tensor] = []

        def formula(g: Tensor) -> Tensor:
            layer = len(found)
            found.append(diagonals[layer - 1] * (g + pushed[layer - 1]) if layer else torch.zeros_like(h[0]))
            return found[-1]

        written(subject, first, list(hidden), last, inputs, formula)

        longest = max(instance.neurons, instance.patch * instance.width, instance.input_dimension) + 8
        gamma = 2 * longest * UNIT_ROUNDOFF * 1.01
        bounds: list[Tensor] = []

        def rounding(g: Tensor) -> Tensor:
            layer = len(bounds)
            propagated = g + 2 * gamma * reach[layer - 1] if layer else torch.zeros_like(h[0])
            bounds.append(propagated + gamma * (moved[layer] + h[layer] + found[layer].abs()))
            return bounds[-1]

        written(subject, first.abs(), [matrix.abs() for matrix in hidden], last.abs(), inputs.abs(), rounding)
        left = torch.stack([(b - a - x).abs() for a, b, x in zip(h[1:], moved[1:], found[1:], strict=True)], 2)
        return Comparison(left, torch.stack(bounds[1:], 2) + 1e-300, axes=("sample", "layer", "neuron"))

    return measure


def _written(subject: Subject, first: Tensor, hidden: list[Tensor], last: Tensor, x: Tensor, phi: Activation) -> Tensor:
    """f, layer by layer."""
    h = phi(x @ first.mT)
    for matrix in hidden:
        h = phi(h @ matrix.mT)
    return h @ last.mT


FORMULA = difference_check(_written)


@statement(
    id="difference-formula",
    source="Claim 11.2, its proof",
    claim="h_l(W~ + W') - h_l(W~) = sum_{a=1..l} (D~_l + D''_l) W~_l ... W~_{a+1} (D~_a + D''_a) W'_a h_{a-1}(W~ + W') for all W~, W', i "
    "and l, D'' as in relu-difference",
    kind="identity",
    ranges={
        "width": (2, 64), "depth": (1, 6), "samples": (1, 4), "input_dimension": INPUTS, "outputs": (1, 2), "separation": (1e-2, 1.0),
        "radius": (1e-3, 1.0),
    },
    engines=("dense",),
    rests_on=("relu-difference",),
    start=("hidden alignment",),
    adversary=("random", "output alignment"),
    variants=(
        wrong("h_{a-1} of W~ in place of W~ + W'", "claim", measure=difference_check(_written, later=False), ranges={"depth": (2, 6)}),
        wrong("D'' left out", "implementation", measure=difference_check(_written, changed_signs=False)),
    ),
    note="An identity in W~ and W', so moves of any kind do; D'' is what the pre-activations of both networks say.",
)  # fmt: skip
def difference_formula(subject: Subject) -> Comparison:
    """|difference - formula| <= rounding bound, for every neuron of every layer."""
    return FORMULA(subject)
