"""`lemmafuzz mutants`: all mutants of many statements, and the score of each statement's check."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from checkers.evidence.profiles import PROFILES, Profile
from checkers.experiments.mutants.claims import claim_mutants
from checkers.experiments.mutants.fates import mutant_one
from checkers.experiments.mutants.mutant import Mutant
from checkers.experiments.mutants.restricted import quantifier_mutants
from checkers.experiments.mutants.sabotage import pass_mutants
from checkers.experiments.mutants.slack import measured, questions, sorted_again
from checkers.experiments.scaling.exponents import Settings as Scaling
from checkers.records.events import Listener, silent
from checkers.records.mutants import MutantResult, MutantRun, MutantScore, Outcome
from checkers.runs.jobs.each import each, in_order
from checkers.runs.jobs.groups import jobs
from checkers.runs.suite import ALPHA, Settings
from theorems.language.registry import registry
from theorems.language.statement import Statement


def mutants_of(statement: Statement) -> tuple[list[Mutant], list[str]]:
    """All mutants of a statement whose bound is a formula, and in words what has none."""
    if not statement.bounds:
        return [], ["no formula"]
    quantifiers, notes = quantifier_mutants(statement)
    return [*claim_mutants(statement), *quantifiers, *pass_mutants(statement)], notes


def run(
    statements: Sequence[Statement],
    *,
    seed: int,
    profile: Profile | str = "quick",
    alpha: float = ALPHA,
    device: str = "cpu",
    modules: Sequence[Path] = (),
    processes: int = 1,
    progress: Listener = silent,
    cluster: str = "",
) -> MutantRun:
    """Try to kill every mutant of the statements, each on its own architecture."""
    start = time.monotonic()
    work = profile if isinstance(profile, Profile) else PROFILES[profile]
    settings = Settings(seed, work, alpha, device, None, tuple(modules), remote=bool(cluster))
    found = {(one.id, one.architecture): mutants_of(one) for one in statements}
    made = [(*cell, mutant) for cell, (mutants, _) in found.items() for mutant in mutants]
    names = [f"{identifier}, {architecture}: {mutant.name}" for identifier, architecture, mutant in made]
    groups = jobs(mutant_one, settings, made, "mutants", names)
    fates = in_order(each(groups, processes, settings.modules, progress, cluster=cluster))
    mutants = [(registry.form(*cell), mutant) for *cell, mutant in made]
    asked = list(dict.fromkeys(one for pair, fate in zip(mutants, fates, strict=True) for one in questions(*pair, fate)))
    scaling = Scaling(seed, work, alpha / max(1, len(asked)), device, settings.modules)
    groups = jobs(measured, scaling, [(one,) for one in asked], "exponents")
    rows = in_order(each(groups, processes, settings.modules, progress, cluster=cluster))
    exponents = dict(zip(asked, rows, strict=True))
    results = [sorted_again(*pair, fate, exponents) for pair, fate in zip(mutants, fates, strict=True)]
    scores = [_score(*cell, [one for one in results if (one.id, one.architecture) == cell], notes) for cell, (_, notes) in found.items()]
    return MutantRun(seed=seed, alpha=alpha, profile=work.name, scores=scores, mutants=results, seconds=time.monotonic() - start)


def _score(identifier: str, architecture: str, results: Sequence[MutantResult], notes: list[str]) -> MutantScore:
    counts = {name.lower(): sum(one.outcome == name for one in results) for name in get_args(Outcome)}
    counted = counts["refuted"] + counts["missed"]
    return MutantScore(
        id=identifier, architecture=architecture, mutants=len(results), **counts, score=counts["refuted"] / counted if counted else None,
        notes=notes,
    )  # fmt: skip
