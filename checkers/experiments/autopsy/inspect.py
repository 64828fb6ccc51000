"""The autopsy of a counterexample: its own networks first, then fresh ones, then the instance at other sizes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import torch

from checkers.errors import InputError
from checkers.evidence.decide import decide
from checkers.experiments.autopsy.climbs import climbs
from checkers.experiments.autopsy.foundations import foundations
from checkers.experiments.autopsy.moves import moves_of
from checkers.experiments.autopsy.survey import LEVEL, Survey, drawn, finite, looked_at
from checkers.fuzzing.counterexamples import fitting, known
from checkers.machine.threads import one_thread
from checkers.records.autopsies import Autopsy, Bound, Typical
from checkers.records.counterexamples import Counterexample
from checkers.records.events import Listener, counted, silent
from theorems.language.formula import SYMBOLS
from theorems.language.instance import Instance
from theorems.language.registry import Registry, registry
from theorems.language.statement import Statement

FAR, CLOSE = 2**24, 2**26  # Gaussian numbers of the fresh networks, where the rate is far from the claim and where it may not be
LEAST: Final = 32  # of them, where that takes more
MOST: Final = 2**14  # fresh networks: their interval for a rate of 1% is a fifth of it
QUANTILES: Final = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
BINS: Final = 24  # of the histogram, which a page shows
STAGES: Final = ("the file's networks", "fresh networks", "other sizes")


def inspect(
    record: Counterexample, *, path: Path | None = None, modules: Sequence[Path] = (), catalogue: Registry = registry,
    progress: Listener = silent,
) -> Autopsy:
    """The autopsy of a counterexample. path, modules: where its file and the user's statements are, for the lines that repeat it.

    InputError if the file speaks of what this version does not have, or does not fit. The same file gives the same facts.
    """
    began = time.monotonic()
    case = known(record, catalogue)
    if isinstance(case, str):
        raise InputError(f"cannot inspect the counterexample: {case}")
    statement, instance, engine = case
    old = record.decision
    stages = iter(counted(STAGES, "autopsy", progress))
    with one_thread(), fitting():
        next(stages)
        decision = decide(
            statement, instance, seed=record.seed, engine=engine, trials=old.trials, alpha=old.alpha, stage=old.stage
        )  # fmt: skip
        survey = Survey(statement, instance)
        found = list(drawn(statement, instance, record.seed, engine, old.trials, old.stage))
        survey.add([comparison for _, _, comparison in found])
        trial, sample = decision.place["trial"], decision.place.get("sample", decision.place.get("i", 0))
        moved = next((subject for name, subject, _ in found if name == decision.adversary), None)
        moves = moves_of(moved, decision.adversary, trial, sample) if moved is not None else []
        below = foundations(statement, instance, found, survey.failing, catalogue)
        failing, axes = int(survey.failing.sum()), survey.shown()
        del found, moved
        next(stages)
        own = looked_at(statement, instance, record.seed, FAR, CLOSE, MOST, LEAST)
        next(stages)
        ladders = climbs(statement, instance, record.seed, own)
    next(stages, None)
    compared = decision.at == old.at or not old.at
    return Autopsy(
        file=path.name if path else "", statement=statement.id, variant=statement.variant_name, architecture=statement.architecture,
        source=statement.source, claim=statement.sentence, failure=statement.failure.formula, sizes=instance.sizes(), seed=record.seed,
        level=LEVEL, identical=compared and (decision.ratio, decision.failures) == (old.ratio, old.failures), decision=decision,
        bounds=_bounds(statement, instance), failing=failing, axes=axes, typical=_typical(own), climbs=ladders, moves=moves,
        foundations=below, python=five_lines(path, modules), seconds=time.monotonic() - began,
    )  # fmt: skip


def _typical(survey: Survey) -> Typical:
    ratios = survey.ratios
    clipped = ratios.clamp(max=1e300)
    quantiles = [finite(float(one)) for one in clipped.quantile(clipped.new_tensor(QUANTILES))]
    edges = _edges(float(clipped.min()), float(clipped.max()))
    counts = torch.histogram(clipped.clamp(edges[0], edges[-1]), bins=torch.tensor(edges, dtype=clipped.dtype)).hist
    return Typical(
        rate=survey.rate(), at=list(QUANTILES), quantiles=quantiles, edges=edges, counts=[int(one) for one in counts.tolist()],
        axes=survey.shown(), grid=survey.grid(), union=survey.union(),
    )  # fmt: skip


def _edges(low: float, high: float) -> list[float]:
    """Bins of one width whose border 1 is one of them, up to ten times the claim."""
    high = min(max(high, 1.0), 10.0)
    low = min(low, 1.0)
    width = max((high - low) / BINS, 1e-3)
    below, above = min(int((1 - low) / width) + 1, int(1 / width)), int((high - 1) / width) + 1
    return [1 + k * width for k in range(-below, above + 1)]


def _bounds(statement: Statement, instance: Instance) -> list[Bound]:
    values = {name: value for name, value in statement.values(instance).items() if isinstance(value, int | float)}
    found = []
    for bound, whole in zip(statement.bounds, statement.whole_bounds, strict=True):
        symbols, value = {}, None
        for name in sorted(whole.names):
            if name in statement.constants or name in values:
                symbols[name] = float(values[name])
            elif name in SYMBOLS:
                symbols[name] = instance.quantity(SYMBOLS[name])
        if symbols.keys() == whole.names:
            value = float(whole(instance, **values))
        found.append(Bound(text=bound.text, relation="<=" if statement.at_most else ">=", symbols=symbols, value=value))
    return found


def five_lines(path: Path | None, modules: Sequence[Path]) -> list[str]:
    """The counterexample again, from Python: whoever changes a statement or a bound looks here whether it still fails."""
    named = ", ".join(f"Path({str(module)!r})" for module in modules)
    return [
        "from pathlib import Path; import lemmafuzz",
        f"with lemmafuzz.own_statements([{named}]):",
        f"    record = lemmafuzz.read_counterexample(Path({str(path or 'counterexample.json')!r}))",
        "    again = lemmafuzz.replay(record)",
        "print(again.status, again.decision.failures, 'of', again.decision.trials, 'fail, worst ratio', again.decision.ratio)",
    ]
