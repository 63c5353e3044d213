"""The API's own no: an envelope with success:false made into the error that fits, by code and words first."""

import re
from typing import Any

from msgspec import Struct

from wfdash.api.answers.envelope import Envelope
from wfdash.api.answers.rate_limited import throttled
from wfdash.api.errors import (
    AlreadyExists,
    CannotRestart,
    CannotTerminate,
    Forbidden,
    InstanceNotFound,
    NotFound,
    Refused,
    ServerFailed,
    Unauthorized,
    WorkflowNotFound,
    WorkflowsError,
)
from wfdash.api.http.answer import Answer
from wfdash.api.http.client import Http
from wfdash.api.http.request_info import RequestInfo

__all__ = ["refusal", "servers_side", "unauthorized"]

# Codes of the API's gateway for a credential that is missing, malformed or revoked; the reference lists none.
_BAD_TOKEN = {1000, 1001, 6003, 6111, 9103, 9106, 9107, 9207}
_THROTTLED = {971, 10429}
# The engine's own words behind the codes, as a dev session sends them in its messages (miniflare's workflows
# binding).
_EXPLANATIONS = {
    10200: "workflow.not_found",
    10400: "instance.not_found",
    10401: "instance.cannot_terminate",
    10402: "instance.cannot_restart",
    10405: "instance.already_exists",
}
_NO_STEP = "not found in execution history"
_ENGINE = re.compile(r"\((instance\.[a-z_]+)\)|workflows\.api\.error\.([a-z_.]+)")


class _No(Struct, frozen=True):
    """One refusal. `word` is the engine's own name for it, `quoted` the answer's words in brackets."""

    http: Http
    answer: Answer
    asked: RequestInfo
    code: int | None
    message: str
    word: str
    quoted: str

    @property
    def origin(self) -> dict[str, Any]:
        return {
            "http": self.answer.http,
            "code": self.code,
            "message": self.message,
            "ray": self.answer.ray,
            "denied": self.denied,
        }

    @property
    def denied(self) -> bool:
        """Whether it is a refusal with a reason.

        A 4xx, or a 5xx with a code of the engine, as a dev session sends it (measured).
        """
        if self.answer.http < 400:
            return False
        named = self.word.startswith(("instance.", "workflow."))
        return (
            self.lacks_step
            or named
            or (self.answer.http < 500 and (self.code is not None or bool(self.message)))
        )

    @property
    def lacks_step(self) -> bool:
        """Whether the step is what is not there.

        Only the words tell, under any status (measured on the real engine).
        """
        return bool(self.asked.step) and _NO_STEP in self.message

    @property
    def bad_token(self) -> bool:
        named = self.code == 9109 and "token" in self.message.lower()
        return self.answer.http == 401 or self.code in _BAD_TOKEN or named

    @property
    def servers_fault(self) -> bool:
        """Whether the server failed: 5xx, a 200 that says no, or an internal error without a word."""
        silent = self.code in (10000, 10001) and not self.message.strip()
        return self.answer.http >= 500 or self.answer.http < 300 or silent


def refusal(http: Http, answer: Answer, asked: RequestInfo, envelope: Envelope) -> WorkflowsError:
    """The error for an envelope that says no."""
    code, message = envelope.code, http.hide(envelope.words)
    engine = _ENGINE.search(message)
    word = (engine[1] or engine[2]) if engine else _EXPLANATIONS.get(code or 0, "")
    parts = (str(answer.http), f"code {code}" if code is not None else "", message[:300])
    no = _No(http, answer, asked, code, message, word, ", ".join(filter(None, parts)))
    # These codes alone, behind another status, are the limit too (971: workers-sdk#10025).
    if answer.http == 429 or (code in _THROTTLED and not asked.writes):
        return throttled(answer, no.origin, f", {message[:200]}" if message else "")
    if code in _THROTTLED:  # a write met by these words without the status may have been carried out
        return _failed(no)
    return _by_the_engine(no) or _by_the_gateway(no)


