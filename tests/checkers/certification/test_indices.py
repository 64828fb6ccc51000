"""Certificates against brute force: each encloses the largest difference over all samples, layers, products, pairs and supports."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest

from checkers.certification.certify import certifiable, certify, obstacle
from checkers.errors import InputError
from checkers.evidence.drawing import drawn_subjects, source_of
from strategies import instance_from_sizes
from theorems import registry
from theorems.language.instance import Instance
from theorems.language.statement import Statement
from theorems.laws.exact_laws import limit_kernel
from theorems.laws.limit_kernels import residual_limit_kernel
from theorems.laws.norm_laws import step


def small(statement: Statement, **sizes: float) -> Statement:
    """The statement at these sizes whatever its regime says: small enough that every index and every support can be tried."""
    ranges = {name: (size, size) for name, size in sizes.items()}
    return dataclasses.replace(statement, assumptions=(), ranges={**statement.ranges, **ranges})


@dataclasses.dataclass
class Plain:
    """The network of a certificate again, as matrices and loops of numpy that share nothing with the passes of the project."""

    instance: Instance
    C: float
    first: np.ndarray
    layers: list[np.ndarray]  # T_l of g_l = T_l h_{l-1}
    scales: list[float]  # of W_l in T_l
    last: np.ndarray

    def __post_init__(self) -> None:
        self.g = [[self.first @ x] for x in self.instance.inputs]
        self.h = [[np.maximum(g[0], 0)] for g in self.g]
        for g, h in zip(self.g, self.h, strict=True):
            for layer in self.layers:
                g.append(layer @ h[-1])
                h.append(np.maximum(g[-1], 0))

    def products(self) -> list[np.ndarray]:
        """T_b D_{i,b-1} ... D_{i,a} T_a for every i and a <= b."""
        found = []
        for g in self.g:
            for a in range(1, len(self.layers) + 1):
                for b in range(a, len(self.layers) + 1):
                    product = self.layers[a - 1]
                    for k in range(a + 1, b + 1):
                        product = self.layers[k - 1] @ np.diag(1.0 * (g[k - 1] >= 0)) @ product
                    found.append(product)
        return found

    def back(self, sample: int, layer: int) -> np.ndarray:
        """B D_L T_L ... D_layer T_layer, layer = 1..L+1."""
        found = self.last
        for k in range(len(self.layers), layer - 1, -1):
            found = found @ np.diag(1.0 * (self.g[sample][k] >= 0)) @ self.layers[k - 1]
        return found

    def backs(self) -> list[np.ndarray]:
        return [self.back(i, layer) for i in range(len(self.g)) for layer in range(1, len(self.layers) + 2)]

    def gradients(self, sample: int) -> np.ndarray:
        """The derivatives of every output in all of W_1..W_L, (outputs, their number)."""
        rows = []
        for layer, (scale, h) in enumerate(zip(self.scales, self.h[sample], strict=False), start=1):
            left = scale * self.back(sample, layer + 1) * (self.g[sample][layer] >= 0)
            rows.append(np.einsum("ca,b->cab", left, h).reshape(len(left), -1))
        return np.concatenate(rows, axis=1)


def largest_norm(matrix: np.ndarray, rows: int | None, columns: int | None) -> float:
    """Over all supports of that many rows and columns; None: all."""
    sides = [
        [tuple(range(size))] if sparsity is None else itertools.combinations(range(size), sparsity)
        for size, sparsity in zip(matrix.shape, (rows, columns), strict=True)
    ]
    return max(float(np.linalg.norm(matrix[np.ix_(*chosen)], 2)) for chosen in itertools.product(*map(list, sides)))


def separations(net: Plain) -> float:
    return max(
        net.instance.separation / 2 - float(np.linalg.norm(b - (a @ b) / (a @ a) * a))
        for i, j in itertools.permutations(range(len(net.h)), 2)
        for a, b in zip(net.h[i], net.h[j], strict=True)
    )


def all_flips(net: Plain) -> float:
    """Every set of neurons of the only layer that some W' in the ball flips."""
    omega = net.instance.radius
    found: list[float] = []
    for g, h in zip(net.g, net.h, strict=True):
        for flipped in itertools.product((0.0, 1.0), repeat=len(g[1])):
            carried, reach = float(np.linalg.norm(np.array(flipped) * g[1])), omega * float(np.linalg.norm(h[0]))
            if carried < reach:
                found += [sum(flipped) - net.C * net.instance.width * math.pow(omega, 2 / 3), carried - net.C * omega]
                # afterwards |u_k| - |g_k| each: the others of the set barely flip, and the nearest takes what is left of the reach
                least = min((abs(x) for x, flips in zip(g[1], flipped, strict=True) if flips), default=math.inf)
                found += [math.sqrt(reach**2 - carried**2 + least**2) - least - net.C * omega] if any(flipped) else []
    return max(found)


def kernel_bound(net: Plain, sharp: bool) -> float:
    instance, residual, p = net.instance, min(net.scales) < 1, 0.05
    m, L = instance.width, instance.depth
    if sharp:
        deviations = math.sqrt(30) if residual else math.sqrt(L * (L + 1) * (11 * L + 4))
        return net.C * deviations * math.sqrt(math.log(instance.samples**2 * instance.outputs / p) / m)
    growth, union = (1.0, 1) if residual else (math.pow(L, 2.5), L)
    return net.C * growth * math.pow(math.log(union / p) / m, 0.25)


