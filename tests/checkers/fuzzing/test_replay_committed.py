"""The committed counterexamples: small files that replay bit for bit in a fresh process, however many threads there are."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from checkers.certification.triage import stands
from checkers.fuzzing.counterexamples import read
from checkers.machine.software import versions
from checkers.records.counterexamples import Replay

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "tests" / "counterexamples"
FILES = sorted(FOLDER.glob("*.json"))
MAKE = runpy.run_path(str(FOLDER / "make.py"))

REPLAY_ALL = """
import sys
from pathlib import Path
import msgspec, torch
from checkers.fuzzing.counterexamples import read, replay
torch.set_num_threads(int(sys.argv[1]))
assert torch.get_num_threads() == int(sys.argv[1])
sys.stdout.buffer.write(msgspec.json.encode([replay(read(Path(file))) for file in sys.argv[2:]]))
"""


def test_each_is_small_and_was_triaged() -> None:
    assert len(FILES) == len(MAKE["CHOSEN"])
    for file in FILES:
        assert file.stat().st_size < 10_000
        record = read(file)
        assert MAKE["CHOSEN"][record.decision.statement] == record.decision.variant
        assert stands(record.triage)
    labels = [record.triage.label for record in map(read, FILES) if record.triage]
    assert labels.count("certified") >= len(FILES) - 3, "automatic differentiation and wide networks are confirmed in float64"


def test_each_engine_and_each_search_is_among_them() -> None:
    decisions = [read(file).decision for file in FILES]
    assert {decision.engine for decision in decisions} == {"vectors", "exact law", "dense", "revealed"}
    adversaries = {decision.adversary for decision in decisions}
    assert "" in adversaries
    assert any(", then " in name for name in adversaries), "one that is moved twice"


@pytest.mark.parametrize("threads", [1, 2])
def test_every_committed_counterexample_replays_bit_for_bit(threads: int) -> None:
    environment = {**os.environ, **MAKE["SAME_ON_EVERY_PROCESSOR"], "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
    command = [sys.executable, "-c", REPLAY_ALL, str(threads), *map(str, FILES)]
    output = subprocess.run(command, capture_output=True, check=True, cwd=ROOT, env=environment).stdout
    for file, outcome in zip(FILES, msgspec.json.decode(output, type=list[Replay]), strict=True):
        record = read(file)
        assert outcome.status == "STILL FAILS", file.name
        if record.versions == versions():
            assert outcome.identical, f"{file.name}: {outcome.reason}"
            assert outcome.decision == record.decision
            assert outcome.triage == record.triage


def test_a_file_without_triage_is_read_and_one_with_an_unknown_label_refused(tmp_path: Path) -> None:
    content = json.loads(FILES[0].read_bytes())
    del content["triage"]
    older = tmp_path / "older.json"
    older.write_text(json.dumps(content))
    assert read(older).triage is None
    content["triage"] = {"label": "beyond doubt", "regime_depth": 1.0}
    older.write_text(json.dumps(content))
    with pytest.raises(Exception, match=r"older\.json is malformed: .*label"):
        read(older)
