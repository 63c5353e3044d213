"""The page of all workflows: how each fares, the worst first, and what is wrong with the one chosen."""
