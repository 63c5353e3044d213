"""What is a person's own in the config, the variables and the options, so that a report for others lacks it.

Whatever wfdash itself has no word for is taken to be theirs: a list of what may be secret is never complete.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import asdict

from wfdash.config.file import read_tables
from wfdash.config.settings import CLOUDFLARE, Options

__all__ = ["is_ours", "own_texts", "own_words"]

_TELLING = re.compile(r"(CLOUDFLARE|CF|WFDASH|XDG|SSL)\w*|\w+_PROXY", re.I)
"""Variables whose values a line of the report may hold."""
_KINDS = {"workflow": "workflow", "account_id": "account", "profile": "profile", "base_url": "server"}
_COMMON = {CLOUDFLARE, "true", "false", "yes", "no", "on", "off", "none", "localhost"}
"""What many set: without it a report could not tell an own server from Cloudflare's."""
_LARGEST = 1024 * 1024
"""Bytes of the config that are looked through for words of one's own; of a larger one the report shows
nothing either."""
_PLAIN = """
about account after again all also and another any api are argument arguments asks back base because
been before begin belongs both but can cannot cloudflare column columns command commands config could
credential digits does each either env error every exclude field file filter first folder for form found
from get has have here hex home host http https index instance instances into invalid its itself keep
kept key known leave left like line list local looks machine many may missing more must name named names
nearest need needs neither new none nor not nothing now number off one only open other others out own
part pass password path place placeholder plain port profile program proxy quotes read run same says
secret section server see set so some such table take taken text than that the their them then there
these they this time toml token twice unencrypted unknown unset url use used user valid value was wfdash
what when where which while whole with without workflow workflows would write written wrong yes you your
"""
"""Words of plain English that stand in sentences about a config: nobody is known by them."""


@cache
def _vocabulary() -> frozenset[str]:
    """Every word that a config, a filter or a sentence about them has of wfdash, in lower case."""
    from wfdash.config import schema
    from wfdash.config.own_commands import HOOK_EVENTS, PLACEHOLDERS
    from wfdash.core.filter.detail_fields import BLOCKS, ODDITIES
    from wfdash.core.filter.fields import FIELDS, STATUS_GROUPS
    from wfdash.core.model.status import STATUSES
    from wfdash.core.rows.columns import BY_NAME
    from wfdash.keymap.actions import ACTIONS

    tables = [each for each in vars(schema).values() if isinstance(each, type) and issubclass(each, Struct)]
    words = {name for table in tables for name in table.__struct_fields__}
    words |= {*schema.THEMES, *BY_NAME, *FIELDS, *STATUS_GROUPS, *STATUSES, *BLOCKS, *ODDITIES, *HOOK_EVENTS}
    words |= {*PLACEHOLDERS, *(action.id for action in ACTIONS), "utc", "local", "marked"}
    words |= {"gaps cut", "to scale", "equal steps"}
    return frozenset(word.lower() for word in words)


def is_ours(text: str) -> bool:
    """Whether it is a word of wfdash, or a key as the config names one."""
    from wfdash.keymap.check import is_key

    return text.lower() in _vocabulary() or all(map(is_key, text.split(",")))


def own_texts(config: Path | None, environ: Mapping[str, str], options: Options) -> Iterator[tuple[str, str]]:
    """Kind and text of each that is theirs as a whole, wherever it stands."""
    table: dict[str, Any] = {}
    # Of a file that is no TOML no part is known: what a sentence quotes of it is taken out word by word.
    with suppress(OSError, ValueError, RecursionError):
        table = read_tables(config) if config is not None else {}
    given = [("", name, value) for name, value in asdict(options).items() if isinstance(value, str)]
    set_ = [("variable", "", value) for name, value in environ.items() if _TELLING.fullmatch(name)]
    for kind, key, text in (*given, *set_, *_leaves("", table)):
        kind = kind or _KINDS.get(key, "text")
        # A path is shown with the home folder as ~, and a base URL without its last slash.
        home = environ.get("HOME", "")
        forms = [text, text.strip(), text.strip().rstrip("/")]
        if len(home) > 1 and text.startswith(home + "/"):
            forms.append("~" + text.rstrip("/")[len(home) :])
        yield from ((kind, form) for form in forms if form.lower() not in _COMMON and not is_ours(form))
        if (host := _host(text)) and host not in ("api.cloudflare.com", "127.0.0.1", "localhost"):
            yield "host", host


def own_words(config: Path | None, environ: Mapping[str, str], options: Options) -> set[str]:
    """The single words of those texts: a sentence about one may quote a part of it."""
    texts = [text for _, text in own_texts(config, environ, options)]
    if config is not None:
        try:
            with config.open("rb") as file:
                raw = file.read(_LARGEST).decode("utf-8", "replace")
            tomllib.loads(raw)
        except OSError:
            pass
        except (ValueError, RecursionError):
            texts.append(raw)
    plain = set(_PLAIN.split())
    found = {word for text in texts for word in re.findall(r"[^\W_]+", text)}
    found |= {word for text in texts for word in re.findall(r"[\w.@+-]+", text)}
    return {word for word in found if not is_ours(word) and word.lower() not in plain}


def _leaves(key: str, value: object) -> Iterator[tuple[str, str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield "name" if key != "profiles" else "profile", key, name
            yield from _leaves(name, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(key, inner)
    elif not isinstance(value, bool | int | float):
        yield "", key, str(value)


def _host(text: str) -> str:
    try:
        return urlsplit(text.strip()).hostname or ""
    except ValueError:
        return ""
