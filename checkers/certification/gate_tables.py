"""Sums over the neurons of a two-layer network, with bounds on their rounding: which gates may change while no neuron travels far.

f(x) = sum_r v_r relu(w_r . x), and neuron r may move by |v_r| t, t the *travel*. Gate (r, i) is *near* at t if
|w_r . x_i| <= |v_r| t ‖x_i‖: no other gate can change. Floating point decides it with room for its own error, so a gate may be called near
too early, never too late.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from checkers.errors import InputError
from theorems.language.instance import Array

Bools = npt.NDArray[np.bool_]

EPS = float(np.finfo(np.float64).eps)  # twice the error of one rounding, so that every bound below has room for its own roundings
TINY = float(np.finfo(np.float64).tiny)
BLOCK = 1 << 16  # neurons at a time


@dataclass(frozen=True)
class Sum:
    """(n, n) sums over neurons in units of the largest v_r^2, and how far each entry may be off."""

    value: Array
    error: Array


@dataclass(frozen=True)
class Moved:
    """At one travel. flips: sum over r of v_r^2 [i or j near, each of them open or near]. near: of v_r^2 [i and j near], over neurons with
    v_r > 0 and with v_r < 0. still: of v_r^2 [i and j open], over neurons none of whose gates is near."""

    flips: Sum
    near: tuple[Sum, Sum]
    still: Sum


class GateTables:
    """weights: (m, d); output: v, (m,); inputs: (n, d). reach: the travel from which on a gate may change, (m, n); opened: D, (m, n)."""

    def __init__(self, weights: Array, output: Array, inputs: Array) -> None:
        self.largest = float(np.abs(output).max())
        share = (output / self.largest) ** 2 if self.largest > 0 else np.zeros(len(output))
        self.share: Array = share
        self.positive: Bools = output > 0
        # A sum of numbers that are not negative, in any order: a relative error of one rounding for each. Counts are exact.
        self.relative = 0.0 if bool(np.all(share == 1)) else (len(output) + 8) * EPS
        self.samples, self._columns = inputs.shape
        self.reach: Array = np.empty((len(weights), len(inputs)))
        self.opened: Bools = np.empty((len(weights), len(inputs)), dtype=np.bool_)
        self._outputs, self._outputs_error = np.zeros(len(inputs)), np.zeros(len(inputs))
        for start in range(0, len(weights), BLOCK):
            self._read(slice(start, start + BLOCK), weights, output, inputs)
        self.first: Array = self.reach.min(axis=1)  # from which on the neuron is not still
        self._order: npt.NDArray[np.intp] = np.argsort(self.first)
        self.open = self._sum(np.arange(len(weights)), self.opened, self.opened)

    def _read(self, part: slice, weights: Array, output: Array, inputs: Array) -> None:
        rows, columns, v = weights[part], inputs.shape[1], output[part]
        with np.errstate(over="ignore", invalid="ignore"):
            z, sizes, lengths = rows @ inputs.T, np.linalg.norm(rows, axis=1), np.linalg.norm(inputs, axis=1)
        # |fl(w . x) - w . x| <= d roundings of |w| . |x| <= ‖w‖‖x‖, and the norm's own error is half of that
        slack = (2 * columns + 16) * EPS * sizes + TINY
        if not (np.all(np.isfinite(z)) and np.all(np.isfinite(sizes)) and np.all(np.isfinite(lengths))):
            raise InputError("the network's weights and the data are so large that their products overflow")
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = np.maximum(0, np.abs(z) / lengths - slack[:, None]) / np.abs(v)[:, None] * (1 - 4 * EPS)
        reach[v == 0] = np.inf  # it never moves
        self.reach[part], self.opened[part] = reach, z >= 0
        self._outputs += v @ np.maximum(z, 0)
        self._outputs_error += (np.abs(v) @ sizes) * lengths

    def outputs(self) -> tuple[Array, Array]:
        """u_i(0), (n,), and how far each may be off: m + d roundings of sum_r |v_r| ‖w_r‖‖x_i‖, and those of its own."""
        return self._outputs, self._outputs_error * (2 * (len(self.share) + self._columns + 64) * EPS)

    def _sum(self, neurons: npt.NDArray[np.intp], left: Bools, right: Bools) -> Sum:
        """left, right: (neurons, n)."""
        value: Array = np.zeros((self.samples, self.samples))
        for start in range(0, len(neurons), BLOCK):
            part = slice(start, start + BLOCK)
            if self.relative:
                value += (left[part] * self.share[neurons[part], None]).T @ right[part].astype(np.float64)
            else:
                value += left[part].T.astype(np.float32) @ right[part].astype(np.float32)  # counts below 2^24, exact in single precision
        return Sum(value, value * self.relative + (TINY * len(neurons) if self.relative else 0))

    def at(self, travel: float) -> Moved:
        """What may have changed when every neuron has travelled that far at most."""
        count = int(np.searchsorted(self.first[self._order], travel, side="right"))
        touched = self._order[:count]
        opened, near = self.opened[touched], self.reach[touched] <= travel
        able, surely = opened | near, opened & ~near
        both, kept, lost = self._sum(touched, able, able), self._sum(touched, surely, surely), self._sum(touched, opened, opened)
        flips = Sum(both.value - kept.value, both.error + kept.error + both.value * EPS)
        still = Sum(self.open.value - lost.value, self.open.error + lost.error + self.open.value * EPS * (self.relative > 0))
        sides = self.positive[touched], ~self.positive[touched]
        pushing, pulling = (self._sum(touched[side], near[side], near[side]) for side in sides)
        return Moved(flips, (pushing, pulling), still)
