"""Counterexample files: whole or not at all, replayed bit for bit in another process, and read with suspicion."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from checkers.certification.triage import triage
from checkers.errors import InputError
from checkers.evidence.error_budget import Account
from checkers.evidence.profiles import Profile
from checkers.fuzzing import counterexamples
from checkers.fuzzing.counterexamples import SCHEMA, file_name, read, replay, restore, write_both
from checkers.fuzzing.search import Campaign, search
from checkers.records.counterexamples import Counterexample, Replay
from checkers.records.decisions import Decision
from theorems import registry
from theorems.language.registry import Registry

ROOT = Path(__file__).parents[3]
SMALL = Profile("small", 8, 20, 4, 2**16, 2**12, 128, 2048)
SEED = 3
# One for each engine, with labels and without.
VARIANTS = {
    "vectors": ("relu-difference", "correction at most 1/2"),
    "exact law": ("forward-norm", "decay 1/L missing in the exponent"),
    "dense": ("gradient-formula", "backward pass without D"),
    "revealed": ("gd-rate", "rate without delta/n^2, on close pairs of opposite labels"),
}


def found(identifier: str, variant: str) -> Campaign:
    return search(registry[identifier].variant(variant), SMALL, Account(1e-6), seed=SEED, examples=SMALL.power_examples)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the counterexamples of VARIANTS."""
    path = tmp_path_factory.mktemp("counterexamples")
    for identifier, variant in VARIANTS.values():
        written = write_both(found(identifier, variant), registry[identifier].variant(variant), SEED, path)
        assert len(written) == 2
    return path


def simplest(folder: Path, engine: str) -> Path:
    return folder / file_name(*VARIANTS[engine], SEED, "simplest")


def edited(folder: Path, tmp_path: Path, changes: dict[str, Any], engine: str = "dense") -> Path:
    """A copy of a file with fields replaced; dots lead into nested fields, and ... removes one."""
    content = json.loads(simplest(folder, engine).read_bytes())
    for field, value in changes.items():
        *path, last = field.split(".")
        inner = content
        for name in path:
            inner = inner[name]
        if value is ...:
            del inner[last]
        else:
            inner[last] = value
    copy = tmp_path / "edited.json"
    copy.write_text(json.dumps(content))
    return copy


def test_names_say_statement_variant_seed_and_role() -> None:
    assert file_name("separation", "", 7, "severest") == "separation--seed-7--severest.json"
    assert file_name("separation", "delta <= c/L dropped!", 0, "simplest") == "separation--delta-c-l-dropped--seed-0--simplest.json"
    assert file_name("separation", "", 7, "severest", "residual") == "separation--residual--seed-7--severest.json"


@pytest.mark.parametrize("engine", VARIANTS)
def test_writing_and_reading_keep_everything(engine: str, folder: Path) -> None:
    identifier, variant = VARIANTS[engine]
    campaign = found(identifier, variant)
    for role, case in (("simplest", campaign.simplest), ("severest", campaign.severest)):
        assert case is not None
        decision, instance = case
        assert decision.engine == engine or engine == "revealed", "a narrow network is cheaper with stored weights"
        record = read(folder / file_name(identifier, variant, SEED, role))
        assert (record.schema, record.role, record.seed, record.decision) == (SCHEMA, role, SEED, decision)
        assert restore(record) == instance
        assert restore(record).key() == instance.key(), "the data too, to the last bit"
        assert record.claim == registry[identifier].variant(variant).sentence


def test_nothing_found_writes_nothing(tmp_path: Path) -> None:
    assert write_both(Campaign(), registry["separation"], 1, tmp_path / "new") == []
    assert write_both(found(*VARIANTS["vectors"]), registry["relu-difference"], 1, None) == []
    assert [*tmp_path.iterdir()] == []


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"^cannot write the counterexample .*relu-difference.*: [^\n]*$"):
        write_both(found(*VARIANTS["vectors"]), registry["relu-difference"], 1, tmp_path / "file")


def test_replay_in_this_process_is_identical(folder: Path) -> None:
    files = sorted(folder.iterdir())
    assert len(files) == 2 * len(VARIANTS)
    for file in files:
        outcome = replay(read(file))
        assert (outcome.status, outcome.identical, outcome.reason) == ("STILL FAILS", True, "the same numbers, bit for bit")


REPLAY_ALL = """
import sys
from pathlib import Path
import msgspec, torch
from checkers.fuzzing.counterexamples import read, replay
torch.rand(3)
sys.stdout.buffer.write(msgspec.json.encode([replay(read(Path(file))) for file in sys.argv[1:]]))
"""


