"""Triage: what is proved, what only comes again, and what was rounding or never in the regime."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
import torch
from torch import Tensor

from checkers.certification import triage as module
from checkers.certification.triage import only_double, stands, triage
from checkers.command_line.main import main
from checkers.evidence.batches import batch_sizes
from checkers.evidence.binomial import critical_failures, p_value
from checkers.evidence.decide import decide
from checkers.evidence.error_budget import Account
from checkers.evidence.profiles import Profile
from checkers.fuzzing import counterexamples
from checkers.fuzzing.search import search
from checkers.fuzzing.verdicts import judge
from checkers.records.decisions import CheckRun, Decision, Triage
from strategies import instance_from_sizes
from theorems import registry
from theorems.language.instance import Instance
from theorems.language.statement import Assumption, FailureProbability, Statement
from theorems.language.subject import Comparison, Subject

SMALL = Profile("small", 8, 25, 4, 2**16, 2**12, 128, 512)


def synthetic(measure: Callable[..., Comparison], claimed: float = 0.0, **fields: Any) -> Statement:
    declaration: dict[str, Any] = {
        "id": "synthetic", "source": "", "claim": "", "kind": "derived", "measure": measure, "ranges": {"width": (16, 64)},
        "engines": ("dense",), "failure": FailureProbability("p", lambda instance, **_: claimed), **fields,
    }  # fmt: skip
    return Statement(**declaration)


def decided(statement: Statement, trials: int = 8, alpha: float = 1e-6, **sizes: Any) -> tuple[Decision, Instance]:
    instance = instance_from_sizes(statement, {"width": 16, **sizes})
    return decide(statement, instance, seed=1, engine=statement.engines[0], trials=trials, alpha=alpha), instance


def label(statement: Statement, **sizes: Any) -> Triage:
    decision, instance = decided(statement, **sizes)
    assert decision.refuted, "the checker is fooled before triage"
    return triage(statement, decision, instance, 1)


def in_single_precision(subject: Subject) -> Comparison:
    """‖h_0‖ <= ‖h_0‖ (1 + 1e-9), the sides added up in float32 in two orders: true, but the slack is below a float32's ulp."""
    h = subject.activations(0)[:, 0]
    left = (h * h).float().sum(-1)
    right = (h * h).float().flip(-1).cumsum(-1)[:, -1] if isinstance(h, Tensor) else (h * h).sum(-1)
    return Comparison(left.sqrt() * 1.0, right.sqrt() * (1 + 1e-9))


def test_a_float32_artefact_refutes_in_decide_and_is_labelled_rounding() -> None:
    found = label(synthetic(in_single_precision), trials=64)
    assert found.label == "rounding"
    assert not stands(found)
    assert "in float64 0 of 64 trials fail" in found.reason


def test_a_float32_artefact_refutes_nothing_in_a_whole_search() -> None:
    statement = synthetic(in_single_precision)
    found = search(statement, SMALL, Account(1e-6), seed=1, examples=6)
    assert found.severest is None
    assert found.simplest is None
    assert {one.label for one in found.withdrawn} == {"rounding"}
    assert not any(decision.refuted for decision in found.decisions)
    from checkers.fuzzing.search import Campaign

    assert judge(statement, found, Campaign(), []).verdict == "UNDECIDED"


MODULE = '''
from theorems.language.registry import statement
from theorems.language.statement import Variant
from theorems.language.subject import Comparison


@statement(
    id="single-precision", source="planted", claim="a sum is at most itself, and 1e-9 more", kind="identity", engines=("dense",),
    ranges={"width": (16, 64)},
    variants=(Variant("a", "constant", {"variance": 3.0}), Variant("b", "claim", {"variance": 4.0})),
)
def single_precision(subject):
    h = subject.activations(0)[:, 0].float()
    squares = h * h
    return Comparison(squares.sum(-1), squares.flip(-1).cumsum(-1)[:, -1] * (1 + 1e-9))
'''


def test_a_float32_artefact_in_a_users_module_is_undecided_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own.py").write_text(MODULE)
    code = main(["check", "single-precision", "--module", "own.py", "--seed", "1", "--processes", "1", "--json", "out.json"])
    printed = capsys.readouterr().out
    run = msgspec.json.decode(Path("out.json").read_bytes(), type=CheckRun)
    assert code == 0
    assert run.verdicts[0].verdict == "UNDECIDED"
    assert {one.label for one in run.verdicts[0].withdrawn} == {"rounding"}
    assert "a refutation was withdrawn, rounding" in printed
    assert not Path("counterexamples").exists()


