"""Scenarios: accounts of workflows whose instances behave as in production."""
