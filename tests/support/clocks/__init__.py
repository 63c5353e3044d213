"""Time that passes only when nothing else can happen."""
