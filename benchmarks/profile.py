"""Where the time of a report goes: phases, the most expensive pieces, and what more processes would gain.

    lemmafuzz report --timings timings.json
    python -m benchmarks.profile timings.json

Several files, as of `check` and `power`, are added up. Writes benchmarks/profile.md, and what each group took to the table by which the
longest are begun first (checkers/runs/jobs/costs.json): groups that no file names keep their entry.
"""

from __future__ import annotations

import argparse
import heapq
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks.machine import describe
from checkers.machine.files import write_whole
from checkers.records.events import PieceDone
from checkers.records.timings import Timings
from checkers.report.text import number, table
from checkers.runs.jobs.groups import COSTS

MANY = (1, 2, 4, 8, 16, 32)  # processes
PHASES = ["phase", "pieces", "wall, s", "processor, s", "of it the system, s", "longest piece, s", "peak, GiB"]
LEAST = 0.1  # seconds: groups below this have no entry, and are begun first


def costs(pieces: Sequence[PieceDone]) -> dict[str, dict[str, float]]:
    """Processor seconds of every group: phase -> group -> seconds."""
    found: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for one in pieces:
        found[one.phase][one.group] += one.processor
    return {
        phase: {name: round(seconds, 1) for name, seconds in sorted(groups.items()) if seconds >= LEAST} for phase, groups in found.items()
    }


def in_order_of_begin(pieces: Sequence[PieceDone]) -> list[PieceDone]:
    """As checkers.runs.jobs.groups.longest_first would submit them, but for the shortest: groups together, the longest first."""
    whole: dict[tuple[str, str], float] = defaultdict(float)
    for one in pieces:
        whole[one.phase, one.group] += one.processor
    return sorted(pieces, key=lambda one: (-whole[one.phase, one.group], one.phase, one.group))


def makespan(pieces: Sequence[PieceDone], processes: int) -> float:
    """Seconds until all are done if each process takes the next as soon as it is free, and processor time is all that counts."""
    free = [0.0] * processes
    for one in in_order_of_begin(pieces):
        heapq.heappush(free, heapq.heappop(free) + one.processor)
    return max(free)


def phases(pieces: Sequence[PieceDone]) -> list[list[str]]:
    rows = []
    for phase in dict.fromkeys(one.phase for one in pieces):
        own = [one for one in pieces if one.phase == phase]
        sums = (f"{sum(getattr(one, name) for one in own):,.0f}" for name in ("wall", "processor", "system"))
        peak = max(one.peak for one in own) / 2**30
        rows.append([phase, f"{len(own):,}", *sums, number(max(one.processor for one in own)), f"{peak:.1f}"])
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent, help="where profile.md goes")
    parser.add_argument("--costs", type=Path, default=COSTS)
    options = parser.parse_args(arguments)
    runs = [msgspec.json.decode(file.read_bytes(), type=Timings) for file in options.files]
    pieces = [one for run in runs for one in run.pieces]
    known = json.loads(options.costs.read_text()) if options.costs.exists() else {}
    for phase, groups in costs(pieces).items():
        known[phase] = dict(sorted({**known.get(phase, {}), **groups}.items()))
    total = sum(one.processor for one in pieces)
    longest = sorted(pieces, key=lambda one: -one.processor)[:10]
    named = [[one.phase, ": ".join(filter(None, (one.group, one.part))), number(one.processor), number(one.wall)] for one in longest]
    gains = [[str(count), f"{makespan(pieces, count):,.0f}", f"{total / makespan(pieces, count):.1f}"] for count in MANY]
    text = TEXT.format(
        machine=describe(1), commands="; ".join(f"`{run.command}` on {run.processes} processes, {run.wall:,.0f} s" for run in runs),
        phases=table(PHASES, phases(pieces), "github"),
        longest=table(["phase", "piece", "processor, s", "wall, s"], named, "github"),
        gains=table(["processes", "s", "times faster"], gains, "github"), total=f"{total:,.0f}",
    )  # fmt: skip
    write_whole(options.folder / "profile.md", text)
    write_whole(options.costs, json.dumps(dict(sorted(known.items())), indent=1) + "\n")
    print(text)


TEXT = """# Where the time goes

{commands}. {machine}

*wall* and *processor* are sums over pieces, which ran side by side; *peak* is the most that a process had held by the end of a piece of
that phase, whatever it did before.

{phases}

The most expensive pieces:

{longest}

All pieces take {total} processor seconds. Begun in the order in which they are submitted, the longest groups first, and each process
taking the next as soon as it is free, they would end after

{gains}

Processor time is all that counts there: memory bandwidth, which cores share, and the start of processes, two seconds each, come on top.

Run it again: `lemmafuzz report --timings timings.json`, then `python -m benchmarks.profile timings.json`
"""

if __name__ == "__main__":
    main()
