"""Why instances failed: which are errored, what was read of them, and what that is set against."""
