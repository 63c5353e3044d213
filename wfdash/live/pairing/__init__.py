"""Who else runs wfdash on this account and machine, where they look, and what they are doing."""
