"""`lemmafuzz sharpen`: conjectures from measured exponents, their constants calibrated, and only those published that no seed refutes.

A conjecture is calibrated like any statement, on small sizes and on streams that no check uses. Then it is checked on SEEDS seeds, as a
statement that was asked for by name. Where one refutes it, the exponent whose weakening helps most there gives a sixth back, and it begins
again. What is left is written to a module, which is checked as `check --module` does, with a seed that none of this has seen; what that
refutes is not published either.
"""

from __future__ import annotations

import dataclasses
import math
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from checkers.errors import InputError
from checkers.evidence.error_budget import Account
from checkers.evidence.profiles import PROFILES, Profile
from checkers.experiments.calibration import calibrate_one, calibrated_names
from checkers.experiments.mutants.claims import claim_mutants
from checkers.experiments.mutants.fates import mutant_one
from checkers.experiments.scaling.exponents import scale
from checkers.experiments.sharpening.declaration import FIRST_LINE, HEAD, conjecture, text_of, with_constants
from checkers.experiments.sharpening.frontier import STEP, frontier, towards, weaker
from checkers.fuzzing.search import search
from checkers.machine.files import write_whole
from checkers.networks.randomness import seed_sequence
from checkers.records.decisions import CheckRun, Decision, Sizes
from checkers.records.events import Advanced, Listener, silent
from checkers.records.experiments import Exponent
from checkers.records.mutants import MutantResult
from checkers.records.sharpened import Attempt, Conjecture, Frontier, SharpenRun
from checkers.runs.jobs.each import each, in_order
from checkers.runs.jobs.groups import jobs
from checkers.runs.jobs.own_statements import own_statements
from checkers.runs.suite import ALPHA, Settings, check
from theorems.language.formula import SYMBOLS
from theorems.language.registry import registry
from theorems.language.statement import FULLY_CONNECTED, Statement

SEEDS: Final = 3  # on which a conjecture is checked before it is published
ATTEMPTS: Final = 4  # bounds of one statement: a sixth is given back after each


def fresh_seed(seed: int, *names: str | int) -> int:
    """A seed of its own: what was fitted or chosen on others is not seen again."""
    return int(seed_sequence(seed, "sharpen", *names).generate_state(1)[0])


def why_not(statement: Statement) -> str:
    """Why there is nothing to sharpen; empty if there is."""
    if statement.architecture != FULLY_CONNECTED:
        return "exponents are measured on fully connected networks"
    if not statement.bounds:
        return "its bound is no formula"
    if not statement.axes:
        return "it claims no exponent"
    names = calibrated_names(statement)
    if not names:
        return "it has no calibrated constant"
    return "" if statement.proportional_to(names) else "its constants do not scale one side of the claim"


def refuting(settings: Settings, sharper: Statement, seed: int) -> Decision | None:
    """The decision of a check that refutes it, as a statement that was asked for by name; nothing is simplified."""
    profile = dataclasses.replace(settings.profile, shrinks=0).naming([sharper.id]).of(sharper)
    examples = profile.instances(sharper)
    found = search(sharper, profile, Account(settings.alpha), seed=seed, examples=examples, device=settings.device)
    return found.severest[0] if found.severest else None


