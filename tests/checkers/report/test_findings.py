"""What a report says it has learned is in its facts: planted slack, planted failures and planted tightness are found, and nothing else."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from checkers.records.decisions import Triage
from checkers.records.experiments import Exponent
from checkers.records.report import Facts
from checkers.report.exponents import at_one_radius, slack, slacks_in_words
from checkers.report.findings import finding_table, findings
from checkers.report.markdown import markdown
from checkers.report.threshold import finding
from checkers.report.training_findings import tally
from checkers.report.verdict_lines import verdict_lines
from checkers.report.write import as_claimed
from tests.checkers.report import full_size
from theorems import registry

CHOSEN = [registry[name] for name in ("forward-norm", "sign-flips", "gradient-lower", "gradient-upper")]
FORWARD, FLIPS, LOWER, _ = CHOSEN


@pytest.fixture
def plain_facts() -> Facts:
    """Nothing planted: what was measured is what is claimed."""
    whole = full_size.facts()
    ids = {one.id for one in CHOSEN}
    run = full_size.training(5)
    return msgspec.structs.replace(
        whole,
        check=msgspec.structs.replace(whole.check, verdicts=[one for one in whole.check.verdicts if one.id in ids]),
        power=msgspec.structs.replace(whole.power, variants=[one for one in whole.power.variants if one.id in ids]),
        scaling=[full_size.exponent(one, axis, power) for one in CHOSEN for axis, power in one.claimed_exponents.items()],
        trainings=[run], titles=["a run"], nights=None,
    )  # fmt: skip


def row(text: str, identifier: str) -> list[str]:
    line = next(one for one in text.splitlines() if one.startswith(f"| [{identifier}]"))
    return [cell.strip() for cell in line.split("|")[1:-1]]


def learned(facts: Facts) -> str:
    return finding_table(findings(facts, CHOSEN, {"sign-flips"}))


def planted(facts: Facts, identifier: str, axis: str, short: float, width: float = 0.05) -> Facts:
    form = registry[identifier]
    others = [one for one in facts.scaling if (one.id, one.axis) != (identifier, axis)]
    return msgspec.structs.replace(
        facts, scaling=[*others, full_size.exponent(form, axis, form.claimed_exponents[axis], short, width)]
    )


def changed(facts: Facts, identifier: str, **changes: Any) -> Facts:
    """Other verdicts on one statement."""
    verdicts = [msgspec.structs.replace(one, **changes) if one.id == identifier else one for one in facts.check.verdicts]
    return msgspec.structs.replace(facts, check=msgspec.structs.replace(facts.check, verdicts=verdicts))


def test_what_is_as_claimed_is_called_tight(plain_facts: Facts) -> None:
    text = learned(plain_facts)
    assert "slack" not in text
    assert "fails" not in text
    assert row(text, "forward-norm")[1] == "tight in m, L"


def test_a_planted_slack_is_found_and_stands_first(plain_facts: Facts) -> None:
    text = learned(planted(plain_facts, "forward-norm", "depth", 0.4))
    assert text.splitlines()[2].startswith("| [forward-norm]")
    found = row(text, "forward-norm")
    assert found[1] == "**slack by L^0.40**, power 0.35 at least; tight in m"
    assert "L^0.10 (0.05 to 0.15)" in found[3]
    assert "slack" not in row(text, "gradient-lower")[1]


def test_slack_under_an_attack_is_at_most_so_large(plain_facts: Facts) -> None:
    found = row(learned(planted(plain_facts, "sign-flips", "depth", 0.4)), "sign-flips")
    assert found[1].startswith("**slack by at most L^0.40**")
    assert "at least" not in found[1]


def test_slack_towards_small_quantities_is_a_power_that_grows_there(plain_facts: Facts) -> None:
    """omega^{2/3} claimed and omega^1.07 measured leaves omega^-0.4."""
    found = row(learned(planted(plain_facts, "sign-flips", "radius", -0.4)), "sign-flips")
    assert found[1].startswith("**slack by at most omega^-0.40**")


def test_slack_in_a_radius_that_moves_along_a_ladder_is_not_slack_in_what_moves_it() -> None:
    """The side L^3 omega^{2/3} under a claim of L^3 omega^{1/3}, on omega = L^-9: the bound's power of omega divided out leaves L^0."""
    radius = full_size.exponent(FLIPS, "radius", 1 / 3, -1 / 3)
    radius = msgspec.structs.replace(radius, measured=2 / 3, low=0.6, high=0.7)
    depths = [1.0, 2.0, 3.0, 4.0, 6.0]
    depth = msgspec.structs.replace(
        full_size.exponent(FLIPS, "depth", 3.0, 3.0), measured=0.0, low=-0.1, high=0.1, values=depths, radii=[x**-9 for x in depths]
    )
    alone, together = at_one_radius([depth]), at_one_radius([radius, depth])
    assert (alone, together[0]) == ([depth], radius)
    assert slack(alone[0], attacked=False).kind == "slack"
    assert together[1].measured == pytest.approx(3.0)
    assert together[1].low == pytest.approx(-0.1 + 9 * (0.6 - 1 / 3))
    assert together[1].high == pytest.approx(0.1 + 9 * (0.7 - 1 / 3))
    assert slack(together[1], attacked=False).kind == "not told apart"
    first, last = together[1].points[0][0], together[1].points[0][-1]
    assert last / first == pytest.approx(depth.points[0][-1] / depth.points[0][0] * 6 ** (9 / 3)), "and so are the points of the figure"
    still = msgspec.structs.replace(depth, radii=[0.1] * 5)
    assert at_one_radius([radius, still])[1] == still, "which did not move"


