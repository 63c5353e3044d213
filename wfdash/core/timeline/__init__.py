"""Steps and attempts as rows on a time axis."""
