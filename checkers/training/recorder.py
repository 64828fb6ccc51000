"""What a run leaves behind, step by step."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch

from checkers.networks.descent import Stand, loss_vectors
from checkers.networks.minibatches import Minibatches
from checkers.networks.network import ForwardPass, Network
from checkers.training.chain import Chain
from checkers.training.kernel_prediction import KernelPrediction
from theorems.language.instance import Instance
from theorems.laws.losses import Loss

DIVERGED = 1e6  # times the initial loss


@dataclass
class Recorder:
    """What a run leaves behind, step by step."""

    network: Network
    instance: Instance
    loss: Loss
    classes: npt.NDArray[np.int64] | None
    goal: float
    steps: int
    batches: Minibatches | None
    chain: Chain
    prediction: KernelPrediction | None = None
    recorded: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    radius: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    gradients: list[float] = field(default_factory=list)
    examined: frozenset[int] = frozenset()

    @property
    def last(self) -> float:
        """The loss, relative to the initial one; 0 if that was 0."""
        return self.values[-1] / self.values[0] if self.values[0] else 0.0

    @property
    def reached(self) -> bool:
        return self.values[-1] <= self.goal * self.values[0]

    @property
    def diverged(self) -> bool:
        return not math.isfinite(self.values[-1]) or self.values[-1] > DIVERGED * max(self.values[0], 1e-300)

    def take(self, stand: Stand) -> bool:
        """Record where the run stands; False if that is where it was recorded last, as that of a resumed run is."""
        step, record, value = stand.step, stand.record, float(stand.loss[0])
        if self.recorded and step == self.recorded[-1]:
            return False
        self.recorded.append(step)
        self.values.append(value)
        self.radius.append(float(self.network.distance()[0]))
        if self.classes is not None:
            right = record.outputs[0].argmax(-1).cpu().numpy() == self.classes
            self.accuracy.append(float(right.mean()))
        self.chain.finish_step(step, value)
        if (step in self.examined or self.reached) and not self.diverged:
            self._examine(step, record, value)
        return True

    def _examine(self, step: int, record: ForwardPass, value: float) -> None:
        goal = torch.as_tensor(self.instance.targets).to(record.outputs)
        whole = self.loss.gradient(record.outputs, goal)
        moving = whole if self.batches is None else loss_vectors(record, goal, self.loss, step, self.batches)
        self.chain.examine(step, self.network, record, whole, moving, value)
        if self.prediction is not None:
            self.prediction.compare(step, self.network, record)
