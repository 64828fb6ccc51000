"""Decisions written down before the next is made, and looked up where they were made already."""

from __future__ import annotations

from collections.abc import Sequence

from checkers.certification.triage import standing
from checkers.evidence.decide import decide
from checkers.machine.software import edition
from checkers.records.decisions import Decision
from checkers.records.events import Entry, Listener
from theorems.language.instance import Instance
from theorems.language.statement import Engine, Statement


class Journal:
    """Decides in place of checkers.evidence.decide.decide: looks a decision up if it is known, and tells the listener of each new one."""

    def __init__(self, known: Sequence[Entry], listener: Listener) -> None:
        self._known = {
            (entry.digest, one.variant, one.engine, one.stage, one.trials, one.alpha): one for entry in known for one in [entry.decision]
        }  # fmt: skip
        self._listener = listener

    def __call__(
        self, statement: Statement, instance: Instance, *, seed: int, engine: Engine, trials: int, alpha: float, stage: int = 1,
        device: str = "cpu",
    ) -> Decision:  # fmt: skip
        digest = instance.key()
        found = self._known.get((digest, statement.variant_name, engine, stage, trials, alpha))
        if found is None:
            found = decide(statement, instance, seed=seed, engine=engine, trials=trials, alpha=alpha, stage=stage, device=device)
            counted = standing(statement, found, instance, seed) if found.evidence and alpha > 0 else 0
            self._listener(Entry(digest=digest, edition=edition(statement), decision=found, standing=counted))
        return found
