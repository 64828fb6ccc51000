"""The statements on residual networks h_l = phi(h_{l-1} + tau W_l h_{l-1}) for l < L, h_L = phi(W_L h_{L-1}), tau = 1/(L log m).

In products of layers, W_l stands for T_l = I + tau W_l where l < L and for W_L where l = L. A layer moves a vector by O(tau), and tau L <=
1/log m: so norms, products and stability carry no power of L, layers l < L have gradients with a factor tau, and only two layers, h_0 and
h_L, spread the norms. Sign flips: given h_{l-1}, the pre-activation of each neuron is normal with deviation tau sqrt(2/m) ‖h_{l-1}‖, so
at most 0.985 m (omega')^{2/3} signs yield to a change of norm tau omega' (stability.py), and changes of earlier layers add up to
omega' <= L omega.
"""

from importlib import import_module

# Forms rest on earlier ones, so the chapters are imported in the order of the proofs.
for _chapter in ("initialization", "stability", "gradients", "smoothness", "kernels", "training", "stochastic", "other_losses"):
    import_module(f"{__name__}.{_chapter}")
