"""How a statement is decided: networks and their passes, adversaries, evidence, the fuzzing loop and the report."""
