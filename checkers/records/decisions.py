"""Facts about statements: decisions, triage and verdicts. Their JSON is a contract."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

VerdictName = Literal["HOLDS", "EXTRAPOLATED", "REFUTED", "VACUOUS", "UNDECIDED"]
Grade = Literal["exact", "certified", "attacked", "sampled", ""]
Label = Literal["certified", "confirmed in float64", "rounding", "outside the regime"]
Sizes = dict[str, int | float | str]


class Decision(Struct, frozen=True, kw_only=True):
    """One exact binomial decision about one instance.

    claimed: the failure probability that the statement allows. failures: trials in which the inequality failed by more than
    rounding; within_rounding: trials too close to tell. alpha: the share of the run's error budget spent on this decision.
    ratio: largest left/right over all trials; left, right, place: the two sides there, and the trial, sample, layer it is at, as indices
    from 0; at: the same but for the trial in the paper's notation, `l = 1, i = 2` (theorems/language/indices.py), "" in older files;
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
    at: str = ""


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


class Visited(Struct, frozen=True, kw_only=True):
    """Where an instance lay and how close it came. population: the search, a corner, or what is far beyond; ratio: largest left/right.

    trials, failures: of the first stage; detectable_rate: what both stages together would have refuted with probability 99%.
    """

    population: str
    sizes: Sizes
    ratio: float
    trials: int
    failures: int
    claimed: float
    detectable_rate: float


class Further(Struct, frozen=True, kw_only=True):
    """What the next larger profile would do: so many instances, `work` times the work at most, up to this width and depth.
    detectable_rate: as of a verdict, that of the larger profile on instances like these."""

    profile: str
    work: float
    instances: int
    width: float
    depth: float
    detectable_rate: float


class Verdict(Struct, frozen=True, kw_only=True):
    """What a run says of one statement on one architecture.

    verdict: EXTRAPOLATED is HOLDS where none of the instances meets the assumptions with the hidden constants 1.
    instances: inside as declared; inside_with_ones: those of them that are inside with the hidden constants 1 as well.
    detectable_rate: a failure rate, common to all instances, that this run would have refuted with probability 99%.
    worst_ratio: largest left/right seen on evidence. constant, provenance: the declared constants and where they come from.
    regime: how far inside its assumptions, hidden constants 1, the instances lay, in words: 1 is the border. vacuous: instances that say
    nothing.
    beyond, beyond_failures: instances outside the regime, and how many of them broke the inequality; they decide nothing. beyond_worst:
    the decision of the largest ratio among those that did.
    counterexample, triage: the simplest refutation and what it is made of; severest, severest_triage: the same of the most severe.
    worst: the decision of worst_ratio, which need not be either of them; nearest: to a refutation, that of the least p-value.
    further: of a statement that was asked for by name and not refuted, if there is a larger profile.
    withdrawn: refutations that were within rounding or outside the regime, and refute nothing.
    looked_at: where not all indices of the claim were compared, which, and on how many of the instances.
    blind: instances whose decision could have refuted nothing, had all trials failed. unaffordable: those that were not decided because
    enough trials to refute cost more than the profile affords.
    weakest_corner, corner_rate: the corner at which the least failure rate to be noticed is largest, and that rate; visited: the evidence.
    """

    id: str
    theory: str = ""
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
    blind: int = 0
    unaffordable: int = 0
    weakest_corner: str = ""
    corner_rate: float | None = None
    inside_with_ones: int = 0
    visited: list[Visited] = []
    nearest: Decision | None = None
    further: Further | None = None
    beyond_worst: Decision | None = None


class CheckRun(Struct, frozen=True, kw_only=True):
    """A run of `lemmafuzz check`. alpha: the probability, at most, that any true statement of the run is refuted. named: ids of the
    statements that were asked for by name, and got more."""

    seed: int
    alpha: float
    profile: str
    verdicts: list[Verdict]
    seconds: float = 0.0
    named: list[str] = []


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
