"""Whether a run fits into memory, known before it starts."""

from __future__ import annotations

import os

import torch

from checkers.errors import InputError

MEMORY = 0.75  # share of what is free that a run may plan to use


def free_bytes(device: str = "cpu") -> int:
    """Memory of the device, or of this machine, that nothing uses."""
    if torch.device(device).type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")


def refuse_beyond_memory(needed: int, available: int) -> None:
    """Raise InputError unless a run that may hold `needed` bytes leaves a quarter of those available."""
    if needed > MEMORY * available:
        raise InputError(
            f"this run may need {needed / 2**30:.1f} GiB and {available / 2**30:.1f} GiB are free: "
            "take fewer steps, samples or layers, a smaller width, or float32"
        )
