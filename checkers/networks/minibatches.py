"""Which samples a step of stochastic gradient descent looks at: a function of (seed, step) alone, so that a run can be resumed anywhere."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


class Minibatches:
    """Uniform subsets of `size` of the samples, without replacement, fresh at every step and independent between trials.

    never: a sample left out of all of them, of a wrong implementation; -1: none.
    """

    def __init__(self, size: int, samples: int, trials: int, seed: np.random.SeedSequence, never: int = -1) -> None:
        if not 1 <= size <= samples:
            raise ValueError(f"a minibatch of {samples} samples needs a size from 1 to {samples}, not {size}")
        self.size, self.samples, self.trials = size, samples, trials
        self._seed, self._never = seed, never

    def indices(self, step: int) -> Tensor:
        """The samples of this step, (trials, size), in ascending order; one fewer where all were asked for and one is never seen."""
        key = np.random.SeedSequence(self._seed.entropy, spawn_key=(*self._seed.spawn_key, step))
        order = np.random.Generator(np.random.SFC64(key)).random((self.trials, self.samples))
        size = self.size
        if self._never >= 0:
            order[:, self._never] = 2.0  # after all others
            size = min(size, self.samples - 1)
        chosen = np.sort(np.argsort(order, axis=1)[:, :size], axis=1)
        return torch.from_numpy(chosen)
