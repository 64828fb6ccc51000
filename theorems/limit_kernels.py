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

import numpy as np

from theorems.exact_laws import Array, kappa0, kappa1

NODES = 1 << 13  # quadrature error about 1/sqrt(NODES) at worst: tests/test_limit_kernels.py measures 3e-3


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


def residual_limit_kernel(inputs: Array, depth: int, step: float, nodes: int = NODES) -> Array:
    """(n, n) for rows of unit norm; the last layer's 1/2 r kappa0(r) and tau^2 times those below."""
    from scipy.special import ndtri
    from scipy.stats import qmc

    samples = len(inputs)
    points = qmc.Sobol(samples * depth, rng=np.random.default_rng(0)).random(nodes)
    normals = ndtri(np.clip(points, 1e-12, 1 - 1e-12)).reshape(nodes, depth, samples)

    def gaussian(layer: int, covariance: Array) -> Array:
        """Nodes of N(0, covariance), their second moments exact."""
        values, vectors = np.linalg.eigh(covariance)
        z = normals[:, layer]
        z = np.concatenate([z, -z])  # and their mirror images: odd moments exact as well
        z = z @ np.linalg.inv(np.linalg.cholesky(z.T @ z / len(z))).T
        rotated: Array = z @ (vectors * np.sqrt(np.maximum(values, 0))).T
        return rotated

    h = np.maximum(gaussian(0, 2 * (inputs @ inputs.T)), 0)
    inner, signs = [h.T @ h / len(h)], []
    for layer in range(1, depth):
        g = h + step * gaussian(layer, 2 * inner[-1])
        signs.append((g >= 0).astype(np.float64))
        h = np.maximum(g, 0)
        inner.append(h.T @ h / len(h))
    ratio, _ = correlation(inner[-1])
    top = 0.5 * kappa0(ratio)  # (d/m) <D_L B^T e, D_L B^T e>
    kernel = inner[-1] * top
    back = np.broadcast_to(2 * top, (len(h), samples, samples)).copy()  # d E[b_L b_L^T | D's], per neuron
    for layer in range(depth - 1, 0, -1):
        active = signs[layer - 1][:, :, None] * signs[layer - 1][:, None, :]
        back = active * back
        mean = back.mean(0)
        kernel = kernel + step**2 * inner[layer - 1] * mean
        back = back + step**2 * 2 * mean
    symmetric: Array = (kernel + kernel.T) / 2
    return symmetric
