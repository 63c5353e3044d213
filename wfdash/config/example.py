"""config.example.toml, every key at its default: `python -m wfdash.config.example` writes it out."""

import json
import sys
from textwrap import fill

from wfdash.core.rows.columns import COLUMNS, USUAL
from wfdash.keymap.actions import ACTIONS

__all__ = ["example"]

HEAD = """\
# wfdash reads config.toml in the config folder of your platform (`wfdash doctor` says where), or the file
# that --config or WFDASH_CONFIG names. Here is every key at its default: keep what you change, drop the rest.
# No credential is ever kept in it.

# The profile that is used when neither --profile nor WFDASH_PROFILE names one; "" for none.
profile = ""

# One table for each account or dev session you look at; the name is yours.
[profiles.example]
# The account's id, 32 hex digits; "" takes CLOUDFLARE_ACCOUNT_ID, or the only account there is.
account_id = ""
# The workflow to open; "" opens the list of workflows.
workflow = ""
# Where the API is; "" is https://api.cloudflare.com/client/v4. Plain http:// is for this machine alone.
base_url = ""
# A dev session instead of the cloud: true (port 8787), a port, or "http://127.0.0.1:PORT".
local = false
# The environment variable that holds this profile's token; "" goes on to CLOUDFLARE_API_TOKEN.
token_env = ""
# Or the command that prints it, run without a shell: ["op", "read", "op://ops/cloudflare/token"].
token_command = []
# Asks for the workflow's name before anything that destroys.
production = false
# Offers nothing that writes.
read_only = false
# Marks the top line: red, green, yellow, blue, magenta, cyan, white, black, or bright_ before one of them.
colour = ""

[poll]
# Seconds between two looks at the list, 1 to 300.
interval = 3.0
# The part of Cloudflare's 1200 requests per 5 minutes that looking may use, 0.05 to 1.
share = 0.5

# Redrive and restart of many: how hard they may press on what the workflow uses.
[actions]
# Restarts a minute at most; 0 is as many as the limits of requests allow.
pace = 0
# Runs that go on at a time: the next is sent when one has ended, or is past the step it began at; 0 is any.
parallel = 0

[display]
# ansi-dark, ansi-light: the terminal's own 16 colours. ansi-contrast: the bright ones of them on black.
# dark, light: colours of wfdash's own. colour-blind: the same, told apart without red and green.
theme = "ansi-dark"
# "utc" or "local".
time = "utc"
# Takes the mouse from the terminal, whose own selection then needs shift.
mouse = false
# How a timeline lays out time: "gaps cut" (idle time is drawn short), "to scale" or "equal steps".
scale = "gaps cut"
# Draws with ASCII characters only.
ascii = false
{columns}
columns = []

# The record: rows, changes of status, step times and kinds of errors that were seen, in a file of your own in
# the state folder, for 30 days. `wfdash record --erase` removes it.
[record]
# Whether the dashboard keeps one.
on = true
# Keeps params, outputs and error messages too.
payloads = false
# Megabytes that it may take, 10 to 10000; the oldest goes first.
size = 200

# How long finished instances are kept, where you know it, to tell when one expires: workflow = "7d".
[retention]

[pairing]
# A folder that those who are on call together may all write to, where each dashboard leaves word of the place
# it shows and of what it is doing; "" is the state folder, which only those of one login share.
folder = ""

# A saved view; each is one [[views]] table.
[[views]]
# What it is called.
name = "example"
# The digit that opens it, 1 to 9; "" takes the next one that is free.
key = ""
# The workflow it belongs to; "" is any.
workflow = ""
# The filter, as after `/`.
filter = ""
# The column it is ordered by; "" is newest first.
sort = ""
# Opened at the start.
default = false

# A command of your own on a key, run without a shell and without your credentials; one table for each.
[[commands]]
# What it is called.
name = "example"
# The key, such as "ctrl+b"; "" for none, and then it is off.
key = ""
# The program and its arguments; {id}, {workflow} and {account} are what is under the cursor, each an argument
# of its own: ["gh", "issue", "create", "--title", "{id}"].
run = []
# Asks before it runs.
confirm = true
# It changes something: off where nothing may be written.
dangerous = true

# A command of your own that runs by itself for what changes, without a shell and without your credentials;
# what changed is JSON on its stdin. One table for each.
[[hooks]]
# A filter of instances, such as "status:errored": runs when a status changes to one that it shows. Or
# "cause:new", for failures like none before; or "rate:unusual", for a failure rate that rose.
on = ""
# The program and its arguments: ["notify-send", "wfdash"].
run = []

# The key of each action; several with commas between them. alt+ needs the kitty keyboard protocol.
[keys]
"""


def example() -> str:
    """The content of config.example.toml."""
    keys = [f'# {action.help}.\n"{action.id}" = {json.dumps(",".join(action.keys))}\n' for action in ACTIONS]
    return HEAD.replace("{columns}", _about_columns()) + "".join(keys)


def _about_columns() -> str:
    others = ", ".join(column.name for column in COLUMNS if not column.usual)
    text = (
        "The columns of the list of instances, in their order; [] is the usual ones, as far as they fit: "
        f"{', '.join(USUAL)}. Beside them there is {others}. The id is always there."
    )
    return fill(text, 106, initial_indent="# ", subsequent_indent="# ")


if __name__ == "__main__":
    sys.stdout.write(example())
