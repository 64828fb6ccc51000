"""Whether a run fits into memory, known before it starts; and freed memory kept for what comes next."""

from __future__ import annotations

import ctypes
import platform

from checkers.errors import InputError

MEMORY = 0.75  # share of what is free that a run may plan to use
# Of glibc's malloc.h. What is larger than the second is given back at once: it is the largest that glibc takes here.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT_BYTES, KEPT_ONE_BY_ONE = 2**28, 2**25


def keep_freed_memory() -> bool:
    """Let this process keep 256 MiB that it has freed; whether its C library can.

    An example draws a network and forgets it. By default the system takes that memory back every time, and clears it, page by page,
    when it is asked for again, which costs a third of an example at m = 4096.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    kept = [library.mallopt(M_MMAP_THRESHOLD, KEPT_ONE_BY_ONE), library.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)]
    return kept == [1, 1]


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
