"""What a run may take of the memory, and what a process keeps of it."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from checkers.errors import InputError
from checkers.memory import refuse_beyond_memory

# Prints the pages that ten examples asked the system for, once ten others were forgotten.
EXAMPLES = """
import resource, sys
import torch
from checkers.memory import keep_freed_memory
from checkers.network import Network
from checkers.randomness import NormalSource, seed_sequence
torch.set_num_threads(1)
if sys.argv[1] == "keep":
    assert keep_freed_memory()
for example in range(20):
    if example == 10:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    network = Network.draw("revealed", 4096, 8, 8, 2, 1, NormalSource(seed_sequence(example)))
    record = network.forward(torch.eye(8, dtype=torch.float64))
    network.backward(record, record.outputs[:, :, None])
    del network, record
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def test_a_run_that_leaves_less_than_a_quarter_is_refused() -> None:
    with pytest.raises(InputError, match=r"may need 3\.0 GiB and 3\.5 GiB are free"):
        refuse_beyond_memory(3 * 2**30, 7 * 2**29)
    refuse_beyond_memory(3 * 2**29, 2 * 2**30)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told to keep freed memory")
def test_a_process_keeps_what_one_example_freed_for_the_next() -> None:
    kept, given_back = (
        int(subprocess.run([sys.executable, "-c", EXAMPLES, how], capture_output=True, text=True, check=True).stdout)
        for how in ("keep", "give back")
    )
    assert kept < given_back / 10
