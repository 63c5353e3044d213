"""What a request was about."""

from dataclasses import dataclass

__all__ = ["Asked"]


@dataclass(frozen=True, slots=True)
class Asked:
    """For the words of a failure: `what` completes "the API refused to ..."."""

    what: str
    workflow: str = ""
    instance: str = ""
    writes: bool = False

    @property
    def doubt(self) -> str:
        """What has to be added when a write may have been carried out all the same."""
        return " It is not known whether it was carried out." if self.writes else ""
