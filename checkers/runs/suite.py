"""Runs over many statements: `check` asks whether they hold, `power` whether their false variants are refuted."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Generic, TypeVar

import msgspec

from checkers.errors import InputError
from checkers.evidence.decide import decide
from checkers.evidence.error_budget import Account, ErrorBudget
from checkers.evidence.profiles import PROFILES, Profile
from checkers.fuzzing import counterexamples
from checkers.fuzzing.further import further
from checkers.fuzzing.search import Campaign, search
from checkers.fuzzing.verdicts import judge, refuted_by
from checkers.machine.files import write_whole
from checkers.records.decisions import CheckRun, PowerRun, VariantVerdict, Verdict
from checkers.records.events import Advanced, DecisionMade, Entry, Event, Listener, StatementJudged, VariantJudged, silent
from checkers.runs.jobs.each import each
from checkers.runs.ledger.journal import Journal
from checkers.runs.ledger.recorded_run import RecordedRun
from theorems.language.registry import registry
from theorems.language.statement import FULLY_CONNECTED, Statement

Result = TypeVar("Result")
ALPHA = 1e-6


@dataclass(frozen=True)
class Settings:
    """What all jobs of a run share. folder: where counterexamples go; modules: files of the user's own statements; run: where decisions
    are written down; remote: jobs run on other machines, which have neither this folder nor this ledger."""

    seed: int
    profile: Profile
    alpha: float
    device: str
    folder: Path | None
    modules: tuple[Path, ...]
    run: RecordedRun | None = None
    remote: bool = False


@dataclass(frozen=True)
class Outcome(Generic[Result]):
    """What a job found. files: its counterexamples. entries: decisions of a remote job, which were not written down where it ran."""

    found: Result
    files: Mapping[str, bytes]
    entries: list[Entry] = field(default_factory=list)


@contextmanager
def _folder(settings: Settings) -> Iterator[Path | None]:
    """Where a job writes counterexamples: on another machine, to a place of its own."""
    if settings.remote:
        with TemporaryDirectory() as folder:
            yield Path(folder)
    else:
        yield settings.folder


def _contents(folder: Path | None, names: Sequence[str]) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in names} if folder else {}


def write_down(settings: Settings, outcome: Outcome[Result]) -> None:
    """Write the counterexamples of a remote job."""
    if settings.remote and settings.folder and outcome.files:
        settings.folder.mkdir(parents=True, exist_ok=True)
        for name, content in outcome.files.items():
            write_whole(settings.folder / name, content)


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


def check_one(
    settings: Settings, listener: Listener, identifier: str, architecture: str = FULLY_CONNECTED, known: Sequence[Entry] = ()
) -> Outcome[Verdict]:
    """Try to break one statement on one architecture. known: decisions of this run about it, made before it was interrupted."""
    statement = registry.form(identifier, architecture)
    profile = settings.profile.of(statement)
    account, label = _account(settings, identifier, architecture), _label(identifier, architecture)
    examples = profile.instances(statement)
    total = examples * (2 if statement.beyond else 1)
    counting = _counting(listener, label, total)
    entries: list[Entry] = []

    def listen(event: Event) -> None:
        if isinstance(event, Entry):  # before the next decision is made
            if settings.remote:
                entries.append(event)
            elif settings.run is not None:
                settings.run.record(event)
        counting(event)

    decides = Journal(known, listen) if settings.run is not None else decide
    found = search(
        statement, profile, account, seed=settings.seed, examples=examples, device=settings.device, listener=listen, decide=decides
    )  # fmt: skip
    beyond = Campaign()
    if statement.beyond:
        beyond = search(
            statement.beyond_regime(), profile, account, seed=settings.seed, examples=examples, device=settings.device,
            listener=listen, decides=False, decide=decides,
        )  # fmt: skip
    with _folder(settings) as folder:
        written = counterexamples.write_both(found, statement, settings.seed, folder, settings.modules)
        files = _contents(folder, written)
    listener(Advanced(label, total, total))
    verdict = judge(statement, found, beyond, written if settings.folder else [])
    if identifier in profile.named and verdict.verdict != "REFUTED":
        verdict = msgspec.structs.replace(verdict, further=further(statement, settings.profile, found.visits))
    return Outcome(verdict, files, entries)


def power_one(
    settings: Settings, listener: Listener, identifier: str, name: str, architecture: str = FULLY_CONNECTED
) -> Outcome[VariantVerdict]:
    """Try to refute one false variant."""
    declared, profile = registry.form(identifier, architecture), settings.profile
    variant, label = declared.variant(name), f"{_label(identifier, architecture)}: {name}"
    account = _account(settings, identifier, architecture)
    listen = _counting(listener, label, profile.power_examples)
    found = search(variant, profile, account, seed=settings.seed, examples=profile.power_examples, device=settings.device, listener=listen)
    with _folder(settings) as folder:
        files = _contents(folder, counterexamples.write_both(found, variant, settings.seed, folder, settings.modules))
    listener(Advanced(label, profile.power_examples, profile.power_examples))
    verdict = VariantVerdict(
        id=identifier,
        variant=name,
        kind=next(one.kind for one in declared.variants if one.name == name),
        architecture=architecture,
        verdict="REFUTED" if found.severest else "HOLDS" if any(d.evidence for d in found.decisions) else "VACUOUS",
        instances=found.until_refuted,
        **refuted_by(found),
    )
    return Outcome(verdict, files)


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
    cells = [(statement.id, statement.architecture) for statement in _named(statements)]
    done = {(verdict.id, verdict.architecture): verdict for verdict in run.verdicts()} if run else {}
    jobs = [(*cell, run.entries(*cell) if run else []) for cell in cells if cell not in done]

    def listen(event: Event) -> None:
        if run and settings.remote and isinstance(event, Entry):
            with suppress(InputError):  # said when the statement is done and all of its decisions are written again
                run.record(event)
        progress(event)

    with closing(each(check_one, settings, jobs, "statements", processes, settings.modules, listen, cluster=cluster)) as ended:
        for job in ended:
            outcome: Outcome[Verdict] = job.result
            write_down(settings, outcome)
            if run:
                for entry in outcome.entries:
                    run.record(entry)
                run.conclude(outcome.found, outcome.files)
            done[outcome.found.id, outcome.found.architecture] = outcome.found
            progress(StatementJudged(outcome.found))
    if run:
        run.finish()
    verdicts = [done[cell] for cell in cells]
    named = list(work.named)
    return CheckRun(seed=seed, alpha=alpha, profile=work.name, verdicts=verdicts, seconds=time.monotonic() - start, named=named)


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
    jobs = [(one.id, variant.name, one.architecture) for one in _named(statements) for variant in one.variants]
    found: dict[int, VariantVerdict] = {}
    with closing(each(power_one, settings, jobs, "false variants", processes, settings.modules, progress, cluster=cluster)) as ended:
        for job in ended:
            write_down(settings, job.result)
            found[job.number] = job.result.found
            progress(VariantJudged(job.result.found))
    variants = [found[number] for number in range(len(jobs))]
    return PowerRun(seed=seed, alpha=alpha, profile=work.name, variants=variants, seconds=time.monotonic() - start)
