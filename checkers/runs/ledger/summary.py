"""What a ledger holds: its runs, and for each statement the evidence of all nights together."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence

from checkers.evidence.e_values import log_process
from checkers.evidence.error_budget import ErrorBudget
from checkers.machine.software import edition
from checkers.records.ledger import Accumulated, Hidden, LedgerSummary, RunSummary
from checkers.runs.ledger.file import RunLedger
from checkers.runs.ledger.recorded_run import alive
from theorems.language.registry import Registry
from theorems.language.statement import Statement


def runs(ledger: RunLedger) -> list[RunSummary]:
    """All runs, in the order in which they were begun."""
    rows = ledger.read(
        "SELECT r.id, r.started, r.finished, r.owner, r.seed, r.profile, r.statements, coalesce(s.decisions, 0), coalesce(s.trials, 0),"
        " coalesce(s.alpha, 0.0), v.content, m.content FROM runs r JOIN versions v ON v.id = r.version JOIN machines m ON m.id = r.machine"
        " LEFT JOIN spent s ON s.run = r.id ORDER BY r.id"
    )
    counts: dict[int, dict[str, int]] = {}
    for number, name, count in ledger.read("SELECT run, verdict, count(*) FROM verdicts GROUP BY run, verdict ORDER BY verdict"):
        counts.setdefault(number, {})[name] = count
    names: dict[int, list[str]] = {}
    for number, name in ledger.read("SELECT run, name FROM counterexamples ORDER BY run, statement, name"):
        names.setdefault(number, []).append(name)
    return [
        RunSummary(
            run=number, started=started, state="finished" if finished else "at work" if alive(owner) else "interrupted", seed=int(seed),
            profile=json.loads(profile)["name"], statements=len(json.loads(statements)), decisions=decisions, trials=trials, spent=spent,
            verdicts=counts.get(number, {}), versions=json.loads(versions), machine=json.loads(machine),
            counterexamples=names.get(number, []),
        )
        for number, started, finished, owner, seed, profile, statements, decisions, trials, spent, versions, machine in rows
    ]  # fmt: skip


# The same seed draws the same networks for the same instance, whatever the statement's edition: what was decided twice, in whichever runs,
# is one piece of evidence, and about the edition that saw the networks first; a later one may have been made in view of them.
# Instances outside the regime, which spend no budget, are none, and neither are false variants.
# Of the failures those count that stand, beyond rounding.
_EVIDENCE = """
SELECT statement, architecture, edition, place > 1, instance, trials, standing, claimed, run, day FROM (
    SELECT d.*, substr(r.started, 1, 10) AS day,
        row_number() OVER (PARTITION BY r.seed, d.statement, d.architecture, d.instance, d.engine, d.stage ORDER BY d.id) AS place,
        row_number() OVER (PARTITION BY r.seed, d.statement, d.architecture, d.instance, d.engine, d.stage, d.edition ORDER BY d.id) AS own
    FROM decisions d JOIN runs r ON r.id = d.run
) WHERE own = 1 AND evidence AND alpha > 0 AND variant = '' ORDER BY id
"""


def accumulated(ledger: RunLedger, statements: Sequence[Statement], registry: Registry, alpha: float) -> list[Accumulated]:
    """The evidence about each form of the statements, in their order; forms of which the ledger knows nothing are left out.

    A form's share of alpha is an account that its editions spend in the order of their first evidence, the j-th 1/(j (j + 1)) of it. The
    place of an edition is settled before its first network is drawn, and each network counts for one edition alone, so each e-value is a
    bet on networks that are new when it begins: the probability that any true edition is ever refuted is at most the share.
    """
    rows: dict[tuple[str, str], list[tuple[int | str | float, ...]]] = {}
    seen_before: Counter[tuple[str, str, str]] = Counter()
    for statement, architecture, digest, seen, *row in ledger.read(_EVIDENCE):
        if seen:
            seen_before[statement, architecture, digest] += 1
        else:
            rows.setdefault((statement, architecture), []).append((digest, *row))
    result = []
    budget = ErrorBudget(alpha)
    for form in (form for statement in statements for form in registry.forms(statement.id)):
        found, now = rows.get((form.id, form.architecture), []), edition(form)
        if not found:
            continue
        current = [row[1:] for row in found if row[0] == now]
        instances, trials, failures, claimed, numbers, days = zip(*current, strict=True) if current else ((),) * 6
        process = log_process(instances, failures, trials, claimed) / math.log(10)
        account = budget.account(registry.position(form.id), form.architecture, len(registry.forms(form.id)))
        editions = list(dict.fromkeys([*(row[0] for row in found), now]))
        level = [account.spend() for _ in editions][editions.index(now)]
        highest = float(process.max(initial=0.0))
        one = Accumulated(
            id=form.id, architecture=form.architecture, nights=len(set(days)), runs=len(set(numbers)), instances=len(set(instances)),
            trials=sum(trials), failures=sum(failures), log10_e_value=float(process[-1]) if current else 0.0, highest=highest,
            level=level, refuted=highest >= -math.log10(level), other_editions=len(found) - len(current),
            edition=editions.index(now) + 1, seen_before=seen_before[form.id, form.architecture, now],
        )  # fmt: skip
        result.append(one)
    return result


def hidden(ledger: RunLedger, registry: Registry) -> list[Hidden]:
    """The statements of the ledger that the registry does not hold."""
    found = []
    for name, architecture, decisions in ledger.read(
        "SELECT statement, architecture, count(*) FROM decisions GROUP BY statement, architecture ORDER BY min(id)"
    ):
        if registry.has_form(name, architecture):
            continue
        key = [name, architecture]
        refuted = ledger.read(
            "SELECT run FROM verdicts WHERE verdict = 'REFUTED' AND statement = ? AND architecture = ? ORDER BY run", key
        )  # fmt: skip
        files = ledger.read(
            "SELECT DISTINCT r.modules FROM runs r JOIN decisions d ON d.run = r.id WHERE d.statement = ? AND d.architecture = ?", key
        )
        modules = dict.fromkeys(file for (listed,) in files for file in json.loads(listed))
        one = Hidden(id=name, architecture=architecture, decisions=decisions, refuted=[run for (run,) in refuted], modules=list(modules))
        found.append(one)
    return found


def summarize(ledger: RunLedger, statements: Sequence[Statement], registry: Registry, alpha: float) -> LedgerSummary:
    """The whole ledger in short."""
    evidence = accumulated(ledger, statements, registry, alpha)
    return LedgerSummary(ledger=str(ledger.path), alpha=alpha, runs=runs(ledger), evidence=evidence, hidden=hidden(ledger, registry))
