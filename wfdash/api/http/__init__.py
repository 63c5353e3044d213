"""One HTTP client, its failures in words, and the log of requests for `--debug`."""
