"""Which command takes which arguments, and what its help says of them."""

import argparse
from argparse import Namespace
from typing import Any, Protocol, get_args

from wfdash import __version__
from wfdash.cli.values import Filled, Once, duration, integer, interval, ordinal, port, span
from wfdash.config.settings import Options
from wfdash.core.model.step_kind import RestartType

__all__ = ["COMMANDS", "Arguments", "add_arguments", "options_of"]


def options_of(parsed: Namespace) -> Options:
    """The options that settings are made of, with the demo's account and token where the demo runs."""
    demo: dict[str, Any] = {}
    if parsed.command == "demo":
        from wfdash.demo.http.credentials import ACCOUNT_ID, TOKEN

        demo = {"demo": parsed.scenario, "demo_account": ACCOUNT_ID, "demo_token": TOKEN}
    if parsed.command == "replay":
        demo = {"demo": "record", "demo_token": "a record needs no credential"}
    return Options(
        workflow=parsed.workflow,
        account_id=parsed.account_id,
        profile=parsed.profile,
        config=parsed.config,
        base_url=parsed.base_url,
        local=parsed.local,
        debug=parsed.debug,
        link=getattr(parsed, "link", None),
        read_only=getattr(parsed, "read_only", False),
        interval=getattr(parsed, "interval", None),
        ascii=getattr(parsed, "ascii", False),
        mouse=getattr(parsed, "mouse", None),
        setup=parsed.command == "setup",
        **demo,
    )


COMMANDS = {
    "": "the dashboard",
    "demo": "the dashboard over the embedded simulator; --serve: only its HTTP API",
    "list": "instances of a workflow, newest first",
    "show": "one instance with its timeline, as text or JSON",
    "tail": "one line per change",
    "logs": "what an instance or one of its steps printed",
    "history": "what came, ended and failed, by hour, version, workflow, step or error",
    "record": "follow workflows without a screen and keep what is seen",
    "create": "create one instance, or a batch",
    "pause": "pause instances",
    "resume": "resume instances",
    "terminate": "terminate instances",
    "restart": "restart instances, from the beginning or from a step",
    "redrive": "restart each instance from the step it failed at",
    "send": "send an event to instances",
    "replay": "open a record in the dashboard, read-only, at its end",
    "open": "open a handover file in the dashboard",
    "setup": "go through token, account and workflow, and keep them as a profile",
    "completion": "print what makes a shell complete wfdash's words",
    "man": "print the manual page, for man -l -",
    "doctor": "check config, account, token, terminal, paths, clock and the API",
}
SCENARIOS = ("calm", "incident", "deploy-gone-wrong", "fixed-deploy", "half-fixed-deploy", "huge")
GROUPINGS = ("hour", "version", "workflow", "step", "error")
SHELLS = ("bash", "zsh", "fish")
HINTS = ("wnam", "weur", "enam", "eeur", "apac", "apac-ne", "apac-se", "oc", "sam", "afr", "me")


class Arguments(Protocol):
    """A parser, or a group of one, as far as arguments are added to it."""

    prog: str

    def add_argument_group(self, title: str, /) -> Any: ...

    def add_argument(self, *names: str, **how: Any) -> Any: ...


def add_arguments(command: str, parser: Arguments) -> None:
    """Adds all that may follow `wfdash COMMAND`; "" is the dashboard."""
    _add_common(parser)
    {
        "": _add_dashboard,
        "demo": _add_demo,
        "list": _add_list,
        "show": _add_show,
        "tail": _add_tail,
        "logs": _add_logs,
        "history": _add_history,
        "record": _add_record,
        "create": _add_create,
        "redrive": _add_redrive,
        "open": _add_open,
        "replay": _add_replay,
        "setup": _add_dashboard,
        "completion": _add_completion,
        "man": _add_nothing,
        "doctor": _add_doctor,
    }.get(command, _add_verb)(parser)


def _add_common(parser: Arguments) -> None:
    group = parser.add_argument_group("where")
    group.add_argument("-w", "--workflow", action=Filled, metavar="NAME", default="", help="the workflow")
    group.add_argument(
        "-i",
        "--instance",
        action=Once,
        metavar="ID",
        default="",
        help="an instance id or its dashboard URL",
    )
    group.add_argument(
        "--account-id", action=Filled, metavar="ID", default="", help="the account, 32 hex digits"
    )
    group.add_argument(
        "--profile", action=Filled, metavar="NAME", default="", help="a profile of the config file"
    )
    group.add_argument("--config", action=Filled, metavar="FILE", default="", help="another config file")
    group.add_argument(
        "--base-url", action=Filled, metavar="URL", default="", help="another server of the API"
    )
    group.add_argument(
        "--local", metavar="URL|PORT", default=None, help="a wrangler dev session; alone: port 8787"
    )
    group.add_argument(
        "--debug", action=Filled, metavar="FILE", default="", help="log requests there, never the token"
    )
    group.add_argument("--version", action="version", version=f"wfdash {__version__}")


