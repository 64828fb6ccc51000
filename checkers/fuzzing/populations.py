"""Of which instances a search is made: those that it goes through itself, the corners of the region, and what is far beyond.

Each of these populations is explored by itself, in whatever process: what is found in one does not depend on the others.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from hypothesis import strategies as st

from checkers.evidence.error_budget import Account
from checkers.evidence.profiles import Profile
from strategies import instances
from strategies.corners import Corner, corners, indices_most, largest_ball
from theorems.language.instance import Instance
from theorems.language.statement import Range, Statement

DEARER = 1.5  # an instance at a corner or far beyond costs about so many of the search's, in whose place it stands
LEAST = 3 / 8  # of the search's own instances
SEARCH = "search"  # the population of the search itself
RARE = 1e-6  # of networks, at most, that are to fail: then few of them refute
FLIPPED = 16.0  # m omega^(2/3) L, at least: of about so many neurons that a ball flips nearly the same number flips in every network
NEAR = 2**0.25  # the largest radius or width over the least that is drawn, which leaves three quarters of the flips
FARTHER = ("width", "depth")  # of these the far populations have the ends


@dataclass(frozen=True)
class Population:
    """Instances that are explored by themselves, in whatever process: `examples` of them, at the account's part of the error budget.
    where: limits of the quantities, one entry for each kind of instance, or a corner of the region."""

    name: str
    where: Corner | Sequence[Mapping[str, Range]]
    examples: int
    account: Account

    def instances(self, statement: Statement) -> st.SearchStrategy[Instance]:
        if isinstance(self.where, Corner):
            return self.where.instances(statement)
        shaped = [statement if self.name == SEARCH else _shaped(statement, limits) for limits in self.where]
        return st.one_of(*(instances(one, limits=limits) for one, limits in zip(shaped, self.where, strict=True)))


def populations(statement: Statement, profile: Profile, account: Account, examples: int, *, decides: bool = True) -> list[Population]:
    """The search, for the price of `examples`, then the corners of the region and what is far beyond, each at a share of the error budget.
    A false variant with ranges, data or labels of its own is tried there alone."""
    beside = _beside(statement, profile) if decides and not statement.aimed else []
    own, shares = account.shared(len(beside))
    aside = math.ceil(DEARER * sum(count for _, _, count in beside))
    first = Population(SEARCH, profile.populations(statement), max(1, math.ceil(LEAST * examples), examples - aside), own)
    return [first, *(Population(*one, share) for one, share in zip(beside, shares, strict=True))]


def _beside(statement: Statement, profile: Profile) -> list[tuple[str, Corner | Sequence[Mapping[str, Range]], int]]:
    """The corners of what the profile affords, then what is far beyond, of which the first of the choices that leaves any instance."""
    far = {name: first_possible(statement, choices) for name, choices in profile.far_populations(statement).items()}
    beyond = [(name, [limits], profile.far) for name, limits in far.items() if limits is not None]
    limits = profile.populations(statement)[-1]
    at = corners(statement, limits, profile.farther(statement)) if profile.corners else []
    most = indices_most(statement, limits) if profile.looks else None
    at += [most] if most else []
    seen = FARTHER if far and not statement.tight else ()  # of where a bound is tight, far populations know the data alone
    return [*((one.name, one, profile.corners) for one in at if one.quantity not in seen), *beyond]


def first_possible(statement: Statement, choices: Sequence[Mapping[str, Range]]) -> Mapping[str, Range] | None:
    """The first of the limits that leave any instance; of a claim about flips, a fractional power of the radius, the first where there are
    many at the largest width and radius, if any is: at the border of the regime a ball flips a neuron or none, and any claim holds.
    """
    if statement.claimed_exponents.get("radius", 0.0) % 1:
        for limits in choices:
            if many := _with_many_flips(statement, limits):
                return many
    return next((limits for limits in choices if _possible(statement, limits)), None)


def _with_many_flips(statement: Statement, limits: Mapping[str, Range]) -> Mapping[str, Range] | None:
    """The limits at the largest width and radius that they leave, if a ball flips many neurons there; else None."""
    one = largest_ball(statement, limits)
    if one is None or one.width * one.radius ** (2 / 3) * one.depth < FLIPPED or statement.failure_probability(one) > RARE:
        return None
    return {**limits, "width": (one.width / NEAR, one.width), "radius": (one.radius / NEAR, one.radius)}


def _shaped(statement: Statement, limits: Mapping[str, Range]) -> Statement:
    """The statement on data of the shape where it says that its bound is tight, if the limits leave any."""
    if "data" not in statement.tight:
        return statement
    shaped = dataclasses.replace(statement, data=(str(statement.tight["data"]),))
    return shaped if _possible(shaped, limits) else statement


def _possible(statement: Statement, limits: Mapping[str, Range]) -> bool:
    with suppress(ValueError):
        instances(statement, limits=limits)
        return True
    return False
