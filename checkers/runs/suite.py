"""Runs over many statements: `check` asks whether they hold, `power` whether their false variants are refuted."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from checkers.errors import InputError
from checkers.evidence.decide import decide
from checkers.evidence.error_budget import Account, ErrorBudget
from checkers.evidence.profiles import PROFILES, Profile
from checkers.fuzzing import counterexamples
from checkers.fuzzing.further import further
from checkers.fuzzing.populations import SEARCH, Population, populations
from checkers.fuzzing.search import Campaign, explore, merged, search
from checkers.fuzzing.verdicts import judge, refuted_by
from checkers.records.decisions import CheckRun, PowerRun, VariantVerdict, Verdict
from checkers.records.events import Advanced, DecisionMade, Entry, Event, Listener, StatementJudged, VariantJudged, silent
from checkers.runs.jobs.each import each, in_order
from checkers.runs.jobs.groups import Group, Piece
from checkers.runs.ledger.journal import Journal
from checkers.runs.ledger.recorded_run import RecordedRun
from theorems.language.registry import registry
from theorems.language.statement import FULLY_CONNECTED, Statement

ALPHA = 1e-6
STATEMENTS, VARIANTS = "statements", "false variants"


@dataclass(frozen=True)
class Settings:
    """What all pieces of a run share. folder: where counterexamples go; modules: files of the user's own statements; run: where decisions
    are written down; remote: pieces run on other machines, which do not have this ledger."""

    seed: int
    profile: Profile
    alpha: float
    device: str
    folder: Path | None
    modules: tuple[Path, ...]
    run: RecordedRun | None = None
    remote: bool = False


@dataclass(frozen=True)
class Found:
    """What a piece of a check found: inside the regime, or beyond it. entries: decisions on another machine, not written down there."""

    inside: Campaign | None
    beyond: Campaign | None = None
    entries: list[Entry] = field(default_factory=list)

    @property
    def refutes(self) -> bool:
        return self.inside is not None and self.inside.severest is not None


def _counting(listener: Listener, label: str, total: int) -> Listener:
    """The listener, which also hears how many of about so many decisions were made."""
    made = 0

    def listen(event: Event) -> None:
        nonlocal made
        listener(event)
        if isinstance(event, DecisionMade):
            made += 1
            listener(Advanced(label, min(made, total), total))

    listener(Advanced(label, 0, total))
    return listen


def _label(identifier: str, architecture: str) -> str:
    """A piece of work to whoever looks on: the forms of a statement may be at work side by side."""
    return identifier if architecture == FULLY_CONNECTED else f"{identifier}, {architecture}"


def _account(settings: Settings, identifier: str, architecture: str) -> Account:
    """The part of the run's error budget that one form of a statement owns."""
    return ErrorBudget(settings.alpha).account(registry.position(identifier), architecture, len(registry.forms(identifier)))


def check_part(
    settings: Settings, listener: Listener, identifier: str, architecture: str = FULLY_CONNECTED, population: Population | None = None
) -> Found:
    """Try to break one statement on one architecture in one population; None: outside its regime, where failures are only counted."""
    statement = registry.form(identifier, architecture)
    profile = settings.profile.of(statement)
    total = population.examples if population else profile.instances(statement)
    name = population.name if population else "beyond"
    label = _label(identifier, architecture) + ("" if name == SEARCH else f": {name}")
    listen = _counting(listener, label, total)
    if population is None:
        found = Found(None, _beyond(settings, statement, listen))
    else:
        found = Found(explore(statement, profile, population, seed=settings.seed, device=settings.device, listener=listen))
    listener(Advanced(label, total, total))
    return found


def _beyond(settings: Settings, statement: Statement, listener: Listener, decide: Any = decide) -> Campaign:
    profile = settings.profile.of(statement)
    return search(
        statement.beyond_regime(), profile, Account(0.0), seed=settings.seed, examples=profile.instances(statement),
        device=settings.device, listener=listener, decides=False, decide=decide,
    )  # fmt: skip