def by_way_of_numpy(subject: Subject) -> Comparison:
    """The same artefact where no cast can be undone and no ball goes."""
    squares = subject.activations(0)[:, 0].numpy().astype("float32") ** 2
    left, right = squares.sum(-1), squares[:, ::-1].cumsum(-1)[:, -1]
    return Comparison(torch.from_numpy(left), torch.from_numpy(right) * (1 + 1e-9))


def test_a_cast_that_torch_does_not_see_is_held_to_the_narrow_type() -> None:
    assert label(synthetic(by_way_of_numpy), trials=64).label == "rounding"


def within_an_ulp(subject: Subject) -> Comparison:
    """A float64 difference that is all rounding: the same sum of squares in another order, without a word about rounding."""
    h = subject.activations(0)[:, 0]
    first, second = (h * h).sum(-1), (h * h).view(h.shape[0], 4, -1).sum(-1).sum(-1)
    return Comparison((first - second).abs(), torch.zeros_like(first))


def test_what_balls_leave_open_is_rounding_at_the_highest_precision() -> None:
    found = label(synthetic(within_an_ulp), trials=64)
    assert (found.label, found.proved, found.bits) == ("rounding", 0, 256)


@pytest.mark.parametrize(("excess", "expected"), [(1e-6, "certified"), (1e-14, "rounding")])
def test_a_true_excess_is_proved_unless_it_is_within_the_scalars_of_the_formula(excess: float, expected: str) -> None:
    def measure(subject: Subject) -> Comparison:
        norm = subject.norms()[..., 0]
        return Comparison(norm * (1 + excess), norm, axes=("sample",), rounding=0.0)

    statement = synthetic(measure)
    decision, instance = decided(statement)
    assert decision.refuted
    assert triage(statement, decision, instance, 1).label == expected


def test_certified_means_that_the_proved_failures_alone_refute() -> None:
    statement = registry["operator-norm"].variant("constant 2.8, just below the sharp edge")
    decision, instance = decided(statement, trials=128, width=48)
    found = triage(statement, decision, instance, 1)
    assert found.label == "certified"
    assert found.proved == found.needed == critical_failures(128, decision.claimed, decision.alpha)
    assert p_value(found.proved, 128, decision.claimed) <= decision.alpha < p_value(found.proved - 1, 128, decision.claimed)
    assert found.excess is not None
    assert found.excess == pytest.approx([decision.left - decision.right] * 2, abs=1e-12)


def test_more_work_than_a_triage_does_is_confirmed_and_says_how_much_is_proved() -> None:
    statement = registry["operator-norm"].variant("constant 2.8, just below the sharp edge")
    decision, instance = decided(statement, trials=128, width=48)
    found = triage(statement, decision, instance, 1, most_numbers=3 * (2**11 + 48 * 56))
    assert (found.label, stands(found)) == ("confirmed in float64", True)
    assert 0 < found.proved < found.needed
    assert "more work" in found.reason


