"""Weight matrices behind one protocol: dense, revealed, perturbed."""
