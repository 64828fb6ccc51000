"""Networks: their passes, kernels, gradients and descent, over any weights and any architecture."""
