"""Measurements: constants, exponents, widths, reliability, and all of a report."""
