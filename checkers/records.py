"""The facts that a run produces, as records: what --json prints, what the report reads, what counterexample files hold.

Field names are the stable contract of the command line (`lemmafuzz check --json` and the like); add fields, never rename them.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

VerdictName = Literal["HOLDS", "REFUTED", "VACUOUS", "UNDECIDED"]
Grade = Literal["exact", "certified", "attacked", "sampled", ""]
Label = Literal["certified", "confirmed in float64", "rounding", "outside the regime"]
Sizes = dict[str, int | float | str]


class Decision(Struct, frozen=True, kw_only=True):
    """One exact binomial decision about one instance.

    claimed: the failure probability that the statement allows. failures: trials in which the inequality failed by more than
    rounding; within_rounding: trials too close to tell. alpha: the share of the run's error budget spent on this decision.
    ratio: largest left/right over all trials; left, right, place: the two sides there, and the trial, sample, layer it is at;
    adversary: who had moved the weights there.
    evidence: the instance is inside the regime and the claimed probability is below 1/2, so that it says something.
    looked_at: the only indices that were compared, where they are not all that the claim quantifies over.
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
    looked_at: str = ""


class Triage(Struct, frozen=True, kw_only=True):
    """What a refutation is made of. engine: of the proofs, which may be dense where the decision was revealed.

    needed: failing trials that refute at the decision's alpha; proved: those whose violated inequality is proved in ball arithmetic.
    excess: enclosure of left side minus right side of the most severe proved trial; bits: the highest precision that was used.
    regime_depth: how far inside the statement's assumptions, hidden constants 1. reason: why the label is not "certified".
    """

    label: Label
    regime_depth: float
    engine: str = ""
    proved: int = 0
    needed: int = 0
    excess: tuple[float, float] | None = None
    bits: int = 0
    reason: str = ""


