"""How much work a run does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from theorems.language.instance import Instance
from theorems.language.statement import FULLY_CONNECTED, Engine, Statement

MINIMUM_TRIALS = 4  # fewer would leave a failure rate of one half undetected in one of sixteen instances

LAW: Final[Mapping[str, tuple[float, float]]] = {"samples": (1, 1), "outputs": (1, 1)}  # what the exact law speaks of

COSTLY = 16  # passes over the weights
MANY = 12  # passes from which on the questions themselves, each compared with all before it, are what revealed weights cost


@dataclass(frozen=True)
class Profile:
    """examples: instances per statement; power_examples: per false variant; shrinks: decisions spent on simplifying a counterexample.

    normals: Gaussian numbers (or multiplications of a matrix entry) that one decision may cost; law_draws: draws of the exact law.
    dense_width, revealed_width: the largest widths drawn for networks with stored and with revealed weights; depth: the largest depth.
    far: instances of each kind far beyond the sizes that constants were calibrated on, the widest and the deepest; far_width,
    far_depth: how wide and how deep; far_entries: width times depth, at most, of the deepest.
    proofs: numbers that the ball arithmetic of one triage may hold, over its trials: a second or so for a million.
    """

    name: str
    examples: int
    power_examples: int
    shrinks: int
    normals: int
    law_draws: int
    dense_width: int
    revealed_width: int
    depth: int = 64
    far: int = 0
    far_width: int = 0
    far_depth: int = 0
    far_entries: int = 0
    proofs: int = 2**20

    def instances(self, statement: Statement) -> int:
        """How many instances of a statement to try: half as many where each costs a training run or the like.

        On the architectures that share a statement with fully connected networks, half of that again, but not below 8.
        """
        examples = self.examples if statement.passes < COSTLY else self.examples // 2
        return examples if statement.architecture == FULLY_CONNECTED else max(min(8, examples), examples // 2)

    def populations(self, statement: Statement) -> list[dict[str, tuple[float, float]]]:
        """Ranges narrowed to what this profile can afford, one entry for each kind of instance to draw.

        A range that begins beyond what can be afforded keeps its first octave: the regime is there or nowhere. The exact law knows no
        limit, but speaks of one sample and one output. A measure of several passes asks revealed weights for that many more directions.
        """
        if "vectors" in statement.engines:
            return [{}]
        low, high = statement.ranges["width"]
        revealed = max(self.dense_width, self.revealed_width // statement.passes)
        afford = revealed if "revealed" in statement.engines else self.dense_width
        network = {"width": (low, min(high, max(afford, 2 * low)))}
        shallow, deep = statement.ranges.get("depth", (1, 1))
        network["depth"] = (shallow, min(deep, max(self.depth, 2 * shallow)))
        return [dict(LAW), network] if "exact law" in statement.engines else [network]

    def far_populations(self, statement: Statement) -> list[list[dict[str, tuple[float, float]]]]:
        """Ranges far beyond those that constants were calibrated on: of each kind the choices, the best first.

        Empty where there was nothing to calibrate, and for statements about trained networks, whose regime has its own far side.

        One kind is wide: the upper half octave of widths. The other is deep: the greatest depth that the regime leaves room for at a
        width that can be afforded. Samples and outputs are few, for width and depth are what tells a wrong exponent.
        """
        hidden = statement.kind == "declared" or any(one.calibrated for one in statement.constants.values())
        if not self.far or "revealed" not in statement.engines or not hidden or statement.trained:
            return []
        few: dict[str, tuple[float, float]] = {}
        for name in ("samples", "outputs"):
            least = statement.ranges.get(name, (1, 1))[0]
            few[name] = (least, least)
        width = min(float(self.far_width), statement.ranges["width"][1])
        deepest = int(min(float(self.far_depth), statement.ranges["depth"][1]))
        wide = {**few, "width": (width / math.sqrt(2), width)}
        deep = [
            {**few, "width": (1.0, min(width, self.far_entries / depth)), "depth": (depth, depth)} for depth in range(deepest, 1, -1)
        ]
        return [[wide], deep] if deep else [[wide]]

    def plan(self, statement: Statement, instance: Instance) -> tuple[Engine, int]:
        """The engine that answers for this instance, and the number of trials."""
        engine, numbers = cost(statement, instance)
        if engine == "vectors":
            return engine, 256
        if engine == "exact law":
            return engine, max(1000, self.law_draws // numbers)
        most = 64 if engine == "revealed" else 512
        return engine, max(MINIMUM_TRIALS, statement.trials, min(most, self.normals // numbers) // statement.passes)


def cost(statement: Statement, instance: Instance) -> tuple[Engine, int]:
    """The engine that answers for this instance, and the Gaussian numbers that one pass over one network costs."""
    if "vectors" in statement.engines:
        return "vectors", instance.width
    if "exact law" in statement.engines and instance.samples == instance.outputs == 1:
        return "exact law", instance.depth + 1
    dense = instance.depth * instance.patch * instance.width**2
    # forward and backward passes ask for about (1 + d) n directions a layer, at every position
    revealed = instance.depth * instance.patch * instance.neurons * instance.samples * (1 + instance.outputs) * 4
    # Iterations ask for as many directions as they have steps, and every direction is compared with all before it.
    directions = statement.passes if statement.passes >= MANY else 1
    if "revealed" in statement.engines and ("dense" not in statement.engines or dense > max(4 * revealed * directions, 2**18)):
        return "revealed", revealed
    return "dense", dense


PROFILES = {
    "quick": Profile(
        "quick", examples=16, power_examples=25, shrinks=40, normals=2**22, law_draws=2**19, dense_width=512, revealed_width=2**14,
        depth=8, far=1, far_width=2**17, far_depth=32, far_entries=2**20, proofs=2**20,
    ),
    "standard": Profile(
        "standard", examples=100, power_examples=60, shrinks=200, normals=2**24, law_draws=2**22, dense_width=1024, revealed_width=2**17,
        depth=16, far=3, far_width=2**17, far_depth=32, far_entries=2**22, proofs=2**23,
    ),
    "thorough": Profile(
        "thorough", examples=500, power_examples=200, shrinks=500, normals=2**26, law_draws=2**24, dense_width=4096, revealed_width=2**20,
        depth=32, far=10, far_width=2**18, far_depth=32, far_entries=2**23, proofs=2**25,
    ),
}
