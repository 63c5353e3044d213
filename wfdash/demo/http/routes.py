"""The Workflows endpoints, over one world."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64
from collections.abc import Callable
from itertools import islice
from typing import Any, Final

from wfdash.demo.engine import verbs
from wfdash.demo.engine.instance import SimulatedInstance
from wfdash.demo.engine.log import LogEntry
from wfdash.demo.engine.program import Do
from wfdash.demo.engine.times import iso
from wfdash.demo.engine.verbs import VerbRefused
from wfdash.demo.engine.workflow import SimulatedWorkflow
from wfdash.demo.engine.world import World
from wfdash.demo.http import render
from wfdash.demo.http.envelope import SimulatedAnswer, success
from wfdash.demo.http.graph import graph
from wfdash.demo.http.requests import (
    Ask,
    PageQuery,
    bad_body,
    bad_query,
    change,
    event_type,
    new_instance,
    page_query,
    payload,
    search,
)

__all__ = ["ROUTES", "Handler"]

Handler = Callable[[World, Ask], SimulatedAnswer]
LARGEST_BATCH = 100


def _workflow(world: World, name: str) -> SimulatedWorkflow:
    world.look()
    if name not in world.workflows:
        raise VerbRefused(404, 10200, "workflow.not_found")
    return world.workflows[name]


def _instance(world: World, ask: Ask) -> SimulatedInstance:
    found = _workflow(world, ask.segments[3]).by_id.get(ask.segments[5])
    if found is None:
        raise VerbRefused(404, 10400, "instance.not_found")
    return found


# Workflows and versions


def list_workflows(world: World, ask: Ask) -> SimulatedAnswer:
    now = world.look()
    wanted = search(ask)
    found = [workflow for name, workflow in sorted(world.workflows.items()) if wanted.lower() in name.lower()]
    page, per_page = ask.number("page", 1), ask.number("per_page", 10, most=100)
    return _numbered([render.workflow(workflow, now) for workflow in found], page, per_page)


def _numbered(items: list[Any], page: int, per_page: int) -> SimulatedAnswer:
    shown = items[(page - 1) * per_page : page * per_page]
    info = {
        "count": len(shown),
        "page": page,
        "per_page": per_page,
        "total_count": len(items),
        "total_pages": -(-len(items) // per_page),
    }
    return success(shown, info=info)


def get_workflow(world: World, ask: Ask) -> SimulatedAnswer:
    found = _workflow(world, ask.segments[3])
    return success(render.workflow(found, world.time))


def list_versions(world: World, ask: Ask) -> SimulatedAnswer:
    found = _workflow(world, ask.segments[3])
    items = [render.version(version, found) for version in reversed(found.versions)]
    return _numbered(items, ask.number("page", 1), ask.number("per_page", 50, most=100))


def get_version(world: World, ask: Ask) -> SimulatedAnswer:
    found = _workflow(world, ask.segments[3])
    for version in found.versions:
        if version.id == ask.segments[5]:
            return success(render.version(version, found))
    raise VerbRefused(404, 10201, "version.not_found")


def get_graph(world: World, ask: Ask) -> SimulatedAnswer:
    found = _workflow(world, ask.segments[3])
    for version in found.versions:
        if version.id == ask.segments[5]:
            return success(graph(version, found))
    raise VerbRefused(404, 10201, "version.not_found")


# Instances


def _cursor(seq: int, direction: str) -> str:
    return urlsafe_b64encode(f"{direction}:{seq}".encode()).decode()


def _position(cursor: str) -> tuple[str, int]:
    try:
        direction, _, seq = urlsafe_b64decode(cursor.encode()).decode().partition(":")
        return direction, int(seq)
    except (ValueError, BadBase64):
        raise bad_query("cursor") from None


def list_instances(world: World, ask: Ask) -> SimulatedAnswer:
    found, asked = _workflow(world, ask.segments[3]), page_query(ask)
    direction, after = _position(asked.cursor) if asked.cursor else ("desc", None)
    direction = asked.direction or direction
    # `direction` counts with cursors alone (reference, List instances).
    if asked.page is not None:
        direction = "desc"
    walk = found.walk(
        newest_first=direction == "desc",
        after=after,
        status=asked.status,
        start=asked.start,
        end=asked.end,
    )
    skipped = ((asked.page or 1) - 1) * asked.per_page
    shown = list(islice(walk, skipped, skipped + asked.per_page))
    info: dict[str, Any] = {
        "count": len(shown),
        "per_page": asked.per_page,
        "total_count": _total(found, asked),
    }
    if asked.page is not None:
        info["page"] = asked.page
        info["total_pages"] = -(-info["total_count"] // asked.per_page)
    # The end is an empty cursor here; absent and null are the other two ways (workers-sdk, hasCursor).
    more = len(shown) == asked.per_page and next(walk, None) is not None
    info["cursor"] = _cursor(shown[-1].seq, direction) if more else ""
    return success([render.row(instance) for instance in shown], info=info)


def _total(found: SimulatedWorkflow, asked: PageQuery) -> int:
    if asked.start is None and asked.end is None:
        return found.counts[asked.status] if asked.status else len(found.by_id)
    return sum(
        1 for _ in found.walk(newest_first=True, status=asked.status, start=asked.start, end=asked.end)
    )


def get_instance(world: World, ask: Ask) -> SimulatedAnswer:
    found = _instance(world, ask)
    simple = ask.choice("simple", ("true", "false")) == "true"
    order = ask.choice("order", ("asc", "desc"))
    # The world moves when it is looked at: what has happened by now is played first.
    found.tell(world.time)
    return success(render.detail(found, simple=simple, newest_first=order == "desc"))


def create_instance(world: World, ask: Ask) -> SimulatedAnswer:
    workflow, new = _workflow(world, ask.segments[3]), new_instance(ask.json())
    identity = new.id or world.new_id()
    if identity in workflow.by_id:
        # 400, not 409, is what the API answers.
        raise VerbRefused(400, 10405, "instance.already_exists")
    retention = new.retention(workflow.retention)
    return success(render.created(world.create(workflow, identity, params=new.params, retention=retention)))


def create_instances(world: World, ask: Ask) -> SimulatedAnswer:
    """Ids that exist already are passed over in silence, so the answer may be the shorter list."""
    workflow, body = _workflow(world, ask.segments[3]), ask.json()
    if not isinstance(body, list) or not 1 <= len(body) <= LARGEST_BATCH:
        raise bad_body("1 to 100 instances")
    created = []
    for new in [new_instance(item) for item in body]:
        identity = new.id or world.new_id()
        if identity not in workflow.by_id:
            retention = new.retention(workflow.retention)
            created.append(world.create(workflow, identity, params=new.params, retention=retention))
    return success([render.created(instance) for instance in created])


def change_status(world: World, ask: Ask) -> SimulatedAnswer:
    found, wanted = _instance(world, ask), change(ask.json())
    if wanted.verb == "pause":
        verbs.pause(world, found)
    elif wanted.verb == "resume":
        verbs.resume(world, found)
    elif wanted.verb == "terminate":
        verbs.terminate(world, found, rollback=wanted.rollback)
    else:
        verbs.restart(world, found, wanted.start)
    return success({"status": found.status, "timestamp": iso(world.time)})


def send_event(world: World, ask: Ask) -> SimulatedAnswer:
    found, kind = _instance(world, ask), event_type(ask.segments[7])
    verbs.send_event(world, found, kind, payload(ask))
    return success({"instanceId": found.id, "timestamp": iso(world.time)})


# One step in full


def get_step(world: World, ask: Ask) -> SimulatedAnswer:
    found = _instance(world, ask)
    name, kind = ask.single("name"), ask.choice("type", ("step", "waitForEvent"))
    if not name or not kind:
        raise bad_query("name and type are required")
    found.tell(world.time)
    entries = found.run.entries if found.run else found.kept
    # By its full name with the -N: here, unlike in a restart, the counter is part of it.
    entry = next((entry for entry in entries if entry.name == name and entry.kind == kind), None)
    if entry is None:
        raise VerbRefused(404, 10406, "step.not_found")
    if ask.single("attempt") is not None:
        return _attempt(entry, ask.number("attempt", 1))
    return _step(entry, found)


def _step(entry: LogEntry, found: SimulatedInstance) -> SimulatedAnswer:
    if entry.kind == "waitForEvent":
        status = "errored" if entry.error else "complete" if entry.finished else "waiting"
        shown = {"status": status, "error": entry.error and entry.error.shown()}
        output = render.wait_output(entry)
        return success({**shown, "output": output, "event_type": getattr(entry.op, "type", "")})
    op = entry.op
    assert isinstance(op, Do)
    if entry.success and op.stream is not None:
        # A stream is given as its bytes, without the envelope (reference, Get step).
        return SimulatedAnswer(content=op.stream, type="application/octet-stream")
    status = "running" if entry.success is None else "complete" if entry.success else "errored"
    last = next((attempt.error for attempt in reversed(entry.attempts) if attempt.end is not None), None)
    return success({"status": status, "error": last and last.shown(), "output": _full_output(entry, op)})


def _attempt(entry: LogEntry, number: int) -> SimulatedAnswer:
    if number > len(entry.attempts) or not isinstance(entry.op, Do):
        raise VerbRefused(404, 10406, "step.not_found")
    attempt = entry.attempts[number - 1]
    status = "running" if attempt.success is None else "complete" if attempt.success else "errored"
    output = _full_output(entry, entry.op) if attempt.success else None
    return success({"status": status, "error": attempt.error and attempt.error.shown(), "output": output})


def _full_output(entry: LogEntry, op: Do) -> Any:
    """The output as a value: only the detail holds it as text (reference page, SDK type `object`)."""
    return "[REDACTED]" if op.sensitive and entry.success else entry.output


_W: Final = ("accounts", "*", "workflows")
ROUTES: Final[list[tuple[str, tuple[str, ...], Handler]]] = [
    ("GET", _W, list_workflows),
    ("GET", (*_W, "*"), get_workflow),
    ("GET", (*_W, "*", "versions"), list_versions),
    ("GET", (*_W, "*", "versions", "*"), get_version),
    ("GET", (*_W, "*", "versions", "*", "graph"), get_graph),
    ("GET", (*_W, "*", "instances"), list_instances),
    ("POST", (*_W, "*", "instances"), create_instance),
    ("POST", (*_W, "*", "instances", "batch"), create_instances),
    ("GET", (*_W, "*", "instances", "*"), get_instance),
    ("PATCH", (*_W, "*", "instances", "*", "status"), change_status),
    ("POST", (*_W, "*", "instances", "*", "events", "*"), send_event),
    ("GET", (*_W, "*", "instances", "*", "step"), get_step),
]
