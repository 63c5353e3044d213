"""Why an instance is where it is, and what happens next, in one sentence."""
