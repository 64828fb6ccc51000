"""Whether a run fits into memory, known before it starts; and freed memory kept for what comes next."""

from __future__ import annotations

import ctypes
import platform

from checkers.errors import InputError

MEMORY = 0.75  # share of what is free that a run may plan to use
# Of glibc's malloc.h: how much free memory at the top of the heap is kept, and how many blocks may lie outside of the heap, each of which
# is given back as soon as it is freed. (A threshold for what lies outside is no help: glibc takes none above 32 MiB.)
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
KEPT_BYTES, OUTSIDE = 2**30, 0


def keep_freed_memory() -> bool:
    """Let this process keep 1 GiB that it has freed; whether its C library can.

    An example draws a network and forgets it. By default the system takes that memory back every time, and clears it, page by page,
    when it is asked for again, which costs a third of an example at m = 4096, and more than half of a training step at m = 10^6. Where
    large blocks lie in the heap, holes between them are not given back: peaks are a tenth to a third higher, and grow from one piece of
    work to the next, which give_back_freed_memory is for.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    kept = [library.mallopt(M_MMAP_MAX, OUTSIDE), library.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)]
    return kept == [1, 1]


def give_back_freed_memory() -> None:
    """Give the system what is free in the heap of this process, holes too, where its C library can."""
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)


def free_bytes(device: str = "cpu") -> int:
    """Memory of the device, or of this machine, that a process may take without swapping."""
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.mem_get_info(device)[0])
    import psutil

    return int(psutil.virtual_memory().available)


def refuse_beyond_memory(
    needed: int, available: int, what: str = "this run", remedy: str = "take fewer steps, samples or layers, a smaller width, or float32"
) -> None:
    """Raise InputError unless what may hold `needed` bytes leaves a quarter of those available."""
    if needed > MEMORY * available:
        raise InputError(f"{what} may need {needed / 2**30:.1f} GiB and {available / 2**30:.1f} GiB are free: {remedy}")
