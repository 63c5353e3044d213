"""What is wrong with the command line itself."""

__all__ = ["UsageError"]


class UsageError(Exception):
    """The command line cannot be carried out; `str()` is the sentence."""

    exit_code = 2