def sharpen_one(settings: Settings, listener: Listener, identifier: str, known: Sequence[Frontier]) -> Conjecture:
    """Calibrate and check one conjecture, weaker by a sixth after each refutation."""
    base, current = registry[identifier], list(known)
    seeds = [fresh_seed(settings.seed, identifier, number) for number in range(SEEDS)]
    attempts: list[Attempt] = []
    steps = ATTEMPTS * (1 + SEEDS)
    while len(attempts) < ATTEMPTS and any(one.conjectured != one.claimed and not one.note for one in current):
        begun = len(attempts) * (1 + SEEDS)
        listener(Advanced(f"{identifier}: conjecture", begun, steps))
        sharper = conjecture(base, current)
        try:
            constants = calibrate_one(sharper, fresh_seed(settings.seed, identifier, "calibration", len(attempts)))
        except InputError as error:  # its regime has no small instance
            return Conjecture(id="", of=identifier, verdict="NOT SHARPENED", why=str(error), frontier=current, attempts=attempts)
        sharper = with_constants(sharper, constants)
        refuted = None
        for number, seed in enumerate(seeds):
            listener(Advanced(f"{identifier}: conjecture", begun + 1 + number, steps))
            refuted = refuted or refuting(settings, sharper, seed)
        attempts.append(
            Attempt(
                bounds=[bound.text for bound in sharper.bounds],
                constants={one.constant: str(sharper.constants[one.constant]) for one in constants},
                seeds=seeds, refuted_by=refuted,
            )
        )  # fmt: skip
        if refuted is None:
            listener(Advanced(f"{identifier}: conjecture", steps, steps))
            return Conjecture(
                id=sharper.id, of=identifier, verdict="OPEN", claim=sharper.sentence, frontier=current, attempts=attempts,
                text=text_of(base, sharper),
            )  # fmt: skip
        current = given_back(base, current, refuted.sizes, constants[0].bands[-1].worst)
    listener(Advanced(f"{identifier}: conjecture", steps, steps))
    why = "every sharper bound that was tried is refuted" if attempts else "the measured exponents leave nothing in sixths"
    unsharpened = [msgspec.structs.replace(one, conjectured=one.claimed) for one in known]
    return Conjecture(
        id="", of=identifier, verdict="NOTHING SHARPER", why=why, frontier=unsharpened, attempts=attempts
    )  # fmt: skip


def given_back(statement: Statement, known: Sequence[Frontier], at: Sizes, fitted: Sizes) -> list[Frontier]:
    """The frontier with one exponent a sixth weaker: that which then allows most more at the refuting sizes than where the constant was
    fitted; where none does, the one that was sharpened most."""
    side = 1 if statement.direction == "at most" else -1
    changed = [one for one in known if one.conjectured != one.claimed and not one.note]

    def gain(one: Frontier) -> tuple[bool, float]:
        apart = math.log(float(at[one.axis]) / float(fitted[one.axis]))
        helps = -side * towards(one.stronger) * float(STEP) * apart
        return helps > 0, helps if helps > 0 else abs(one.conjectured - one.claimed)

    least = max(changed, key=gain)
    return [msgspec.structs.replace(one, conjectured=float(weaker(one))) if one is least else one for one in known]


def refuted_powers(statement: Statement, results: Sequence[MutantResult]) -> dict[str, list[float]]:
    """Axis -> the exponents, of the first bound, that the statement's own check refutes with its own constant."""
    own = [one for one in results if (one.id, one.architecture) == (statement.id, statement.architecture)]
    dead = {one.mutant for one in own if one.outcome == "REFUTED"}
    powers: dict[str, list[float]] = {}
    for mutant in claim_mutants(statement):
        if mutant.name in dead and mutant.symbol and mutant.part == 0 and mutant.kind == "exponent":
            powers.setdefault(SYMBOLS[mutant.symbol], []).append(mutant.power)
    return powers


