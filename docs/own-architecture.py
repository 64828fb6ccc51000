"""An architecture of one's own: a weighted skip, h_l = phi(sqrt(1 - 1/L) h_{l-1} + sqrt(1/(2L)) W_l h_{l-1}) for l < L."""

import math

from lemmafuzz import Architecture, Constant, assume, form, probability, register_architecture, wrong


class WeightedSkip(Architecture):
    """E ‖g_l‖^2 = ‖h_{l-1}‖^2 (1 - 1/L + 2/(2L)): what the skip gives up, the weights bring back. identity: 1 leaves the skip as it is."""

    name = "weighted skip"

    def __init__(self, identity: float = 0.0) -> None:
        self._identity = identity

    def skip(self, layer: int, depth: int) -> float:
        return 0.0 if layer == depth else max(self._identity, math.sqrt(1 - 1 / depth))

    def scale(self, layer: int, depth: int, width: int) -> float:
        return 1.0 if layer == depth else math.sqrt(1 / (2 * depth))


register_architecture("weighted skip", lambda instance, **options: WeightedSkip(**options))

form(
    "forward-norm",
    "weighted skip",
    source="docs/own-architecture.md",
    kind="declared",
    ranges={"width": (64, 4096), "depth": (2, 64), "samples": (1, 4), "tolerance": (0.7, 1.0)},
    assumptions=(assume("m >= 16 log(20)", "where the failure probability is below 1/20"),),
    failure=probability("exp(-c m)"),
    constants={"c": Constant(1 / 16, "h_0 and h_L spread like two fully connected layers, and eps is at least 0.7")},
    exponents={"depth": 0.0},
    engines=("dense", "revealed"),
    variants=(
        wrong("skip not weighted", "implementation", options={"identity": 2.0}),
        wrong("initialization variance 8/m", "initialization", variance=8.0),
    ),
)
