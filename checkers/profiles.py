"""How much work a run does."""

from __future__ import annotations

from dataclasses import dataclass

from theorems.instance import Instance
from theorems.statement import Engine, Statement

MINIMUM_TRIALS = 4  # fewer would leave a failure rate of one half undetected in one of sixteen instances

COSTLY = 16  # passes over the weights


@dataclass(frozen=True)
class Profile:
    """examples: instances per statement; power_examples: per false variant; shrinks: decisions spent on simplifying a counterexample.

    normals: Gaussian numbers (or multiplications of a matrix entry) that one decision may cost; law_draws: draws of the exact law.
    proofs: numbers that the ball arithmetic of one triage may hold, over its trials: a second or so for a million.
    dense_width, revealed_width: the largest widths drawn for networks with stored and with revealed weights.
    """

    name: str
    examples: int
    power_examples: int
    shrinks: int
    normals: int
    law_draws: int
    dense_width: int
    revealed_width: int
    proofs: int = 2**20

    def instances(self, statement: Statement) -> int:
        """How many instances of a statement to try: half as many where each costs a training run or the like."""
        return self.examples if statement.passes < COSTLY else self.examples // 2

    def populations(self, statement: Statement) -> list[dict[str, tuple[float, float]]]:
        """Ranges narrowed to what this profile can afford, one entry for each kind of instance to draw.

        A range that begins beyond what can be afforded keeps its first octave: the regime is there or nowhere. The exact law
        knows no limit, but speaks of one sample. A measure of several passes asks revealed weights for that many more directions.
        """
        if "vectors" in statement.engines:
            return [{}]
        low, high = statement.ranges["width"]
        revealed = max(self.dense_width, self.revealed_width // statement.passes)
        afford = revealed if "revealed" in statement.engines else self.dense_width
        network = {"width": (low, min(high, max(afford, 2 * low)))}
        return [{"samples": (1, 1)}, network] if "exact law" in statement.engines else [network]

    def plan(self, statement: Statement, instance: Instance) -> tuple[Engine, int]:
        """The engine that answers for this instance, and the number of trials."""
        if "vectors" in statement.engines:
            return "vectors", 256
        if "exact law" in statement.engines and instance.samples == 1:
            return "exact law", max(1000, self.law_draws // (instance.depth + 1))
        dense = instance.depth * instance.width**2
        # forward and backward passes ask for about (1 + d) n directions a layer
        revealed = instance.depth * instance.width * instance.samples * (1 + instance.outputs) * 4
        if "revealed" in statement.engines and ("dense" not in statement.engines or dense > max(4 * revealed, 2**18)):
            return "revealed", max(MINIMUM_TRIALS, min(64, self.normals // revealed) // statement.passes)
        return "dense", max(MINIMUM_TRIALS, min(512, self.normals // dense) // statement.passes)


PROFILES = {
    "quick": Profile("quick", 16, 25, 40, 2**22, 2**19, 512, 2**14),
    "standard": Profile("standard", 100, 60, 200, 2**24, 2**22, 1024, 2**17, 2**23),
    "thorough": Profile("thorough", 500, 200, 500, 2**26, 2**24, 4096, 2**20, 2**25),
}
