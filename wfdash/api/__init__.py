"""The wire: what Cloudflare says and how to ask it."""

import sys

# httpx loads its own command line (click, rich, pygments: 50 ms of 130) when it can; nothing here uses it.
if "httpx" not in sys.modules:
    sys.modules["httpx._main"] = None  # type: ignore[assignment]
