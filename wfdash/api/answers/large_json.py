"""Large answers parsed in pieces: no call of the parser takes long, so that in a thread it lets keys through.

The parser holds the interpreter while it runs: 72 MB in one call held all else for 2.5 s. To pass over JSON
takes 0.4 ms a megabyte, to make values of it 4 to 25, so what is large is cut up first. Measured with msgspec
0.20: 60 MB of 100,000 steps in pieces of at most 50 ms; a child process would have to send it all back.
"""

import gc
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import Any, Final

from msgspec import UNSET, MsgspecError, Raw, Struct, UnsetType
from msgspec.json import Decoder

from wfdash.api.answers.envelope import MOST_ROWS, CutRows, Unreadable, read_json
from wfdash.core.model.frozen import freeze
from wfdash.core.model.lazy_steps import UnparsedValue
from wfdash.core.text.words import size

__all__ = [
    "HEAVY",
    "LARGE",
    "collector_at_rest",
    "object_texts",
    "read_fields",
    "read_large_json",
    "read_objects",
    "read_result",
    "read_value",
]

LARGE: Final = 200_000
"""Bytes from which an answer is parsed in pieces, in a thread."""
HEAVY: Final = 2_000_000
"""Bytes from which what is parsed of an answer is kept out of the collector's sight."""
_LARGEST_VALUE: Final = 4 * 1024 * 1024
"""Bytes parsed in one call. Params and outputs have 1 MiB at most (limits page), escapes not counted."""
_LARGE_VALUE: Final = 256 * 1024
"""Bytes from which a value is parsed by its own parts."""
_FORGIVING: Final = 1024 * 1024
"""Bytes up to which JSON that is not strict is read all the same, in one call of the slower parser."""
_PIECE: Final = 256 * 1024
"""Bytes of an array taken apart in one call: 90,000 of the shortest objects, in some 15 ms."""
_BORDER = re.compile(rb"\}\s*,")
_TRIES: Final = 300
"""Places at which a piece may end that are looked at: those within an object are none."""
_MOST_OBJECTS: Final = 1_000_000
"""25,000 steps with their attempts and errors are below half of that; each costs some 60 ns and 150 bytes."""


class _Envelope(Struct):
    result: Raw | UnsetType = UNSET
    success: Raw | UnsetType = UNSET
    errors: Raw | UnsetType = UNSET
    messages: Raw | UnsetType = UNSET
    result_info: Raw | UnsetType = UNSET


class _Bulky(Struct):
    """The fields of a result that may be large."""

    steps: Raw | UnsetType = UNSET
    params: Raw | UnsetType = UNSET
    output: Raw | UnsetType = UNSET
    error: Raw | UnsetType = UNSET
    events: Raw | UnsetType = UNSET
    """The lines of a log."""


class _Object(Struct, gc=False):
    """Any object: what is in it is passed over."""


_ENVELOPE = Decoder(_Envelope)
_BULKY = Decoder(_Bulky)
_FIELDS = Decoder(dict[str, Raw])
_OBJECTS = Decoder(list[_Object])
_TEXTS = Decoder(list[Raw])
_PASSED_OVER = Decoder(Raw)


def read_large_json(body: bytes) -> Any:
    """Parses as `read_json` does, in pieces; rows beyond MOST_ROWS are left out. Raises Unreadable."""
    answer = read_result(body)
    result = answer.get("result") if isinstance(answer, dict) else None
    return {**answer, "result": _result(result)} if isinstance(result, Raw) else answer


def read_result(body: bytes) -> Any:
    """The envelope with its `result` still as text (Raw); what is not strict JSON is parsed as a whole.

    Raises Unreadable.
    """
    try:
        if body.count(b"{") > _MOST_OBJECTS:
            raise Unreadable(f"more than {_MOST_OBJECTS:,} objects, which no answer of the API has")
        try:
            envelope = _ENVELOPE.decode(body.removeprefix(BOM_UTF8))
        except UnicodeDecodeError:
            envelope = _ENVELOPE.decode(body.decode("utf-8-sig", "replace").encode())
    except (MsgspecError, RecursionError) as error:
        if len(body) < _FORGIVING:
            return read_json(body)
        if isinstance(error, RecursionError):
            raise Unreadable("nested too deeply") from None
        raise Unreadable(f"not JSON: {str(error)[:200]}") from None
    heads = {
        key: read_value(text)
        for key in ("success", "errors", "messages", "result_info")
        if isinstance(text := getattr(envelope, key), Raw)
    }
    return heads if isinstance(envelope.result, UnsetType) else {**heads, "result": envelope.result}


