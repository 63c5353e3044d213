"""The endpoints that both dialects share, under whatever prefix the server has, and what is an answer."""

import asyncio
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from wfdash.api.answers.envelope import Envelope, Unreadable, read_json
from wfdash.api.answers.envelope_errors import refusal
from wfdash.api.answers.instance_json import read_instance_json
from wfdash.api.answers.large_json import HEAVY, LARGE, collector_at_rest, read_large_json
from wfdash.api.answers.page_errors import HTML, no_envelope, redirected
from wfdash.api.answers.rows import change_body
from wfdash.api.errors import BadAnswer, Refused, WorkflowsError
from wfdash.api.http import client
from wfdash.api.http.answer import Answer
from wfdash.api.http.client import NOTHING, READ, Http, encoded, segment
from wfdash.api.http.request_info import RequestInfo
from wfdash.api.interface import AnswerListener, DetailAnswer, RestartFrom, StatusAnswer
from wfdash.api.validate import check_event_type, check_payload_size
from wfdash.core.model.json_values import text
from wfdash.core.model.times import parse_time

if TYPE_CHECKING:
    from wfdash.core.verbs.verb import ApiVerb

__all__ = ["Endpoints"]


class Endpoints:
    """Requests below `prefix()`, one method each; a write is sent exactly once."""

    write_read = 60.0
    """Seconds without a byte that a write may take."""

    def __init__(self, http: Http) -> None:
        self.http = http
        self.listener = AnswerListener()

    async def prefix(self) -> str:
        """The path before `/workflows`, found out on the first call where it has to be."""
        raise NotImplementedError

    async def ask(
        self,
        kind: str,
        method: str,
        path: str,
        asked: RequestInfo,
        query: Sequence[tuple[str, str]] = (),
        body: Any = NOTHING,
        *,
        partial: bool = False,
        parse: Callable[[bytes], Any] | None = None,
        most: int | None = None,
        read: float = READ,
    ) -> tuple[Answer, Envelope]:
        """Sends one request below the prefix; its envelope, or the error that fits.

        `read` seconds without a byte are waited.
        """
        try:
            target = await self._prefix_before(asked) + path
            # A write may wait for handlers and steps; to give up on it early leaves an outcome that nobody
            # knows.
            read = self.write_read if asked.writes else read
            answer = await self.http.ask(
                kind, method, target, query, body, read=read, most=most, writes=asked.writes
            )
            return answer, await self.envelope(answer, asked, partial=partial, parse=parse)
        except WorkflowsError as failure:
            self.failed(failure)
            raise
        except Exception as error:  # a body nobody thought of must not look like a write that never left
            odd = BadAnswer(f"The answer could not be read ({type(error).__name__}).{asked.doubt}")
            self.failed(odd)
            raise odd from None

    async def _prefix_before(self, asked: RequestInfo) -> str:
        """The prefix of the paths.

        Where finding it out fails, a write is marked as not sent: only the question was.
        """
        try:
            return await self.prefix()
        except WorkflowsError as failure:
            failure.sent = failure.sent and not asked.writes
            raise

    async def envelope(
        self,
        answer: Answer,
        asked: RequestInfo,
        *,
        partial: bool = False,
        parse: Callable[[bytes], Any] | None = None,
    ) -> Envelope:
        """Reads the envelope of an answer, a large one's in a thread. Raises the error that fits."""
        answered = functools.partial(_read_envelope, self.http, answer, asked, partial=partial)
        if len(answer.body) < LARGE:
            return answered(read=parse or read_json)
        with collector_at_rest(kept=len(answer.body) >= HEAVY):
            return await asyncio.to_thread(answered, read=parse or read_large_json)

    def failed(self, failure: WorkflowsError) -> None:
        """Called when a request came to nothing, before that is raised.

        A dialect may draw its conclusions.
        """

    @staticmethod
    def instance_path(workflow: str, instance: str) -> str:
        return f"/workflows/{segment(workflow)}/instances/{segment(instance)}"

    async def get_instance(
        self, workflow: str, instance: str, *, simple: bool = False, order: Literal["", "asc", "desc"] = ""
    ) -> DetailAnswer:
        """One instance in full. A refusal that carries a result is an answer, with its words in `refusal`."""
        query = [("simple", "true")] if simple else []
        if order:
            query.append(("order", order))
        asked = RequestInfo("read the instance", workflow=workflow, instance=instance)
        answer, envelope = await self.ask(
            "get simple" if simple else "get",
            "GET",
            self.instance_path(workflow, instance),
            asked,
            query,
            partial=True,
            parse=read_instance_json,
            most=client.LARGEST_INSTANCE,
        )
        # HTTP 200 with success:false and a result was seen in production (reports of October 2026): its steps
        # are shown as partial.
        refusal = ""
        if envelope.success is False:
            code = f"code {envelope.code}: " if envelope.code is not None else ""
            refusal = f"{code}{self.http.hide(envelope.words) or 'no reason given'}"
        if not isinstance(envelope.result, dict):
            raise BadAnswer(
                f"The server answered {answer.http} without the instance that was asked for.",
                http=answer.http,
                ray=answer.ray,
            )
        found = DetailAnswer(envelope.result, refusal, answer.milliseconds, len(answer.body))
        # Asked from its end, its steps come the other way round: who hears of it takes them in their order.
        if order != "desc":
            self.listener.saw_instance(workflow, instance, found, simple=simple)
        return found

    async def change_status(
        self,
        workflow: str,
        instance: str,
        verb: "ApiVerb",
        *,
        rollback: bool = False,
        restart_from: RestartFrom | None = None,
    ) -> StatusAnswer:
        """Sends one PATCH. Its answer holds the status right after, not the one that the verb ends in."""
        # 400 for a body with a field that is not the verb's own, null included (reference, Change status).
        if rollback and verb != "terminate":
            raise Refused("Only terminate can roll back: nothing was sent.", sent=False)
        if restart_from is not None and verb != "restart":
            raise Refused("Only restart can start from a step: nothing was sent.", sent=False)
        body = change_body(verb, rollback=rollback, restart_from=restart_from)
        step = restart_from.name if restart_from is not None else ""
        asked = RequestInfo(
            f"{verb} the instance", workflow=workflow, instance=instance, step=step, writes=True
        )
        path = f"{self.instance_path(workflow, instance)}/status"
        answer, envelope = await self.ask("change status", "PATCH", path, asked, body=body)
        # The answer has the status after the verb, and 200 for a verb without effect: whoever asked compares
        # and follows (measured on the engine).
        result = envelope.result if isinstance(envelope.result, Mapping) else {}
        moment = parse_time(result.get("timestamp"))
        return StatusAnswer(text(result.get("status")), moment, answer.http, answer.ray)

    async def send_event(
        self, workflow: str, instance: str, event_type: str, payload: Any
    ) -> Mapping[str, Any]:
        """Sends one POST; its result, or {} where the server says nothing of it.

        Raises BadAnswer for a doubtful yes.
        Nothing reads an event back, so only what can be the API's own word is taken for it.
        """
        check_event_type(event_type, local=self.http.local)
        check_payload_size(encoded(payload), "payload")
        asked = RequestInfo("send the event", workflow=workflow, instance=instance, writes=True)
        path = f"{self.instance_path(workflow, instance)}/events/{segment(event_type)}"
        answer, envelope = await self.ask("send event", "POST", path, asked, body=payload)
        if not _event_taken(answer, envelope, instance):
            why = "JSON, but not what the API answers to an event" if answer.body else "empty"
            raise no_envelope(self.http, answer, asked, why)
        return envelope.result if isinstance(envelope.result, Mapping) else {}

    async def close(self) -> None:
        await self.http.close()


