"""Workflows, instances, steps and attempts as records, read leniently from JSON."""
