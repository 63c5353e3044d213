"""The wire: what Cloudflare says and how to ask it."""