def test_replay_in_a_fresh_process_is_identical(folder: Path) -> None:
    files = sorted(folder.iterdir(), reverse=True)
    output = subprocess.run([sys.executable, "-c", REPLAY_ALL, *map(str, files)], capture_output=True, check=True, cwd=ROOT).stdout
    for file, outcome in zip(files, msgspec.json.decode(output, type=list[Replay]), strict=True):
        assert (outcome.status, outcome.identical) == ("STILL FAILS", True)
        assert outcome.decision == read(file).decision


def test_a_truth_in_place_of_the_variant_is_fixed(folder: Path, tmp_path: Path) -> None:
    outcome = replay(read(edited(folder, tmp_path, {"decision.variant": ""})))
    assert (outcome.status, outcome.identical) == ("FIXED", False)
    assert outcome.reason.startswith("different failures, ratio")
    assert outcome.decision is not None
    assert outcome.decision.failures == 0


def test_other_numbers_are_named_with_the_versions_that_differ(folder: Path, tmp_path: Path) -> None:
    outcome = replay(read(edited(folder, tmp_path, {"decision.ratio": 7.0, "versions.torch": "0.1"})))
    assert (outcome.status, outcome.identical) == ("STILL FAILS", False)
    assert outcome.reason.startswith("different ratio (torch 0.1 then, ")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"decision.statement": "forward"}, "this version has no statement 'forward'"),
        (
            {"decision.statement": "mine", "module": "own.py"},
            "this version has no statement 'mine'; it was declared in the module own.py: name that file with --module",
        ),
        ({"decision.variant": "gone"}, "statement 'gradient-formula' has no false variant 'gone' any more"),
        ({"decision.engine": "revealed"}, "statement 'gradient-formula' is no longer run on 'revealed'"),
        ({"decision.trials": 10**12}, "1000000000000 trials at these sizes are more than any profile draws"),
        ({"decision.trials": 0}, "0 trials at these sizes are more than any profile draws"),
        ({"decision.sizes.width": 10**9}, " trials at these sizes are more than any profile draws"),
        ({"decision.sizes.depth": 10**12}, " trials at these sizes are more than any profile draws"),
        ({"decision.sizes.outputs": 10**11}, " trials at these sizes are more than any profile draws"),
    ],
)
def test_what_cannot_run_says_why(changes: dict[str, Any], reason: str, folder: Path, tmp_path: Path) -> None:
    outcome = replay(read(edited(folder, tmp_path, changes)))
    assert (outcome.status, outcome.decision) == ("CANNOT RUN", None)
    assert reason in outcome.reason


def test_huge_vectors_are_refused_before_they_are_drawn(folder: Path, tmp_path: Path) -> None:
    assert replay(read(edited(folder, tmp_path, {"decision.sizes.width": 10**12}, "vectors"))).status == "CANNOT RUN"
    assert replay(read(edited(folder, tmp_path, {"decision.sizes.depth": 10**8}, "exact law"))).status == "CANNOT RUN"


def test_an_empty_registry_can_run_nothing(folder: Path) -> None:
    assert all(replay(read(file), Registry()).status == "CANNOT RUN" for file in folder.iterdir())


MALFORMED: dict[str, bytes] = {
    "empty": b"",
    "not JSON": b"width = 3",
    "not an object": b"[1, 2]",
    "not text": b'{"schema": 1, "role": "\xff\xfe"}',
    "null": b"null",
    "deeply nested": b'{"schema": 1, "inputs": ' + b"[" * 100_000,
    "NaN": b'{"schema": NaN}',
    "no schema": b"{}",
    "a schema in words": b'{"schema": "one"}',
    "only a schema": b'{"schema": 1}',
}


