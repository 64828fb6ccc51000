"""Makes the counterexamples of this folder again: one small file for each engine, and for each way of searching inside an instance.

    python tests/counterexamples/make.py [STATEMENT...]

The environment makes sums come out alike on every x86 processor; the test replays the files in the same one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent
# MKL and torch choose their instructions by the processor, and with them the order of sums; these are the same everywhere.
SAME_ON_EVERY_PROCESSOR = {"MKL_CBWR": "COMPATIBLE", "ATEN_CPU_CAPABILITY": "default"}
SEED = 7
CHOSEN = {
    "relu-difference": "correction at most 1/2",
    "gradient-formula": "h_l in place of h_{l-1}",
    "forward-norm": "decay 1/L missing in the exponent",
    "operator-norm": "constant 2.8, just below the sharp edge",
    "separation": "separation 0.99 delta",
    "sign-flips": "omega in place of omega^{2/3}",
    "backward-stability": "constant short of the sharp one",
    "sparse-backward": "decay 1/sqrt(L)",
    "semi-smoothness": "constant short of the sharp one",
    "gd-rate": "rate without delta/n^2, on close pairs of opposite labels",
}

WORK = """
import sys
from pathlib import Path
import torch
from checkers.fuzzing.counterexamples import write_both
from checkers.evidence.error_budget import Account
from checkers.fuzzing.search import search
from checkers.evidence.profiles import Profile
from theorems import registry
torch.set_num_threads(1)
folder, seed, identifier, variant = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
small = Profile("small", 8, 25, 10, 2**17, 2**12, 512, 8192)
statement = registry[identifier].variant(variant)
write_both(search(statement, small, Account(1e-8), seed=seed, examples=small.power_examples), statement, seed, folder)
"""


def main(identifiers: list[str]) -> None:
    """Replace the files of these statements, or all."""
    environment = {**os.environ, **SAME_ON_EVERY_PROCESSOR}
    with tempfile.TemporaryDirectory() as temporary:
        for identifier in identifiers or CHOSEN:
            variant = CHOSEN[identifier]
            subprocess.run([sys.executable, "-c", WORK, temporary, str(SEED), identifier, variant], check=True, env=environment)
            for path in FOLDER.glob(f"{identifier}--*.json"):
                path.unlink()
        for path in Path(temporary).glob("*--simplest.json"):
            (FOLDER / path.name).write_bytes(path.read_bytes())


if __name__ == "__main__":
    main(sys.argv[1:])
