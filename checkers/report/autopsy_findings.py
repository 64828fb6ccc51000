"""What an autopsy comes to, in sentences that its numbers bear out: each says what would have to be otherwise for it not to stand there."""

from __future__ import annotations

from collections.abc import Sequence

from checkers.records.autopsies import Autopsy, Climb, Rung
from checkers.report.text import number

UNION = ("samples", "depth", "outputs")  # the quantities that count indices


def percent(share: float) -> str:
    """A probability: 1.11%, and as a power of ten where percents are no help."""
    return f"{number(100 * share, 3)}%" if share >= 1e-4 or share == 0 else number(share, 2)


def about_rate(found: Autopsy) -> str:
    rate = found.typical.rate
    if not rate.too_high:
        return (
            f"On fresh networks the failure does not stand out: {rate.failures:,} of {rate.trials:,} fail, and up to {percent(rate.high)}"
            f" is possible, where {percent(rate.claimed)} is claimed."
        )
    times = f", {number(rate.observed / rate.claimed, 2)} times as often as claimed" if rate.claimed > 1e-6 else ""
    return (
        f"It is no accident of the networks in the file: fresh ones fail with a rate of {percent(rate.observed)}"
        f" ({percent(rate.low)} to {percent(rate.high)}), where {percent(rate.claimed)} is claimed{times}."
    )


def about_union(found: Autopsy) -> str:
    """Whether the failure is that of many indices of which each does what is claimed. The claimed probability is then short of a factor, at
    most the number of indices; that the rate grows with n and L and the claim does not says the same in another way."""
    union, rate = found.typical.union, found.typical.rate
    if union is None or not rate.too_high:
        return ""
    alone = union.alone
    if not union.forgotten:
        if alone.too_high:
            return (
                f"One index alone breaks the claim: at {union.at} {percent(alone.observed)} of the networks fail,"
                f" so the union over the {union.count} indices is not what is missing."
            )
        return ""
    growth = [climb for climb in found.climbs if climb.quantity in UNION and climb.rate and climb.rate.low > climb.rate.claimed]
    grows = "; ".join(
        f"from {climb.symbol} = {number(climb.rate.first)} to {number(climb.rate.last)} the rate grows like"
        f" {climb.symbol}^{_between(climb.rate.low, climb.rate.high)}, the claimed one like {climb.symbol}^{number(climb.rate.claimed, 2)}"
        for climb in growth if climb.rate
    )  # fmt: skip
    whole = min(1.0, union.count * rate.claimed)
    covered = "which covers what is seen" if rate.high <= whole else "which would still not cover what is seen"
    return (
        f"The bound lacks a factor {union.factors}, a union over the {union.count} indices: at every single one the claim holds, also at"
        f" {union.at}, where most fail (at most {percent(alone.high)}, claimed {percent(alone.claimed)}); only all together exceed it."
        f" With the factor {percent(whole)} would be claimed, {covered}."
        + (f" Accordingly, {grows}." if grows else "")
    )


def about_climbs(found: Autopsy) -> list[str]:
    """Along each quantity: where it fails, where that ends, and which side outgrows the other."""
    said, alone = [], []
    for climb in found.climbs:
        if sum(rung.speaks for rung in climb.rungs) < 2:
            alone.append(climb.symbol)
            continue
        parts = [part for part in (_where(climb), _end(climb), _outgrown(climb)) if part]
        said += [f"Along {climb.symbol}: {'; '.join(parts)}."] if parts else []
    if alone:
        said.append(f"Of the other {', '.join(alone)} that were tried nothing is claimed: they are outside the assumptions, or may fail.")
    return said


def _where(climb: Climb) -> str:
    failing = [rung for rung in climb.rungs if rung.fails]
    if not failing:
        return ""
    values = ", ".join(number(rung.value) for rung in failing)
    rates = ", ".join(percent(rung.rate.observed) for rung in failing)
    several = "rates" if len(failing) > 1 else "a rate of"
    return f"fails at {climb.symbol} = {values} with {several} {rates} where {_claimed(failing)} claimed"


def _claimed(rungs: Sequence[Rung]) -> str:
    shown = list(dict.fromkeys(percent(rung.rate.claimed) for rung in rungs))
    return f"{shown[0]} is" if len(shown) == 1 else f"{', '.join(shown)} are"


def _end(climb: Climb) -> str:
    """Where the failure vanishes, if the statement says anything elsewhere."""
    spoken = [rung.value for rung in climb.rungs if rung.speaks]
    if not any(rung.fails for rung in climb.rungs):
        return ""
    if climb.vanishes is None:
        return f"it does not vanish between {number(min(spoken))} and {number(max(spoken))}"
    if climb.vanishes == climb.here:
        return "at the instance's own size fresh networks do not fail too often"
    beyond = [rung for rung in climb.rungs if rung.speaks and (rung.value - climb.vanishes) * (1 if climb.up else -1) >= 0]
    possible = max(rung.rate.high for rung in beyond)
    doubt = f", where a rate of {percent(possible)} is still possible" if any(rung.rate.high > rung.rate.claimed for rung in beyond) else ""
    way = "upwards" if climb.up else "downwards"
    return f"from {climb.symbol} = {number(climb.vanishes)} {way} it is not seen to fail too often{doubt}"


def _outgrown(climb: Climb) -> str:
    growth = climb.ratio
    if all(rung.rate.claimed == 0 for rung in climb.rungs):  # an identity has no side to outgrow
        return ""
    # powers of what is allowed anyway are no finding: the median network has to fail at an end
    if growth is None or growth.low <= 0 <= growth.high or max(rung.median_low for rung in climb.rungs if rung.speaks) <= 1:
        return ""
    power = f"like {climb.symbol}^{_between(growth.low, growth.high)} from {number(growth.first)} to {number(growth.last)}"
    if growth.low > 0:
        return f"the median ratio grows {power}: what is measured outgrows what is claimed by that power"
    return f"the median ratio falls {power}"


def _between(low: float, high: float) -> str:
    return f"[{number(low, 2)}, {number(high, 2)}]"


def about_foundations(found: Autopsy) -> str:
    failing = [one for one in found.foundations if one.fails and one.inside]
    if failing:
        words = ", ".join(f"{one.id} ({one.with_failure:,} of the {found.failing:,} failing networks)" for one in failing)
        return f"What it rests on fails here already: {words}. Look there first."
    asked = [one for one in found.foundations if one.rate is not None]
    return f"Nothing of what it rests on fails here too often ({', '.join(one.id for one in asked)})." if asked else ""
