"""What people hand to the writing commands: JSON, files, ids on stdin. Checked before anything is sent."""

import json
import sys
from argparse import Namespace
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from wfdash.api.errors import NotFound, Refused
from wfdash.api.validate import check_payload_size
from wfdash.cli.exits import UsageError
from wfdash.cli.session import CommandSession
from wfdash.config.plain_file import read_given
from wfdash.core.model.detail import Detail
from wfdash.core.text.durations import parse_duration
from wfdash.core.verbs.consequences import split_at, why_no_step
from wfdash.live.actions.plan import Target
from wfdash.live.actions.plan_lines import NoPlan, read_plan
from wfdash.live.actions.redrive import step_of

if TYPE_CHECKING:
    from wfdash.core.filter.query import Query

__all__ = [
    "batches_of",
    "check_id",
    "need_yes",
    "parse_json",
    "read_given_plan",
    "read_ids",
    "read_json",
    "read_planned",
    "read_text",
    "refused_as_usage",
    "retention",
]


def parse_json(text: str, where: str, *, line: int = 1) -> Any:
    """Parses a JSON value; raises UsageError with the line and column of what is wrong.

    `line` is the one of the file that the text begins in.
    """
    try:
        # A surrogate from an argument that is no UTF-8 would fail only when the request is written.
        text.encode()
        value = json.loads(text, parse_constant=_no_constant)
        # Python's reader takes 1e999 for infinity, which no server takes for JSON.
        json.dumps(value, allow_nan=False)
        return value
    except json.JSONDecodeError as wrong:
        position = f"line {line - 1 + wrong.lineno}, column {wrong.colno}"
        raise UsageError(f"{where} is not JSON: {position}: {wrong.msg}") from None
    except UnicodeEncodeError:
        raise UsageError(f"{where} is not UTF-8 text") from None
    except (ValueError, RecursionError) as wrong:
        raise UsageError(f"{where} is not JSON that can be sent: {wrong}") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


def read_json(argument: str, option: str) -> Any:
    """Reads JSON|@FILE, at most 1 MiB of it. Raises UsageError."""
    if argument == "@":
        raise UsageError(f"{option}: no file is named after @")
    text = read_text(argument[1:], option) if argument.startswith("@") else argument
    value = parse_json(text, option)
    check_size(value, option)
    return value


def check_size(value: Any, where: str) -> None:
    """Raises UsageError for what the API would refuse for its size."""
    # As it is sent: escaped, text that is not English would count for up to six times as much.
    body = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    with refused_as_usage(where):
        check_payload_size(body, where)


def read_text(name: str, option: str) -> str:
    """A file's text, or stdin's for `-`; raises UsageError when it cannot be read."""
    try:
        if name == "-":
            # Whatever the locale is, and without the mark that editors on Windows put in front.
            return sys.stdin.buffer.read().decode("utf-8-sig")
        return read_given(Path(name)).decode("utf-8-sig")
    except OSError as wrong:
        raise UsageError(f"{option}: {name} could not be read: {wrong.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{option}: {name} is not UTF-8 text") from None


def read_ids(given: Sequence[str]) -> list[str]:
    """Ids as given, `-` replaced by the lines of stdin; each once. Raises UsageError when there is none."""
    ids: dict[str, None] = {}
    for identity in given:
        # Only at line feeds: other people's ids may hold what Python takes for the end of a line too.
        lines = read_text("-", "stdin").split("\n") if identity == "-" else [identity]
        ids.update((line.strip(" \t\r\n"), None) for line in lines if line.strip(" \t\r\n"))
    if not ids:
        raise UsageError("no instance id was given")
    for identity in ids:
        check_id(identity)
    return list(ids)


def check_id(identity: str) -> None:
    """Raises UsageError for what no instance anywhere can be called."""
    # Looser than the check of a new id: what is there already may be called as no new one can. Dots would
    # leave the path of the URL.
    if len(identity) > 271 or identity in (".", "..") or identity.startswith(("http://", "https://")):
        raise UsageError(f"{identity[:80]!a} is not an instance id")


def need_yes(yes: bool) -> None:
    """Raises UsageError where nobody can be asked and --yes was not given."""
    # Both: the question goes to stderr and the answer comes from stdin.
    if not yes and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("this is not a terminal, so nobody can confirm it: add --yes")


def read_given_plan(parsed: Namespace, verb: str, *, where: str, workflow: str) -> list[Target]:
    """The targets of the file of --plan. Raises UsageError with the first line that is not for here."""
    try:
        return read_plan(parsed.plan_text, verb=verb, where=where, workflow=workflow)
    except NoPlan as wrong:
        raise UsageError(f"--plan: {parsed.plan}: {wrong}") from None


async def read_planned(
    parsed: Namespace,
    targets: Sequence[Target],
    read: Callable[[str], Awaitable[Detail]],
    right: Callable[[Detail], str],
) -> AsyncIterator[tuple[Target, Detail | None]]:
    """Each target with its instance as it is now, None for what the plan leaves out.

    Raises UsageError with the line for an id that is not there, or a step that it does not have: then with
    what `right` says of it.
    """
    lines = [number for number, line in enumerate(parsed.plan_text.split("\n"), 1) if line.strip()]
    for number, target in zip(lines, targets, strict=True):
        if target.reason:
            yield target, None
            continue
        where = f"--plan: {parsed.plan}: line {number}"
        try:
            detail = await read(target.id)
        except NotFound as error:
            # An id that is not there says that the file is of another workflow: the other lines may be, too.
            raise UsageError(f"{where}: {error}") from None
        # Of a run that moved on the step says nothing: that it moved is what its line is left out for.
        start, moved = target.restart_from, detail.end != target.ended
        if start is not None and not moved and split_at(detail.steps, step := step_of(start)) is None:
            raise UsageError(f"{where}: {target.id} {why_no_step(detail.steps, step)}; {right(detail)}")
        yield target, detail


def retention(text: str | None) -> str | int | None:
    """A retention as the API takes it: `7d` and bare digits in milliseconds, other words as they are."""
    if text is None:
        return None
    # The API counts retention in milliseconds (its reference for Create instance), so a bare number is taken
    # as it counts.
    if text.isascii() and text.isdigit():
        return int(text)
    seconds = parse_duration(text)
    return text if seconds is None else round(seconds * 1000)


async def batches_of(session: CommandSession, query: "Query") -> dict[str, frozenset[str]]:
    """The ids of the journal's batches that a filter names. Raises UsageError for one that is not there."""
    from platformdirs import user_state_path

    from wfdash.live.records.batches import LAST, group_batches, named_batches
    from wfdash.live.records.journal_entries import read_plans

    workflow = await session.workflow()
    account = session.settings.kept_for or session.api.account_id
    # What was written before the account was known stands under no account, and is of this one.
    batches = group_batches(read_plans(user_state_path("wfdash")))
    ours = {account, ""} if account else {""}
    found = named_batches(batches, query.batches, workflow=workflow, is_ours=ours.__contains__)
    for name in sorted(query.batches - found.keys()):
        which = "of more than one instance" if name == LAST else name
        # An empty match would read as "nothing of it failed".
        raise UsageError(f"--filter: no batch {which} in {workflow} is in the journal of this machine")
    return found


@contextmanager
def refused_as_usage(where: str) -> Iterator[None]:
    """Turns a refusal by the API's limits into UsageError within the block."""
    try:
        yield
    except Refused as refused:
        raise UsageError(f"{where}: {refused.sentence}") from None
