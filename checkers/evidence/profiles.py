"""How much work a run does."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from checkers.evidence.binomial import SUSPICIOUS, Plan, trials_to_reach
from theorems.language.instance import Instance
from theorems.language.statement import EXACT_LAW, FULLY_CONNECTED, Engine, Statement

MINIMUM_TRIALS = 4  # fewer would leave a failure rate of one half undetected in one of sixteen instances

# Of a second stage with fresh weights, after a first that was improbable under the claim but not enough to refute.
SECOND_STAGE = 8  # times as many trials
LOOK = 128  # times `normals` that a second stage may cost: one is made in some hundred instances of a true statement, if it is tight

# A statement that was asked for by name has the time of whoever waits for it: about four times what it gets among all others, half of that
# for more instances and half for closer looks at few. What fails twice as often as the claim allows is seen by trials, not by instances.
MORE = 2  # times as many instances, of every population
LOOKS = 1  # of each population, the instances nearest to a refutation, decided again on fresh weights
CLOSER = 32  # times as many trials
CLOSE, CLOSEST = 4, 64  # times `normals` that such a look may cost, and its second stage where it is suspicious

LAW: Final[Mapping[str, tuple[float, float]]] = {"samples": (1, 1), "outputs": (1, 1)}  # what the exact law speaks of

GATES: Final[Mapping[str, tuple[float, float]]] = {"samples": (1, 3)}  # whose patterns have probabilities in closed form

COSTLY = 16  # passes over the weights
MANY = 12  # passes from which on the questions themselves, each compared with all before it, are what revealed weights cost


@dataclass(frozen=True)
class Profile:
    """examples: instances per statement; power_examples: per false variant; shrinks: decisions spent on simplifying a counterexample.

    normals: Gaussian numbers (or multiplications of a matrix entry) that one decision may cost; law_draws: draws of the exact law.
    dense_width, revealed_width: the largest widths drawn for networks with stored and with revealed weights; depth: the largest depth.
    corners: instances of each corner of a statement's region, at the far end of one quantity; corner_width: how wide, where many samples or
    close ones ask for it.
    far: instances of each kind far beyond the sizes that constants were calibrated on, the widest and the deepest; far_width,
    far_depth: how wide and how deep; far_entries: width times depth, at most, of the deepest.
    proofs: numbers that the ball arithmetic of one triage may hold, over its trials: a second or so for a million.
    first: the statements of a run that names none; empty for all of them, on every architecture.
    named: ids of the statements that were asked for by name, which get more; looks: closer ones, at the instances of each population that
    came nearest to a refutation.
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
    corners: int = 0
    corner_width: int = 0
    far: int = 0
    far_width: int = 0
    far_depth: int = 0
    far_entries: int = 0
    proofs: int = 2**20
    first: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    looks: int = 0

    def naming(self, identifiers: Iterable[str]) -> Profile:
        """The profile of a run in which these statements were asked for by name; a first look is one at those, too."""
        return self if self.first else replace(self, named=tuple(identifiers))

    def of(self, statement: Statement) -> Profile:
        """The profile for one statement."""
        if statement.id not in self.named:
            return self
        return replace(self, examples=MORE * self.examples, corners=MORE * self.corners, far=MORE * self.far, looks=LOOKS)

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
        if {"gates", "jacobian"} & set(statement.engines):  # a table of m n numbers
            afford = self.revealed_width
        network = {"width": (low, min(high, max(afford, 2 * low)))}
        shallow, deep = statement.ranges.get("depth", (1, 1))
        network["depth"] = (shallow, min(deep, max(self.depth, 2 * shallow)))
        if "gates" not in statement.engines and "gate law" in statement.engines:
            return [dict(GATES)]
        laws = [dict(LAW)] if "exact law" in statement.engines else [dict(GATES)] if "gate law" in statement.engines else []
        return [*laws, network]

    def farther(self, statement: Statement) -> dict[str, tuple[float, float]]:
        """Limits beyond those of `populations` that a single instance is worth: what many samples, or close ones, ask of the width."""
        if "revealed" not in statement.engines or statement.passes >= COSTLY or not self.corner_width:
            return {}
        low, high = statement.ranges["width"]
        return {"width": (low, min(high, float(self.corner_width)))}

    def far_populations(self, statement: Statement) -> dict[str, list[dict[str, tuple[float, float]]]]:
        """Ranges far beyond those that constants were calibrated on: of each kind the choices, the best first.

        Empty where there was nothing to calibrate and no exact law, and for statements about trained networks, whose regime has its own
        far side.

        One kind is wide: the upper half octave of widths. The other is deep: the greatest depth that the regime leaves room for at a
        width that can be afforded. Samples and outputs are few, for width and depth are what tells a wrong exponent. The third is wide
        with two samples that are neither close nor far: what is wrong about pairs stands out where the bound has become small.
        """
        hidden = statement.kind == "declared" or any(one.calibrated for one in statement.constants.values())
        if not self.far or "revealed" not in statement.engines or statement.trained or not (hidden or EXACT_LAW in statement.engines):
            return {}
        few: dict[str, tuple[float, float]] = {}
        for name in ("samples", "outputs"):
            least = statement.ranges.get(name, (1, 1))[0]
            few[name] = (least, least)
        width = min(float(self.far_width), statement.ranges["width"][1])
        deepest = int(min(float(self.far_depth), statement.ranges["depth"][1]))
        wide = {**few, "width": (width / math.sqrt(2), width)}
        kinds = {"far wide": [wide]}
        if deepest > 1:
            kinds["far deep"] = [
                {**few, "width": (1.0, min(width, self.far_entries / depth)), "depth": (depth, depth)} for depth in range(deepest, 1, -1)
            ]
        low, high = statement.ranges.get("samples", (1, 1))
        if low <= 2 <= high and "separation" in statement.ranges:
            near, apart = statement.ranges["separation"]
            kinds["far pair"] = [{**wide, "samples": (2, 2), "separation": (near, near**0.25 * apart**0.75)}, {**wide, "samples": (2, 2)}]
        return kinds

    def plan(self, statement: Statement, instance: Instance) -> tuple[Engine, int]:
        """The engine that answers for this instance, and the number of trials."""
        engine, numbers = cost(statement, instance)
        if engine == "vectors":
            return engine, 256
        if engine in ("exact law", "gate law"):
            return engine, max(1000, self.law_draws // numbers)
        most = 64 if engine == "revealed" else 512
        return engine, max(MINIMUM_TRIALS, statement.trials, min(most, self.normals // numbers) // statement.passes)

    def share(self, statement: Statement, instance: Instance, engine: Engine, trials: int) -> float:
        """What so many trials cost, in units of `normals`; vectors and the exact law cost next to nothing."""
        cheap = engine in ("vectors", EXACT_LAW, "gate law")
        return 0.0 if cheap else trials * statement.passes * cost(statement, instance)[1] / self.normals

    def counting(self, statement: Statement, instance: Instance) -> tuple[Engine, Plan]:
        """The engine and the trials where failures are only counted."""
        engine, trials = self.plan(statement, instance)
        return engine, Plan(trials, statement.failure_probability(instance), 0.0)

    def stages(self, statement: Statement, instance: Instance, alpha: float) -> tuple[Engine, Plan] | None:
        """The engine, and trials of both stages so that failures of all would refute at alpha; None where that is not to be afforded.

        The first stage may be small: where all of it fails, that is suspicious, and the second can refute.
        """
        engine, trials = self.plan(statement, instance)
        claimed = statement.failure_probability(instance)
        first = max(trials, trials_to_reach(0.99 * SUSPICIOUS, claimed))
        needed = trials_to_reach(alpha, claimed)
        one = self.share(statement, instance, engine, 1)
        second = max(needed, min(SECOND_STAGE * first, int(LOOK / one) if one else SECOND_STAGE * first))
        if second * one <= LOOK:
            return engine, Plan(first, claimed, alpha, second)
        return (engine, Plan(first, claimed, alpha)) if first >= needed else None

    def closer(self, statement: Statement, instance: Instance, alpha: float) -> tuple[Engine, Plan] | None:
        """The engine and the trials of a closer look, in two stages too; None where one that could refute is not to be afforded."""
        engine, trials = self.plan(statement, instance)
        claimed = statement.failure_probability(instance)
        one = self.share(statement, instance, engine, 1)
        first, second = (
            min(most * trials, int(cost / one)) if one else most * trials
            for most, cost in ((CLOSER, CLOSE), (SECOND_STAGE * CLOSER, CLOSEST))
        )  # fmt: skip
        able = first >= trials_to_reach(0.99 * SUSPICIOUS, claimed) and second >= trials_to_reach(alpha, claimed)
        return (engine, Plan(first, claimed, alpha, second)) if able else None


def cost(statement: Statement, instance: Instance) -> tuple[Engine, int]:
    """The engine that answers for this instance, and the Gaussian numbers that one pass over one network costs."""
    if "vectors" in statement.engines:
        return "vectors", instance.width
    if "exact law" in statement.engines and instance.samples == instance.outputs == 1:
        return "exact law", instance.depth + 1
    if "gate law" in statement.engines and instance.samples <= GATES["samples"][1]:
        return "gate law", 2**instance.samples
    if "gates" in statement.engines:
        return "gates", instance.width * (instance.samples + 1)
    if "jacobian" in statement.engines:
        return "jacobian", instance.width * (instance.samples + instance.input_dimension)
    dense = instance.depth * instance.patch * instance.width**2
    # forward and backward passes ask for about (1 + d) n directions a layer, at every position
    revealed = instance.depth * instance.patch * instance.neurons * instance.samples * (1 + instance.outputs) * 4
    # Iterations ask for as many directions as they have steps, and every direction is compared with all before it.
    directions = statement.passes if statement.passes >= MANY else 1
    if "revealed" in statement.engines and ("dense" not in statement.engines or dense > max(4 * revealed * directions, 2**18)):
        return "revealed", revealed
    return "dense", dense


# One step of each chapter of the first paper, and the two-layer dynamics: seconds each, small instances, so nothing about exponents.
GLANCE: Final = (
    "forward-norm", "operator-norm", "backward-norm", "separation", "sparse-forward", "sign-flips", "forward-stability", "gradient-upper",
    "gradient-lower", "semi-smoothness", "kernel-stability", "kernel-limit", "tl-dynamics",
)  # fmt: skip

PROFILES = {
    "glance": Profile(
        "glance", examples=6, power_examples=25, shrinks=10, normals=2**20, law_draws=2**17, dense_width=512, revealed_width=2**14,
        depth=8, proofs=2**18, first=GLANCE,
    ),
    "quick": Profile(
        "quick", examples=16, power_examples=25, shrinks=40, normals=2**22, law_draws=2**19, dense_width=512, revealed_width=2**14,
        depth=8, corners=1, corner_width=2**19, far=1, far_width=2**17, far_depth=64, far_entries=2**20, proofs=2**20,
    ),
    # corner_width: that three samples in a row, delta = 0.1, ask of gradient-lower at L = 3 is 5.4 million
    "standard": Profile(
        "standard", examples=100, power_examples=60, shrinks=200, normals=2**24, law_draws=2**22, dense_width=1024, revealed_width=2**17,
        depth=16, corners=3, corner_width=3 * 2**21, far=3, far_width=2**17, far_depth=64, far_entries=2**22, proofs=2**23,
    ),
    "thorough": Profile(
        "thorough", examples=500, power_examples=200, shrinks=500, normals=2**26, law_draws=2**24, dense_width=4096, revealed_width=2**20,
        depth=32, corners=10, corner_width=2**20, far=10, far_width=2**18, far_depth=64, far_entries=2**23, proofs=2**25,
    ),
}
