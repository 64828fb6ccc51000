"""What the commands share: options, their validation, and where results go."""

from __future__ import annotations

import difflib
import math
import os
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from checkers.command_line.terminal import echo
from checkers.errors import InputError
from checkers.machine.files import check_destination, write_whole
from theorems import registry
from theorems.language.statement import Statement
from theorems.language.theory import theories as known_theories

if TYPE_CHECKING:
    from checkers.evidence.profiles import Profile

COUNTEREXAMPLES = "counterexamples"
PROFILES = ("quick", "standard", "thorough")
Command = Callable[..., Any]


def finite(context: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    """Callback of an option: refuse nan and infinity, which pass every range."""
    if value is not None and not math.isfinite(value):
        raise click.BadParameter(f"{value} is not a finite number", context, parameter)
    return value


def as_path(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """Callback of an option: a Path, or a tuple of them."""
    return tuple(map(Path, value)) if isinstance(value, tuple) else value and Path(value)


identifiers_argument = click.argument("identifiers", metavar="[ID]...", nargs=-1)
seed_option = click.option("--seed", type=click.IntRange(min=0), help="Seed of everything random. Drawn, and printed, if not given.")
device_option = click.option("--device", default="cpu", show_default=True, help="Where tensors live: a device of torch, cpu or cuda:0.")
profile_option = click.option(
    "--profile", type=click.Choice(PROFILES), default="quick", show_default=True, help="How hard to try: seconds, minutes or an hour."
)
glance_option = click.option(
    "--profile", type=click.Choice(("glance", *PROFILES)), default="quick", show_default=True,
    help="How hard to try: seconds, minutes or an hour. glance: a first look, at some statements if none is named, within 30 s.",
)  # fmt: skip
modules_option = click.option(
    "--module", "modules", metavar="FILE", multiple=True, callback=as_path, help="A Python file with statements of your own. Repeatable."
)
architectures_option = click.option(
    "--architecture", "architectures", metavar="NAME", multiple=True, help="fully connected, residual, ...; repeatable.  [default: all]"
)
theories_option = click.option(
    "--theory", "theories", metavar="NAME", multiple=True, help="Only statements of this theory; repeatable.  [default: all]"
)
processes_option = click.option(
    "--processes", type=click.IntRange(min=1), help="Processes to share the work; they change no verdict.  [default: one for each core]"
)
cluster_option = click.option(
    "--cluster", default="", metavar="ADDRESS", help="A Dask scheduler, tcp://host:8786, whose workers do the work; trust it."
)
folder_option = click.option(
    "--folder", default=COUNTEREXAMPLES, show_default=True, callback=as_path, help="Where counterexamples go, the seed in their names."
)
json_option = click.option("--json", "json_file", metavar="FILE", help="Write the same facts as JSON to FILE; '-': standard output, alone.")
quiet_option = click.option("--quiet", is_flag=True, help="Print only what was refuted, and the closing line.")
# Of every command that shares work over statements out; `shared_work` reads them.
work_options = seed_option, device_option, modules_option, processes_option, cluster_option, json_option, quiet_option


def options(*decorators: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """One decorator for several options, in the order in which --help shows them."""

    def decorate(command: Command) -> Command:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


class Output:
    """Where results go: text on standard output, JSON to the file that --json names."""

    def __init__(self, json_file: str | None, quiet: bool) -> None:
        self.to_stdout = json_file == "-"
        self.path = None if json_file in (None, "-") else Path(str(json_file))
        self.quiet = quiet
        if self.path is not None:
            check_destination(self.path)

    def text(self, text: str, *, closing: bool = False) -> None:
        """Print, unless standard output is for JSON, or is to be quiet and this is not a closing line or a refutation."""
        if not self.to_stdout and (closing or not self.quiet):
            echo(text)

    def facts(self, record: Any) -> None:
        """Write the JSON that --json asks for."""
        if self.to_stdout or self.path is not None:
            content = msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n"
            if self.path is None:
                echo(content)
            else:
                write_whole(self.path, content)


def chosen(identifiers: Sequence[str]) -> list[Statement]:
    """The named statements, or all, in the order of declaration."""
    for identifier in identifiers:
        if identifier not in registry:
            near = difflib.get_close_matches(identifier, [statement.id for statement in registry], 1)
            hint = f"did you mean {near[0]!r}?" if near else "`lemmafuzz list` names them all"
            raise InputError(f"there is no statement {identifier!r}; {hint}")
    return [statement for statement in registry if not identifiers or statement.id in identifiers]


def of_theories(statements: Sequence[Statement], theories: Sequence[str]) -> list[Statement]:
    """Those of the statements that belong to one of the theories, or all; InputError for a theory that there is not, or if none is left."""
    for name in theories:
        if name not in known_theories():
            raise InputError(f"there is no theory {name!r}; there are: {', '.join(known_theories())}")
    kept = [statement for statement in statements if not theories or statement.theory in theories]
    if not kept:
        raise InputError(f"statement {statements[0].id!r} belongs to the theory {statements[0].theory}, not to {' or '.join(theories)}")
    return kept


def on_architectures(statements: Sequence[Statement], architectures: Sequence[str]) -> list[Statement]:
    """The forms of the statements on the named architectures, or on all; InputError for a name that no statement has a form for."""
    for name in architectures:
        if name not in registry.architectures():
            raise InputError(f"there is no architecture {name!r}; there are: {', '.join(registry.architectures())}")
    forms = [form for one in statements for form in registry.forms(one.id) if not architectures or form.architecture in architectures]
    if not forms:
        one, name = statements[0], architectures[0]
        raise InputError(f"statement {one.id!r} is not run on {name} networks: {registry.reason(one.id, name)}")
    return forms


def circle_of(architecture: str, positions: int | None, patch: int | None, input_dimension: int) -> tuple[int, int]:
    """Positions and patch of a convolutional network, one position for each coordinate but the constant; 1 and 1 for others."""
    if architecture != "convolutional":
        if positions or patch:
            raise InputError(f"--positions and --patch are for convolutional networks, not for {architecture} ones")
        return 1, 1
    positions = positions or input_dimension - 1
    return positions, patch or min(3, positions - 1 + positions % 2)


def valid_device(device: str) -> str:
    """The device itself, if torch has it and it holds float64 numbers."""
    import torch

    try:
        torch.zeros(1, dtype=torch.float64, device=device).item()
    except (RuntimeError, AssertionError, NotImplementedError, TypeError) as error:
        reason = str(error).splitlines()[0].split(". ")[0].rstrip(".") if str(error) else "it cannot hold float64 numbers"
        raise InputError(f"--device {device} is not available: {reason}") from error
    return device


def profile_named(name: str) -> Profile:
    """The profile of that name."""
    from checkers.evidence.profiles import PROFILES as KNOWN

    return KNOWN[name]


def process_count(processes: int | None) -> int:
    """The number given, or one for each core."""
    return processes or os.cpu_count() or 1


def drawn(seed: int | None) -> int:
    """The seed given, or a new one."""
    return secrets.randbits(32) if seed is None else seed


def shared_work(
    *, profile: str, seed: int | None, device: str, modules: Sequence[Path], processes: int | None, cluster: str
) -> dict[str, Any]:
    """The arguments that all such work takes, from a command's profile and `work_options`."""
    return {
        "seed": drawn(seed), "profile": profile_named(profile), "device": valid_device(device), "modules": modules,
        "processes": process_count(processes), "cluster": cluster,
    }  # fmt: skip
