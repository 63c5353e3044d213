"""wfdash: a terminal dashboard for Cloudflare Workflows."""

__version__ = "0.2.0"
