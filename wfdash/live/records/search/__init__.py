"""What instances hold, found in the record: its index, and what it names for a filter."""
