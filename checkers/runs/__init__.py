"""Runs over many statements, with their jobs and their ledger."""
