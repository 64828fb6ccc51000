"""The autopsy of a counterexample: where it breaks, how typically, what it takes, who did it, what else fails."""
