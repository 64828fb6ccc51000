"""What a run may take of the memory, and what a process keeps of it."""

from __future__ import annotations

import gc
import platform
import subprocess
import sys
import weakref

import pytest

from checkers.errors import InputError
from checkers.evidence.drawing import drawn_subjects
from checkers.evidence.worst_case import worst_case
from checkers.machine.memory import refuse_beyond_memory
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.subjects.network import NetworkSubject
from strategies import instance_from_sizes
from theorems import registry
from theorems.language.statement import Engine

# Prints the pages that half of the examples asked the system for, once the other half was forgotten.
EXAMPLES = """
import resource, sys
import torch
from checkers.machine.memory import keep_freed_memory
from checkers.networks.network import Network
from checkers.networks.randomness import NormalSource, seed_sequence
torch.set_num_threads(1)
if sys.argv[1] == "keep":
    assert keep_freed_memory()
width, depth, examples = map(int, sys.argv[2:])
for example in range(examples):
    if example == examples // 2:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    network = Network.draw("revealed", width, depth, 8, 2, 1, NormalSource(seed_sequence(example)))
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
@pytest.mark.parametrize("sizes", [(4096, 8, 20), (2**20, 1, 4)], ids=["deep", "wide: matrices of 64 MiB"])
def test_a_process_keeps_what_one_example_freed_for_the_next(sizes: tuple[int, int, int]) -> None:
    kept, given_back = (
        int(subprocess.run([sys.executable, "-c", EXAMPLES, how, *map(str, sizes)], capture_output=True, text=True, check=True).stdout)
        for how in ("keep", "give back")
    )
    assert kept < given_back / 10


HOLES = """
import sys
import psutil
import torch
from checkers.machine.memory import give_back_freed_memory, keep_freed_memory
assert keep_freed_memory()
blocks = [torch.ones(2**20, dtype=torch.float64) for _ in range(64)]
kept = blocks[1::2]
del blocks
before = psutil.Process().memory_info().rss
give_back_freed_memory()
print(before - psutil.Process().memory_info().rss)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be asked to give freed memory back")
def test_holes_in_the_heap_are_given_back_when_asked_for() -> None:
    """Of 64 blocks of 8 MiB every other one is freed: 256 MiB, none of it at the top; the rest of the process moves far less than 56."""
    done = subprocess.run([sys.executable, "-c", HOLES], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 200 * 2**20


@pytest.mark.parametrize("engine", ["dense", "revealed"])
def test_a_measured_network_is_freed_without_a_garbage_collection(engine: Engine) -> None:
    """Objects in a cycle keep their tensors until the collector comes by: ten gigabytes, at a width of 10^5, in a minute."""
    statement = registry["semi-smoothness"]
    instance = instance_from_sizes(statement, {"width": 64, "depth": 2, "radius": 1e-3})
    gc.collect()
    gc.disable()
    try:
        networks = []
        for name, subject in drawn_subjects(statement, instance, engine, 2, NormalSource(seed_sequence(1)), "cpu"):
            assert isinstance(subject, NetworkSubject), name
            worst_case(statement, statement.compare(subject), name)
            networks.append(weakref.ref(subject.network))
        del subject
        assert len(networks) > 3
        assert [network() for network in networks] == [None] * len(networks)
    finally:
        gc.enable()
