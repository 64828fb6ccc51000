"""Finds the constants that the paper hides: on small sizes, under the strongest attack, with a margin; the checks then run far beyond.

Where a constant is a table by bands of a size, each band is searched by itself, and its value serves no band of larger sizes.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import torch
from torch import Tensor

from checkers.errors import InputError
from checkers.evidence.batches import batch_sizes, batch_source
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
from checkers.records.experiments import CalibratedBand, Calibration
from strategies import instance_from_sizes
from theorems.language.formula import SYMBOLS, Formula
from theorems.language.instance import Instance
from theorems.language.statement import Assumption, Bands, Constant, Engine, Statement

DEPTH: Final = 6
WIDTH: Final = 512
# One rule for all constants. The checks go to widths 2^17 = 256 * 512 and depths 32 = 5.3 * 6, where a bound whose exponent is wrong
# by 1/6 in m or by 1/2 in L is off by 256^{1/6} = 2.5 or 5.3^{1/2} = 2.3: the margin must stay well below that, and well above 1, for
# a search meets only some instances. So it is the middle of the two on a logarithmic scale: sqrt(2.3).
MARGIN: Final = 1.5
SMALL: Final = Profile("calibration", 60, 0, 0, 2**22, 2**19, WIDTH, WIDTH)
BANDED: Final = 24  # instances of each band, where there are bands
# Instances on which fresh networks are drawn, those with the largest ratios, and networks for each: the worst network of all may be a rare
# one on an instance where most are harmless.
WORST: Final = 12
WORST_OF_BAND: Final = 8
NETWORKS: Final = 16
# Where the claim may fail with a probability of 1/50 or more, the constant is not for the worst networks but for all the others: of so many
# networks at least, or as many as the search affords, the largest few may lie beyond it. Fewer where each is attacked.
OFTEN: Final = 0.02
MANY: Final = 256
MANY_ATTACKED: Final = 64
CONFIDENCE: Final = 0.95  # of what is said about fresh networks
LEAST: Final = 1e-3  # room where no instance needs any: of a term below 1 a thousandth of the limit, far below what an exponent moves
EDGE: Final = 1e-9  # of an edge, so that rounding leaves an instance in its band


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


def streams(seed: int) -> int:
    """The seed of a calibration's networks. No check draws them, not even one of the same seed: it would find what it was fitted to."""
    return 2**64 + int(seed_sequence(seed, "calibration").generate_state(1, "uint64")[0])


def _bands(statement: Statement) -> Bands | None:
    """The bands of the calibrated constants, which share them."""
    return next((one.bands for one in statement.constants.values() if one.calibrated and one.bands), None)


def within(statement: Statement, bands: Bands, low: float, high: float) -> Statement:
    """The statement where the size that the bands are of lies between two edges."""
    size = Formula(bands.by)
    symbol = "omega" if "omega" in size.names else "m"
    power = size.exponent(symbol)

    def at(edge: float, relation: Any) -> Assumption:
        def bound(instance: Instance) -> float:
            return float((edge / size(instance, **{symbol: 1.0})) ** (1 / power))

        return Assumption("band", f"{bands.by} {relation} {edge:g}", SYMBOLS[symbol], relation, bound)

    below = (at(low, ">="),) if low > 0 else ()
    above = (at(high * (1 - EDGE), "<="),) if high < math.inf else ()
    return dataclasses.replace(statement, assumptions=(*statement.assumptions, *below, *above))


def _plain(statement: Statement) -> Statement:
    """The statement with one number for each calibrated constant, that of large sizes."""
    changed = {name: dataclasses.replace(statement.constants[name], bands=None, values=()) for name in calibrated_names(statement)}
    return dataclasses.replace(statement, constants={**statement.constants, **changed})


def _need(statement: Statement, instance: Instance, ratio: float) -> float:
    """What an instance with this ratio asks of the constants: as many times what they are, or, where their limit is known, so much room."""
    for name in calibrated_names(statement):
        constant = statement.constants[name]
        if constant.finite is not None:
            factor = constant.finite.factor(instance)
            asked = ratio / factor if constant.finite.lower else ratio * factor
            return max(asked - 1, 0.0) / constant.finite.size(instance)
    return ratio


def _is_upper(statement: Statement) -> bool:
    """Whether the constants stand on the right side, where more of them is safer; InputError if the bound is not in proportion to them."""
    names = calibrated_names(statement)
    if not statement.proportional_to(names):
        raise InputError(f"the constants {', '.join(names)} of {statement.id!r} do not scale one side of the claim")
    return statement.direction == "at most"


def _fresh(statement: Statement, instance: Instance, engine: Engine, networks: int, seed: int) -> Tensor:
    """The ratios of fresh networks of an instance, each under the strongest adversary, largest first: (networks,)."""
    source = NormalSource(seed_sequence(seed, statement.id, instance.key()))

    def batch(number: int, size: int) -> Tensor:
        cases = [
            worst_case(statement, measured(statement, subject), name).ratio
            for name, subject in drawn_subjects(statement, instance, engine, size, batch_source(source, number), "cpu")
        ]
        return torch.stack(cases).amax(0)

    with one_thread():
        sizes = batch_sizes(statement, instance, engine, networks)
        return torch.cat([batch(number, size) for number, size in enumerate(sizes)]).sort(descending=True).values


