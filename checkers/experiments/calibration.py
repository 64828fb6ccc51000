"""Finds the constants that the paper hides: on small sizes, under the strongest attack, with a margin; the checks then run far beyond."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
import torch

from checkers.errors import InputError
from checkers.evidence.drawing import drawn_subjects
from checkers.evidence.error_budget import Account
from checkers.evidence.measured import measured
from checkers.evidence.profiles import Profile
from checkers.evidence.worst_case import worst_case
from checkers.fuzzing.search import search
from checkers.machine.files import write_whole
from checkers.machine.threads import one_thread
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.records.decisions import Decision
from checkers.records.events import Listener, counted, silent
from checkers.records.experiments import Calibration
from strategies import instance_from_sizes
from theorems.language.statement import Constant, Statement

DEPTH: Final = 6
WIDTH: Final = 512
# One rule for all constants. The checks go to widths 2^17 = 256 * 512 and depths 32 = 5.3 * 6, where a bound whose exponent is wrong
# by 1/6 in m or by 1/2 in L is off by 256^{1/6} = 2.5 or 5.3^{1/2} = 2.3: the margin must stay well below that, and well above 1, for
# a search meets only some instances. So it is the middle of the two on a logarithmic scale: sqrt(2.3).
MARGIN: Final = 1.5
SMALL: Final = Profile("calibration", 60, 0, 0, 2**22, 2**19, WIDTH, WIDTH)
# Instances on which the constant that half of the networks need is looked for, those with the largest ratios, and networks for each:
# the worst network of all may be a rare one on an instance where most are harmless.
WORST: Final = 24
NETWORKS: Final = 16


def calibrated_names(statement: Statement) -> list[str]:
    """The constants of the statement that are found here."""
    return [name for name, constant in statement.constants.items() if constant.calibrated]


def strongest(statement: Statement) -> Statement:
    """The statement on stored weights, which every adversary can move, and under all of them; a search inside the measure is kept."""
    adversary = statement.adversary
    if adversary and not statement.attack:
        adversary = ("best of all",)
    engines = ("dense",) if "dense" in statement.engines else statement.engines
    return dataclasses.replace(statement, adversary=adversary, engines=engines)


def _small(statement: Statement) -> Statement:
    """The statement on depths up to 6; widths are capped by the profile."""
    low, high = statement.ranges.get("depth", (1, 1))
    ranges = {**statement.ranges, "depth": (low, max(low, min(high, DEPTH)))}
    return dataclasses.replace(strongest(statement), ranges=ranges)


def _scaled(statement: Statement, factor: float) -> Statement:
    changed = {name: Constant(statement.constants[name].value * factor, "tried", calibrated=True) for name in calibrated_names(statement)}
    return dataclasses.replace(statement, constants={**statement.constants, **changed})


def _is_upper(statement: Statement) -> bool:
    """Whether the constants stand on the right side, where more of them is safer; InputError if the bound is not in proportion to them."""
    names = calibrated_names(statement)
    if not statement.proportional_to(names):
        raise InputError(f"the constants {', '.join(names)} of {statement.id!r} do not scale one side of the claim")
    return statement.direction == "at most"


def _median(statement: Statement, worst: Decision, seed: int) -> float:
    """The ratio that half of NETWORKS fresh networks of this instance exceed."""
    instance = instance_from_sizes(statement, worst.sizes)
    source = NormalSource(seed_sequence(seed, "calibration", statement.id, instance.key()))
    with one_thread():
        cases = [
            worst_case(statement, measured(statement, subject), name).ratio
            for name, subject in drawn_subjects(statement, instance, worst.engine, NETWORKS, source, "cpu")  # type: ignore[arg-type]
        ]
    return float(torch.stack(cases).amax(0).median())


def _three_digits(value: float, up: bool) -> float:
    """Rounded to three digits, away from what was seen."""
    step = 10.0 ** (math.floor(math.log10(value)) - 2)
    return float(f"{(math.ceil if up else math.floor)(value / step) * step:.3g}")


def calibrate_one(statement: Statement, seed: int, margin: float = MARGIN) -> list[Calibration]:
    """The calibrated constants of one statement: the worst ratio of a search over small instances, times the margin."""
    small = _small(statement)
    campaign = search(small, SMALL, Account(0.0), seed=seed, examples=SMALL.examples, decides=False)
    seen = sorted((decision for decision in campaign.decisions if decision.ratio > 0), key=lambda decision: -decision.ratio)
    if not seen:
        raise InputError(f"statement {statement.id!r} has no small instance to calibrate on")
    up = _is_upper(small)
    median = max(_median(small, decision, seed) for decision in seen[:WORST])
    sizes = {
        name: (min(float(d.sizes[name]) for d in seen), max(float(d.sizes[name]) for d in seen)) for name in small.ranges
    }  # fmt: skip

    def needed(constant: Constant, ratio: float, away: float = 1.0) -> float:
        """The constant at which this ratio is just allowed, or `away` times safer."""
        return _three_digits(constant.value * ratio * away if up else constant.value / ratio / away, up)

    return [
        Calibration(
            id=statement.id, constant=name, value=needed(constant, seen[0].ratio, margin), needed=needed(constant, seen[0].ratio),
            median=needed(constant, median), margin=margin, seed=seed, instances=len(seen), trials=sum(d.trials for d in seen),
            sizes=sizes, worst=seen[0].sizes, adversary=seen[0].adversary,
        )
        for name, constant in small.constants.items()
        if constant.calibrated
    ]  # fmt: skip


def calibrate(statements: Sequence[Statement], *, seed: int, margin: float = MARGIN, progress: Listener = silent) -> list[Calibration]:
    """The calibrated constants of the statements; the verdicts of a run use them once they are written."""
    chosen = [statement for statement in statements if calibrated_names(statement)]
    found: list[Calibration] = []
    for statement in counted(chosen, "statements calibrated", progress):
        found += calibrate_one(statement, seed, margin)
    return found


def write(found: Sequence[Calibration], file: Path) -> None:
    """Replace the entries of these constants in the file, and keep the others."""
    entries = json.loads(file.read_text()) if file.exists() else {}
    for one in found:
        fields = msgspec.to_builtins(one)
        entries.setdefault(one.id, {})[one.constant] = {key: fields[key] for key in fields if key not in ("id", "constant")}
    write_whole(file, json.dumps(dict(sorted(entries.items())), indent=2) + "\n")