def check_recorded(settings: Settings, listener: Listener, identifier: str, architecture: str, known: Sequence[Entry]) -> Found:
    """All of a statement on one architecture in one piece: the ledger has decisions in the order in which they are made. known: decisions
    of this run about it, made before it was interrupted."""
    statement = registry.form(identifier, architecture)
    profile = settings.profile.of(statement)
    examples, label = profile.instances(statement), _label(identifier, architecture)
    counting = _counting(listener, label, examples * (2 if statement.beyond else 1))
    entries: list[Entry] = []

    def listen(event: Event) -> None:
        if isinstance(event, Entry):  # before the next decision is made
            if settings.remote:
                entries.append(event)
            elif settings.run is not None:
                settings.run.record(event)
        counting(event)

    journal, account = Journal(known, listen), _account(settings, identifier, architecture)
    found = search(
        statement, profile, account, seed=settings.seed, examples=examples, device=settings.device, listener=listen, decide=journal
    )  # fmt: skip
    beyond = _beyond(settings, statement, listen, journal) if statement.beyond else None
    listener(Advanced(label, examples, examples))
    return Found(found, beyond, entries)


def _pieces(settings: Settings, statement: Statement) -> list[Piece]:
    """The populations of one form of a statement, and what is beyond its regime."""
    cell, profile = (statement.id, statement.architecture), settings.profile.of(statement)
    if settings.run is not None:
        return [Piece("", check_recorded, settings, (*cell, settings.run.entries(*cell)))]
    found = populations(statement, profile, _account(settings, *cell), profile.instances(statement))
    beyond = [Piece("beyond", check_part, settings, cell)] if statement.beyond else []
    return beyond + [Piece(one.name, check_part, settings, (*cell, one)) for one in found]


def _judged(settings: Settings, statement: Statement, progress: Listener, found: Sequence[Found]) -> Verdict:
    """The verdict, once its counterexamples are written."""
    campaign = merged([one.inside for one in found if one.inside is not None])
    beyond = merged([one.beyond for one in found if one.beyond is not None])
    written = counterexamples.write_both(campaign, statement, settings.seed, settings.folder, settings.modules, settings.device)
    verdict = judge(statement, campaign, beyond, written)
    if statement.id in settings.profile.named and verdict.verdict != "REFUTED":
        verdict = msgspec.structs.replace(verdict, further=further(statement, settings.profile, campaign.visits))
    if settings.run is not None:
        for entry in (entry for one in found for entry in one.entries):
            settings.run.record(entry)
        settings.run.conclude(verdict, {name: (settings.folder / name).read_bytes() for name in written if settings.folder})
    progress(StatementJudged(verdict))
    return verdict


def check_groups(settings: Settings, statements: Iterable[Statement], progress: Listener) -> list[Group]:
    """The work of `check`, one group a form of a statement: outcomes are verdicts."""
    return [
        Group(
            STATEMENTS, _label(one.id, one.architecture), partial(_pieces, settings, one), partial(_judged, settings, one, progress),
            lambda found: found.refutes,
        )
        for one in statements
    ]  # fmt: skip


def power_one(
    settings: Settings, listener: Listener, identifier: str, name: str, architecture: str = FULLY_CONNECTED
) -> Campaign:
    """Try to refute one false variant: most are at the first population, so its populations are no pieces."""
    variant, profile = registry.form(identifier, architecture).variant(name), settings.profile
    label, examples = f"{_label(identifier, architecture)}: {name}", profile.power_examples
    account, listen = _account(settings, identifier, architecture), _counting(listener, label, examples)
    found = search(variant, profile, account, seed=settings.seed, examples=examples, device=settings.device, listener=listen)
    listener(Advanced(label, examples, examples))
    return found


