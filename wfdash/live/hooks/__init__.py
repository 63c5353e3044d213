"""What happened that a person wants a command of theirs to run for, and how it is run."""
