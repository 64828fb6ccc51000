"""The fully connected network h_0 = phi(A x), g_l = W_l h_{l-1}, h_l = phi(g_l) (the paper's Section 2)."""

from __future__ import annotations

from checkers.architecture import Architecture


class FullyConnected(Architecture):
    """All hidden matrices are m x m and stand alone: what every architecture is until it says otherwise."""

    name = "fully connected"
