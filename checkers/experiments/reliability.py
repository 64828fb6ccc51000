"""The checker checked: how often it refutes a claim that is just true, and finds one that is just false, beside what it promises.

The claim is that ‖h_0‖^2 <= t for one input. By the exact law ‖h_0‖^2 ~ (2/m) chi^2_K, K ~ Binomial(m, 1/2), so the probability that it
fails is a finite sum, and a claim of that very probability is just true: one can be no closer to false. A claim of half of it is just
false. The decisions are those of every other statement: the same engine, networks of their own, checkers.evidence.decide.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Final

import numpy as np
from msgspec import Struct

from checkers.evidence.binomial import DETECTION, critical_failures, detectable_rate, p_value
from checkers.evidence.decide import decide
from checkers.evidence.e_values import log_process
from checkers.evidence.profiles import Profile
from checkers.records.events import Listener, silent
from checkers.records.experiments import Reliability
from checkers.runs.jobs.each import each, in_order
from checkers.runs.jobs.groups import Group, jobs
from theorems.language.instance import Instance
from theorems.language.statement import FailureProbability, Statement
from theorems.language.subject import Comparison, Subject

CLAIMED: Final = 0.05  # about: the probability that is claimed is that of a level with few digits, to rounding
TRIALS: Final = 400  # networks for each decision where no number was promised
WIDTHS: Final = (16, 64, 256, 1024)
ALPHAS: Final = (1e-2, 1e-3, 1e-6)
NIGHTS: Final = 50  # decisions of a sequence that is looked at after each of them
# A row is not as promised if chance explains it with a probability below this: one report in 10^5 cries wolf with its ten rows.
ERROR: Final = 1e-6


class Settings(Struct, frozen=True):
    """seed; decisions: of a row about true claims, an eighth of it about false ones."""

    seed: int
    decisions: int


def tail(width: int, level: float) -> float:
    """P(‖h_0‖^2 > level) for one input of unit norm: sum over k of P(K = k) P(chi^2_k > level m/2)."""
    from scipy.stats import binom, chi2

    k = np.arange(1, width + 1)
    return float(binom.pmf(k, width, 0.5) @ chi2.sf(level * width / 2, k))


@cache
def level(width: int) -> float:
    """A level that ‖h_0‖^2 exceeds with a probability of about CLAIMED."""
    from scipy.optimize import brentq

    return round(float(brentq(lambda t: tail(width, t) - CLAIMED, 1.0, 10.0)), 6)


def claim(share: float) -> Statement:
    """The claim that ‖h_0‖^2 <= level(m) fails with `share` of its true failure probability at most."""

    def measure(subject: Subject) -> Comparison:
        square = subject.norms()[:, 0, 0] ** 2
        return Comparison(square, square.new_full(square.shape, level(subject.instance.width)), rounding=subject.rounding)

    def bound(instance: Instance, **constants: float) -> float:
        return share * tail(instance.width, level(instance.width))

    return Statement(
        id="exact-law-norm", source="exact law", claim="‖h_0‖^2 <= t", kind="derived", measure=measure, ranges={"width": WIDTHS[::3]},
        engines=("exact law",), failure=FailureProbability("its true probability", cache(bound)), variant_name="" if share == 1 else "half",
    )  # fmt: skip


@cache
def trials_for_twice(claimed: float, alpha: float) -> int:
    """A number of trials, about the least, with which `detectable rate` promises to see twice the claimed rate."""

    def enough(trials: int) -> bool:
        return detectable_rate([(trials, claimed, alpha)]) <= 2 * claimed

    low, high = 8, 16
    while not enough(high):
        low, high = high, 2 * high
    while high - low > max(1, high // 100):
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _outcomes(settings: Settings, share: float, alpha: float, trials: dict[int, int], decisions: int) -> list[tuple[int, int, float, bool]]:
    """(width, failures, claimed, refuted) of each decision, widths in turn; no two share a network."""
    statement = claim(share)
    made = []
    for number in range(decisions):
        width = WIDTHS[number % len(WIDTHS)]
        instance = Instance(width=width, data_seed=number, tolerance=alpha)  # the tolerance makes each row's networks its own
        one = decide(statement, instance, seed=settings.seed, engine="exact law", trials=trials[width], alpha=alpha)
        made.append((width, one.failures, one.claimed, one.refuted))
    return made


def false_alarms(settings: Settings, alpha: float) -> list[Reliability]:
    """Rows about claims that are just true: decided one by one, and in sequences that are looked at after every decision."""
    made = _outcomes(settings, 1.0, alpha, dict.fromkeys(WIDTHS, TRIALS), settings.decisions)
    refuted = sum(one[3] for one in made)
    true = [tail(width, level(width)) for width in WIDTHS]
    attainable = [p_value(critical_failures(TRIALS, p, alpha), TRIALS, p) for p in true]
    rows = [
        Reliability(
            what="one decision", truth="just true", alpha=alpha, trials=TRIALS, decisions=len(made), refuted=refuted, promised=alpha,
            expected=float(np.mean(attainable)), as_promised=p_value(refuted, len(made), alpha) > ERROR,
        )
    ]  # fmt: skip
    sequences = [made[start : start + NIGHTS] for start in range(0, len(made) - NIGHTS + 1, NIGHTS)]
    crossed = 0
    for sequence in sequences:
        widths, failures, claimed, _ = zip(*sequence, strict=True)
        crossed += bool(log_process(widths, failures, [TRIALS] * len(sequence), claimed).max() >= -math.log(alpha))
    rows.append(
        Reliability(
            what=f"e-value, looked at after each of {NIGHTS} decisions", truth="just true", alpha=alpha, trials=NIGHTS * TRIALS,
            decisions=len(sequences), refuted=crossed, promised=alpha, expected=None,
            as_promised=p_value(crossed, len(sequences), alpha) > ERROR,
        )
    )  # fmt: skip
    return rows


def detections(settings: Settings, alpha: float) -> list[Reliability]:
    """The row about claims of half the true rate, with as many trials as `detectable rate` promises to need."""
    statement = claim(0.5)
    claimed = {width: statement.failure_probability(Instance(width=width)) for width in WIDTHS}
    trials = {width: trials_for_twice(p, alpha) for width, p in claimed.items()}
    made = _outcomes(settings, 0.5, alpha, trials, settings.decisions // 8)
    missed = sum(not one[3] for one in made)
    power = [p_value(critical_failures(trials[w], claimed[w], alpha), trials[w], 2 * claimed[w]) for w in WIDTHS]
    return [
        Reliability(
            what="one decision", truth="just false", alpha=alpha, trials=max(trials.values()), decisions=len(made),
            refuted=len(made) - missed, promised=DETECTION, expected=float(np.mean(power)),
            as_promised=p_value(missed, len(made), 1 - DETECTION) > ERROR,
        )
    ]  # fmt: skip


def row(settings: Settings, listener: Listener, truth: str, alpha: float) -> list[Reliability]:
    """The rows of one alpha about true claims, or about false ones."""
    return (false_alarms if truth == "just true" else detections)(settings, alpha)


def measure(*, seed: int, decisions: int, processes: int = 1, progress: Listener = silent) -> list[Reliability]:
    """All rows. decisions: about true claims, for each alpha."""
    rows: list[list[Reliability]] = in_order(each(groups(seed, decisions), processes, (), progress))
    return [one for part in rows for one in part]


def groups(seed: int, decisions: int) -> list[Group]:
    """The work of `measure`: outcomes are lists of rows."""
    made = [(truth, alpha) for truth in ("just true", "just false") for alpha in ALPHAS]
    return jobs(row, Settings(seed, decisions), made, "rows about the checker")


def decisions_of(profile: Profile) -> int:
    """How many decisions about true claims a report makes for each alpha: quick, 3,500, so that all of them are more than 10,000."""
    return 3500 if profile.examples < 50 else 20_000
