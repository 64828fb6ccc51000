"""The two kernels under the address by which other programs know them, which stays when files move."""

from checkers.networks.kernels import empirical_kernel, limit_kernel

__all__ = ["empirical_kernel", "limit_kernel"]
