"""wfdash: a terminal dashboard for Cloudflare Workflows."""

from wfdash.libraries import spare

__version__ = "0.2.0"

spare()
