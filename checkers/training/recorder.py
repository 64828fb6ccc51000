"""What a run leaves behind, step by step."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from checkers.networks.descent import loss_vectors
from checkers.networks.minibatches import Minibatches
from checkers.networks.network import ForwardPass, Network
from checkers.training.chain import Chain
from checkers.training.kernel_prediction import KernelPrediction
from theorems.language.instance import Instance
from theorems.laws.losses import Loss

# Called with (step, steps, loss relative to the initial one).
StepProgress = Callable[[int, int, float], None]
DIVERGED = 1e6  # times the initial loss


@dataclass
class Recorder:
    """What a run leaves behind, step by step; called by the trainer at every recorded step, before the weights move."""

    network: Network
    instance: Instance
    loss: Loss
    classes: npt.NDArray[np.int64] | None
    goal: float
    steps: int
    batches: Minibatches | None
    chain: Chain
    progress: StepProgress | None = None
    save: Callable[[int, Recorder, ForwardPass, bool], None] | None = None
    prediction: KernelPrediction | None = None
    recorded: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    radius: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    gradients: list[float] = field(default_factory=list)
    examined: frozenset[int] = frozenset()

    def __call__(self, step: int, record: ForwardPass, loss: Tensor) -> bool:
        value = float(loss[0])
        first = self.recorded[-1] if self.recorded else -1
        if step == first:  # a resumed run stands where it was recorded last
            return False
        self.recorded.append(step)
        self.values.append(value)
        self.radius.append(float(self.network.distance()[0]))
        if self.classes is not None:
            right = record.outputs[0].argmax(-1).cpu().numpy() == self.classes
            self.accuracy.append(float(right.mean()))
        initial = self.values[0]
        diverged = not math.isfinite(value) or value > DIVERGED * max(initial, 1e-300)
        done = value <= self.goal * initial
        self.chain.finish_step(step, value)
        if (step in self.examined or done) and not diverged:
            self._examine(step, record, value)
        if self.progress is not None:
            self.progress(step, self.steps, value / initial if initial else 0.0)
        if self.save is not None and not diverged:
            self.save(step, self, record, done or step == self.steps)
        return diverged or done

    def _examine(self, step: int, record: ForwardPass, value: float) -> None:
        goal = torch.as_tensor(self.instance.targets).to(record.outputs)
        whole = self.loss.gradient(record.outputs, goal)
        moving = whole if self.batches is None else loss_vectors(record, goal, self.loss, step, self.batches)
        self.chain.examine(step, self.network, record, whole, moving, value)
        if self.prediction is not None:
            self.prediction.compare(step, self.network, record)
