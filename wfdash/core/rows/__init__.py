"""Loaded instances, sorted and filtered incrementally, with their marks."""
