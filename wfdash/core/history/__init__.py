"""What happened: list rows over time, by version and by trigger; where a rate changed; the words for it."""