def _by_the_engine(no: _No) -> WorkflowsError | None:
    """What the Workflows engine itself refused, whatever the status it was sent with."""
    asked = no.asked
    if no.word.endswith("already_exists"):
        return AlreadyExists(
            f"The id {asked.instance or 'given'} is taken: an instance of {asked.workflow} has it, or "
            f"had it and its retention has not passed ({no.quoted}).",
            **no.origin,
        )
    if no.word.endswith("cannot_terminate"):
        sentence = f"{asked.instance} is already final: nothing to terminate ({no.quoted})."
        return CannotTerminate(sentence, **no.origin)
    if asked.step and (no.lacks_step or no.word.endswith("cannot_restart")):
        sentence = f"{asked.instance} cannot be restarted from a step {asked.step} ({no.quoted})."
        if no.lacks_step:
            sentence += (
                " The engine does not know this step: a step goes by its name without the -N, by its type, "
                "and by which one of that name and type it is."
            )
        return CannotRestart(sentence, **no.origin)
    if no.word.startswith("instance.") and not no.word.endswith("not_found"):
        return Refused(f"The engine refused to {asked.what} ({no.quoted}).", **no.origin)
    return None


def _by_the_gateway(no: _No) -> WorkflowsError:
    asked = no.asked
    if no.bad_token:
        return Unauthorized(unauthorized(no.http, no.quoted), **no.origin)
    if no.answer.http == 403:
        usual = "Workers Scripts Write" if asked.writes else "Workers Scripts Read or Workers Tail Read"
        need = asked.permission or usual
        return Forbidden(
            f"These credentials may not {asked.what} ({no.quoted}). It takes the permission {need} on this "
            "account.",
            **no.origin,
        )
    if no.answer.http == 404 or no.word.endswith("not_found"):
        return _not_found(no)
    if no.servers_fault:
        return _failed(no)
    return Refused(f"The API refused to {asked.what} ({no.quoted}).", **no.origin)


def _failed(no: _No) -> ServerFailed:
    ray = f", ray {no.answer.ray}" if no.answer.ray else ""
    return ServerFailed(
        f"The API failed to {no.asked.what} ({no.quoted}{ray}).{no.asked.doubt} {servers_side(no.http)}",
        **no.origin,
    )


def servers_side(http: Http) -> str:
    """What to do about a failure that is not ours."""
    if http.local:
        return "See what `wrangler dev` says in its terminal."
    return "That is on the API's side: try later, and give the ray to Cloudflare's support if it lasts."


def _not_found(no: _No) -> NotFound:
    asked = no.asked
    local_instance = no.code == 10501 and no.message.startswith("Workflow instance")
    if no.word == "instance.not_found" or local_instance:
        return InstanceNotFound(
            f"{asked.workflow} has no instance {asked.instance}: expired, deleted or mistyped ({no.quoted}).",
            **no.origin,
        )
    if no.word == "workflow.not_found" or no.code == 10501:
        return WorkflowNotFound(_no_workflow(no), **no.origin)
    sentence = f"The API found nothing to {asked.what} ({no.quoted}). Check names, id and account."
    return NotFound(sentence, **no.origin)


def _no_workflow(no: _No) -> str:
    if no.http.local:
        return f"This dev session has no workflow {no.asked.workflow} ({no.quoted}). Is it another session's?"
    return (
        f"There is no workflow {no.asked.workflow} in this account ({no.quoted}). Is it the Worker's name "
        "rather than the workflow's, or another account?"
    )


def unauthorized(http: Http, detail: str) -> str:
    source = http.credential.source if http.credential else ""
    if source.startswith("wrangler"):
        return f"wrangler's stored login is not accepted ({detail}): run `wrangler whoami`, which renews it."
    if not source:
        return f"The server wants credentials ({detail})."
    return (
        f"The API does not accept the credentials from {source} ({detail}). Check them, or make a new token."
    )
