"""Files of statements that were written for earlier versions still run, from where names used to be."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from checkers.runs.jobs.own_statements import MOVED

ROOT = Path(__file__).parents[3]
FACE = "from lemmafuzz import Comparison, Constant, FailureProbability, Variant, statement\n"
BEFORE = (
    "from theorems import statement\n"
    "from theorems.statement import Constant, FailureProbability, Variant\n"
    "from theorems.subject import Comparison\n"
)  # fmt: skip


@pytest.mark.parametrize("old", MOVED)
def test_the_new_address_is_there_and_the_old_one_is_not_in_the_way(old: str) -> None:
    assert importlib.import_module(MOVED[old])
    assert not (ROOT / Path(*old.split("."))).with_suffix(".py").exists()


def test_a_file_that_names_the_old_addresses_gives_the_same_verdict(tmp_path: Path) -> None:
    """In a process of its own: nothing else has left an address behind."""
    text = (ROOT / "tests" / "two_sided.py").read_text()
    assert FACE in text
    printed = []
    for name, imports in (("now.py", FACE), ("before.py", BEFORE)):
        (tmp_path / name).write_text(text.replace(FACE, imports))
        command = [sys.executable, "-m", "lemmafuzz", "check", "loudest-neuron", "--profile", "glance", "--seed", "1", "--module"]
        done = subprocess.run([*command, str(tmp_path / name)], cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        printed.append(done.stdout.rpartition("profile glance")[0])
    assert printed[0] == printed[1]
    assert "1 HOLDS" in printed[0]
