"""What a training run is asked for: data, network, descent and seed; what it may come to hold; and what is refused before it starts."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
import torch

from checkers.data.training_data import HeldOut, TrainingData
from checkers.errors import InputError
from checkers.machine.memory import free_bytes, refuse_beyond_memory
from checkers.networks.architectures.architecture import Architecture
from checkers.networks.architectures.by_name import architecture_for
from checkers.networks.network import Engine, Network
from checkers.networks.randomness import NormalSource, seed_sequence
from checkers.training import kernel_prediction, loss_declaration
from checkers.training.step_size import promised_separation, takes_limit_kernel
from strategies.data import separation
from theorems.language.instance import Instance
from theorems.language.statement import FULLY_CONNECTED
from theorems.laws.losses import losses

Precision = Literal["float64", "float32"]
# Norms within [1/2, 3/2] are what the later lemmas use of Lemma 7.1.
BLAME_TOLERANCE = 0.5


@dataclass(frozen=True)
class MemoryPlan:
    """The most that a run may come to hold, in bytes.

    state: dense matrices twice, or revealed directions with their images; the passes included. kernels: beside it, the limit kernel of the
    step size, then the prediction's. regression: with the limit kernel, at the end, left out if need be; None: not asked for.
    checkpoint: the file.
    """

    state: int
    kernels: int
    regression: int | None
    checkpoint: int

    @property
    def whole(self) -> int:
        """What a run is refused for."""
        return self.state + self.kernels


@dataclass(frozen=True, kw_only=True)
class TrainingSetup:
    """Gradient descent, or with batch >= 1 stochastic gradient descent, from the random initialization, until F <= goal F(0).

    held_out: samples to compare the tangent kernel's prediction on, beside those trained on; None: no prediction.
    architecture: a name of networks.architectures.by_name; positions, patch: of the convolutional one. variance: 2 in the paper.
    loss: a name of theorems.laws.losses. step_size: None, the largest one sure to be stable; "paper", the theorem's. steps: at most.
    Raises InputError for what cannot be; `verify` says what is left to refuse.
    """

    data: TrainingData = field(kw_only=False)
    held_out: HeldOut | None = None

    architecture: str = FULLY_CONNECTED
    positions: int = 1
    patch: int = 1
    width: int
    depth: int
    weights: Engine = "dense"
    variance: float = 2.0
    dtype: Precision = "float64"
    device: str = "cpu"

    loss: str = "squared"
    batch: int = 0
    step_size: float | Literal["paper"] | None = None
    steps: int
    goal: float = 1e-3

    seed: int

    def __post_init__(self) -> None:
        inputs, targets = self.data.inputs.shape, self.data.targets.shape
        if not (len(inputs) == len(targets) == 2 and inputs[0] == targets[0] > 0):
            raise InputError(f"training data need a row of targets for each row of inputs, not {targets} for {inputs}")
        for name, least in {"width": 1, "depth": 1, "positions": 1, "patch": 1, "steps": 1, "batch": 0, "seed": 0}.items():
            if getattr(self, name) < least:
                raise InputError(f"{name} must be at least {least}, not {getattr(self, name)}")
        for name, known in {"weights": get_args(Engine), "dtype": get_args(Precision)}.items():
            if getattr(self, name) not in known:
                raise InputError(f"{name} must be {' or '.join(known)}, not {getattr(self, name)!r}")
        if self.loss not in losses:
            near = difflib.get_close_matches(self.loss, losses, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(losses)}"
            raise InputError(f"there is no loss {self.loss!r}; {hint}")
        if self.batch > inputs[0]:
            raise InputError(f"--batch {self.batch} asks for more than the {inputs[0]} samples")
        if self.batch and self.held_out is not None:
            raise InputError("--held-out compares with the kernel's gradient descent: it needs --algorithm gd")
        if not (self.step_size in (None, "paper") or (isinstance(self.step_size, int | float) and 0 < self.step_size < math.inf)):
            raise InputError(f"step_size must be a positive number, 'paper' or None, not {self.step_size!r}")
        if not 0 <= self.goal <= 1:
            raise InputError(f"goal is a share of the first loss, from 0 to 1, not {self.goal}")
        if self.patch % 2 == 0 or self.patch > self.positions:
            raise InputError(f"--patch must be odd and at most the number of positions, {self.positions}, not {self.patch}")
        if self._architecture.neurons(self.width) != self.instance.neurons:
            raise InputError(f"positions are for convolutional networks, not for {self.architecture} ones")

    @cached_property
    def least_distance(self) -> float:
        """Between two inputs; 1 where there is only one."""
        return separation(self.data.inputs) if len(self.data.inputs) > 1 else 1.0

    @cached_property
    def instance(self) -> Instance:
        """Its sizes and data as statements know them, as far apart as the lemmas of its architecture let themselves assume."""
        data = self.data
        sizes: dict[str, Any] = {
            "width": self.width, "depth": self.depth, "samples": len(data.inputs), "input_dimension": data.inputs.shape[1],
            "outputs": data.targets.shape[1], "tolerance": BLAME_TOLERANCE, "positions": self.positions, "patch": self.patch,
            "data": data.name, "labels": data.labels, "inputs": data.inputs, "targets": data.targets,
        }  # fmt: skip
        return Instance(**sizes, separation=promised_separation(self.least_distance, Instance(**sizes), self.architecture))

    @cached_property
    def _architecture(self) -> Architecture:
        return architecture_for(self.architecture, self.instance)

    @property
    def source(self) -> NormalSource:
        """Of all that is random in the run."""
        return NormalSource(seed_sequence(self.seed, "train", self.weights, self.width, self.depth, len(self.data.inputs)))

    def draw(self) -> Network:
        """The network at its random initialization."""
        one, dtype = self.instance, getattr(torch, self.dtype)
        return Network.draw(
            self.weights, self.width, self.depth, one.input_dimension, one.outputs, 1, self.source, self.variance, dtype, self.device,
            architecture=self._architecture,
        )  # fmt: skip

    @cached_property
    def memory(self) -> MemoryPlan:
        one, dense, architecture = self.instance, self.weights == "dense", self._architecture
        samples, outputs, width, itemsize = one.samples, one.outputs, one.neurons, np.dtype(self.dtype).itemsize
        passes = (4 * self.depth + 4) * samples * width
        if dense:  # twice once they have moved; before, the kernel of the step size asks for the gradients of all outputs
            matrices = self.depth * width**2
            state = max(2 * matrices + passes, matrices + passes * (1 + outputs // 2))
        else:
            # per direction of either side itself and its image; the first layer's inputs never change, and its change is stored. A step
            # holds two passes, and last questions
            directions = min(width, samples * (self.steps + 1))
            state = width * (outputs + (8 * self.depth + 8) * samples + 4 * (self.depth - 1) * directions)
        limit = architecture.limit_kernel_bytes(samples, self.depth) if takes_limit_kernel(self.weights, samples, outputs) else 0
        predicted, regression = 0, None
        if self.held_out is not None:
            apart = len(self.held_out.inputs)
            predicted = kernel_prediction.planned_bytes(width, self.depth, samples, apart, outputs, itemsize)
            if apart and self.held_out.classes is not None:
                regression = architecture.limit_kernel_bytes(samples + apart, self.depth)
        state *= itemsize
        return MemoryPlan(
            state=state,
            kernels=max(limit, predicted),  # the one is forgotten before the other is begun
            regression=regression,
            checkpoint=itemsize * self.depth * self.width**2 * self.patch if dense else state,
        )

    def verify(self) -> None:
        """Raise InputError if the loss does not keep its declaration on these targets, or the run does not fit into memory."""
        loss_declaration.verify_declaration(self.loss, self.data.targets)
        refuse_beyond_memory(self.memory.whole, free_bytes(self.device))

    def facts(self, step_size: float) -> dict[str, Any]:
        """What tells a checkpoint of this run from others."""
        one = self.instance
        return {
            "seed": self.seed, "width": self.width, "depth": self.depth, "samples": one.samples, "outputs": one.outputs,
            "weights": self.weights, "loss": self.loss, "batch": self.batch, "step size": step_size, "goal": self.goal, "steps": self.steps,
            "dtype": f"torch.{self.dtype}", "data": one.key(), "variance": self.variance, "architecture": self.architecture,
        }  # fmt: skip
