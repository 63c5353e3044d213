"""The Workflows API in process. Imports nothing else of wfdash, so the two cannot share a mistake."""
