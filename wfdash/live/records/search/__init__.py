"""Instances found in the record for a filter: by what they hold, and by id."""
