"""What the API answers: the envelope, rows, instances, and refusals in words."""
