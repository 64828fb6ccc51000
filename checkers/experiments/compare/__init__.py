"""Theories side by side on one data set: what each asks for, what is certified, and what it takes."""
