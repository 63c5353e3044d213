"""What of a parsed command line the settings are made of."""

from argparse import Namespace
from typing import Any

from wfdash.settings import Options

__all__ = ["options_of"]


def options_of(parsed: Namespace) -> Options:
    """The demo's account and token too, where it is the demo that runs."""
    demo: dict[str, Any] = {}
    if parsed.command == "demo":
        from wfdash.demo.credentials import ACCOUNT_ID, TOKEN

        demo = {"demo": parsed.scenario, "demo_account": ACCOUNT_ID, "demo_token": TOKEN}
    return Options(
        workflow=parsed.workflow,
        account_id=parsed.account_id,
        profile=parsed.profile,
        config=parsed.config,
        base_url=parsed.base_url,
        local=parsed.local,
        debug=parsed.debug,
        read_only=getattr(parsed, "read_only", False),
        interval=getattr(parsed, "interval", None),
        ascii=getattr(parsed, "ascii", False),
        mouse=getattr(parsed, "mouse", None),
        setup=parsed.command == "setup",
        **demo,
    )
