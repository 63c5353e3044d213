"""Keeping the picture fresh, and acting on it."""