def sharpen(
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
    file: Path | None = None,
    rows: Sequence[Exponent] | None = None,
    mutants: Sequence[MutantResult] | None = None,
) -> SharpenRun:
    """Conjectures about the statements, and the module of those that nothing refuted.

    file: where it goes, if there are any; None: nowhere. rows, mutants: what `scale` and `mutants` found earlier; None: they are run, of
    the mutants those of the exponents alone.
    """
    start = time.monotonic()
    work = profile if isinstance(profile, Profile) else PROFILES[profile]
    settings = Settings(seed, work, alpha, device, None, tuple(modules), remote=bool(cluster))
    shared = {"processes": processes, "modules": settings.modules, "cluster": cluster}
    reasons = {one.id: why_not(one) for one in statements}
    able = [one for one in statements if not reasons[one.id]]
    if rows is None:
        rows = scale(able, seed=seed, profile=work, device=device, progress=progress, **shared)  # type: ignore[arg-type]
    if mutants is None:
        tried = [
            (one.id, one.architecture, mutant) for one in able for mutant in claim_mutants(one)
            if mutant.kind == "exponent" and mutant.part == 0 and mutant.symbol
        ]  # fmt: skip
        names = [f"{identifier}: {mutant.name}" for identifier, _, mutant in tried]
        work_ahead = jobs(mutant_one, settings, tried, "mutants", names)
        mutants = in_order(each(work_ahead, processes, settings.modules, progress, cluster=cluster))
    known = {one.id: frontier(one, rows, refuted_powers(one, mutants)) for one in able}
    groups = jobs(sharpen_one, settings, list(known.items()), "conjectures", list(known))
    found = in_order(each(groups, processes, settings.modules, progress, cluster=cluster))
    by_id: Mapping[str, Conjecture] = {one.of: one for one in found}
    nothing = [Conjecture(id="", of=one.id, verdict="NOT SHARPENED", why=reasons[one.id]) for one in statements if reasons[one.id]]
    conjectures = [by_id.get(one.id) or next(other for other in nothing if other.of == one.id) for one in statements]
    checked, published = _checked_module(settings, conjectures, file, processes, progress, cluster)
    return SharpenRun(
        seed=seed, profile=work.name, conjectures=published, checked=checked, seconds=time.monotonic() - start,
        module=str(file) if file and any(one.verdict == "OPEN" for one in published) else "",
    )  # fmt: skip


def _checked_module(
    settings: Settings, conjectures: Sequence[Conjecture], file: Path | None, processes: int, progress: Listener, cluster: str
) -> tuple[CheckRun | None, list[Conjecture]]:
    """The check of the module with a fresh seed, and the conjectures, those that it refutes withdrawn; the rest is written to the file."""
    kept = [one for one in conjectures if one.verdict == "OPEN"]
    if not kept:
        return None, list(conjectures)
    seed = fresh_seed(settings.seed, "module")
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / "conjectures.py"
        trial.write_text(module_text(settings, kept, trial, "not checked yet"))
        with own_statements([trial], probed=True) as own:
            run = check(
                own, seed=seed, profile=settings.profile.naming(own), device=settings.device, modules=(*settings.modules, trial),
                processes=processes, progress=progress, cluster=cluster,
            )  # fmt: skip
    holds = {one.id for one in run.verdicts if one.verdict in ("HOLDS", "EXTRAPOLATED")}
    published = [one if one.verdict != "OPEN" or one.id in holds else _withdrawn(one, run) for one in conjectures]
    kept = [one for one in published if one.verdict == "OPEN"]
    if file and kept:
        write_whole(file, module_text(settings, kept, file, f"checked on {SEEDS} seeds each, and together with seed {seed}"))
    return run, published


def _withdrawn(one: Conjecture, run: CheckRun) -> Conjecture:
    """A conjecture that the check of the module did not let stand."""
    verdict = next(verdict for verdict in run.verdicts if verdict.id == one.id)
    why = f"the check of the module with seed {run.seed} says {verdict.verdict}"
    return msgspec.structs.replace(one, id="", verdict="NOTHING SHARPER", claim="", why=why, text="")


def module_text(settings: Settings, kept: Sequence[Conjecture], file: Path, checked: str) -> str:
    """The module of these conjectures."""
    ids = " ".join(one.id for one in kept)
    head = HEAD.format(profile=settings.profile.name, seed=settings.seed, checked=checked, ids=ids, file=file.name)
    return head + "".join(one.text for one in kept)


def is_ours(file: Path) -> bool:
    """Whether a file that is there may be replaced: one that was written here."""
    return not file.exists() or file.read_text(errors="replace").startswith(FIRST_LINE)
