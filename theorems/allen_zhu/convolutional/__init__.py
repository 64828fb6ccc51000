"""The statements on convolutional networks: P positions on a circle, m channels, patches of q, W_l (m x qm) shared by all positions.

Norms are total norms over the positions. T_l, the linear map from h_{l-1} to g_l, commutes with shifts: it is block diagonal after a
discrete Fourier transform over the positions, with m x m Gaussian blocks of entries of variance 2/m, so ‖T_l‖_2 tends to 2 sqrt 2 as in a
fully connected layer. A change ‖W'_l‖_2 <= omega moves g_l by at most sqrt(q) omega ‖h_{l-1}‖: the patches' squared norms add up to q
‖h‖^2. So wherever the fully connected claim has omega, there is sqrt(q) omega here; ‖B‖ is near sqrt(P m/d), where it has sqrt(m/d);
there are P m neurons; and the squared gradient of one output is near q m/(2d) in every layer, the patches again.
"""

from importlib import import_module

# Forms rest on earlier ones, so the chapters are imported in the order of the proofs.
for _chapter in ("initialization", "stability", "gradients", "smoothness", "kernels", "training", "stochastic", "other_losses"):
    import_module(f"{__name__}.{_chapter}")
