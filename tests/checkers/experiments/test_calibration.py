"""Constants: which side they stand on, how they are written, and that the file in use is the one that `calibrate` writes."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import pytest

from checkers.command_line.main import main
from checkers.errors import InputError
from checkers.experiments import calibration
from theorems import registry
from theorems.language.calibration import FILE, SHORT, approached, calibrated
from theorems.language.constant import FiniteSize
from theorems.language.instance import Instance
from theorems.language.statement import FIRST_THEORY, Bands, Constant, FailureProbability
from theorems.language.subject import Side

# The constant over what half of the worst instance's networks need, in the largest band: the margin, and 2.9 from the median of a normal
# deviation to what 1 in 20 exceed.
ROOM = 4.5


def test_every_calibrated_constant_is_in_the_file_with_its_provenance() -> None:
    entries = json.loads(FILE.read_text())
    one_instance = 1 - (1 - calibration.CONFIDENCE) ** (1 / calibration.NETWORKS)
    for statement in registry:
        for name in calibration.calibrated_names(statement):
            constant, entry = statement.constants[name], entries[statement.id][name]
            table = entry["bands"]
            value = constant.finite.room if constant.finite else constant.value
            assert value == table[-1]["value"], "it holds beyond the largest sizes that were calibrated"
            assert constant.values == (tuple(band["value"] for band in table) if constant.bands else ())
            term = constant.finite.term if constant.finite else ""
            assert (entry["by"], [band["begins"] for band in table]) == (
                (constant.bands.by, [0, *constant.bands.edges]) if constant.bands else (term, [0])
            )
            assert {"seed", "sizes", "confidence"} <= set(entry)
            assert entry["margin"] == calibration.MARGIN, "one rule for all"
            upper = table[-1]["value"] >= table[-1]["needed"]
            for place, band in enumerate(table):
                most = max(one["needed"] for one in table[place:]) if upper else min(one["needed"] for one in table[place:])
                low, high = sorted((band["value"], most))
                assert high / low == pytest.approx(calibration.MARGIN, rel=0.02)  # three digits
                assert (band["median"] <= band["needed"]) == upper, "the worst needs more than the median"
                assert 0 <= band["share"] <= one_instance, "fresh networks of which so many may need more: fewer than one instance shows"
            assert entry["sizes"]["depth"][1] <= calibration.DEPTH
            assert f"seed {entry['seed']}" in constant.provenance


def test_large_networks_do_not_get_the_room_of_small_ones() -> None:
    """What half of the networks need on the worst instance of the largest band, and what their constant is."""
    entries = json.loads(FILE.read_text())
    for identifier in ("semi-smoothness", "gradient-drift", "kernel-stability", "kernel-limit"):
        last = entries[identifier]["C"]["bands"][-1]
        assert last["value"] < ROOM * last["median"]


def test_every_declared_statement_has_its_constant_from_calibration() -> None:
    """Left out: the paper's own numbers 2 and 1/2, statements about training, whose regime no small network reaches or whose constants were
    found along runs, and a change by weights alone, whose search takes too long."""
    declared = {statement.id for statement in registry.theory(FIRST_THEORY) if statement.kind == "declared"}
    by_hand = {identifier for identifier in declared if not calibration.calibrated_names(registry[identifier])}
    trained = {"gd-rate", "gd-radius", "gd-convergence", "sgd-convergence", "other-losses", "classification"}
    trained |= {"gd-rate-given-kernel", "gd-radius-given-kernel", "gd-steps-given-kernel"}
    assert by_hand == {"sparse-forward", "separation", "backward-change-by-weights"} | trained


def test_false_constants_lie_just_beyond_the_sharp_ones() -> None:
    for identifier in ("backward-stability", "semi-smoothness", "gradient-drift", "kernel-stability"):
        constant = registry[identifier].variant("constant short of the sharp one").constants["C"]
        medians = [band["median"] for band in json.loads(FILE.read_text())[identifier]["C"]["bands"]]
        assert (constant.values or (constant.value,)) == pytest.approx([SHORT * median for median in medians], rel=0.01)


def test_a_constant_that_was_never_calibrated_says_so() -> None:
    assert calibrated("no-such-statement", "C") == Constant(1.0, "not calibrated yet", calibrated=True)
    bands = Bands("m", (100.0,))
    assert calibrated("backward-norm", "C", bands=bands) == Constant(1.0, "not calibrated yet", True, bands=bands, values=(1.0, 1.0))


@pytest.mark.parametrize(("identifier", "name", "factor"), [
    ("kernel-limit-sharp", "C", 0.1), ("gradient-lower", "c", 10.0), ("sparse-bilinear", "C", 0.1),
])  # fmt: skip
def test_calibration_gives_the_constant_at_which_the_claim_is_just_met(
    identifier: str, name: str, factor: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a constant that is ten times off, or its room for finite networks, on either side of the claim, the same value is found."""
    monkeypatch.setattr(calibration, "SMALL", dataclasses.replace(calibration.SMALL, examples=2, normals=2**18))
    statement = registry[identifier]
    constant = statement.constants[name]
    finite = constant.finite and dataclasses.replace(constant.finite, room=factor * constant.finite.room)
    moved = dataclasses.replace(constant, finite=finite) if finite else constant.times(factor)
    values = [
        [band.value for band in calibration.calibrate_one(one, 5)[0].bands]
        for one in (statement, dataclasses.replace(statement, constants={**statement.constants, name: moved}))
    ]
    assert values[0] == pytest.approx(values[1], rel=0.02)  # three digits


