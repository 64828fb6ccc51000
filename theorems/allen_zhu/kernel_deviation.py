"""How far a network's tangent kernel is from a limit, as a measure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from theorems.language.subject import Side
from theorems.laws.exact_laws import Array

if TYPE_CHECKING:
    from theorems.language.instance import Instance
    from theorems.language.subject import Subject


def kernel_deviation(limit: Callable[[Instance], Array], layers_left_out: int = 0) -> Callable[[Subject], Side]:
    """The measure |(d/m) K_ij - limit_ij| for every pair and output; a false variant leaves out the last layers."""

    def measure(subject: Subject) -> Side:
        import torch

        instance = subject.instance
        n, d, kept = instance.samples, instance.outputs, instance.depth - layers_left_out
        total = torch.zeros_like(subject.layer_kernel(1))
        for layer in range(1, kept + 1):
            total = total + subject.layer_kernel(layer)
        kernel = (d / instance.width) * total.view(-1, n, d, n, d).diagonal(dim1=2, dim2=4)
        target = torch.as_tensor(limit(instance))[:, :, None].to(kernel)
        # entries of the kernel are of size L q/2 and their rounding is absolute
        error = 4 * subject.rounding * instance.depth * instance.patch
        return Side((kernel - target).abs(), axes=("i", "j", "output"), error=error)

    return measure