class Verdict(Struct, frozen=True, kw_only=True):
    """What a run says of one statement on one architecture.

    detectable_rate: a failure rate, common to all instances, that this run would have refuted with probability 99%.
    worst_ratio: largest left/right seen on evidence. constant, provenance: the declared constants and where they come from.
    regime: how far inside its assumptions (hidden constants 1) the instances lay, in words. vacuous: instances that say nothing.
    beyond, beyond_failures: instances outside the regime, and how many of them broke the inequality; they decide nothing.
    counterexample, triage: the simplest refutation and what it is made of; severest, severest_triage: the same of the most severe.
    worst: the decision of worst_ratio, which need not be either of them.
    withdrawn: refutations that were within rounding or outside the regime, and refute nothing.
    looked_at: where not all indices of the claim were compared, which, and on how many of the instances.
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
    counterexample: Decision | None = None
    triage: Triage | None = None
    severest: Decision | None = None
    severest_triage: Triage | None = None
    withdrawn: list[Triage] = []
    looked_at: dict[str, int] = {}


class CheckRun(Struct, frozen=True, kw_only=True):
    """A run of `lemmafuzz check`. alpha: the probability, at most, that any true statement of the run is refuted."""

    seed: int
    alpha: float
    profile: str
    verdicts: list[Verdict]
    seconds: float = 0.0


class VariantVerdict(Struct, frozen=True, kw_only=True):
    """What a run says of one false variant. instances: decisions until the first refutation. counterexample, triage: the
    simplest one and what it is made of; severest, severest_triage: the same of the most severe."""

    id: str
    variant: str
    kind: str
    architecture: str
    verdict: VerdictName
    instances: int
    counterexample: Decision | None
    severest: Decision | None = None
    triage: Triage | None = None
    severest_triage: Triage | None = None


class PowerRun(Struct, frozen=True, kw_only=True):
    """A run of `lemmafuzz power`."""

    seed: int
    alpha: float
    profile: str
    variants: list[VariantVerdict]
    seconds: float = 0.0


class StepCheck(Struct, frozen=True, kw_only=True):
    """One statement checked along one training run, at `steps` of its steps. first_failure: the first where it failed, -1 for none.
    median_ratio: of left side to right side, over those steps."""

    id: str
    verdict: Literal["HOLDS", "FAILED"]
    steps: int
    first_failure: int
    worst_ratio: float
    worst_step: int
    median_ratio: float = 0.0


class LemmaRadius(Struct, frozen=True, kw_only=True):
    """How far a lemma lets the weights move from W(0), hidden constants 1, beside how far the run went."""

    id: str
    formula: str
    needed: float
    reached: float


class OutsideRegime(Struct, frozen=True, kw_only=True):
    """A condition on sizes that a training run does not meet. of: the statements that declare it; ids: those checked along the run that
    are or rest on one of them. value, limit: of the quantity, the run's and the condition's as declared."""

    ids: list[str]
    of: list[str]
    formula: str
    quantity: str
    value: float
    limit: float


class Prediction(Struct, frozen=True, kw_only=True):
    """Gradient descent on the tangent kernel of W(0), beside the network, at the examined steps.

    gap, held_out_gap: ‖f(t) - f_kernel(t)‖/‖f_kernel(t) - f(0)‖ over the samples. held_out_accuracy: of the network; kernel_accuracy: of
    the kernel's trajectory at the last step; regression_accuracy: of regression with the limit kernel; -1 where there are no classes.
    missing: what could not be computed, and why, in a sentence.
    """

    steps: list[int]
    gap: list[float]
    held_out: int
    held_out_gap: list[float]
    held_out_accuracy: float
    kernel_accuracy: float
    regression_accuracy: float
    missing: str = ""


class TrainingRun(Struct, frozen=True, kw_only=True):
    """A run of `lemmafuzz train`. loss, radius, accuracy: F(t), ‖W(t) - W(0)‖_F and the share of right classes at the `recorded` steps.
    delta: the data's least distance. blame: the statement that broke first where training failed, the earliest in the order of dependence
    of several; empty where it did not fail. explanation: what drove the descent and how much slack each inequality had, in sentences.
    loss_function, batch: what was minimized, and the samples in a minibatch (0: all). stable: 2/(smoothness lambda_max) at W(0).
    kernel: (step, least eigenvalue, largest) of one output's tangent kernel. radii: how far the lemmas let the weights move.
    outside: the conditions of the checked statements that the run's sizes do not meet.
    """

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
    recorded: list[int] = []
    loss_function: str = "squared"
    batch: int = 0
    stable: float = 0.0
    kernel: list[tuple[int, float, float]] = []
    radii: list[LemmaRadius] = []
    outside: list[OutsideRegime] = []
    explanation: list[str] = []
    prediction: Prediction | None = None
    planned_bytes: int = 0
    architecture: str = "fully connected"


class Versions(Struct, frozen=True, kw_only=True):
    """What a replay must find again to promise the same bits."""

    lemmafuzz: str
    python: str
    torch: str
    numpy: str


class Certificate(Struct, frozen=True, kw_only=True):
    """One drawn instance, its inequality proved in ball arithmetic: see checkers/certification/certify.py for what that says.

    low <= the largest left - right over all indices <= high, suprema included; claimed: the probability with which a draw may fail;
    bits: precision. indices: how many of each kind were compared; looked_at: which, where they are not all that the claim quantifies over.
    """

    id: str
    architecture: str
    source: str
    sizes: Sizes
    seed: int
    outcome: Literal["HOLDS", "FAILS", "UNDECIDED"]
    grade: Grade
    low: float
    high: float
    bits: int
    claimed: float
    regime_depth: float
    reason: str = ""
    indices: dict[str, int] = {}
    looked_at: str = ""


class Counterexample(Struct, frozen=True, kw_only=True):
    """A refutation as an artifact: everything needed to see it again. role: the simplest that shrinking found, or the most severe
    that the search met. inputs, targets: the data itself, so that no generator needs to agree. module: name of the user's module file,
    which only --module imports. triage: what the refutation was made of when it was written."""

    schema: int
    role: Literal["simplest", "severest"]
    seed: int
    decision: Decision
    inputs: list[list[float]]
    targets: list[list[float]]
    claim: str
    versions: Versions
    module: str = ""
    triage: Triage | None = None


class Replay(Struct, frozen=True, kw_only=True):
    """Outcome of a replay. identical: the numbers agree bit for bit with the file's. triage: of what still fails."""

    status: Literal["FIXED", "STILL FAILS", "CANNOT RUN"]
    identical: bool
    reason: str
    decision: Decision | None = None
    triage: Triage | None = None


class Calibration(Struct, frozen=True, kw_only=True):
    """A constant as `lemmafuzz calibrate` found it. needed: the value at which the worst network seen just meets the claim; value: that
    with the margin. median: what half of the networks of the worst instance need. sizes: least and largest of each quantity searched;
    worst, adversary: the instance that set it, and who moved the weights there."""

    id: str
    constant: str
    value: float
    needed: float
    median: float
    margin: float
    seed: int
    instances: int
    trials: int
    sizes: dict[str, tuple[float, float]]
    worst: Sizes
    adversary: str = ""


class Exponent(Struct, frozen=True, kw_only=True):
    """One row of `lemmafuzz scale`: the exponent of a claim in one quantity, beside the measured one.

    measured, error: slope on the far half of the ladder and its standard error over the repetitions; log factors of the bound, and what it
    has of a radius that moves along the ladder, are divided out. low, high: what the slope may be at large sizes, wrong at `level`.
    consistent: no growth beyond the claim, or only outside the regime, where nothing is refuted.
    direction: "at most" for a bound from above, "at least" for one from below.
    values: the ladder; points: measured side, one row a repetition, relative to what the bound has beside the claimed power, which is 1
    on the first rung; bound: the claim's other side, its median at each rung.
    fixed: the sizes that do not change; radii: of the ball at each rung, where there is one and the quantity is another; inside: whether
    all instances of the ladder meet the statement's assumptions.
    """

    id: str
    axis: str
    claimed: float
    measured: float
    low: float
    high: float
    consistent: bool
    error: float = 0.0
    direction: Literal["at most", "at least"] = "at most"
    level: float = 0.0
    values: list[float] = []
    points: list[list[float]] = []
    bound: list[float] = []
    fixed: Sizes = {}
    radii: list[float] = []
    inside: bool = True
