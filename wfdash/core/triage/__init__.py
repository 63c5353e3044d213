"""Failures grouped by cause, anomalies, and the comparison of two instances."""
