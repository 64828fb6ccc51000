"""How often the checker refutes what is just true, and finds what is just false: the report's table, with as many decisions as one likes.

    python -m benchmarks.reliability --decisions 20000 --seed 1
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from checkers.experiments.reliability import measure
from checkers.report.reliability import reliability_table


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--decisions", type=int, default=20_000, help="about claims that are just true, for each alpha")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args(arguments)
    rows = measure(seed=options.seed, decisions=options.decisions, processes=options.processes)
    print(f"seed {options.seed}")
    print(reliability_table(rows, "github"))
    return 0 if all(row.as_promised for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
