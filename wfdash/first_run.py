"""What a person is told who starts the dashboard for the first time without credentials."""

from pathlib import Path

__all__ = ["guide"]


def guide(config: Path) -> str:
    """From a token to a config, step by step; the token itself is never asked for."""
    return f"""\
The first time:
  1. Make an API token at https://dash.cloudflare.com/profile/api-tokens, "Create Custom Token", with the
     permission Account, Workers Scripts, Read; Edit, to act on instances too.
  2. Set it in your shell, never in a config of wfdash:
     export CLOUDFLARE_API_TOKEN=...
  3. Start wfdash again. It asks which account, where the token sees several, and lists the workflows.
     P then keeps account and workflow in {config}
To look around without an account: wfdash demo"""
