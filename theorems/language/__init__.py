"""How a statement is declared."""
