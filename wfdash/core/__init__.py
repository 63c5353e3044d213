"""The domain. No I/O, no Textual, no httpx, no wall clock: time is always an argument."""
