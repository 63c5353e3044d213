"""Where the lines of a Worker are read: each source says what it cannot tell."""
