"""The filter language: grammar, fields, matching and completion."""