def test_the_side_of_a_constant_is_said_by_the_declaration(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bound that the constant does not scale is refused."""
    monkeypatch.setattr(calibration, "SMALL", dataclasses.replace(calibration.SMALL, examples=2))
    norm = dataclasses.replace(
        registry["forward-norm"], measure=lambda subject: Side(subject.norms()[..., 1:], ("sample", "layer")), engines=("dense",),
        constants={"C": Constant(1.0, "", calibrated=True)}, failure=FailureProbability("0", lambda i, C: 0.0),
        ranges={"width": (64, 64), "depth": (1, 2)}, assumptions=(),
    )  # fmt: skip
    (above,) = calibration.calibrate_one(dataclasses.replace(norm, at_most="C sqrt(L)"), 5)
    assert above.bands[0].value > above.bands[0].needed
    (below,) = calibration.calibrate_one(dataclasses.replace(norm, at_most=(), at_least="C sqrt(L)"), 5)
    assert below.bands[0].value < below.bands[0].needed
    with pytest.raises(InputError, match="do not scale one side"):
        calibration.calibrate_one(dataclasses.replace(norm, at_most="C + L"), 5)


def test_a_constant_that_scales_neither_side_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "SMALL", dataclasses.replace(calibration.SMALL, examples=2))
    statement = registry["backward-norm"]
    wrong = {"C": Constant(3.0, ""), "c": Constant(0.1, "", calibrated=True)}
    with pytest.raises(InputError, match="do not scale one side"):
        calibration.calibrate_one(dataclasses.replace(statement, constants=wrong), 5)


def test_the_command_changes_only_what_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(calibration, "SMALL", dataclasses.replace(calibration.SMALL, examples=2))
    file = tmp_path / "constants.json"
    file.write_text(json.dumps({"another": {"C": {"value": 2.0}}}))
    assert main(["calibrate", "kernel-limit-sharp", "--seed", "4", "--file", str(file), "--quiet"]) == 0
    entries = json.loads(file.read_text())
    assert entries["another"] == {"C": {"value": 2.0}}
    assert entries["kernel-limit-sharp"]["C"]["seed"] == 4
    assert "seed 4" in capsys.readouterr().out


def test_a_band_holds_the_instances_between_its_edges() -> None:
    statement = registry["kernel-stability"]
    bands = statement.constants["C"].bands
    assert bands is not None
    seen = set()
    for number, (low, high) in enumerate(bands.limits):
        inside = calibration.within(statement, bands, low, high)
        for width, radius in ((64, 2e-3), (256, 1e-3), (512, 1e-3), (512, 1e-2)):
            instance = Instance(width=width, radius=radius)
            if inside.inside(instance):
                assert bands.of(instance) == number
                seen.add(number)
    assert seen == {0, 1, 2}


def test_a_table_has_the_value_of_the_instance_and_the_last_one_beyond() -> None:
    constant = Constant(1.5, "", bands=Bands("m omega^(2/3) L", (2.0, 8.0)), values=(4.0, 3.0, 1.5))
    sizes = [(64, 1e-3), (512, 1e-3), (512, 1e-2), (10**6, 1e-2)]  # 0.6, 5, 24 and 46,000 flips
    assert [constant.at(Instance(width=m, radius=omega)) for m, omega in sizes] == [4.0, 3.0, 1.5, 1.5]
    assert constant.at(Instance(width=64, radius=1e-3), omega=1.0) == 1.5
    assert str(constant) == "4, 3 and 1.5 where m omega^(2/3) L is below 2, below 8 and above"
    assert constant.times(2.0).values == (8.0, 6.0, 3.0)


def test_a_constant_with_a_limit_has_room_for_finite_networks_alone() -> None:
    upper = Constant(2.0, "", finite=FiniteSize("sqrt(d/m) + omega", 10.0))
    lower = Constant(2.0, "", finite=FiniteSize("sqrt(d/m)", 10.0, lower=True))
    at = Instance(width=400, outputs=4, radius=0.1)
    assert [upper.at(at), lower.at(at)] == pytest.approx([6, 1])
    assert upper.at(at, omega=0.0) == 4.0, "a run gives the radius that it has reached"
    assert upper.at(Instance(width=10**12, radius=0.0)) == pytest.approx(2, rel=1e-4)
    assert (str(upper), str(lower)) == ("2 (1 + 10 (sqrt(d/m) + omega))", "2/(1 + 10 sqrt(d/m))")
    assert upper.times(0.5).at(at) == pytest.approx(3)


def test_a_limit_is_declared_with_its_reason_and_calibrated_room() -> None:
    constant = registry["gradient-lower"].constants["c"]
    assert constant.finite is not None
    assert constant.sharp == constant.value == 3 / math.pi
    assert constant.provenance.startswith("limit of three samples on an arc")
    assert "room for finite networks 1.5 times" in constant.provenance
    unknown = approached("no-such-statement", "C", 2.0, "1/m", "of nothing", sharp=1.5)
    assert (unknown.value, unknown.sharp, unknown.provenance) == (2.0, 1.5, "limit of nothing; room for finite networks not calibrated yet")


def test_the_bound_of_a_statement_follows_the_table() -> None:
    statement = dataclasses.replace(
        registry["linearization"], constants={"C": Constant(1.0, "", bands=Bands("m", (100.0,)), values=(2.0, 1.0))}
    )
    below, above = ([float(bound) for bound in statement.claimed(Instance(width=m, radius=0.01))] for m in (99, 100))
    assert below[0] / above[0] == pytest.approx(2 * math.sqrt(99 * math.log(99) / (100 * math.log(100))))


def test_no_check_draws_the_networks_of_a_calibration() -> None:
    """Seeds of a check are below 2^64, and a calibration of the same seed draws from another stream."""
    found = [calibration.streams(seed) for seed in range(4)]
    assert min(found) >= 2**64
    assert len(set(found)) == 4


@pytest.mark.parametrize("claimed", [0.02, 0.05, 0.3])
def test_what_may_be_passed_over_leaves_the_quantile_below_with_the_confidence(claimed: float) -> None:
    """P(no more than k of N exceed the (1 - p)-quantile) is the binomial's, whatever the law."""
    networks = 400
    count = calibration.passed_over(networks, claimed)
    terms = [math.comb(networks, k) * claimed**k * (1 - claimed) ** (networks - k) for k in range(count + 2)]
    assert sum(terms[:-1]) <= 1 - calibration.CONFIDENCE < sum(terms)


def test_where_even_the_largest_may_lie_below_the_quantile_nothing_is_passed_over() -> None:
    assert calibration.passed_over(16, 0.02) == -1
    assert calibration.passed_over(calibration.MANY_ATTACKED, 0.05) == 0
    assert calibration.passed_over(calibration.MANY, 0.05) == 6
    assert calibration.passed_over(512, 0.05) == 17
