"""Exponents of a bound, measured on ladders of sizes."""
