"""The command line: parsing, checks, exit codes, and the start of the dashboard or of a command."""
