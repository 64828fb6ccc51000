"""A disk that fills up, a folder that is not one: one clear sentence, and what was there before is there afterwards."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from checkers.command_line.main import main
from checkers.machine.files import write_whole

ROOT = Path(__file__).parents[3]
# A limit on the size of files is what a full disk looks like to a program: the first bytes are written, the next are refused.
FULL_DISK = """
import resource, signal, sys
from checkers.command_line.main import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))
sys.exit(main(sys.argv[1:]))
"""


def on_a_full_disk(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", FULL_DISK, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, env=environment, check=False)


def test_a_full_disk_leaves_the_old_json(tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text("old")
    found = on_a_full_disk(tmp_path, "list", "--json", "list.json")
    assert (found.returncode, found.stderr.count("\n")) == (2, 1)
    assert found.stderr.startswith("lemmafuzz: ")
    assert "File too large" in found.stderr
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"list.json": "old"}


def test_a_full_disk_leaves_the_old_counterexamples(tmp_path: Path) -> None:
    names = [f"relu-difference--correction-at-most-1-2--seed-1--{role}.json" for role in ("simplest", "severest")]
    (tmp_path / "counterexamples").mkdir()
    for name in names:
        (tmp_path / "counterexamples" / name).write_text("old")
    found = on_a_full_disk(tmp_path, "power", "relu-difference", "--seed", "1", "--processes", "1")
    assert (found.returncode, found.stderr.count("\n")) == (2, 1)
    assert found.stderr.startswith("lemmafuzz: cannot write the counterexample counterexamples/relu-difference--")
    assert {path.name for path in (tmp_path / "counterexamples").iterdir()} == set(names)
    assert all((tmp_path / "counterexamples" / name).read_text() == "old" for name in names)


def test_a_file_where_the_folder_of_counterexamples_should_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("counterexamples").write_text("mine")
    assert main(["power", "relu-difference", "--seed", "1", "--processes", "1"]) == 2
    assert capsys.readouterr().err.startswith("lemmafuzz: cannot write the counterexample counterexamples/relu-difference--")
    assert Path("counterexamples").read_text() == "mine"


@pytest.mark.parametrize("stage", ["fsync", "replace"])
def test_a_write_that_fails_at_any_stage_leaves_the_old_content_and_nothing_else(
    stage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "facts.json"
    write_whole(path, "old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync" if stage == "fsync" else "pathlib.Path.replace", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert [*tmp_path.iterdir()] == [path]


def test_endless_and_special_files_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.json")
    os.mkfifo("pipe.csv")
    for arguments in (["replay", "/dev/zero"], ["replay", "pipe.json"], ["train", "--data", "pipe.csv"], ["list", "--module", "pipe.json"]):
        assert main(arguments) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_a_counterexample_runs_no_code_and_imports_no_module(tmp_path: Path) -> None:
    """A file that names a module beside it: the module is only imported if the command line names it."""
    committed = next((ROOT / "tests" / "counterexamples").glob("relu-difference*.json"))
    (tmp_path / "case.json").write_text(committed.read_text().replace('"module": ""', '"module": "evil.py"'))
    (tmp_path / "evil.py").write_text("open('touched', 'w')\n")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", "import sys; from checkers.command_line.main import main; sys.exit(main())", "replay", "case.json"]
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert run.returncode == 1
    assert not (tmp_path / "touched").exists()
    assert '"module": "evil.py"' in (tmp_path / "case.json").read_text()