def kernel_deviations(net: Plain, limit: np.ndarray, sharp: bool) -> float:
    instance, bound = net.instance, kernel_bound(net, sharp)
    gradients = [net.gradients(i) for i in range(instance.samples)]
    return max(
        abs(instance.outputs / instance.width * float(gradients[i][c] @ gradients[j][c]) - float(limit[i, j])) - bound
        for i in range(instance.samples) for j in range(instance.samples) for c in range(instance.outputs)
    )  # fmt: skip


def brute_force(identifier: str, net: Plain) -> float:
    """The largest difference left - right of the claim as it is written, over everything that it quantifies over in this instance."""
    i, s, C = net.instance, net.instance.sparsity, net.C
    if identifier == "forward-norm":
        return max(abs(float(np.linalg.norm(h)) - 1) for hs in net.h for h in hs) - i.tolerance
    if identifier == "operator-norm":
        growth = math.sqrt(i.depth) if min(net.scales) == 1 else 1.0
        return max(float(np.linalg.norm(product, 2)) for product in net.products()) - C * growth
    if identifier == "backward-norm":
        return max(float(np.linalg.norm(back, 2)) for back in net.backs()) - C * math.sqrt(i.width / i.outputs)
    if identifier.startswith("sparse-") and identifier != "sparse-output":
        rows, columns = {"sparse-forward": (None, s), "sparse-backward": (s, None), "sparse-bilinear": (s, s)}[identifier]
        right = registry[identifier].claimed(i)[0] if identifier == "sparse-bilinear" else C
        return max(largest_norm(product, rows, columns) for product in net.products()) - right
    if identifier == "sparse-output":
        return max(largest_norm(back, None, s) for back in net.backs()) - C * math.sqrt(s * math.log(i.width) / i.outputs)
    if identifier == "separation":
        return separations(net)
    if identifier == "sign-flips":
        return all_flips(net)
    assert identifier in ("kernel-limit", "kernel-limit-sharp")
    tau = net.scales[0]
    limit = limit_kernel(i.inputs, i.depth) if tau == 1 else residual_limit_kernel(i.inputs, i.depth, tau)
    return kernel_deviations(net, limit, identifier == "kernel-limit-sharp")


FORMS = [form for one in registry for form in registry.forms(one.id)]
NETWORKS = [form for form in certifiable(FORMS) if "vectors" not in form.engines and form.architecture != "convolutional"]


@pytest.mark.parametrize("statement", NETWORKS, ids=lambda statement: f"{statement.id}, {statement.architecture}")
@pytest.mark.parametrize("seed", [1, 2])
def test_a_certificate_encloses_the_largest_difference_over_everything_that_its_claim_speaks_of(statement: Statement, seed: int) -> None:
    sizes: dict[str, float] = {"width": 8, "depth": 4, "samples": 2, "outputs": 2, "sparsity": 2, "separation": 0.3, "tolerance": 0.5}
    sizes |= {"depth": 1, "radius": 0.1} if statement.id == "sign-flips" else {}
    statement = small(statement, **{name: size for name, size in sizes.items() if name in statement.ranges})
    taken = {"width": 8, "depth": int(sizes["depth"]), "samples": 2, **({"outputs": 2} if "outputs" in statement.ranges else {})}
    found = certify(statement, seed=seed, sizes=taken)
    assert not found.looked_at
    assert found.architecture == statement.architecture

    instance = instance_from_sizes(statement, found.sizes)
    still = dataclasses.replace(statement, adversary=())
    ((_, batch),) = drawn_subjects(still, instance, "dense", 1, source_of(statement, instance, seed, "dense", 1), "cpu")
    first, hidden, last = batch.weights()
    matrices = [matrix[0].numpy() for matrix in hidden]
    tau = 1.0 if statement.architecture == "fully connected" else step(instance.width, instance.depth)
    scales = [tau] * (len(matrices) - 1) + [1.0]
    skips = [0.0 if scale == 1 else 1.0 for scale in scales]
    layers = [skip * np.eye(len(W)) + scale * W for skip, scale, W in zip(skips, scales, matrices, strict=True)]
    C = statement.constants["C"].at(instance) if "C" in statement.constants else 0.0
    exact = brute_force(statement.id, Plain(instance, C, first[0].numpy(), layers, scales, last[0].numpy()))
    assert found.low - 1e-12 <= exact <= found.high + 1e-12, "up to the rounding of the float64 on this side"
    if not statement.attack and statement.id != "sign-flips":
        assert found.high - found.low < 1e-12


CONVOLUTIONAL = [form for form in certifiable(FORMS) if form.architecture == "convolutional"]


@pytest.mark.parametrize("statement", CONVOLUTIONAL, ids=lambda statement: statement.id)
def test_convolutional_networks_are_refused_in_one_sentence(statement: Statement) -> None:
    with pytest.raises(InputError, match=r"^no certificate for '.*': its measure does not run on balls: torch's 'pad' has no ball"):
        certify(small(statement, width=8, depth=2, positions=3, patch=3), seed=1, sizes={"width": 8})


def test_flips_of_weights_that_positions_share_have_no_certificate() -> None:
    """One layer of a residual network is one of a fully connected one, but the formula is proved for the latter alone."""
    for architecture in ("residual", "convolutional"):
        assert "all weights in a ball" in obstacle(registry.form("sign-flips", architecture))
