"""Exit code 1 means refuted and nothing else: not a mistake in a user's lemma, nor a terminal, a pipe or a worker that fails."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from checkers.command_line.main import main
from checkers.command_line.options import Output
from checkers.errors import InputError
from checkers.records.events import Advanced, Event, Listener, silent
from checkers.runs.jobs.each import each, in_order
from checkers.runs.jobs.groups import jobs

ROOT = Path(__file__).parents[2]
LEMMA = (ROOT / "tests" / "two_sided.py").read_text()
FAILURE = "lambda i, C, p: (i.samples * i.width) ** (1 - C**2 / 4)"
COMMAND = [sys.executable, "-c", "import sys; from checkers.command_line.main import main; sys.exit(main())"]


def environment(**further: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1", **further}


# What is changed in a sound lemma -> what the sentence must say.
MISTAKES: dict[str, tuple[str, str, str]] = {
    "constants without provenance": (
        'Constant(0.5, "the exponent of a Gaussian maximum")', "0.5",
        "module own.py: statement 'loudest-neuron': field 'constants': 'p' must be a Constant with a finite value, not 0.5",
    ),
    "a constant the measure does not take": (
        "def loudest_neuron(subject, C, p):", "def loudest_neuron(subject, C):",
        "module own.py: statement 'loudest-neuron': field 'measure' is called with (subject, C, p): got an unexpected keyword argument 'p'",
    ),
    "a failure bound that does not take the constants": (
        FAILURE, "lambda i: 0.1",
        "module own.py: statement 'loudest-neuron': field 'failure' is called with (instance, C, p): got an unexpected keyword",
    ),
    "a failure bound that raises": (
        FAILURE, "lambda i, C, p: 1 / 0",
        "module own.py, line 14: ZeroDivisionError: division by zero, in field 'failure' of statement 'loudest-neuron'",
    ),
    "a failure bound that is not a number": (
        FAILURE, "lambda i, C, p: math.nan", "statement 'loudest-neuron': field 'failure' gave nan, which is no probability, for Instance(",
    ),
    "a failure bound below zero": (
        FAILURE, "lambda i, C, p: -0.1", "statement 'loudest-neuron': field 'failure' gave -0.1, which is no probability, for Instance(",
    ),
    "a failure bound in words": (
        FAILURE, "lambda i, C, p: 'small'",
        "TypeError: '>=' not supported between instances of 'str' and 'int', in field 'failure' of statement 'loudest-neuron'",
    ),
    "a pair in place of a Comparison": (
        "    return Comparison(largest, size * C * math.log(n * m) ** p / math.sqrt(m), axes=(\"sample\",), rounding=subject.rounding)",
        "    return largest, size", "statement 'loudest-neuron': field 'measure' gave a tuple, not a Comparison",
    ),
    "a number in place of a tensor": (
        "Comparison(largest, size * C * math.log(n * m) ** p / math.sqrt(m),", "Comparison(largest, 1.0,",
        "statement 'loudest-neuron': field 'measure' gave a float as the right side, not a tensor",
    ),
    "a measure that raises": (
        "math.log(n * m) ** p", "math.log(-n * m) ** p",
        "module own.py, line 28: ValueError: math domain error, in field 'measure' of statement 'loudest-neuron'",
    ),
    "a measure that leaves": (
        "    m, L, n = ", "    raise SystemExit(1)\n    m, L, n = ",
        "module own.py, line 26: SystemExit: 1, in field 'measure' of statement 'loudest-neuron'",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "sentence"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_in_a_users_lemma_names_the_statement_and_the_field(
    old: str, new: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert LEMMA.count(old) == 1
    Path("own.py").write_text(LEMMA.replace(old, new))
    code = main(["check", "loudest-neuron", "--module", "own.py", "--seed", "1", "--processes", "1"])
    printed = capsys.readouterr()
    assert (code, printed.out, printed.err.count("\n")) == (2, "", 1)
    assert printed.err.startswith(f"lemmafuzz: {sentence}")
    assert [path.name for path in tmp_path.iterdir()] == ["own.py"]


def test_a_mistake_is_named_from_a_worker_process_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An error of a class that only the user's file knows, and that cannot be made again from its words."""
    monkeypatch.chdir(tmp_path)
    raising = "    raise Odd(1, 2)\n    m, L, n = "
    kind = "class Odd(Exception):\n    def __init__(self, one, two):\n        super().__init__(f'{one} and {two}')\n\n\n@statement("
    Path("own.py").write_text(LEMMA.replace("    m, L, n = ", raising).replace("@statement(", kind))
    options = ["--module", "own.py", "--seed", "1", "--processes", "2", "--profile", "quick"]
    assert main(["check", "loudest-neuron", "relu-difference", *options]) == 2
    printed = capsys.readouterr().err
    assert printed == "lemmafuzz: module own.py, line 31: Odd: 1 and 2, in field 'measure' of statement 'loudest-neuron'\n"


