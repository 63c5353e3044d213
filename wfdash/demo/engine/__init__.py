"""The simulated Workflows engine: instances that run, sleep, wait, fail and retry."""
