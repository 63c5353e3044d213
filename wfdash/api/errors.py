"""The tree of failures, each a sentence for a person.

WorkflowsError
├── NotReached          no answer: refused, DNS, TLS, reset, timed out
├── BadAnswer           an answer that is not the API's: HTML, cut JSON, too large
│   └── OtherServer     a redirect, or a page with 2xx: it is somebody else who answers
├── ServerFailed        5xx with or without an envelope
├── RateLimited         429
├── Unauthorized        401, or a token the API calls invalid
├── Forbidden           403; `challenge` when it is a page, not the API's envelope
├── NotFound            404
│   ├── WorkflowNotFound
│   └── InstanceNotFound
├── ChooseAccount       the credential sees several accounts, or none
└── Refused             400, 409 and what the engine will not do
    ├── AlreadyExists   the instance id is taken
    ├── CannotRestart   not from that step
    └── CannotTerminate the instance is already final
"""

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any, Final, Self

__all__ = [
    "LONGEST_PAUSE",
    "AlreadyExists",
    "BadAnswer",
    "CannotRestart",
    "CannotTerminate",
    "ChooseAccount",
    "Forbidden",
    "InstanceNotFound",
    "NotFound",
    "NotReached",
    "OtherServer",
    "RateLimited",
    "Refused",
    "ServerFailed",
    "Unauthorized",
    "WorkflowNotFound",
    "WorkflowsError",
]

LONGEST_PAUSE: Final = 600.0
"""Seconds, two windows of the rate limit: a Retry-After of hours is a broken clock's or a proxy's."""


class WorkflowsError(Exception):
    """A request that did not give what was asked. `str()` is a raw sentence; clean it before it is drawn.

    `sent` is False only when the request surely never reached the server, so that a write may be tried again.
    `denied` is True only when the API's own envelope said no, so that a write surely changed nothing.
    `http`, `code`, `message` and `ray` are the answer's, or None and "".
    """

    exit_code = 1

    def __init__(
        self,
        sentence: str,
        *,
        http: int | None = None,
        code: int | None = None,
        message: str = "",
        ray: str = "",
        sent: bool = True,
        denied: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.http = http
        self.code = code
        self.message = message
        self.ray = ray
        self.sent = sent
        self.denied = denied
        self.retry_after = retry_after
        """Seconds the server asked to wait, when it did."""
        self.was_reported = False
        """Whether a person has read this sentence already, while it was waited out."""

    def after(self, done: str) -> Self:
        """A copy of the failure, for a request that was carried out in part: `done` is a sentence on that."""
        failure = copy(self)
        failure.sentence, failure.sent = f"{self.sentence} {done}", True
        failure.args = (failure.sentence,)
        return failure

    def pause(self, usual: float) -> float:
        """Seconds to leave the server alone: as long as it asked for, and no shorter than is `usual`.

        "At once", or a time that has passed, is no word of how long where it goes on to refuse.
        """
        return max(usual, min(self.retry_after or 0.0, LONGEST_PAUSE))


class NotReached(WorkflowsError):
    exit_code = 5


class BadAnswer(WorkflowsError):
    exit_code = 5


class OtherServer(BadAnswer):
    """Another server answered: a wrong base URL, a portal to sign in at. Asking again soon is of no use."""


class ServerFailed(WorkflowsError):
    exit_code = 5


class RateLimited(WorkflowsError):
    exit_code = 5


class Unauthorized(WorkflowsError):
    exit_code = 3


class Forbidden(WorkflowsError):
    """The credential may not do this.

    With `challenge` a firewall's page stood in the way, and that is not known.
    """

    challenge = False


class NotFound(WorkflowsError):
    pass


class WorkflowNotFound(NotFound):
    pass


class InstanceNotFound(NotFound):
    pass


class ChooseAccount(WorkflowsError):
    """No account is named and the credential sees none or several.

    `accounts` is what `GET /accounts` listed.
    """

    exit_code = 2
    accounts: Sequence[Mapping[str, Any]] = ()


class Refused(WorkflowsError):
    pass


class AlreadyExists(Refused):
    pass


class CannotRestart(Refused):
    pass


class CannotTerminate(Refused):
    pass
