"""The command line: parse, then the dashboard or a one-shot, and the exit code."""

from collections.abc import Sequence

from wfdash import __version__


def run(arguments: Sequence[str]) -> int:
    """Carry out one command line; the return value is the process's exit code."""
    print(f"wfdash {__version__}", *arguments)  # noqa: T201
    return 0
