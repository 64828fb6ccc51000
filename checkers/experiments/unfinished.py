"""A report on its way: every outcome is kept beside the report's place until the report is written, so that an interrupted one goes on."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from checkers.errors import InputError
from checkers.machine.files import write_whole
from checkers.machine.software import difference, software
from checkers.records.counterexamples import Certificate
from checkers.records.decisions import VariantVerdict, Verdict
from checkers.records.experiments import DeepNorms, Exponent, RegimeRow, Reliability, Rung
from checkers.records.training import TrainingRun
from checkers.runs.jobs.groups import Group

FOLDER: Final = ".lemmafuzz-report"
BEGUN: Final = "begun.json"
# Outcomes by the phase of their group.
TYPES: Final[dict[str, Any]] = {
    "statements": Verdict, "false variants": VariantVerdict, "exponents": Exponent | None, "training runs": TrainingRun,
    "rows about the checker": list[Reliability], "certificates": Certificate | None, "inside the regime": RegimeRow, "rungs": Rung,
    "norms through deep networks": DeepNorms,
}  # fmt: skip


class Unfinished:
    """What an interrupted report has found so far, and where the next outcome goes. count: how many there are."""

    def __init__(self, place: Path, asked: dict[str, Any], modules: Sequence[Path], *, resume: bool) -> None:
        """place: of the report. asked: all that its numbers depend on beside code and modules.

        Raises InputError if it is to go on with what is not there, or with what would not have found the same numbers.
        """
        self.folder, self.count = place / FOLDER, 0
        digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in modules)).hexdigest()
        begun = json.loads(json.dumps({"software": software(), "modules": digest, **asked}))
        if not resume:
            shutil.rmtree(self.folder, ignore_errors=True)
        elif not (self.folder / BEGUN).is_file():
            raise InputError(f"--resume: there is no interrupted report in {place}")
        else:
            self._refuse_another(place, begun)
        self._begun = begun

    def _refuse_another(self, place: Path, now: dict[str, Any]) -> None:
        try:
            then = msgspec.json.decode((self.folder / BEGUN).read_bytes(), type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise self._malformed(self.folder / BEGUN) from error
        different = [name for name in now if then.get(name) != now[name]]
        if "software" in different:
            different[different.index("software")] = difference(dict(then.get("software") or {}), now["software"])
        if different:
            raise InputError(f"--resume: the interrupted report in {place} was begun with others: {', '.join(different)}")

    def _malformed(self, path: Path) -> InputError:
        return InputError(f"{path} is malformed: remove the folder {self.folder} to begin the report anew")

    def _file(self, group: Group) -> Path:
        name = hashlib.sha256(f"{group.phase}\0{group.name}".encode()).hexdigest()[:32]
        return self.folder / f"{name}.msgpack"

    def holds(self, group: Group) -> bool:
        return self._file(group).is_file()

    def read(self, group: Group) -> Any:
        self.count += 1
        try:
            return msgspec.msgpack.decode(self._file(group).read_bytes(), type=TYPES[group.phase])
        except msgspec.DecodeError as error:
            raise self._malformed(self._file(group)) from error

    def write(self, group: Group, outcome: Any) -> None:
        """Keep an outcome, on the disk before anything follows from it."""
        if not (self.folder / BEGUN).exists():
            self.folder.mkdir(exist_ok=True)
            write_whole(self.folder / BEGUN, json.dumps(self._begun))
        write_whole(self._file(group), msgspec.msgpack.encode(outcome))
        self.count += 1

    @property
    def counterexamples(self) -> Path:
        """The folder of those that were found on the way."""
        return self.folder / "found"

    def copy_counterexamples(self, folder: Path) -> None:
        if self.counterexamples.is_dir():
            shutil.copytree(self.counterexamples, folder)

    def remove(self) -> None:
        """The report is written."""
        shutil.rmtree(self.folder, ignore_errors=True)
