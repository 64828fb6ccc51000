"""Gradient descent on the tangent kernel of W(0), beside the network: what an infinitely wide network would do.

f(t + 1)(x) = f(t)(x) - eta sum_j K(x, x_j) l'(f(t)(x_j)), from the network's own f(0) and its own kernel K at W(0), for full-batch steps.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from checkers.data.training_data import HeldOut
from checkers.errors import InputError
from checkers.machine.memory import free_bytes, refuse_beyond_memory
from checkers.networks.kernels import gradient_factors, layer_kernel, limit_kernel
from checkers.networks.network import ForwardPass, Network
from checkers.records.training import Prediction
from theorems.language.instance import Instance
from theorems.laws.losses import Loss

LARGEST_KERNEL = 6000  # rows, n d + n' d: a kernel that takes 300 MB


def planned_bytes(width: int, depth: int, samples: int, held_out: int, outputs: int, itemsize: int) -> int:
    """What the prediction holds: its kernel, a layer's with the two factors it is the product of, and a pass over all samples."""
    rows = (samples + held_out) * outputs
    return itemsize * (rows * samples * outputs + 3 * rows**2 + (depth + 3) * (rows + samples + held_out) * width)


@dataclass
class KernelPrediction:
    """The prediction, advanced to each step that is compared. gaps: (step, on the training samples, on those held out)."""

    network: Network
    instance: Instance
    loss: Loss
    step_size: float
    held_out: HeldOut
    at: int = 0
    gaps: list[tuple[int, float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        n, d = self.instance.samples, self.instance.outputs
        together = np.concatenate([self.instance.inputs, self.held_out.inputs])
        if len(together) * d > LARGEST_KERNEL:
            raise InputError(
                f"a kernel of {len(together)} samples and {d} outputs has {len(together) * d} rows; {LARGEST_KERNEL} are the most: "
                "hold out fewer samples"
            )
        record = self.network.forward(together)
        unit = torch.eye(d, dtype=record.outputs.dtype, device=record.outputs.device)
        factors = self.network.backward(record, unit.expand(1, len(together), d, d))
        self._kernel = record.outputs.new_zeros(len(together) * d, n * d)
        for pair in gradient_factors(self.network, record, factors):
            self._kernel += layer_kernel(*pair)[0, :, : n * d]
        self._start = record.outputs[0]
        self._now = self._start[:n]
        self._pushed = torch.zeros_like(self._now)  # the sum of all loss vectors so far: what is held out follows from it at once
        self._targets = torch.as_tensor(self.instance.targets).to(self._start)

    def advance(self, step: int) -> Tensor:
        """The predicted outputs at `step`, not before the last one asked for, (n + k, d)."""
        rows = self._now.numel()
        while self.at < step:
            vectors = self.loss.gradient(self._now, self._targets)
            self._pushed += vectors
            self._now = self._now - self.step_size * (self._kernel[:rows] @ vectors.reshape(-1)).view_as(self._now)
            self.at += 1
        held = self._start[len(self._now) :]
        return torch.cat([self._now, held - self.step_size * (self._kernel[rows:] @ self._pushed.reshape(-1)).view_as(held)])

    def compare(self, step: int, network: Network, record: ForwardPass) -> None:
        """Note the gap between the network and the prediction at this step."""
        n, predicted = self.instance.samples, self.advance(step)
        held = network.forward(self.held_out.inputs).outputs[0] if len(self.held_out.inputs) else predicted[n:]
        gaps = [
            float((now - expected).norm() / (expected - before).norm()) if step else 0.0
            for now, expected, before in ((record.outputs[0], predicted[:n], self._start[:n]), (held, predicted[n:], self._start[n:]))
            if len(expected)
        ]
        self.gaps.append((step, gaps[0], gaps[1] if len(gaps) > 1 else 0.0))

    def result(self, network: Network) -> Prediction:
        """What came of it, with the accuracy on the held-out samples at the last step."""
        n, classes = self.instance.samples, self.held_out.classes
        accuracy, missing = [-1.0, -1.0, -1.0], ""
        if classes is not None and len(classes):
            found = [z.argmax(-1).cpu().numpy() for z in (network.forward(self.held_out.inputs).outputs[0], self.advance(self.at)[n:])]
            try:
                found.append(self._regression().argmax(-1))
            except (InputError, ValueError, MemoryError) as error:  # no memory, no limit known, singular: the run is not lost
                missing = f"Regression with the limit kernel is missing: {' '.join(str(error).split()) or 'too little memory'}."
            accuracy[: len(found)] = [float((z == classes).mean()) for z in found]
        return Prediction(
            steps=[step for step, _, _ in self.gaps], gap=[gap for _, gap, _ in self.gaps], held_out=len(self.held_out.inputs),
            held_out_gap=[gap for _, _, gap in self.gaps] if len(self.held_out.inputs) else [],
            held_out_accuracy=accuracy[0], kernel_accuracy=accuracy[1], regression_accuracy=accuracy[2], missing=missing,
        )  # fmt: skip

    def _regression(self) -> npt.NDArray[np.float64]:
        """Regression with the limit kernel: K(x, X) K(X, X)^{-1} y, (k, d)."""
        n, network = self.instance.samples, self.network
        together = np.concatenate([self.instance.inputs, self.held_out.inputs])
        needed = network.architecture.limit_kernel_bytes(len(together), network.depth)
        refuse_beyond_memory(needed, free_bytes(), f"the limit kernel of {len(together)} samples", "hold out fewer samples")
        kernel = limit_kernel(together, network.depth, network.architecture, network.width)
        found: npt.NDArray[np.float64] = kernel[n:, :n] @ np.linalg.solve(kernel[:n, :n], self.instance.targets)
        return found