def _result(text: Raw) -> Any:
    """A list by its rows, an object by its fields, anything else as it is."""
    try:
        match bytes(memoryview(text)[:1]):
            case b"[":
                return _rows(text)
            case b"{":
                return {key: read_value(value) for key, value in read_fields(text).items()}
    except (MsgspecError, RecursionError):
        pass
    return read_value(text)


def _rows(text: Raw) -> CutRows:
    texts = object_texts(text)
    rows = CutRows(read_value(row) for row in texts[:MOST_ROWS])
    rows.left_out = len(texts) - len(rows)
    return rows


def object_texts(text: Raw) -> list[Raw]:
    """The objects of an array, each as text. Raises MsgspecError where another value is among them."""
    _OBJECTS.decode(text)  # ends at the first that is none: of numbers there may be millions
    return _TEXTS.decode(text)


def read_objects(text: Raw) -> Iterator[Raw]:
    """The objects of an array of any length, each as text; no single call of the parser meets many."""
    for piece in _pieces(bytes(text)):
        yield from object_texts(piece)


def _pieces(text: bytes) -> Iterator[Raw]:
    """Cuts an array's text into arrays of some of its objects each.

    A text up to the end of an object, closed by a bracket, is JSON where that object is part of no other.
    """
    start = text.index(b"[") + 1
    while start + _PIECE < len(text):
        for border in islice(_BORDER.finditer(text, start + _PIECE), _TRIES):
            piece = Raw(b"[" + text[start : border.start() + 1] + b"]")
            if _is_json(piece):
                yield piece
                start = border.end()
                break
        else:
            break
    yield Raw(b"[" + text[start:])


def _is_json(text: Raw) -> bool:
    try:
        _PASSED_OVER.decode(text)
    except MsgspecError:
        return False
    return True


def read_fields(text: Raw) -> dict[str, Raw]:
    """The fields of an object, each as text. Raises MsgspecError, or Unreadable for too many of them."""
    bulky = _BULKY.decode(text)
    parts = (bulky.steps, bulky.params, bulky.output, bulky.error, bulky.events)
    rest = _length(text) - sum(_length(part) for part in parts if isinstance(part, Raw))
    if rest > _LARGEST_VALUE:
        raise Unreadable(f"{size(rest)} of fields that the API does not have")
    return _FIELDS.decode(text)


def read_value(text: Raw) -> Any:
    """The value of a text. What is too large or nests too deeply is a sentence that says so."""
    length = _length(text)
    if length > _LARGEST_VALUE:
        return UnparsedValue(f"[{size(length)}, more than the API allows: not shown]", partial(_parse, text))
    try:
        return _parse(text)
    except Unreadable as reason:
        return str(reason)


def _parse(text: Raw) -> Any:
    if _length(text) < _LARGE_VALUE:
        return read_json(bytes(text))
    try:
        match bytes(memoryview(text)[:1]):
            case b"{":
                return {key: _parse(value) for key, value in _FIELDS.decode(text).items()}
            case b"[":
                return [_parse(value) for value in object_texts(text)]
    except (MsgspecError, RecursionError):
        pass
    with collector_at_rest():
        return read_json(bytes(text))


@contextmanager
def collector_at_rest(*, kept: bool = False) -> Iterator[None]:
    """Keeps the collector from walking through all there is, again and again, while a million values come.

    Where they are `kept` it never walks through them: they hold no cycles, and would take it 250 ms a time.
    """
    was_on = gc.isenabled()
    if was_on and kept:
        gc.collect(1)  # what is garbage by now would stay for good
    gc.disable()
    try:
        yield
    finally:
        if kept:
            freeze()
        if was_on:
            gc.enable()


def _length(text: Raw) -> int:
    return memoryview(text).nbytes
