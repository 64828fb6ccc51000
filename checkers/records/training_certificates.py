"""Facts about certificates of training runs: what W(0), the data and the labels prove before the first step."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Promise(Struct, frozen=True, kw_only=True):
    """What is proved of every step k of gradient descent (or time t of gradient flow), if it is certified.

    depth: what the kernel allows over what the labels need, certified from 1 on, at the best of the step sizes that were tried; it grows
    like the root of the width.
    rate: lambda, so that ‖y - u(k)‖ <= (1 - eta lambda)^k ‖y - u(0)‖, or e^{-lambda t}. travel: T, so that no ‖w_r - w_r(0)‖ exceeds
    |v_r| T, and radius: |v_r| T of the largest |v_r|; of smooth activations and deep networks both bound ‖W - W(0)‖_F. step_size: eta, 0
    for flow. Zeros where nothing is certified.
    """

    certified: bool
    depth: float
    rate: float = 0.0
    travel: float = 0.0
    radius: float = 0.0
    step_size: float = 0.0


class TrainingCertificate(Struct, frozen=True, kw_only=True):
    """A decision in ball arithmetic for the exact binary numbers of one network, f(x) = sum_r v_r phi(w_r . x) or a deep one, and one data
    set.

    width: of the widest layer. residual: ‖y - u(0)‖ at most. floor, top: least eigenvalue of H(0) at least, largest at most. data_norm:
    ‖X‖ at most. bits: precision.
    failure: the probability, over weights that nobody has seen whole, that a norm is larger than the proof has it; 0 of stored weights.
    """

    width: int
    samples: int
    residual: float
    floor: float
    top: float
    data_norm: float
    bits: int
    descent: Promise
    flow: Promise
    failure: float = 0.0

    @property
    def certified(self) -> bool:
        """Whether gradient descent converges, as it says."""
        return self.descent.certified


class TriedWidth(Struct, frozen=True, kw_only=True):
    """One drawn network, and how deep its certificate stands: certified from 1 on."""

    width: int
    depth: float


class CertifiedWidth(Struct, frozen=True, kw_only=True):
    """Which width is certified. width: the least found, 0 if none was. predicted: where depth would reach 1, were it sqrt(m) times what it
    was at the largest width tried. tried: in that order, each another draw."""

    width: int
    predicted: float
    tried: list[TriedWidth]


class CertifiedRun(Struct, frozen=True, kw_only=True):
    """Gradient descent beside what its certificate promises, step by step from 0 on.

    residual: ‖y - u(k)‖; allowed: (1 - eta lambda)^k ‖y - u(0)‖. farthest: the largest ‖w_r(k) - w_r(0)‖, of no more than `radius` by
    promise. reached: the loss fell to its goal. residual_ratio, distance_ratio: the largest, after a step, of what was seen to what was
    promised. broken: the first step that broke the promise, after which nothing is run; -1 for none.
    """

    steps: int
    step_size: float
    reached: bool
    radius: float
    residual: list[float]
    allowed: list[float]
    farthest: list[float]
    residual_ratio: float
    distance_ratio: float
    broken: int
    seconds: float


class LocalTheory(Struct, frozen=True, kw_only=True):
    """What os-gd (Oymak and Soltanolkotabi, Theorem 2.1) and os-flow say of one deep network: both ask how far J can be from J(0) on a
    ball.

    alpha, beta: least and largest singular value of J(0). radius: of the least ball that Theorem 2.1 speaks of, 4 r_0/alpha; there J may
    change by allowed = alpha^2/(2 beta), an adversary changed it by `attacked`, and `bounded` bounds any change. depth, flow_depth: the
    largest residual that the bound lets the theorem and the flow promise to vanish, over r_0; flow_most: of the flow, at most, by
    adversaries.
    """

    alpha: float
    beta: float
    radius: float
    allowed: float
    attacked: float
    bounded: float
    depth: float
    flow_depth: float
    flow_most: float

    @property
    def theorem(self) -> Literal["yes", "no", "open"]:
        """Whether Theorem 2.1 speaks of this network; no: whatever the bound."""
        return "yes" if self.depth >= 1 else "no" if self.attacked > self.allowed else "open"

    @property
    def flow(self) -> Literal["yes", "no", "open"]:
        return "yes" if self.flow_depth >= 1 else "no" if self.flow_most < 1 else "open"


class CertifiedTraining(Struct, frozen=True, kw_only=True, rename={"floor": "lambda"}):
    """The answer of `lemmafuzz certify-training`. model: the file of a network's weights, empty where W(0) was drawn from the seed.

    width, rate, radius, depth, bits: of gradient descent, as `certificate` has them with all the rest. floor, in JSON `lambda`: the least
    eigenvalue of H(0), at least.

    layers: L, all trained, of a network of the first paper; 0 of a two-layer one whose first layer is trained. needed_width: about where
    this would be certified, the width at hand over depth^2 if it is not; 0 where depth 0 predicts nothing. both_layers: whether the output
    layer is trained, too. local: of deep networks that are small enough for adversaries. search: of --find-width. run: gradient descent
    beside the promise, where there is one and a run was asked for.
    """

    verdict: Literal["CERTIFIED", "NOT CERTIFIED"]
    data: str
    labels: str
    samples: int
    dimension: int
    model: str
    activation: str
    seed: int
    width: int
    rate: float
    radius: float
    depth: float
    floor: float
    bits: int
    certificate: TrainingCertificate
    needed_width: float
    search: CertifiedWidth | None = None
    run: CertifiedRun | None = None
    read: str = ""
    warnings: list[str] = []
    layers: int = 0
    local: LocalTheory | None = None
    both_layers: bool = False

    @property
    def per_neuron(self) -> bool:
        """Whether the promised distance is each neuron's, and not that of all weights together."""
        return self.activation == "relu" and not self.layers