def test_the_unforeseen_is_one_sentence_and_its_traceback_is_shown_on_debug(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*given: Any) -> str:
        raise KeyError("lost")

    monkeypatch.setattr("checkers.report.statements.statement_in_words", broken)
    assert main(["show", "forward-norm"]) == 2
    assert capsys.readouterr().err == "lemmafuzz: KeyError: 'lost' (`lemmafuzz --debug` shows where)\n"
    for arguments in (["--debug", "show", "forward-norm"], ["show", "forward-norm", "--debug"]):
        assert main(arguments) == 2
        printed = capsys.readouterr().err
        assert printed.startswith("Traceback (most recent call last):")
        assert ", in broken\n" in printed
        assert printed.endswith("lemmafuzz: KeyError: 'lost' (`lemmafuzz --debug` shows where)\n")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_a_terminal_that_lacks_characters_gets_others(encoding: str) -> None:
    done = subprocess.run(
        [*COMMAND, "show", "relu-difference"], env=environment(PYTHONIOENCODING=encoding), capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert ("‖" if encoding == "utf-8" else "||D''(a - b)||") in done.stdout.decode(encoding)
    assert "?" not in done.stdout.decode(encoding)


def closed_early(*arguments: str, folder: Path) -> tuple[int, str]:
    """Exit code and standard error of a command whose reader is gone before it prints."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*COMMAND, *arguments], cwd=folder, env=environment(), stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    return done.returncode, done.stderr.decode()


def test_a_pipe_that_is_closed_early_changes_no_exit_code_and_loses_no_file(tmp_path: Path) -> None:
    assert closed_early("list", "--json", "list.json", folder=tmp_path) == (0, "")
    assert closed_early("show", "forward-norm", folder=tmp_path) == (0, "")
    assert len(json.loads((tmp_path / "list.json").read_text())) > 20
    (tmp_path / "false.py").write_text(LEMMA.replace("Constant(3.0", "Constant(2.2").replace("1 - C**2 / 4", "-2"))
    options = ("--module", "false.py", "--seed", "1", "--processes", "1", "--json", "check.json")
    assert closed_early("check", "loudest-neuron", *options, folder=tmp_path) == (1, "")
    assert json.loads((tmp_path / "check.json").read_text())["verdicts"][0]["verdict"] == "REFUTED"
    assert closed_early("check", "--help", folder=tmp_path) == (2, "lemmafuzz: Broken pipe\n")


def test_facts_are_written_before_anything_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(self: Output, text: str, *, closing: bool = False) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Output, "text", full)
    for command in ("check relu-difference --seed 1 --processes 1", "list", "power relu-difference --seed 1 --processes 1",
                    "certify relu-difference --seed 1 --width 4"):  # fmt: skip
        Path("facts.json").unlink(missing_ok=True)
        assert main([*command.split(), "--json", "facts.json"]) == 2
        assert capsys.readouterr().err == "lemmafuzz: No space left on device\n"
        assert json.loads(Path("facts.json").read_text())


def waits(settings: None, listener: Listener, number: int) -> int:
    time.sleep(60 if number else 0)
    return number


def test_interrupted_work_ends_its_workers_at_once() -> None:
    start = time.monotonic()
    with closing(each(jobs(waits, None, [(0,), (1,), (2,)], "naps"), 2, (), silent)) as ended:
        assert next(ended).result == 0

    def interrupted(event: Event) -> None:
        if isinstance(event, Advanced) and event.done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        in_order(each(jobs(waits, None, [(0,), (1,), (2,)], "naps"), 2, (), interrupted))
    assert time.monotonic() - start < 40, "a nap takes 60 s"


def fails(settings: None, listener: Listener, number: int) -> int:
    raise InputError(f"job {number} cannot be")


def test_what_is_the_users_to_fix_stays_so_in_a_worker() -> None:
    with pytest.raises(InputError, match=r"^job 1 cannot be$"):
        in_order(each(jobs(fails, None, [(1,), (1,)], "failures"), 2, (), silent))


def test_sigterm_is_one_sentence(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "check", "--seed", "1", "--processes", "1"], cwd=tmp_path, env=environment(), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    time.sleep(3)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (2, "", "lemmafuzz: interrupted\n")