def passed_over(networks: int, claimed: float) -> int:
    """How many of the largest of so many ratios may be passed over: fewer exceed the (1 - claimed)-quantile only with probability 1 -
    CONFIDENCE, whatever the law; -1 where even the largest may lie below it."""
    from scipy.stats import binom

    count = -1
    while binom.cdf(count + 1, networks, claimed) <= 1 - CONFIDENCE:
        count += 1
    return count


def _band(statement: Statement, examples: int, worst: int, seed: int) -> tuple[CalibratedBand, list[Decision]]:
    """What the claim, its constants as they are, needs on small instances, as _need says. Also every decision with a ratio, the largest
    first."""
    campaign = search(statement, SMALL, Account(0.0), seed=seed, examples=examples, decides=False)
    seen = sorted((decision for decision in campaign.decisions if decision.ratio > 0), key=lambda decision: -decision.ratio)
    if not seen:
        raise InputError(f"statement {statement.id!r} has no small instance to calibrate on")
    many = MANY_ATTACKED if statement.adversary or statement.attack else MANY
    needed, medians, asked, drawn = 0.0, [], 0, 0
    worst_of_all = seen[0]
    for decision in seen[:worst]:
        instance = instance_from_sizes(statement, decision.sizes)
        often = decision.claimed >= OFTEN
        networks = max(many, decision.trials) if often else NETWORKS
        ratios = _fresh(statement, instance, decision.engine, networks, seed)  # type: ignore[arg-type]
        spare = passed_over(networks, decision.claimed) if often else -1
        most = float(ratios[spare]) if spare > 0 else float(ratios[0]) if spare == 0 else max(decision.ratio, float(ratios[0]))
        if (need := _need(statement, instance, most)) > needed:
            needed, worst_of_all = need, decision
        medians.append(_need(statement, instance, float(ratios.median())))
        asked += networks if spare < 0 else 0
        drawn += networks
    share = 1 - (1 - CONFIDENCE) ** (1 / asked) if asked else 0.0
    found = CalibratedBand(
        value=needed, needed=needed, median=max(medians), instances=len(seen), networks=sum(d.trials for d in seen) + drawn, share=share,
        worst=worst_of_all.sizes, adversary=worst_of_all.adversary,
    )  # fmt: skip
    return found, seen


def _three_digits(value: float, up: bool) -> float:
    """Rounded to three digits, away from what was seen."""
    step = 10.0 ** (math.floor(math.log10(value)) - 2)
    return float(f"{(math.ceil if up else math.floor)(value / step) * step:.3g}")


def _searched(statement: Statement, seed: int) -> tuple[list[CalibratedBand], list[Decision]]:
    """Every band, from the smallest sizes to the largest; one, where the constants are no table."""
    small, bands = _plain(_small(statement)), _bands(statement)
    if bands is None:
        found, seen = _band(small, SMALL.examples, WORST, seed)
        return [found], seen
    all_found: list[CalibratedBand] = []
    all_seen: list[Decision] = []
    for low, high in bands.limits:
        one = within(small, bands, low, high)
        found, seen = _band(one, min(BANDED, SMALL.examples), WORST_OF_BAND, seed)
        all_found.append(msgspec.structs.replace(found, begins=low))
        all_seen += seen
    return all_found, all_seen


def _by(constant: Constant) -> str:
    """What a constant depends on, a size or a term of sizes; "" if nothing."""
    return constant.bands.by if constant.bands else constant.finite.term if constant.finite else ""


def calibrate_one(statement: Statement, seed: int, margin: float = MARGIN) -> list[Calibration]:
    """The calibrated constants of one statement: what fresh networks and the worst of a search need on small instances, times the margin.

    No band gets less than a band of larger sizes, which are tamer: where it seems to need less, it was searched less well."""
    up = _is_upper(_plain(statement))
    found, seen = _searched(statement, streams(seed))
    most = [max(one.needed for one in found[k:]) for k in range(len(found))]
    small = _small(statement)
    sizes = {
        name: (min(float(d.sizes[name]) for d in seen), max(float(d.sizes[name]) for d in seen)) for name in small.ranges
    }  # fmt: skip

    def at(constant: Constant, ratio: float, away: float = 1.0) -> float:
        """The constant, or its room, at which this need is just met, or `away` times safer."""
        if constant.finite is not None:
            return _three_digits(max(ratio, LEAST) * away, up=True)
        return _three_digits(constant.value * ratio * away if up else constant.value / ratio / away, up)

    def table(constant: Constant) -> list[CalibratedBand]:
        return [
            msgspec.structs.replace(
                one, value=at(constant, ratio, margin), needed=at(constant, one.needed), median=at(constant, one.median)
            )
            for one, ratio in zip(found, most, strict=True)
        ]  # fmt: skip

    return [
        Calibration(
            id=statement.id, constant=name, by=_by(constant), bands=table(constant), margin=margin,
            confidence=CONFIDENCE, seed=seed, sizes=sizes,
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
