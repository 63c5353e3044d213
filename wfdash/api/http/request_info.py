"""What a request was about."""

from msgspec import Struct

__all__ = ["UNKNOWN", "RequestInfo"]

UNKNOWN = " It is not known whether it was carried out: look before you repeat it."


class RequestInfo(Struct, frozen=True):
    """What a request was for, in the words of a failure: `what` completes "the API refused to ..."."""

    what: str
    workflow: str = ""
    instance: str = ""
    step: str = ""
    writes: bool = False
    permission: str = ""
    """The token's permission that it takes, where it is not that of workflows."""

    @property
    def doubt(self) -> str:
        """What has to be added when a write may have been carried out all the same."""
        return UNKNOWN if self.writes else ""