def _add_filter(parser: Arguments) -> None:
    parser.add_argument(
        "--filter", metavar="QUERY", default="", help="only what matches, e.g. 'status:errored since:2h'"
    )


def _add_dashboard(parser: Arguments) -> None:
    group = parser.add_argument_group("dashboard")
    group.add_argument("--filter", metavar="QUERY", default="", help="start with this filter")
    group.add_argument("--read-only", action="store_true", help="write nothing")
    group.add_argument("--interval", type=interval, metavar="SECONDS", help="between two polls, 1 to 300")
    group.add_argument("--ascii", action="store_true", help="draw with ASCII alone")
    group.add_argument("--mouse", action=argparse.BooleanOptionalAction, default=None, help="catch the mouse")


def _add_demo(parser: Arguments) -> None:
    _add_dashboard(parser)
    parser.add_argument(
        "--scenario", choices=SCENARIOS, default="calm", metavar="NAME", help=", ".join(SCENARIOS)
    )
    parser.add_argument(
        "--serve",
        nargs="?",
        type=port,
        const=8788,
        metavar="PORT",
        help="the HTTP API alone; 0: a free port",
    )
    parser.add_argument(
        "--fault", action="append", default=[], metavar="KIND[:TIMES][@REGEX]", help="inject a fault"
    )
    parser.add_argument("--latency", type=integer, default=0, metavar="MS", help="answer that much later")


def _add_list(parser: Arguments) -> None:
    _add_filter(parser)
    parser.add_argument("--limit", type=integer, default=100, metavar="N", help="at most N; 0: all (100)")
    parser.add_argument("--asc", action="store_true", help="oldest first")
    parser.add_argument("--json", action="store_true", help="one line an instance, as the API sent it")
    parser.add_argument(
        "--read-details",
        type=integer,
        metavar="N",
        help="read up to N instances for terms that need it; 0: all, within the budget",
    )


def _add_show(parser: Arguments) -> None:
    parser.add_argument("ids", nargs="*", metavar="ID", help="the instance")
    parser.add_argument(
        "--json", action="store_true", help="workflow, id, why and the API's result untouched"
    )


def _add_tail(parser: Arguments) -> None:
    _add_filter(parser)
    parser.add_argument("--json", action="store_true", help="one object a change")
    parser.add_argument(
        "--until", action=Filled, metavar="final|STATUS", default="", help="exit when -i ID reaches it"
    )
    parser.add_argument(
        "--timeout", type=duration, metavar="DURATION", help="stop waiting after it, e.g. 10m"
    )
    parser.add_argument("--interval", type=interval, metavar="SECONDS", help="between two polls, 1 to 300")


def _add_logs(parser: Arguments) -> None:
    parser.add_argument("ids", nargs="*", metavar="ID", help="the instance")
    parser.add_argument(
        "--step", action=Filled, metavar="NAME", default="", help="only of this step, without its -N"
    )
    parser.add_argument("--count", type=ordinal, metavar="N", help="which step of that name, from 1")
    parser.add_argument("--since", type=span, metavar="DURATION", help="only the last, e.g. 1h")
    parser.add_argument("--follow", action="store_true", help="go on until the instance has ended")
    parser.add_argument("--json", action="store_true", help="one object a line")


def _add_history(parser: Arguments) -> None:
    _add_filter(parser)
    parser.add_argument(
        "--since", type=span, metavar="DURATION", default=86400.0, help="how far back, e.g. 7d (24h)"
    )
    parser.add_argument(
        "--by", choices=GROUPINGS, default="hour", metavar="WHAT", help=f"{', '.join(GROUPINGS)} (hour)"
    )
    parser.add_argument(
        "--json", action="store_true", help="one object a line; the last says what they rest on"
    )
    parser.add_argument(
        "--read-details",
        type=integer,
        metavar="N",
        help="of --by step and error: read up to N instances, 0 for all (100)",
    )


def _add_record(parser: Arguments) -> None:
    parser.add_argument("workflows", nargs="*", metavar="WORKFLOW", help="what to follow; one or more")
    _add_filter(parser)
    parser.add_argument("--for", dest="duration", type=span, metavar="DURATION", help="end after it, e.g. 8h")
    parser.add_argument(
        "--out", action=Filled, metavar="FILE", default="", help="a record of its own, for wfdash replay"
    )
    parser.add_argument(
        "--on-change",
        action=Filled,
        metavar="COMMAND",
        default="",
        help="run it for each change of status and each new cause, JSON on its stdin, without a shell",
    )
    parser.add_argument(
        "--metrics", type=port, metavar="PORT", help="Prometheus text on 127.0.0.1; 0 for a free port"
    )
    parser.add_argument("--erase", action="store_true", help="remove the record of this account")
    parser.add_argument("--yes", action="store_true", help="erase without asking")


