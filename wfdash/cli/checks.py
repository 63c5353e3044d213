"""What of a parsed command line is no sense: what argparse cannot tell."""

from argparse import Namespace

from wfdash.cli.exits import UsageError
from wfdash.config.settings import Link

__all__ = ["check_clock", "check_usage"]

_WITHOUT_INSTANCE = {
    "create": "create takes the new instance's id with --id, not with -i",
    "history": "history is of a workflow and takes no -i; wfdash show -i ID shows one instance",
    "record": "record is of workflows and takes no -i",
    "list": "list takes no -i; wfdash show -i ID shows one instance",
}


_LAST_MOMENT = 253_370_764_800.0
"""The year 9999: what is written dated, and reckons a little ahead, has no later one."""
_FIRST_MOMENT = -62_104_060_800.0
"""The year 2."""


def check_clock(now: float) -> None:
    """Raises UsageError where this machine's clock shows what is no date."""
    if not _FIRST_MOMENT <= now <= _LAST_MOMENT:
        raise UsageError(
            "this machine's clock shows a year outside 2 to 9998: set it, for nothing can be dated"
        )


def check_usage(parsed: Namespace) -> None:
    """Raises UsageError for a wrong filter or address, or options that exclude each other.

    Takes an address apart.
    """
    if getattr(parsed, "filter", ""):
        _check_filter(parsed.filter)
    if parsed.command in ("show", "logs") and len(parsed.ids) == 1 and not parsed.instance:
        parsed.instance, parsed.ids = parsed.ids[0], []
    if parsed.instance:
        if parsed.command in _WITHOUT_INSTANCE:
            raise UsageError(_WITHOUT_INSTANCE[parsed.command])
        _check_address(parsed)
    if parsed.command == "setup" and parsed.local is not None:
        raise UsageError("setup is for an account; a dev session needs none of it: wfdash --local")
    if parsed.command == "demo" and parsed.serve is None and (parsed.fault or parsed.latency):
        raise UsageError("--fault and --latency belong to demo --serve")


def _check_address(parsed: Namespace) -> None:
    """Takes a dashboard URL apart into what it names."""
    from wfdash.core.handoff.address import AddressError, parse_instance

    try:
        address = parse_instance(parsed.instance)
    except AddressError as wrong:
        raise UsageError(f"-i: {wrong}") from None
    for name, ours, theirs in (
        ("workflow", parsed.workflow, address.workflow),
        ("account", parsed.account_id, address.account),
    ):
        if ours and theirs and ours != theirs:
            raise UsageError(f"-i names the {name} {theirs}, the options name {ours}")
    parsed.instance = address.instance
    parsed.workflow = parsed.workflow or address.workflow
    if address.account and not parsed.account_id:
        parsed.link = Link(address.account, "-i")


def _check_filter(text: str) -> None:
    from wfdash.core.filter.grammar import QueryError
    from wfdash.core.filter.query import parse as parse_query

    try:
        parse_query(text)
    except QueryError as wrong:
        sentence, *pointer = wrong.pointed()
        raise UsageError(f"--filter: {sentence}", *pointer) from None
