"""The simulated API over HTTP, with its faults, limits and request log."""
