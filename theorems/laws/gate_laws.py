"""Exact laws of two-layer ReLU networks m^{-1/2} sum_r a_r relu(w_r . x), w_r Gaussian, a_r = +-1 fair: kernel, gates, outputs.

The kernel of the first layer is H_ij = rho_ij (1/m) sum_r D_ri D_rj with rho_ij = <x_i, x_j> and gates D_ri = 1[w_r . x_i >= 0]. Two gates
are both open with probability p_ij = (pi - arccos rho_ij)/(2 pi), so m H_ij/rho_ij ~ Binomial(m, p_ij) and H_inf = E H = h(rho_ij).
"""

from __future__ import annotations

import itertools
import math
from functools import lru_cache

import numpy as np

from theorems.language.instance import Array

DENSITY = math.sqrt(2 / math.pi)  # P(|N(0, 1)| <= t) <= DENSITY t


def correlations(inputs: Array) -> Array:
    """<x_i, x_j> of unit rows, (n, n): from the shorter of x_i - x_j and x_i + x_j, so that equal and opposite rows have exactly +-1."""
    apart = np.stack([((inputs - row) ** 2).sum(axis=1) for row in inputs])
    together = np.stack([((inputs + row) ** 2).sum(axis=1) for row in inputs])
    found: Array = np.where(apart <= together, 1 - apart / 2, together / 2 - 1)
    return np.clip(found, -1, 1)


def both_open(correlation: Array) -> Array:
    """p_ij, the probability that both gates are open."""
    found: Array = (math.pi - np.arccos(correlation)) / (2 * math.pi)
    return found


def gate_kernel(inputs: Array) -> Array:
    """H_inf, (n, n): h(rho) = rho (pi - arccos rho)/(2 pi), 1/2 on the diagonal."""
    rho = correlations(inputs)
    return rho * both_open(rho)


def conjugate_kernel(inputs: Array) -> Array:
    """E f(x_i) f(x_j) at w ~ N(0, I), (n, n): (sqrt(1 - rho^2) + (pi - arccos rho) rho)/(2 pi), the kernel of the output layer."""
    rho = correlations(inputs)
    found: Array = (np.sqrt(1 - rho**2) + (math.pi - np.arccos(rho)) * rho) / (2 * math.pi)
    return found


def kernel_floor(inputs: Array) -> float:
    """lambda0 = lambda_min(H_inf), as floating point finds it: an error of about n 1e-16. A Gram matrix has no negative eigenvalue."""
    return _spectra(inputs.tobytes(), inputs.shape)[0]


def data_norm(inputs: Array) -> float:
    """‖X‖, 1 to sqrt n: the square is the top eigenvalue of the rho matrix."""
    return _spectra(inputs.tobytes(), inputs.shape)[1]


@lru_cache(maxsize=4096)
def _spectra(content: bytes, shape: tuple[int, int]) -> tuple[float, float]:
    inputs = np.frombuffer(content).reshape(shape)
    return max(0.0, float(np.linalg.eigvalsh(gate_kernel(inputs))[0])), float(np.linalg.norm(inputs, 2))


def crowding(inputs: Array) -> float:
    """S = max_i sum_j |rho_ij|, 1 to n; ‖X‖^2 <= S."""
    return float(np.abs(correlations(inputs)).sum(axis=1).max())


def h(correlation: float) -> float:
    """rho (pi - arccos rho)/(2 pi)."""
    return correlation * (math.pi - math.acos(correlation)) / (2 * math.pi)


def pair_floor(distance: float) -> float:
    """lambda0 of two inputs at this distance: 1/2 - |h(rho)|, about distance/(2 pi); 1/2 again where they are opposite."""
    return 0.5 - abs(h(1 - distance**2 / 2))


def equal_floor(correlation: float) -> float:
    """lambda0 of inputs that all have this correlation >= 0: 1/2 - h(rho). 0 gives the 1/2 of orthonormal inputs."""
    return 0.5 - h(correlation)


def circle_floor(samples: int) -> float:
    """lambda0 of equally spaced inputs on the circle: the least eigenvalue of a circulant matrix.

    The Fourier coefficients of h(cos t) are c_0 = 1/pi^2, c_{+-1} = 1/8, c_k = (k^2 + 1)/(pi^2 (k^2 - 1)^2) for even k, 0 for other odd k;
    the eigenvalue of residue r is n times the sum of the c_k with k = r mod n. For even n >= 6 residue 3 has only zeros: lambda0 = 0.
    """
    if samples % 2 == 0 and samples >= 6:
        return 0.0
    steps = np.arange(samples)
    cosines = [math.cos(2 * math.pi * min(k, samples - k) / samples) for k in range(samples)]
    first = np.array([h(max(-1.0, cosine)) for cosine in cosines])
    return min(float(first @ np.cos(2 * math.pi * r * steps / samples)) for r in range(samples))


def near_probability(radius: float, kappa: float) -> float:
    """p_R = P(|w . x| <= R) = erf(R/(kappa sqrt 2)) <= 0.798 R/kappa."""
    return math.erf(radius / (kappa * math.sqrt(2)))


def gate_patterns(inputs: Array) -> tuple[Array, Array]:
    """The 2^n patterns of open gates, (2^n, n), and their probabilities, for n <= 3 inputs.

    The orthant probabilities of one, two and three Gaussians: 2^-n (1 + (2/pi) sum_{i<j} s_i s_j arcsin rho_ij), s = +-1.
    """
    samples = len(inputs)
    if samples > 3:
        raise ValueError(f"gate patterns of {samples} inputs have no probabilities in closed form")
    angles = np.arcsin(correlations(inputs))
    patterns = np.array(list(itertools.product((0.0, 1.0), repeat=samples)))
    signs = 2 * patterns - 1
    pairs = sum((signs[:, i] * signs[:, j] * angles[i, j] for i, j in itertools.combinations(range(samples), 2)), np.zeros(len(patterns)))
    probability = np.maximum(0.0, (1 + 2 / math.pi * pairs) / 2**samples)
    return patterns, probability / probability.sum()
