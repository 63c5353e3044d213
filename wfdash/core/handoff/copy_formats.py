"""What can be copied of an instance: each entry a name and the text, ready for a shell or a ticket."""

import json
import shlex
from collections.abc import Callable
from urllib.parse import quote, urlsplit

from msgspec import Struct

from wfdash.core.model.instance import Instance
from wfdash.core.model.times import iso
from wfdash.core.text.markdown import table_row

__all__ = ["Copy", "copies"]

_PORT = 8787
"""The port of `wrangler dev` where none is given (Wrangler's documentation)."""


class Copy(Struct, frozen=True):
    """One entry of a copy menu.

    Where the text takes its time `full` makes it, once it is chosen; `text` is what the menu shows of it.
    """

    key: str
    name: str
    text: str
    full: Callable[[], str] | None = None


def copies(row: Instance, *, workflow: str, account_id: str, base_url: str, local: bool) -> list[Copy]:
    """Every entry of the copy menu for one instance. No entry ever holds a credential.

    In a command, a workflow or an id stands behind `=` or cannot begin with a dash: it never is an option.

    `base_url` is the API's, for the curl; a dev session has no dashboard and takes wrangler's `--local`.
    """
    ours, wranglers = _session(base_url) if local else ("", "")
    entries = [Copy("i", "id", row.id)]
    if not local:
        entries.append(Copy("u", "dashboard URL", _dashboard(account_id, workflow, row.id)))
    partner = f"wfdash {shlex.quote(f'--workflow={workflow}')} {shlex.quote(f'--instance={row.id}')}{ours}"
    entries.append(Copy("p", "wfdash command", partner))
    if not workflow.startswith("-"):
        entries.append(Copy("w", "wrangler command", _wrangler(workflow, row.id) + wranglers))
    if not local:
        entries.append(Copy("c", "curl", _curl(base_url, account_id, workflow, row.id)))
    entries += [
        Copy("m", "Markdown row", _markdown(row)),
        Copy("j", "JSON row", json.dumps(row.item())),
    ]
    return entries


def _session(base_url: str) -> tuple[str, str]:
    """How wfdash and wrangler are told of this dev session; neither needs to be told 8787."""
    port = urlsplit(base_url).port or _PORT
    return (" --local", " --local") if port == _PORT else (f" --local {port}", f" --local --port {port}")


def _wrangler(workflow: str, identity: str) -> str:
    # Measured on 4.164: what stands behind `--` is dropped and the latest instance is described instead;
    # `--id=` is taken, but `--name=` is not.
    target = f"--id={identity}" if identity.startswith("-") else identity
    return f"wrangler workflows instances describe {shlex.quote(workflow)} {shlex.quote(target)}"


def _dashboard(account_id: str, workflow: str, identity: str) -> str:
    name, instance = _quoted(workflow), _quoted(identity)
    return f"https://dash.cloudflare.com/{account_id}/workers/workflows/{name}/instance/{instance}"


def _curl(base_url: str, account_id: str, workflow: str, identity: str) -> str:
    path = f"/accounts/{account_id}/workflows/{_quoted(workflow)}/instances/{_quoted(identity)}"
    return f'curl -H "Authorization: Bearer $CLOUDFLARE_API_TOKEN" {shlex.quote(base_url.rstrip("/") + path)}'


def _quoted(text: str) -> str:
    """Percent-encodes a part of a path.

    An escape in JSON may name half a surrogate pair, and that is kept.
    """
    return quote(text, safe="", errors="surrogatepass")


def _markdown(row: Instance) -> str:
    cells = [
        row.id,
        row.status,
        iso(row.created) if row.created is not None else "",
        row.version,
        row.trigger,
    ]
    return table_row(cells)
