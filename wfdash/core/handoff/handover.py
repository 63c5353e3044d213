"""What one shift hands to the next: the story as Markdown, and a file that opens on the same place."""

import json
from collections.abc import Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import asdict

from wfdash.core.model.times import iso, parse_time
from wfdash.core.text.markdown import code, escaped
from wfdash.core.text.words import counted

__all__ = ["Handover", "HandoverError", "HandoverLine", "read_handover"]

_LAST_LINE = "end"
_FIRST = {
    "account": "account_id",
    "profile": "profile",
    "workflow": "workflow",
    "instance": "instance",
    "filter": "filter",
    "sort": "sort",
}


class HandoverError(ValueError):
    """The file is no handover; `str()` is the sentence."""


class HandoverLine(Struct, frozen=True):
    """One line of the story: a note, an action's outcome, a status change seen, a cause named."""

    at: float
    kind: str
    """note, action, change or cause."""
    text: str
    workflow: str = ""
    id: str = ""

    def markdown(self) -> str:
        """The entry as one item of a list, its time in UTC."""
        which = f" ({code(self.id)})" if self.id else ""
        return f"- {iso(self.at)[11:19]}Z {self.kind}: {escaped(self.text)}{which}"


class Handover(Struct):
    """Where a person stood and what they saw. Ids and texts are raw."""

    written_at: float
    account_id: str = ""
    profile: str = ""
    workflow: str = ""
    instance: str = ""
    filter: str = ""
    sort: str = ""
    pins: list[tuple[str, str]] = field(default_factory=list)
    """(workflow, id) of the watched instances."""
    marks: list[str] = field(default_factory=list)
    story: list[HandoverLine] = field(default_factory=list)
    lost: int = 0
    """Lines that could not be read."""
    cut: bool = False
    """Its last line is missing: nobody knows how much more there was."""

    @property
    def loss(self) -> str:
        """What is missing of it, in words; "" of a whole one."""
        lines = f"{counted(self.lost, 'line')} of it could not be read" if self.lost else ""
        return ", and ".join(filter(None, ("its end is missing" if self.cut else "", lines)))

    def lines(self) -> list[str]:
        """The file, one JSON object a line: a file cut anywhere keeps all before the cut."""
        first = {"wfdash": "handover", "v": 1, "at": iso(self.written_at)}
        first |= {key: getattr(self, slot) for key, slot in _FIRST.items()}
        records: list[dict[str, Any]] = [first]
        records += [{"pin": identity, "workflow": workflow} for workflow, identity in self.pins]
        records += [{"mark": identity} for identity in self.marks]
        records += [asdict(entry) | {"at": iso(entry.at)} for entry in self.story]
        records.append({_LAST_LINE: len(records)})
        return [json.dumps(record) for record in records]

    def markdown(self) -> str:
        """The story for a ticket or a chat, oldest first."""
        head = f"# {escaped(self.workflow) or 'Workflows'}, handed over {iso(self.written_at)[:16]}Z\n"
        where = [f"- filter: {code(self.filter)}"] if self.filter else []
        where += [f"- open: {code(self.instance)}"] if self.instance else []
        where += [f"- watched: {code(identity)} of {escaped(name)}" for name, identity in self.pins]
        lines = [entry.markdown() for entry in sorted(self.story, key=lambda entry: entry.at)]
        return "\n".join([head, *where, "", "## What happened", "", *(lines or ["- there are no notes"]), ""])


def read_handover(lines: Sequence[str]) -> Handover:
    """Reads a handover file, keeping what it has when it was cut. Raises HandoverError for any other file."""
    try:
        first = json.loads(lines[0])
        if first["wfdash"] != "handover":
            raise KeyError
    except (IndexError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise HandoverError("this is not a handover file: its first line does not say so") from error
    handover = Handover(parse_time(first.get("at")) or 0.0)
    for key, slot in _FIRST.items():
        if isinstance(first.get(key), str):
            setattr(handover, slot, first[key])
    handover.cut = True
    for line in lines[1:]:
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            handover.lost += 1
            continue
        if isinstance(record, dict) and _LAST_LINE in record:
            handover.cut = False
        elif not _take(handover, record):
            handover.lost += 1
    return handover


def _take(handover: Handover, record: object) -> bool:
    if not isinstance(record, dict):
        return False
    if isinstance(record.get("pin"), str) and isinstance(record.get("workflow"), str):
        handover.pins.append((record["workflow"], record["pin"]))
    elif isinstance(record.get("mark"), str):
        handover.marks.append(record["mark"])
    elif isinstance(record.get("text"), str) and (at := parse_time(record.get("at"))) is not None:
        words = {
            key: record[key] for key in ("kind", "text", "workflow", "id") if isinstance(record.get(key), str)
        }
        handover.story.append(HandoverLine(at, **({"kind": "note"} | words)))
    else:
        return False
    return True
