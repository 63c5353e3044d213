"""The first-time setup."""