def test_no_more_trials_are_made_again_than_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all of 512 fail, and 30 failures refute, the first 30 of them have the label of all."""
    made: list[int] = []

    def sizes(*arguments: Any) -> list[int]:
        made.append(arguments[-1])
        return batch_sizes(*arguments)

    monkeypatch.setattr(module, "batch_sizes", sizes)
    statement = synthetic(lambda s: Comparison(s.norms()[..., 0] + 2, s.norms()[..., 0], ("sample",)), claimed=0.02)
    decision, instance = decided(statement, trials=512)
    needed = critical_failures(512, 0.02, 1e-6)
    assert (decision.failures, triage(statement, decision, instance, 1).needed) == (512, needed)
    assert made == [needed]
    assert triage(statement, msgspec.structs.replace(decision, failures=256), instance, 1).label == "certified"
    assert needed < made[1] / 2 < 256, "where half of them fail, so many that enough do"


def test_a_measure_that_balls_do_not_know_is_confirmed_in_float64() -> None:
    def measure(subject: Subject) -> Comparison:
        return Comparison(torch.special.erf(subject.norms()[..., 0]), torch.full((subject.trials, 1), 1e-3).double(), axes=("sample",))

    found = label(synthetic(measure))
    assert (found.label, found.proved) == ("confirmed in float64", 0)
    assert "no ball arithmetic: torch's 'special_erf'" in found.reason


OUTSIDE = (Assumption("width", "m >= 17", "width", ">=", lambda i: 17.0),)


def test_an_instance_outside_the_regime_is_labelled_so() -> None:
    def measure(subject: Subject) -> Comparison:
        return Comparison(subject.norms()[..., 0] + 1, subject.norms()[..., 0], axes=("sample",))

    decision, instance = decided(synthetic(measure))
    assert decision.refuted
    for statement, reason in ((synthetic(measure, assumptions=OUTSIDE), "m >= 17"), (synthetic(measure, claimed=0.5), "1/2 or more")):
        found = triage(statement, decision, instance, 1)
        assert (found.label, stands(found)) == ("outside the regime", False)
        assert reason in found.reason


def test_data_that_do_not_keep_their_promise_are_outside_the_regime() -> None:
    statement = registry["separation"].variant("separation 0.99 delta")
    decision, instance = decided(statement, trials=64, width=208, samples=2, separation=0.5, data="pairs")
    assert triage(statement, decision, instance, 1).label == "certified"
    for broken, reason in (({"separation": 0.9}, "less than the promised separation"), ({"inputs": 2 * instance.inputs}, "norm 1")):
        found = triage(statement, decision, dataclasses.replace(instance, **broken), 1)
        assert found.label == "outside the regime"
        assert reason in found.reason


def test_a_perturbation_longer_than_the_radius_is_outside_the_regime(monkeypatch: pytest.MonkeyPatch) -> None:
    from checkers.adversaries import ADVERSARIES, Attack
    from checkers.adversaries.directions import hidden_alignment
    from checkers.networks.network import Network

    def too_long(attack: Attack) -> Network:
        moved = attack.best(hidden_alignment(attack))
        for weights in moved.hidden:
            weights.left *= 1.001  # type: ignore[attr-defined]
        return moved

    statement = registry["forward-stability"].variant("C sqrt(log m) = 0.9, below what one layer attains")
    decision, instance = decided(statement, trials=8, width=64, radius=1e-2)
    assert triage(statement, decision, instance, 1).label == "certified"
    monkeypatch.setitem(cast(dict[str, Any], ADVERSARIES), "hidden alignment", too_long)
    found = triage(statement, decision, instance, 1)
    assert found.label == "outside the regime"
    assert "beyond the radius" in found.reason


def test_revealed_weights_are_certified_on_dense_ones_of_the_same_instance() -> None:
    statement = registry["backward-norm"].variant("constant 0.99, below the norm of B alone")
    instance = instance_from_sizes(statement, {"width": 64})
    decision = decide(statement, instance, seed=1, engine="revealed", trials=64, alpha=1e-6)
    found = triage(statement, decision, instance, 1)
    assert (found.label, found.engine) == ("certified", "dense")


def test_casts_are_left_out_while_only_double_holds() -> None:
    third = torch.tensor(1 / 3, dtype=torch.float64)
    with only_double():
        casts = [third.float(), third.half(), third.to(torch.float32), third.to(dtype=torch.bfloat16), third.type(torch.float32)]
        made = torch.zeros(2, dtype=torch.float32)
    assert {cast.dtype for cast in (*casts, made)} == {torch.float64}
    assert all(float(cast) == 1 / 3 for cast in casts)
    assert third.float().dtype == torch.float32


def test_the_same_arguments_give_the_same_triage() -> None:
    statement = registry["semi-smoothness"].variant("constant short of the sharp one")
    instance = instance_from_sizes(statement, {"width": 64, "radius": 2e-3, "samples": 1})
    decision = decide(statement, instance, seed=1, engine="dense", trials=8, alpha=1e-3)
    assert triage(statement, decision, instance, 1) == triage(statement, decision, instance, 1)


def test_a_label_is_written_read_and_found_again(tmp_path: Path) -> None:
    statement = registry["relu-difference"].variant("correction at most 1/2")
    found = search(statement, SMALL, Account(1e-6), seed=3, examples=10)
    (name, _) = counterexamples.write_both(found, statement, 3, tmp_path)
    record = counterexamples.read(tmp_path / name)
    assert record.triage == found.triages["simplest"]
    assert record.triage is not None
    assert record.triage.label == "certified"
    assert counterexamples.replay(record).triage == record.triage