def _variant_judged(settings: Settings, statement: Statement, name: str, progress: Listener, found: Sequence[Campaign]) -> VariantVerdict:
    """The verdict, once its counterexamples are written."""
    (campaign,) = found
    counterexamples.write_both(
        campaign, statement.variant(name), settings.seed, settings.folder, settings.modules, settings.device
    )  # fmt: skip
    verdict = VariantVerdict(
        id=statement.id,
        variant=name,
        kind=next(one.kind for one in statement.variants if one.name == name),
        architecture=statement.architecture,
        verdict="REFUTED" if campaign.severest else "HOLDS" if any(d.evidence for d in campaign.decisions) else "VACUOUS",
        instances=campaign.until_refuted,
        **refuted_by(campaign),
    )
    progress(VariantJudged(verdict))
    return verdict


def power_groups(settings: Settings, statements: Iterable[Statement], progress: Listener) -> list[Group]:
    """The work of `power`, one group a false variant: outcomes are their verdicts."""
    return [
        Group(
            VARIANTS, f"{_label(one.id, one.architecture)}: {variant.name}",
            partial(_alone, settings, one.id, variant.name, one.architecture),
            partial(_variant_judged, settings, one, variant.name, progress),
        )
        for one in statements
        for variant in one.variants
    ]  # fmt: skip


def _alone(settings: Settings, *arguments: str) -> list[Piece]:
    return [Piece("", power_one, settings, arguments)]


def _named(statements: Iterable[Statement | str]) -> list[Statement]:
    return [registry[one] if isinstance(one, str) else one for one in statements]


def check(
    statements: Iterable[Statement | str],
    *,
    seed: int,
    profile: Profile | str = "quick",
    alpha: float = ALPHA,
    device: str = "cpu",
    folder: Path | None = None,
    modules: Sequence[Path] = (),
    processes: int = 1,
    progress: Listener = silent,
    cluster: str = "",
    run: RecordedRun | None = None,
) -> CheckRun:
    """Try to break every statement of the registry that is named, each on its own architecture. alpha bounds the probability that the
    run refutes any true one.

    statements: those of the registry, or their ids. profile: how much work, or the name of a profile.
    folder: where counterexamples go. processes, cluster (address of a Dask scheduler): who does the work; the verdicts do not depend on it.
    run: where decisions and verdicts are written down as they are made; what is there already is not decided again.
    progress: hears every event of the run.
    """
    start = time.monotonic()
    work = profile if isinstance(profile, Profile) else PROFILES[profile]
    settings = Settings(seed, work, alpha, device, folder, tuple(modules), run, remote=bool(cluster))
    named = _named(statements)
    done = {(verdict.id, verdict.architecture): verdict for verdict in run.verdicts()} if run else {}
    left = [one for one in named if (one.id, one.architecture) not in done]

    def listen(event: Event) -> None:
        if run and settings.remote and isinstance(event, Entry):
            with suppress(InputError):  # said when the statement is done and all of its decisions are written again
                run.record(event)
        progress(event)

    new: list[Verdict] = in_order(each(check_groups(settings, left, progress), processes, settings.modules, listen, cluster=cluster))
    done |= {(verdict.id, verdict.architecture): verdict for verdict in new}
    if run:
        run.finish()
    verdicts, asked = [done[one.id, one.architecture] for one in named], list(work.named)
    return CheckRun(seed=seed, alpha=alpha, profile=work.name, verdicts=verdicts, seconds=time.monotonic() - start, named=asked)


def power(
    statements: Iterable[Statement | str],
    *,
    seed: int,
    profile: Profile | str = "quick",
    alpha: float = ALPHA,
    device: str = "cpu",
    folder: Path | None = None,
    modules: Sequence[Path] = (),
    processes: int = 1,
    progress: Listener = silent,
    cluster: str = "",
) -> PowerRun:
    """Try to refute every false variant, with the budget and the error rate that a true statement would get."""
    start = time.monotonic()
    work = profile if isinstance(profile, Profile) else PROFILES[profile]
    settings = Settings(seed, work, alpha, device, folder, tuple(modules), remote=bool(cluster))
    groups = power_groups(settings, _named(statements), progress)
    variants: list[VariantVerdict] = in_order(each(groups, processes, settings.modules, progress, cluster=cluster))
    return PowerRun(seed=seed, alpha=alpha, profile=work.name, variants=variants, seconds=time.monotonic() - start)
