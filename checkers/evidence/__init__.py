"""From drawn networks to a decision with a stated error rate."""