@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_content_is_one_sentence(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "malformed.json"
    file.write_bytes(content)
    with pytest.raises(InputError, match=r"^counterexample .*malformed\.json is malformed: [^\n]+$"):
        read(file)


def test_every_truncation_is_one_sentence(folder: Path, tmp_path: Path) -> None:
    content = simplest(folder, "dense").read_bytes().rstrip()
    file = tmp_path / "truncated.json"
    for length in range(0, len(content) - 1, 23):
        file.write_bytes(content[:length])
        with pytest.raises(InputError, match=r"^counterexample .*truncated\.json is malformed: [^\n]+$"):
            read(file)


@pytest.mark.parametrize("schema", [0, 2, 999])
def test_another_schema_is_named(schema: int, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=rf"^counterexample .* has schema {schema}; this version reads schema 1$"):
        read(edited(folder, tmp_path, {"schema": schema, "role": "of the future"}))


def test_a_missing_file_and_a_folder_are_one_sentence(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(InputError, match=r"^cannot read the counterexample .*: [^\n]+$"):
            read(path)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "role": ({"role": "prettiest"}, "role"),
    "seed in words": ({"seed": "three"}, "seed"),
    "failures as text": ({"decision.failures": "many"}, "failures"),
    "no decision": ({"decision": ...}, "decision"),
    "rows of text": ({"inputs": [["a"]]}, "inputs"),
    "one row too few": ({"inputs": [], "targets": [[1.0], [2.0], [3.0]]}, "targets"),
    "ragged rows": ({"inputs": [[1.0, 2.0], [1.0]]}, "inputs"),
    "an infinite input": ({"inputs": [[1e308 * 10, 1.0]]}, "malformed|finite"),
    "width as text": ({"decision.sizes.width": "wide"}, r"decision\.sizes\.width"),
    "width as a fraction": ({"decision.sizes.width": 2.5}, r"decision\.sizes\.width"),
    "width zero": ({"decision.sizes.width": 0}, "width"),
    "no width": ({"decision.sizes.width": ...}, "width"),
    "negative depth": ({"decision.sizes.depth": -1}, r"decision\.sizes\.depth"),
    "width beyond all": ({"decision.sizes.width": 10**13}, r"decision\.sizes\.width"),
    "an unknown size": ({"decision.sizes.breadth": 3}, r"decision\.sizes\.breadth"),
    "data as a number": ({"decision.sizes.data": 3}, r"decision\.sizes\.data"),
    "smuggled arrays": ({"decision.sizes.inputs": "x"}, r"decision\.sizes\.inputs"),
    "zero outputs": ({"decision.sizes.outputs": 0}, "outputs"),
    "inputs of another shape": ({"inputs": [[0.5, 0.5, 0.5, 0.5], [1.0, 0.0, 0.0, 0.0]]}, "inputs"),
    "no data": ({"inputs": [], "targets": []}, "data"),
}


@pytest.mark.parametrize(("changes", "word"), WRONG.values(), ids=WRONG.keys())
def test_wrong_fields_are_one_sentence_that_names_them(changes: dict[str, Any], word: str, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=word) as refused:
        replay(read(edited(folder, tmp_path, changes)))
    assert "\n" not in str(refused.value)


STRANGE: list[Any] = [-1, 0, 1, 7, 0.5, 1e300, 10**30, "", "x", None, True, [], {}]


@pytest.mark.parametrize("engine", VARIANTS)
def test_no_strange_value_of_any_field_escapes_as_another_error(
    engine: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every field of the decision and of the sizes, replaced by every strange value: an outcome or one sentence."""
    monkeypatch.setattr(counterexamples, "triage", lambda s, d, i, seed, most: triage(s, d, i, seed, 2**11))
    decision = json.loads(simplest(folder, engine).read_bytes())["decision"]
    fields = [f"decision.{name}" for name in decision] + [f"decision.sizes.{name}" for name in decision["sizes"]] + ["seed", "inputs"]
    outcomes = set()
    for field in fields:
        for value in STRANGE:
            try:
                outcomes.add(replay(read(edited(folder, tmp_path, {field: value}, engine))).status)
            except InputError as refused:
                assert "\n" not in str(refused)  # noqa: PT017 - any other error is what this test is about
    assert outcomes == {"STILL FAILS", "FIXED", "CANNOT RUN"}


def test_reading_runs_no_code_and_keeps_no_unknown_field(folder: Path, tmp_path: Path) -> None:
    record = read(edited(folder, tmp_path, {"code": "import os", "decision.code": "import os"}))
    assert isinstance(record, Counterexample)
    assert isinstance(record.decision, Decision)
    assert not hasattr(record, "code")


def test_a_write_that_fails_half_way_leaves_the_old_file(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign, statement = found(*VARIANTS["vectors"]), registry["relu-difference"]
    (name, _) = write_both(campaign, statement, 1, tmp_path)
    before = (tmp_path / name).read_bytes()

    def full(path: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(InputError, match="No space left on device"):
        counterexamples.write_both(campaign, statement, 2, tmp_path)
    assert (tmp_path / name).read_bytes() == before
    assert len([*tmp_path.iterdir()]) == 2
