"""Triage: what a refutation is made of, before it is called one.

Three questions in this order: does the instance lie in the statement's regime, data included; does the refutation come again in
float64 from its seeds, with every cast to less precision undone; and are the violated inequalities *proved*, in ball arithmetic, for the
very binary numbers that were drawn. Certified: the proved violations alone refute, at the decision's own error rate. Confirmed in
float64: they come again beyond rounding, and balls could not be asked (revealed weights, too much work, a function without balls).
Rounding: without the violations that balls leave open or disprove, nothing is refuted. Only the first two refute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil, sqrt
from typing import Any

import msgspec
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from checkers.evidence.batches import batch_sizes, batch_source
from checkers.evidence.binomial import SUSPICIOUS, critical_failures, p_value
from checkers.evidence.decide import judged_cases
from checkers.evidence.drawing import source_of
from checkers.evidence.profiles import PROFILES
from checkers.machine.threads import one_thread
from checkers.networks.architectures.by_name import known
from checkers.networks.randomness import NormalSource
from checkers.records.decisions import Decision, Triage
from strategies.data import FAULTY_SHAPES, SPHERE_SHAPES, check_data
from theorems.language.instance import Instance
from theorems.language.statement import Engine, Statement
from theorems.language.subject import Subject

WITNESSES = 4  # trials that are proved where those that can be afforded would not suffice
TRIAL = 2**10  # what a trial costs however small it is, in numbers
NARROW = frozenset({torch.float16, torch.bfloat16, torch.float32})
CASTS = {"float", "half", "bfloat16"}


class _OnlyDouble(TorchFunctionMode):
    """Casts to fewer bits than float64's are left out."""

    def __torch_function__(self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        named = kwargs or {}
        if getattr(function, "__name__", "") in CASTS and args and isinstance(args[0], Tensor):
            return args[0].double()
        wide = tuple(torch.float64 if isinstance(a, torch.dtype) and a in NARROW else a for a in args)
        return function(*wide, **{k: torch.float64 if isinstance(v, torch.dtype) and v in NARROW else v for k, v in named.items()})


@contextmanager
def only_double() -> Iterator[None]:
    """What a measure asks of torch is done in float64, whatever precision it names."""
    with _OnlyDouble():
        yield


def stands(found: Triage | None) -> bool:
    """Whether the refutation stays one. None: nobody has looked yet."""
    return found is not None and found.label in ("certified", "confirmed in float64")


def _outside(statement: Statement, instance: Instance) -> str:
    """Why the instance is not in the statement's regime; empty if it is."""
    for assumption in statement.assumptions:
        if not assumption.holds(instance):
            return f"the assumption {assumption.formula} is not met"
    if statement.failure_probability(instance) >= 0.5:
        return "the claimed failure probability is 1/2 or more, which says nothing"
    if instance.inputs.size and instance.data not in FAULTY_SHAPES:
        try:
            promised = instance.separation if instance.samples > 1 else None
            check_data(instance.inputs, promised, constant=instance.data not in SPHERE_SHAPES)
        except ValueError as error:
            return str(error)
    return ""


@dataclass
class _Recomputed:
    """A decision's trials again, in float64, batch by batch. ratio: the largest of each trial; chosen: which subject attains it."""

    statement: Statement
    instance: Instance
    seed: int
    engine: Engine
    stage: int
    sizes: list[int]
    ratio: Tensor = field(init=False)
    chosen: Tensor = field(init=False)
    rounding: float = 0.0
    _kept: tuple[int, list[Subject]] = (-1, [])

    def __post_init__(self) -> None:
        found = [self._batch(batch, keep=len(self.sizes) == 1) for batch in range(len(self.sizes))]
        self.ratio, self.chosen = (torch.cat(parts) for parts in zip(*found, strict=True))

    def _batch(self, batch: int, keep: bool) -> tuple[Tensor, Tensor]:
        """Ratio and subject of each trial of one batch. keep: its subjects too, in place of those that were kept before."""
        self._kept = (-1, [])
        ratios: list[Tensor] = []
        subjects: list[Subject] = []
        with one_thread(), only_double():
            size = self.sizes[batch]
            for case, subject in judged_cases(self.statement, self.instance, self.seed, self.engine, size, self.stage, "cpu", batch):
                # A measure may forget its rounding: one pass over the network has at least this much, and one sum over the neurons in the
                # type that the sides are in, which may be a narrow one where a cast went by way of another library.
                types = [side.dtype for side in (case.left, case.right) if side.is_floating_point()]
                eps = max(float(torch.finfo(dtype).eps) for dtype in (*types, torch.float64))
                self.rounding = max(self.rounding, 4 * eps * sqrt(self.instance.width), case.rounding, subject.rounding)
                ratios.append(case.ratio.double())
                subjects += [subject] if keep else []
        if keep:
            self._kept = (batch, subjects)
        ratio, chosen = torch.stack(ratios).max(dim=0)
        return ratio, chosen

    def failing(self) -> list[int]:
        """Trials beyond rounding, the most severe first."""
        order = self.ratio.argsort(descending=True, stable=True).tolist()
        return [trial for trial in order if float(self.ratio[trial]) > 1 + self.rounding]

    def subject(self, trial: int) -> tuple[Subject, int, NormalSource]:
        """The subject that attains the trial's ratio, the trial's place in its batch, and the batch's randomness."""
        batch = trial // self.sizes[0]  # all but the last are equal
        if self._kept[0] != batch:
            self._batch(batch, keep=True)
        source = source_of(self.statement, self.instance, self.seed, self.engine, self.stage)
        return self._kept[1][int(self.chosen[trial])], trial - batch * self.sizes[0], batch_source(source, batch)


def _again(statement: Statement, instance: Instance, seed: int, engine: Engine, trials: int, stage: int) -> _Recomputed:
    return _Recomputed(statement, instance, seed, engine, stage, batch_sizes(statement, instance, engine, trials))


def triage(statement: Statement, decision: Decision, instance: Instance, seed: int, most_numbers: int = PROFILES["quick"].proofs) -> Triage:
    """The label of a decision that refutes; the same arguments give the same label on every machine.

    most_numbers: of balls, over all trials that are proved; see Profile.proofs. What costs more is confirmed in float64.
    """
    reason = _outside(statement, instance)
    if reason:
        return Triage(label="outside the regime", regime_depth=decision.regime_depth, reason=reason)
    # The first trials are the same networks, however many follow: where enough of these fail, the others can change nothing. Of so many the
    # needed ones fail with three standard deviations to spare.
    needed, share = critical_failures(decision.trials, decision.claimed, decision.alpha), decision.failures / decision.trials
    trials = ceil((needed + 3 * sqrt(needed * (1 - share))) / share) if share else decision.trials
    while not stands(found := _of_first(statement, decision, instance, seed, most_numbers, min(trials, decision.trials))):
        if trials >= decision.trials:
            break
        trials *= 2
    return found


def _of_first(statement: Statement, decision: Decision, instance: Instance, seed: int, most_numbers: int, trials: int) -> Triage:
    """The label by the first so many of a decision's trials, the others counted as no failures."""
    engine = _engine(statement, decision.engine)
    with one_thread():
        again = _again(statement, instance, seed, engine, trials, decision.stage)
        failing = again.failing()
        if p_value(len(failing), decision.trials, decision.claimed) > decision.alpha:
            reason = f"in float64 {len(failing)} of {decision.trials} trials fail beyond rounding"
            return Triage(label="rounding", regime_depth=decision.regime_depth, reason=reason)
        found = _prove(statement, instance, engine, decision, decision.trials, again, failing, most_numbers)
        if engine == "revealed" and "dense" in statement.engines and found.label != "certified":
            found = _prove_dense(statement, instance, seed, decision, most_numbers) or found
    return found


def standing(statement: Statement, decision: Decision, instance: Instance, seed: int) -> int:
    """How many of a decision's failures count as evidence beside those of other nights, which no triage will look at together.

    All of them where a refutation at the decision's own p-value would stand, none where triage withdraws it. Where that p-value is
    unremarkable, so that the failures weigh little, nothing is proved: those count that come again in float64.
    """
    if decision.failures == 0:
        return 0
    if decision.refuted or decision.p_value < SUSPICIOUS:
        own = msgspec.structs.replace(decision, alpha=max(decision.alpha, decision.p_value))
        return decision.failures if stands(triage(statement, own, instance, seed)) else 0
    engine = _engine(statement, decision.engine)
    again = _again(statement, instance, seed, engine, decision.trials, decision.stage)
    return min(decision.failures, len(again.failing()))


def _engine(statement: Statement, name: str) -> Engine:
    return next(engine for engine in statement.engines if engine == name)


def _numbers(statement: Statement, instance: Instance, engine: Engine) -> int:
    """What one trial costs, nearly, in balls that it holds."""
    if engine in ("vectors", "exact law"):
        return TRIAL + (instance.width if engine == "vectors" else instance.depth + 1)
    passes = instance.samples * (1 + instance.outputs) * 4
    # passes counts searches too, which stay in floating point; a quarter of it is what a measure asks for that is not a search
    return TRIAL + max(1, statement.passes // 4) * instance.depth * instance.width * (instance.width + passes)


def _prove_dense(statement: Statement, instance: Instance, seed: int, decision: Decision, most_numbers: int) -> Triage | None:
    """Revealed weights have no entries; dense ones of the same instance do. None unless these refute too, proved."""
    trials = min(decision.trials, most_numbers // _numbers(statement, instance, "dense"))
    if trials < 1 or p_value(trials, trials, decision.claimed) > decision.alpha:
        return None
    again = _again(statement, instance, seed, "dense", trials, decision.stage)
    failing = again.failing()
    if p_value(len(failing), trials, decision.claimed) > decision.alpha:
        return None
    found = _prove(statement, instance, "dense", decision, trials, again, failing, most_numbers)
    return found if found.label == "certified" else None


def _prove(
    statement: Statement, instance: Instance, engine: Engine, decision: Decision, trials: int, again: _Recomputed, failing: list[int],
    most_numbers: int,
) -> Triage:  # fmt: skip
    """Certify failing trials, the most severe first, until they suffice among so many trials."""
    needed = max(1, critical_failures(trials, decision.claimed, decision.alpha))
    affordable = most_numbers // _numbers(statement, instance, engine)
    enough = needed if affordable >= needed else WITNESSES
    found = _Proofs(needed=needed, left=len(failing))
    for trial in failing[: max(0, affordable)]:
        if found.proved >= enough or found.left < needed or found.reason:
            break
        found.examine(statement, *again.subject(trial))
    common: dict[str, Any] = {
        "regime_depth": decision.regime_depth, "engine": engine, "proved": found.proved, "needed": needed, "excess": found.excess,
        "bits": found.bits,
    }  # fmt: skip
    if found.outside:
        return Triage(label="outside the regime", reason=found.outside, **common)
    if found.proved >= needed:
        return Triage(label="certified", **common)
    if found.left < needed:
        return Triage(label="rounding", reason=found.open or "the inequality is proved to hold", **common)
    reason = found.reason or f"proofs of {needed} trials of this size are more work than a triage does"
    return Triage(label="confirmed in float64", reason=reason, **common)


@dataclass
class _Proofs:
    """The count of a triage. left: failing trials that may still count; excess: left side minus right side of the first one proved."""

    needed: int
    left: int
    proved: int = 0
    excess: tuple[float, float] | None = None
    bits: int = 0
    reason: str = ""
    open: str = ""
    outside: str = ""

    def examine(self, statement: Statement, batch: Subject, trial: int, fresh: NormalSource) -> None:
        """Ask balls about one trial; what they cannot be asked is a reason to stop."""
        found = _in_balls(statement, batch, trial, fresh)
        if isinstance(found, str):
            self.reason = found
            return
        outcome, low, high, bits, outside = found
        self.bits = max(self.bits, bits)
        if outside:
            self.outside, self.left = outside, 0
        elif outcome == "violated":
            self.proved += 1
            self.excess = (low, high) if self.excess is None else self.excess
        else:
            self.left -= 1
            if outcome == "open":
                self.open = f"left minus right is in [{low:.3g}, {high:.3g}]: within rounding at {bits} bits"


def _in_balls(statement: Statement, batch: Subject, trial: int, fresh: NormalSource) -> str | tuple[str, float, float, int, str]:
    """Outcome, enclosure, bits and why the perturbation is not allowed; or why balls cannot be asked."""
    from checkers.certification.balls import Unsupported
    from checkers.certification.inequality import UNBOUNDED, enclose
    from checkers.certification.subjects import OutsideBall, in_balls

    if statement.architecture not in known():  # its measures compute in floating point, whatever the subject answers with
        return f"no ball arithmetic: {statement.architecture} networks are not followed in balls"
    try:
        make: Callable[[], Subject] = in_balls(batch, trial, fresh)
        found = enclose(statement.compare, make)
    except OutsideBall as error:
        return "open", 0.0, 0.0, 0, str(error)
    except Unsupported as error:
        return f"no ball arithmetic: {error}"
    except (AttributeError, TypeError, ValueError, RuntimeError, LookupError) as error:  # a measure may do anything
        return f"its measure does not run on balls: {type(error).__name__}: {' '.join(str(error).split())}"
    if found.outcome == "open" and found.reason == UNBOUNDED:
        return found.reason
    return found.outcome, found.low, found.high, found.bits, ""

