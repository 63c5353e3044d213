"""The page that lists the instances of a workflow."""