def test_a_bound_from_below_is_slack_where_what_it_bounds_shrinks_less(plain_facts: Facts) -> None:
    found = row(learned(planted(plain_facts, "gradient-lower", "samples", -0.8)), "gradient-lower")
    assert found[1].startswith("**slack by n^0.80**")


def test_an_interval_with_room_for_both_tells_nothing_apart(plain_facts: Facts) -> None:
    wide = planted(plain_facts, "forward-norm", "depth", 0.3, width=0.5)
    assert "not told apart: L (seems slack by L^0.30)" in row(learned(wide), "forward-norm")[1]
    wide = planted(plain_facts, "forward-norm", "depth", 0.0, width=0.5)
    assert "not told apart: L (seems tight)" in row(learned(wide), "forward-norm")[1]


@pytest.mark.parametrize("change", [{"inside": False}, {"values": [1.0, 2.0, 4.0]}], ids=str)
def test_what_lies_outside_the_regime_or_is_short_decides_nothing(change: dict[str, object], plain_facts: Facts) -> None:
    found = msgspec.structs.replace(planted(plain_facts, "forward-norm", "depth", 0.4).scaling[-1], **change)
    assert slack(found, attacked=False).kind == "not told apart"


def test_planted_growth_beyond_the_claim_comes_before_all(plain_facts: Facts) -> None:
    facts = planted(plain_facts, "gradient-lower", "width", 0.5)
    grown = msgspec.structs.replace(facts.scaling[-1], consistent=False)
    facts = msgspec.structs.replace(planted(facts, "forward-norm", "depth", 0.4), scaling=[*facts.scaling[:-1], grown])
    text = learned(facts)
    assert text.splitlines()[2].startswith("| [gradient-lower]")
    assert "**grows beyond the claim by m^0.50**" in row(text, "gradient-lower")[1]
    assert "grows beyond its claim: gradient-lower in m" in " ".join(verdict_lines(facts))
    assert not as_claimed(facts)


def test_a_planted_failure_along_training_is_found_with_its_sizes(plain_facts: Facts) -> None:
    facts = msgspec.structs.replace(plain_facts, trainings=[full_size.training(0)])
    found = row(learned(facts), "gradient-upper")[1]
    assert "**fails** outside its regime along training (m = 256, L = 4, n = 100, delta = 0.13, from step 454 on)" in found
    assert tally(facts) == (
        "0 of 1 training runs reached their goal with every checked inequality intact; gradient-upper failed along 1, outside its regime"
    )
    assert tally(plain_facts) == "1 of 1 training runs reached their goal with every checked inequality intact"
    text = markdown(facts, CHOSEN)
    assert "as promised" not in text[: text.index("## What the numbers mean")]
    inside = msgspec.structs.replace(full_size.training(0), outside=[])
    found = row(learned(msgspec.structs.replace(facts, trainings=[inside])), "gradient-upper")[1]
    assert "**fails** inside its regime along training" in found


