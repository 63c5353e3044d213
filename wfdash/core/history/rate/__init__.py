"""Failure rates over time: when one changed, at one moment or little by little."""
