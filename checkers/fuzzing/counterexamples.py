"""Counterexamples as versioned files: written whole, read with suspicion (parsing runs no code), replayed bit for bit."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np

from checkers.certification.triage import stands, triage
from checkers.errors import InputError
from checkers.evidence.binomial import SUSPICIOUS, trials_to_reach
from checkers.evidence.decide import decide
from checkers.evidence.profiles import CLOSER, PROFILES, SECOND_STAGE
from checkers.fuzzing.search import Campaign
from checkers.machine.files import write_whole
from checkers.machine.software import versions
from checkers.records.counterexamples import Counterexample, Replay
from checkers.records.decisions import Decision
from theorems.language.instance import Instance
from theorems.language.registry import Registry, registry
from theorems.language.statement import FULLY_CONNECTED, Engine, Statement

SCHEMA = 1
MOST_CELLS = 10**7  # of a counterexample's data: larger files are not ours
MOST_BYTES = 25 * MOST_CELLS  # a number takes at most so many characters
MOST_LAYERS = 10**4  # deeper than any statement ranges
MOST_WORK = 2**33  # numbers, over all trials, that a replay may hold: what no profile exceeds


def file_name(statement: str, variant: str, seed: int, role: str, architecture: str = FULLY_CONNECTED) -> str:
    """separation--false-variant-name--seed-1--simplest.json; without the second part for the statement as declared, with the architecture
    before it where that is not the fully connected one. Runs with different seeds leave each other's files alone."""
    names = ["" if architecture == FULLY_CONNECTED else architecture, variant]
    words = [statement, *(re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") for name in names), f"seed-{seed}", role]
    return "--".join(word for word in words if word) + ".json"


def write_both(
    found: Campaign, statement: Statement, seed: int, folder: Path | None, modules: Sequence[Path] = (), device: str = "cpu"
) -> list[str]:
    """Write the simplest and the most severe refutation into `folder`, if there are any; returns the file names."""
    written = []
    for role, case in (("simplest", found.simplest), ("severest", found.severest)):
        if case is None or folder is None:
            continue
        decision, instance = case
        record = Counterexample(
            schema=SCHEMA,
            role="simplest" if role == "simplest" else "severest",
            seed=seed,
            decision=decision,
            inputs=instance.inputs.tolist(),
            targets=instance.targets.tolist(),
            claim=statement.sentence,
            versions=versions(),
            module=", ".join(path.name for path in modules),
            triage=found.triages.get(role),
            device=device,
        )
        path = folder / file_name(statement.id, statement.variant_name, seed, role, statement.architecture)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_whole(path, msgspec.json.format(msgspec.json.encode(record), indent=1))
        except OSError as error:
            raise InputError(f"cannot write the counterexample {path}: {error.strerror or error}") from error
        written.append(path.name)
    return written


def read(path: Path) -> Counterexample:
    """The counterexample in a file; InputError says in one sentence what is wrong with it."""
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            raise InputError(f"cannot read the counterexample {path}: it is not a file")
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"cannot read the counterexample {path}: it is larger than {MOST_BYTES:,} bytes, so it is not ours")
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read the counterexample {path}: {error.strerror or error}") from error
    try:
        schema = msgspec.json.decode(content, type=_Schema).schema
        if schema != SCHEMA:
            raise InputError(f"counterexample {path} has schema {schema}; this version reads schema {SCHEMA}")
        return msgspec.json.decode(content, type=Counterexample)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"counterexample {path} is malformed: {error}") from error


class _Schema(msgspec.Struct):
    schema: int


def _array(rows: list[list[float]], name: str, samples: int) -> np.ndarray:
    if not rows:
        return np.zeros((0, 0))
    if len({len(row) for row in rows}) != 1 or len(rows) != samples:
        raise InputError(f"counterexample field {name!r} needs {samples} rows of one length")
    array = np.array(rows, dtype=np.float64)
    if array.size > MOST_CELLS or not np.isfinite(array).all():
        raise InputError(f"counterexample field {name!r} must hold finite numbers, at most {MOST_CELLS} of them")
    return array


def restore(record: Counterexample) -> Instance:
    """The instance of a counterexample, its data taken from the file."""
    sizes = record.decision.sizes
    allowed: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float), "str": (str,)}
    kinds = {field.name: str(field.type) for field in dataclasses.fields(Instance)}
    for name, value in sizes.items():
        if not isinstance(value, allowed.get(kinds.get(name, ""), ())) or isinstance(value, bool):
            raise InputError(f"counterexample field 'decision.sizes.{name}' is not a size of an instance")
        if isinstance(value, int | float) and name != "data_seed" and not 0 <= value <= 10**12:
            raise InputError(f"counterexample field 'decision.sizes.{name}' must lie between 0 and 10^12, not {value}")
    try:
        bare = Instance(**sizes)  # type: ignore[arg-type]  # every field was just checked by name and type
    except TypeError as error:
        raise InputError("counterexample field 'decision.sizes' lacks the width") from error
    if min(bare.width, bare.depth, bare.samples, bare.outputs, bare.input_dimension, bare.positions, bare.patch) < 1:
        raise InputError("counterexample field 'decision.sizes' has a size (width, depth, samples, outputs, ...) below 1")
    inputs = _array(record.inputs, "inputs", bare.samples)
    targets = _array(record.targets, "targets", bare.samples)
    return dataclasses.replace(bare, inputs=inputs, targets=targets)


