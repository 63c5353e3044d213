"""The page of history: charts over time, versions side by side, and what they rest on."""