def _add_create(parser: Arguments) -> None:
    parser.add_argument("--params", metavar="JSON|@FILE", default=None, help="what the instance gets")
    parser.add_argument(
        "--id", action=Filled, metavar="ID", default="", help="its id; proposed when left out"
    )
    parser.add_argument(
        "--success-retention", action=Filled, metavar="DURATION", help="keep it that long when complete"
    )
    parser.add_argument(
        "--error-retention", action=Filled, metavar="DURATION", help="keep it that long when errored"
    )
    parser.add_argument("--location-hint", choices=HINTS, default="", metavar="HINT", help=", ".join(HINTS))
    parser.add_argument(
        "--batch",
        action=Filled,
        metavar="FILE",
        default="",
        help="1 to 100, a JSON array or one a line; -: stdin",
    )
    parser.add_argument("--wait", action="store_true", help="until it is final")
    parser.add_argument("--timeout", type=duration, metavar="DURATION", help="of --wait")
    parser.add_argument("--dry-run", action="store_true", help="print the plan, send nothing")
    parser.add_argument("--yes", action="store_true", help="accepted, but create never asks")
    _add_no_journal(parser)


def _add_verb(parser: Arguments) -> None:
    verb = parser.prog.split()[-1]
    parser.add_argument("ids", nargs="*", metavar="ID", help="one or more; -: one per line on stdin")
    if verb == "terminate":
        parser.add_argument("--rollback", action="store_true", help="run the rollback handlers first")
    if verb == "restart":
        parser.add_argument(
            "--from-step", action=Filled, metavar="NAME", default="", help="the step, without its -N"
        )
        parser.add_argument(
            "--count", type=ordinal, metavar="N", help="which step of that name and type, from 1"
        )
        parser.add_argument("--type", choices=get_args(RestartType), help="its type (do)")
        _add_canary(parser)
    if verb == "send":
        parser.add_argument("--type", metavar="TYPE", required=True, help="the event's type")
        parser.add_argument("--payload", metavar="JSON|@FILE", default=None, help="any JSON ({})")
    _add_plan(parser)
    _add_settling(parser)


def _add_redrive(parser: Arguments) -> None:
    parser.add_argument("ids", nargs="*", metavar="ID", help="one or more; -: one per line on stdin")
    _add_filter(parser)
    parser.add_argument(
        "--expect",
        type=integer,
        metavar="N",
        help="how many --filter has to find; another number sends nothing",
    )
    _add_plan(parser)
    parser.add_argument("--resume", action="store_true", help="go on with a batch that was cut off")
    _add_canary(parser)
    _add_settling(parser)


def _add_plan(parser: Arguments) -> None:
    parser.add_argument(
        "--plan",
        action=Filled,
        metavar="FILE",
        default="",
        help="a plan that --dry-run wrote, judged again; -: stdin",
    )


def _add_canary(parser: Arguments) -> None:
    """Adds the options of a restart of many: a few before the rest, and how fast."""
    parser.add_argument(
        "--canary", type=ordinal, metavar="N", help="send N first, the rest once these are complete"
    )
    parser.add_argument("--within", type=span, metavar="DURATION", help="how long the canary may take (10m)")
    parser.add_argument("--pace", type=ordinal, metavar="N", help="send N a minute at most")
    parser.add_argument(
        "--parallel", type=ordinal, metavar="N", help="N runs at a time: the next when one ends"
    )


def _add_settling(parser: Arguments) -> None:
    """Adds the options of writing commands that read before they send and follow what they sent."""
    parser.add_argument("--dry-run", action="store_true", help="print the plan, send nothing")
    parser.add_argument("--wait", action="store_true", help="until each run has ended")
    parser.add_argument("--timeout", type=duration, metavar="DURATION", help="of --wait, e.g. 10m")
    _add_yes(parser)
    _add_no_journal(parser)


def _add_yes(parser: Arguments) -> None:
    parser.add_argument("--yes", action="store_true", help="do not ask; needed away from a terminal")


def _add_no_journal(parser: Arguments) -> None:
    parser.add_argument(
        "--no-journal", action="store_true", help="send it also where the journal cannot be written"
    )


def _add_open(parser: Arguments) -> None:
    _add_dashboard(parser)
    parser.add_argument("file", metavar="FILE", help="a handover file")


def _add_completion(parser: Arguments) -> None:
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))


def _add_doctor(parser: Arguments) -> None:
    parser.add_argument(
        "--bundle",
        action=Filled,
        metavar="FILE",
        default="",
        help="write it all, less names and secrets, to a new file for a bug report",
    )


def _add_replay(parser: Arguments) -> None:
    _add_dashboard(parser)
    parser.add_argument("file", metavar="FILE", help="a record: of the state folder, or one of record --out")


def _add_nothing(parser: Arguments) -> None:
    pass
