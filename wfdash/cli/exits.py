"""How a command ends early: told it was typed wrong, or stopped by what it met."""

__all__ = ["Stop", "UsageError"]


class UsageError(Exception):
    """The command line cannot be carried out; `str()` is the sentence, `more` are lines below it."""

    exit_code = 2

    def __init__(self, sentence: str, *more: str) -> None:
        super().__init__(sentence)
        self.more = more


class Stop(Exception):
    """Ends the command with a sentence and an exit code."""

    def __init__(self, sentence: str, code: int) -> None:
        super().__init__(sentence)
        self.code = code