def _event_taken(answer: Answer, envelope: Envelope, instance: str) -> bool:
    """Whether this can be the API's own yes to an event; not what something in between may say.

    The cloud answers 200 with `{instanceId, timestamp}`, by its older reference without a result; a dev
    session with `{success: true}` (reference, Send event; measured on wrangler's).
    """
    if answer.http != 200 or envelope.success is not True or envelope.errors:
        return False
    result = envelope.result
    if not isinstance(result, Mapping):
        return result is None and envelope.has_lists
    meant, well = result.get("instanceId"), result.get("success")
    if meant not in (None, instance) or well not in (None, True):
        return False
    return envelope.has_lists or meant == instance or well is True


def _read_envelope(
    http: Http,
    answer: Answer,
    asked: RequestInfo,
    *,
    partial: bool = False,
    read: Callable[[bytes], Any],
) -> Envelope:
    """The envelope of a good answer. With `partial`, also one that says success:false but has a result.

    `read` parses the body, or raises Unreadable.

    Raises the WorkflowsError that fits. An empty 204 to a write is an envelope without a result.
    """
    if 300 <= answer.http < 400:
        raise redirected(http, answer, asked)
    envelope = _parse(answer, read)
    good = 200 <= answer.http < 300
    if answer.http == 204 and not answer.body and asked.writes:
        return Envelope(success=True)
    if isinstance(envelope, str):
        raise no_envelope(http, answer, asked, envelope)
    if good and asked.writes and envelope.success is None and not envelope.errors:
        raise no_envelope(http, answer, asked, "JSON that does not say whether it went well")
    if good and (envelope.success is not False and not envelope.errors):
        return envelope
    if good and partial and isinstance(envelope.result, dict):
        return envelope
    if good and envelope.success is True:
        return envelope
    raise refusal(http, answer, asked, envelope)


def _parse(answer: Answer, read: Callable[[bytes], Any]) -> Envelope | str:
    """The envelope, or why there is none."""
    if not answer.body.strip():
        return "empty"
    try:
        value = read(answer.body)
    except Unreadable as error:
        if answer.body.lstrip()[:1] == b"<" or answer.media == "text/html":
            return HTML
        return str(error)
    if not isinstance(value, dict):
        return "JSON, but not the Cloudflare API's"
    envelope = Envelope.read(value)
    if not envelope.recognised and not (200 <= answer.http < 300 and "result" in value):
        return "JSON, but not the Cloudflare API's"
    return envelope