def test_a_planted_failure_beyond_the_regime_is_found_with_its_sizes(plain_facts: Facts) -> None:
    facts = changed(plain_facts, "sign-flips", beyond_failures=3, beyond_worst=full_size.decision(FLIPS, failures=5))
    assert "**fails** outside its regime in 3 of 8 instances, at m = 123,456, L = 5" in row(learned(facts), "sign-flips")[1]


def test_a_planted_refutation_is_said_at_the_top(plain_facts: Facts) -> None:
    facts = changed(plain_facts, "forward-norm", verdict="REFUTED", counterexample=full_size.decision(FORWARD, failures=9))
    assert verdict_lines(facts)[2].startswith("**What failed.** REFUTED: forward-norm on fully connected networks")
    assert learned(facts).splitlines()[2].startswith("| [forward-norm]")
    assert verdict_lines(plain_facts)[2].startswith("**What failed.** No statement is refuted")


def test_what_was_only_extrapolated_is_said_at_the_top(plain_facts: Facts) -> None:
    assert verdict_lines(plain_facts)[3].startswith("**Only extrapolated.** Nothing")
    facts = changed(plain_facts, "forward-norm", verdict="EXTRAPOLATED")
    assert "3 forms hold" in verdict_lines(facts)[3]
    assert "forward-norm (fully connected, residual, convolutional)" in verdict_lines(facts)[3]


def test_a_variant_that_survived_and_a_broken_promise_are_said_at_the_top(plain_facts: Facts) -> None:
    survivor = msgspec.structs.replace(plain_facts.power.variants[0], verdict="HOLDS")
    broken = msgspec.structs.replace(plain_facts.reliability[0], as_promised=False)
    facts = msgspec.structs.replace(
        plain_facts, power=msgspec.structs.replace(plain_facts.power, variants=[survivor]), reliability=[broken]
    )
    assert f"false variants not refuted: {survivor.id}" in verdict_lines(facts)[2]
    assert "did not keep its own promise" in verdict_lines(facts)[2]


def test_what_triage_withdrew_and_what_the_nights_refuted_is_said_at_the_top(plain_facts: Facts) -> None:
    assert "withdrawn" not in verdict_lines(plain_facts)[2]
    triage = Triage(label="rounding", regime_depth=1.0)
    facts = changed(plain_facts, "sign-flips", verdict="UNDECIDED", withdrawn=[triage])
    nights = full_size.nights([FORWARD])
    refuted = msgspec.structs.replace(nights, evidence=[msgspec.structs.replace(nights.evidence[0], refuted=True)])
    line = verdict_lines(msgspec.structs.replace(facts, nights=refuted))[2]
    assert "withdrawn by triage: sign-flips (fully connected), rounding" in line
    assert "not decided: sign-flips (fully connected) UNDECIDED" in line
    assert "refuted by the evidence of all nights: forward-norm (fully connected)" in line


def test_printed_slips_are_findings() -> None:
    text = markdown(full_size.facts(), list(registry))
    part = text[text.index("## What we learned") : text.index("## Every statement")]
    slips = [(form.id, one.name) for form in registry for one in form.variants if one.kind == "as printed"]
    assert len(slips) >= 3
    assert all(f"[{identifier}](report/{identifier}.md)" in part[part.index("As printed") :] for identifier, _ in slips)


def test_widths_are_slack_where_the_interval_excludes_every_claim() -> None:
    run = full_size.threshold()
    samples, depth, separation = run.exponents
    assert finding(samples) == "slack by n^23.3 and n^7.3, at least, on these data"
    assert finding(separation) == "slack by delta^-5.4 and delta^-1.4, at least, on these data"
    assert finding(msgspec.structs.replace(depth, high=13)) == "not told apart from Allen-Zhu, Li & Song 2019 and Zou & Gu 2019"


def test_the_words_of_all_rows_of_a_bound_are_in_one_order() -> None:
    rows: list[Exponent] = [
        full_size.exponent(FORWARD, "width", -0.5), full_size.exponent(FORWARD, "depth", 0.5, 0.4),
        full_size.exponent(FORWARD, "samples", 0.5, 0.3, width=0.5), full_size.exponent(FORWARD, "outputs", 0.5),
    ]  # fmt: skip
    said = slacks_in_words([slack(one, attacked=False) for one in rows])
    assert said == ["**slack by L^0.40**, power 0.35 at least", "tight in m, d", "not told apart: n (seems slack by n^0.30)"]