def _statement(old: Decision, catalogue: Registry, module: str) -> Statement | str:
    """The statement or variant that a decision is about, or why there is none."""
    if old.statement not in catalogue:
        hint = f"; it was declared in the module {module}: name that file with --module" if module else ""
        return f"this version has no statement {old.statement!r}{hint}"
    if not catalogue.has_form(old.statement, old.architecture):
        return f"this version has no statement {old.statement!r} on {old.architecture!r} networks"
    statement = catalogue.form(old.statement, old.architecture)
    if not old.variant:
        return statement
    if old.variant not in {variant.name for variant in statement.variants}:
        return f"statement {old.statement!r} has no false variant {old.variant!r} any more"
    return statement.variant(old.variant)


def _numbers(engine: str, instance: Instance) -> int:
    """How many numbers one trial holds, up to a small factor: vectors, norms, or the passes and the matrices."""
    if engine in ("vectors", "exact law"):
        return instance.width if engine == "vectors" else instance.depth
    rows = instance.samples * instance.outputs
    passes = instance.depth * (instance.neurons * rows + rows**2)  # a layer's kernel compares all rows
    return passes + (instance.depth * instance.patch * instance.width**2 if engine == "dense" else 0)


def _most_trials(statement: Statement, instance: Instance, engine: str, alpha: float) -> int:
    """What the most thorough profile draws at these sizes, in a second stage and in a closer look too: a file that asks for more is not
    ours."""
    plans = [profile.plan(statement, instance) for profile in PROFILES.values()]
    planned = SECOND_STAGE * CLOSER * max((trials for name, trials in plans if name == engine), default=0)
    claimed = statement.failure_probability(instance)
    if planned and alpha > 0 and claimed < 0.5:
        planned = max(planned, SECOND_STAGE * trials_to_reach(SUSPICIOUS / 2, claimed), trials_to_reach(alpha, claimed))
    return min(planned, MOST_WORK // _numbers(engine, instance))


def known(record: Counterexample, catalogue: Registry = registry) -> tuple[Statement, Instance, Engine] | str:
    """What a counterexample speaks of: statement or variant, instance and engine; or why this version cannot make its decision again."""
    old = record.decision
    statement = _statement(old, catalogue, record.module)
    if isinstance(statement, str):
        return statement
    instance = restore(record)
    if old.engine not in statement.engines:
        return f"statement {old.statement!r} is no longer run on {old.engine!r}"
    if not 0 <= old.alpha < 1:
        raise InputError("counterexample field 'decision.alpha' must lie between 0 and 1")
    if old.trials < 1 or instance.depth > MOST_LAYERS or old.trials > _most_trials(statement, instance, old.engine, old.alpha):
        return f"{old.trials} trials at these sizes are more than any profile draws"
    return statement, instance, next(engine for engine in statement.engines if engine == old.engine)


@contextmanager
def fitting() -> Iterator[None]:
    """Whatever goes wrong where a counterexample's own data are measured is the file's fault: InputError."""
    try:
        yield
    except (ValueError, RuntimeError, IndexError, ArithmeticError, MemoryError) as error:
        sentence = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"the data of this counterexample do not fit its statement: {sentence}") from error


def replay(record: Counterexample, catalogue: Registry = registry, device: str = "cpu") -> Replay:
    """Make the same decision again, from the file's own data and seed."""
    old = record.decision
    case = known(record, catalogue)
    if isinstance(case, str):
        return Replay(status="CANNOT RUN", identical=False, reason=case)
    statement, instance, engine = case
    with fitting():
        new = decide(
            statement, instance, seed=record.seed, engine=engine, trials=old.trials, alpha=old.alpha, stage=old.stage, device=device
        )  # fmt: skip
    identical = msgspec.structs.replace(new, at=old.at) == old if not old.at else new == old
    same = "the same numbers, bit for bit" if identical else _difference(record, new, device)
    if new.refuted:
        # what was proved when the file was written is proved again, whichever profile that took
        certified = record.triage is not None and record.triage.label == "certified"
        found = triage(statement, new, instance, record.seed, PROFILES["thorough" if certified else "quick"].proofs)
        if stands(found):
            return Replay(status="STILL FAILS", identical=identical, reason=same, decision=new, triage=found)
        withdrawn = f"refutes nothing: {found.label} ({found.reason})"
        return Replay(status="FIXED", identical=identical, reason=withdrawn, decision=new, triage=found)
    return Replay(status="FIXED", identical=identical, reason=same, decision=new)


def _difference(record: Counterexample, new: Decision, device: str) -> str:
    """What changed since the file was written. All that is random is drawn by the CPU: devices differ by rounding."""
    old = record.decision
    changed = [name for name in ("failures", "ratio", "left", "right", "claimed") if getattr(old, name) != getattr(new, name)]
    then = {**msgspec.structs.asdict(record.versions), "device": record.device}
    now = {**msgspec.structs.asdict(versions()), "device": device}
    other = [f"{name} {old_one} then, {now[name]} now" for name, old_one in then.items() if old_one != now[name]]
    text = f"different {', '.join(changed) or 'details'}"
    return f"{text} ({'; '.join(other)})" if other else text
