"""How a command ends early: told it was typed wrong, or stopped by what it met."""

__all__ = ["Stop", "UsageError"]


class UsageError(Exception):
    """The command line cannot be carried out; `str()` is the sentence."""

    exit_code = 2


class Stop(Exception):
    """Ends the command with a sentence and an exit code."""

    def __init__(self, sentence: str, code: int) -> None:
        super().__init__(sentence)
        self.code = code
