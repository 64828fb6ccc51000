"""Suprema inside an instance: singular values, sparse vectors, diagonal changes."""
