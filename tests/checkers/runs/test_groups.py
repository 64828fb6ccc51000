"""Work in pieces: outcomes do not depend on who does them, the longest are begun first, and what a piece took is told."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from benchmarks import profile
from benchmarks.kills import MODULE
from checkers.records.events import Advanced, Event, JobDone, Listener, PieceDone, silent
from checkers.records.timings import Timings
from checkers.runs import suite
from checkers.runs.jobs import groups
from checkers.runs.jobs.each import each, in_order
from checkers.runs.jobs.groups import EXPECTED, Group, Piece, Returned, Work, jobs, longest_first
from checkers.runs.jobs.own_statements import own_statements


def squared(settings: int, listener: Listener, number: int) -> int:
    listener(Advanced("squares", number, settings))
    return number * number


def pieces_of(numbers: Sequence[int]) -> list[Piece]:
    return [Piece(str(number), squared, 10, (number,)) for number in numbers]


def group(name: str, *numbers: int, phase: str = "sums") -> Group:
    """The list of squares; one of 100 or more settles it."""
    return Group(phase, name, partial(pieces_of, numbers), list, lambda square: square >= 100)


def returned(result: int) -> Returned:
    return Returned(result, 1.0, 0.5, 0.1, 2**20)


def ended(work: Work, *results: tuple[int, int, int]) -> list[JobDone]:
    """What comes of the results (group, piece, result) in this order."""
    assert [*work.left(range(len(work.groups)))]
    return [job for place, number, result in results for job in work.take((place, number), returned(result), silent)]


@pytest.mark.parametrize("processes", [1, 2])
def test_a_group_ends_with_the_results_of_its_pieces_in_their_order(processes: int) -> None:
    assert in_order(each([group("a", 3, 1, 2), group("b", 5)], processes, (), silent)) == [[9, 1, 4], [25]]


def test_results_that_come_in_another_order_change_nothing() -> None:
    (one,) = ended(Work([group("a", 3, 1, 2)]), (0, 2, 4), (0, 0, 9), (0, 1, 1))
    assert (one.number, one.result) == (0, [9, 1, 4])


def test_what_comes_after_a_result_that_settles_its_group_does_not_matter() -> None:
    for order in ([(0, 1, 100), (0, 0, 9)], [(0, 0, 9), (0, 1, 100), (0, 2, 4)], [(0, 2, 4), (0, 1, 100), (0, 0, 9)]):
        (one,) = ended(Work([group("a", 3, 10, 2)]), *order)
        assert one.result == [9, 100]
    heard: list[Event] = []
    assert in_order(each([group("a", 3, 10, 2)], 1, (), heard.append)) == [[9, 100]]
    assert [event.part for event in heard if isinstance(event, PieceDone)] == ["3", "10"], "the last is not begun"


def test_the_longest_groups_are_begun_first_and_unknown_ones_before_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "costs.json").write_text(json.dumps({"sums": {"b": 2.0, "d": 30.0}, "others": {"a": 9.0}}))
    monkeypatch.setattr(groups, "COSTS", tmp_path / "costs.json")
    groups.known_costs.cache_clear()
    work = [group("a", 1), group("b", 1), group("c", 1), group("d", 1), group("a", 1, phase="others")]
    assert longest_first(work) == [0, 2, 3, 4, 1]
    heard: list[Event] = []
    in_order(each(work, 1, (), heard.append))
    told = [(event.done, event.total) for event in heard if isinstance(event, Advanced) and event.label == EXPECTED]
    assert told == [(0, 41), (0, 41), (2, 41), (2, 41), (32, 41), (41, 41)]
    groups.known_costs.cache_clear()


def test_one_process_and_two_decide_the_same(tmp_path: Path) -> None:
    """Verdict tables, byte for byte: of a true statement and of one that is refuted before its last population, and of false variants."""
    (tmp_path / "made_up.py").write_text(MODULE.replace("number.shape, 19", "number.shape, 15"))
    modules = [tmp_path / "made_up.py"]

    def tables(processes: int) -> list[bytes]:
        asked: Any = {"seed": 3, "modules": modules, "processes": processes, "folder": tmp_path / str(processes)}
        with own_statements(modules):
            found = [suite.check(["relu-difference", "just-false"], **asked), suite.power(["relu-difference"], **asked)]
        return [msgspec.json.encode(msgspec.structs.replace(run, seconds=0.0)) for run in found]

    one = tables(1)
    assert tables(2) == one
    assert b'"REFUTED"' in one[0]
    assert b'"search"' in one[0]
    files = [{path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("1", "2")]
    assert files[0] == files[1]
    assert "just-false--seed-3--simplest.json" in files[0]


def test_a_profile_adds_up_and_says_what_more_processes_would_gain(tmp_path: Path) -> None:
    took = {"a": 4.0, "b": 3.0, "c": 3.0, "d": 2.0}
    pieces = [PieceDone("statements", name, "search", 2.0, seconds, 0.5, 2**30) for name, seconds in took.items()]
    assert [profile.makespan(pieces, count) for count in (1, 2, 3, 8)] == [12.0, 6.0, 5.0, 4.0]
    run = Timings(command="check", processes=2, wall=7.0, pieces=[*pieces, PieceDone("statements", "a", "far wide", 1.0, 1.0, 0.0, 2**31)])
    (tmp_path / "timings.json").write_bytes(msgspec.json.encode(run))
    (tmp_path / "costs.json").write_text('{"statements": {"a": 1.0, "old": 7.0}}')
    profile.main([str(tmp_path / "timings.json"), "--folder", str(tmp_path), "--costs", str(tmp_path / "costs.json")])
    text = (tmp_path / "profile.md").read_text()
    assert re.search(r"\| statements +\| 5 +\| 9 +\| 13 +\| 2 +\| 4 +\| 2", text)
    assert "13 processor seconds" in text
    assert json.loads((tmp_path / "costs.json").read_text()) == {"statements": {"a": 5.0, "b": 3.0, "c": 3.0, "d": 2.0, "old": 7.0}}


def test_jobs_are_groups_of_one_piece_with_their_arguments_for_a_name() -> None:
    found: list[Any] = jobs(squared, 10, [(1,), (2,)], "squares")
    assert [(one.phase, one.name) for one in found] == [("squares", "1"), ("squares", "2")]
    assert in_order(each(found, 1, (), silent)) == [1, 4]
