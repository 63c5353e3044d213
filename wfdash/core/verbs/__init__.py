"""What may be done to an instance in which status, and what it costs."""
