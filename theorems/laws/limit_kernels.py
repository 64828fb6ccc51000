"""Tangent kernels of infinitely wide convolutional and residual networks: (d/m) K_ij for one output, in the limit of many channels or
neurons.

Convolutional, a recursion in closed form. Let S_l[p] = <h_{l,p}(x_i), h_{l,p}(x_j)> and T_l[p] the sum of S_l over the patch of p. Per
channel (g_p(x_i), g_p(x_j)) is a Gaussian pair of covariance (2/(qm)) T, so with r = T_ij/sqrt(T_ii T_jj)

    S_{l+1}[p] = sqrt(T_ii T_jj) kappa1(r)/q,    pi_l[p] = (d/m) <D B-part>_p, pi_L = kappa0(r_L)/2, pi_l[p] = kappa0(r_l[p])/q sum of
    pi_{l+1} over the patch of p,      (d/m) K_ij -> sum_l sum_p T_{l-1}[p] pi_l[p].

Of the gradients' inner products over pairs of positions p, p' only p = p' stays: the rows B_p are independent. On the diagonal: q L/2.

Residual, a recursion over the law of one neuron. In the limit the neurons of all samples together, H_l = sqrt(m) h_{l,k}, are independent
copies of the chain H_0 = phi(G_0), H_l = phi(H_{l-1} + tau G_l), G_l ~ N(0, 2 S_{l-1}), S_l = E H_l H_l^T, which has no closed form:
neurons that were at zero leave it at a distance of order tau. The backward chain has the same D's: b_l = D_l b_{l+1} + tau N(0, 2 E D D b
b), independent of H otherwise, so E[b b^T | the D's] is a recursion for each neuron. Both expectations are averages over nodes of a
scrambled Sobol sequence, of which the covariances are corrected to be exact. tau is that of the width at hand, for at fixed L it vanishes
as m grows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from theorems.laws.exact_laws import Array, kappa0, kappa1

NODES = 1 << 13  # quadrature error about 1/sqrt(NODES) at worst: tests/theorems/laws/test_limit_kernels.py measures 3e-3
LARGEST = 21201  # dimensions of a Sobol sequence: samples times layers
BLOCK = 1 << 26  # bytes of an array over a block of nodes


def correlation(covariance: Array) -> tuple[Array, Array]:
    """Correlations and sqrt(C_ii C_jj) of covariance matrices (..., n, n); a zero variance counts as correlation one with itself."""
    own = np.sqrt(np.maximum(np.diagonal(covariance, axis1=-2, axis2=-1), 0))
    size = own[..., :, None] * own[..., None, :]
    ratio = np.clip(np.divide(covariance, size, out=np.zeros_like(covariance), where=size > 0), -1, 1)
    index = np.arange(covariance.shape[-1])
    ratio[..., index, index] = 1.0  # exactly: arccos is infinitely steep there
    return ratio, size


def convolutional_limit_kernel(inputs: Array, depth: int, positions: int, patch: int) -> Array:
    """(n, n) for rows of unit norm whose last coordinate is the constant; q L/2 on the diagonal."""
    block = math.ceil((inputs.shape[1] - 1) / positions)
    parts = np.zeros((len(inputs), positions, block + 1))
    padded = np.zeros((len(inputs), positions * block))
    padded[:, : inputs.shape[1] - 1] = inputs[:, :-1]
    parts[..., :-1] = padded.reshape(len(inputs), positions, block)
    parts[..., -1] = inputs[:, -1:] / math.sqrt(positions)

    def over_patches(values: Array) -> Array:
        half = patch // 2
        total: Array = sum((np.roll(values, -offset, axis=0) for offset in range(-half, half + 1)), np.zeros_like(values))
        return total

    ratio, size = correlation(np.einsum("ipk,jpk->pij", parts, parts))
    inner = size * kappa1(ratio)  # S_0, (positions, n, n)
    sums, derivatives = [], []
    for _ in range(depth):
        patches = over_patches(inner)
        ratio, size = correlation(patches)
        sums.append(patches)
        derivatives.append(kappa0(ratio))
        inner = size * kappa1(ratio) / patch
    kernel, back = np.zeros(inner.shape[1:]), np.full_like(inner, 0.5 * patch)
    for patches, derivative in zip(reversed(sums), reversed(derivatives), strict=True):
        # above the last layer there is B, whose part for each position has the same law: 1/2 after the division by q
        back = derivative * back / patch
        kernel += (patches * back).sum(0)
        back = over_patches(back)
    return kernel


def convolutional_limit_kernel_bytes(samples: int, depth: int, positions: int) -> int:
    """The most that `convolutional_limit_kernel` holds: two matrices (n, n) for each position and layer, and ten on the way."""
    return 8 * (2 * depth + 10) * positions * samples**2


def _nodes(samples: int, nodes: int) -> int:
    """Four times as many as there are samples, at least: their second moments must have full rank."""
    return max(nodes, 1 << (4 * samples - 1).bit_length())


def _rows(count: int, columns: int) -> Iterator[slice]:
    """Blocks of rows of an array of doubles, at most BLOCK bytes each and a power of two of them, as Sobol sequences like it."""
    size = 1 << max(0, (BLOCK // (8 * columns)).bit_length() - 1)
    return (slice(first, min(first + size, count)) for first in range(0, count, size))


def residual_limit_kernel_bytes(samples: int, depth: int, nodes: int = NODES) -> int:
    """The most that `residual_limit_kernel` holds: linear in the nodes and in the samples, beside (n, n) matrices."""
    nodes = _nodes(samples, nodes)
    normals, chains, signs = 8 * nodes * samples, 2 * 8 * nodes * samples, 2 * nodes * samples * (depth + 1)
    block = min(BLOCK, 8 * nodes * samples * depth)
    # three arrays at a time: the pre-activations of a block, its signs in single precision, or Sobol points and what becomes of them
    return normals + chains + signs + 3 * block + 8 * samples**2 * (2 * depth + 8)


def residual_limit_kernel(inputs: Array, depth: int, step: float, nodes: int = NODES) -> Array:
    """(n, n) for rows of unit norm; the last layer's 1/2 r kappa0(r) and tau^2 times those below.

    Back to front, with A_l = s_l s_l^T from a neuron's signs and c_L = 2 pi_L: b_l b_l^T in the mean over what is fresh is
    A_l o b_{l+1} b_{l+1}^T + c_l, c_l = 2 tau^2 M_l and M_l = E A_l o b_{l+1} b_{l+1}^T. Unrolled, M_l = sum_{k > l} c_k o
    E[A_l o ... o A_{k-1}], where the mean is the share of neurons active in both samples from layer l to k - 1: one product of matrices
    of signs, (n, nodes) by (nodes, n), and no (n, n) matrix for each node.
    """
    samples = len(inputs)
    nodes = _nodes(samples, nodes)
    h = np.zeros((2, nodes, samples))  # the nodes and their mirror images: odd moments are exact as well
    inner: list[Array] = []
    z, signs = np.empty((nodes, samples)), np.empty((depth, 2, nodes, samples), dtype=np.bool_)
    for layer in range(depth):
        _fill(z, layer, depth)
        # the nodes of N(0, 2 S), their second moments exact
        values, vectors = np.linalg.eigh(2 * (inner[-1] if layer else inputs @ inputs.T))
        whitening = np.linalg.inv(np.linalg.cholesky(_gram(z))).T
        moved = (step if layer else 1.0) * whitening @ (vectors * np.sqrt(np.maximum(values, 0))).T
        for rows in _rows(nodes, samples):
            g = z[rows] @ moved
            for side, mirrored in enumerate((g, -g)):
                before = h[side, rows] + mirrored
                signs[layer, side, rows] = before >= 0
                np.maximum(before, 0, out=h[side, rows])
        inner.append((_gram(h[0]) + _gram(h[1])) / 2)
    ratio, _ = correlation(inner[-1])
    top = 0.5 * kappa0(ratio)  # (d/m) <D_L B^T e, D_L B^T e>
    kernel = inner[-1] * top
    fresh = [2 * top]  # c_{l+1}, ..., c_L
    for layer in range(depth - 1, 0, -1):
        active = np.ones((2, nodes, samples), dtype=np.bool_)
        mean = np.zeros_like(kernel)
        for above, c in enumerate(fresh):
            active &= signs[layer + above]
            mean += c * (_together(active[0]) + _together(active[1])) / 2
        kernel = kernel + step**2 * inner[layer - 1] * mean
        fresh.insert(0, step**2 * 2 * mean)
    symmetric: Array = (kernel + kernel.T) / 2
    return symmetric


def _fill(z: Array, layer: int, depth: int) -> None:
    """Nodes of N(0, I) for one layer, into (nodes, samples): coordinates of a Sobol sequence over all layers, gone through once a layer."""
    from scipy.special import ndtri
    from scipy.stats import qmc

    nodes, samples = z.shape
    sequence = qmc.Sobol(samples * depth, rng=np.random.default_rng(0))
    for rows in _rows(nodes, samples * depth):
        points = sequence.random(rows.stop - rows.start)[:, layer * samples : (layer + 1) * samples]
        z[rows] = ndtri(np.clip(points, 1e-12, 1 - 1e-12))


def _gram(values: Array) -> Array:
    """Second moments over the nodes, (n, n)."""
    gram: Array = values.T @ values / len(values)
    return gram


def _together(active: npt.NDArray[np.bool_]) -> Array:
    """The share of nodes that are active in both of two samples, (n, n). Counts below 2^24 are exact in single precision."""
    total = np.zeros((active.shape[1], active.shape[1]))
    for rows in _rows(*active.shape):
        part = active[rows].astype(np.float32)
        total += part.T @ part
    return total / len(active)
