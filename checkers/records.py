"""The facts that a run produces, as records: what --json prints, what the report reads, what counterexample files hold.

Field names are the stable contract of the command line (`lemmafuzz check --json` and the like); add fields, never rename them.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

VerdictName = Literal["HOLDS", "REFUTED", "VACUOUS", "UNDECIDED"]
Grade = Literal["exact", "certified", "attacked", "sampled", ""]
Sizes = dict[str, int | float | str]


class Decision(Struct, frozen=True, kw_only=True):
    """One exact binomial decision about one instance.

    claimed: the failure probability that the statement allows. failures: trials in which the inequality failed by more than
    rounding; within_rounding: trials too close to tell. alpha: the share of the run's error budget spent on this decision.
    ratio: largest left/right over all trials; left, right, place: the two sides there, and the trial, sample, layer it is at;
    adversary: who had moved the weights there.
    evidence: the instance is inside the regime and the claimed probability is below 1/2, so that it says something.
    """

    statement: str
    variant: str
    architecture: str
    engine: str
    sizes: Sizes
    trials: int
    failures: int
    within_rounding: int
    claimed: float
    p_value: float
    alpha: float
    refuted: bool
    evidence: bool
    ratio: float
    left: float
    right: float
    place: dict[str, int]
    regime_depth: float
    stage: int = 1
    adversary: str = ""


class Verdict(Struct, frozen=True, kw_only=True):
    """What a run says of one statement on one architecture.

    detectable_rate: a failure rate, common to all instances, that this run would have refuted with probability 99%.
    worst_ratio: largest left/right seen on evidence. constant, provenance: the declared constants and where they come from.
    regime: how far inside its assumptions (hidden constants 1) the instances lay, in words. vacuous: instances that say nothing.
    beyond, beyond_failures: instances outside the regime, and how many of them broke the inequality; they decide nothing.
    """

    id: str
    architecture: str
    verdict: VerdictName
    grade: Grade
    instances: int
    trials: int
    failures: int
    detectable_rate: float
    worst_ratio: float
    constant: str
    provenance: str
    regime: str
    vacuous: int = 0
    within_rounding: int = 0
    beyond: int = 0
    beyond_failures: int = 0
    source: str = ""
    kind: str = ""
    worst: Decision | None = None
    counterexamples: list[str] = []


class CheckRun(Struct, frozen=True, kw_only=True):
    """A run of `lemmafuzz check`. alpha: the probability, at most, that any true statement of the run is refuted."""

    seed: int
    alpha: float
    profile: str
    verdicts: list[Verdict]
    seconds: float = 0.0


class VariantVerdict(Struct, frozen=True, kw_only=True):
    """What a run says of one false variant. instances: decisions until the first refutation. counterexample: the simplest one."""

    id: str
    variant: str
    kind: str
    architecture: str
    verdict: VerdictName
    instances: int
    counterexample: Decision | None
    severest: Decision | None = None


class PowerRun(Struct, frozen=True, kw_only=True):
    """A run of `lemmafuzz power`."""

    seed: int
    alpha: float
    profile: str
    variants: list[VariantVerdict]
    seconds: float = 0.0


class StepCheck(Struct, frozen=True, kw_only=True):
    """One statement checked at every step of one training run. first_failure: the first step where it failed, -1 for none."""

    id: str
    verdict: Literal["HOLDS", "FAILED"]
    steps: int
    first_failure: int
    worst_ratio: float
    worst_step: int


class TrainingRun(Struct, frozen=True, kw_only=True):
    """A run of `lemmafuzz train`. radius: ‖W(t) - W(0)‖_F at every recorded step. delta: the data's least distance.
    blame: the earliest statement, in the order of dependence, that broke on this run; empty if none did."""

    seed: int
    width: int
    depth: int
    samples: int
    outputs: int
    delta: float
    algorithm: str
    step_size: float
    weights: Literal["dense", "revealed"]
    loss: list[float]
    radius: list[float]
    accuracy: list[float]
    checks: list[StepCheck]
    blame: str
    data: str = ""
    labels: str = ""
    steps: int = 0
    reached: bool = False
    seconds: float = 0.0
    regime_depth: float = 0.0
    constants: dict[str, float] = {}
    architecture: str = "fully connected"


class Versions(Struct, frozen=True, kw_only=True):
    """What a replay must find again to promise the same bits."""

    lemmafuzz: str
    python: str
    torch: str
    numpy: str


class Counterexample(Struct, frozen=True, kw_only=True):
    """A refutation as an artifact: everything needed to see it again. role: the simplest that shrinking found, or the most severe
    that the search met. inputs, targets: the data itself, so that no generator needs to agree. module: name of the user's module file."""

    schema: int
    role: Literal["simplest", "severest"]
    seed: int
    decision: Decision
    inputs: list[list[float]]
    targets: list[list[float]]
    claim: str
    versions: Versions
    module: str = ""


class Replay(Struct, frozen=True, kw_only=True):
    """Outcome of a replay. identical: the numbers agree bit for bit with the file's."""

    status: Literal["FIXED", "STILL FAILS", "CANNOT RUN"]
    identical: bool
    reason: str
    decision: Decision | None = None


class Calibration(Struct, frozen=True, kw_only=True):
    """A constant as `lemmafuzz calibrate` found it. sizes: least and largest of each quantity searched; worst: the instance that set it."""

    id: str
    constant: str
    value: float
    margin: float
    seed: int
    instances: int
    trials: int
    sizes: dict[str, tuple[float, float]]
    worst: Sizes


class Exponent(Struct, frozen=True, kw_only=True):
    """One row of `lemmafuzz scale`: the exponent of a claim in one quantity, beside the measured one.

    measured, low, high: slope on the ladder, with the interval of `level` over the repetitions; log factors of the bound are divided out.
    consistent: no growth beyond the claim, or only outside the regime, where nothing is refuted.
    direction: "at most" for a bound from above, "at least" for one from below.
    values: the ladder; points: measured side, one row a repetition; bound: the claim's other side, its median at each rung.
    fixed: the sizes that do not change; inside: whether all instances of the ladder meet the statement's assumptions.
    """

    id: str
    axis: str
    claimed: float
    measured: float
    low: float
    high: float
    consistent: bool
    direction: Literal["at most", "at least"] = "at most"
    level: float = 0.0
    values: list[float] = []
    points: list[list[float]] = []
    bound: list[float] = []
    fixed: Sizes = {}
    inside: bool = True
