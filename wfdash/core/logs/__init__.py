"""Console lines of a workflow's code: whose they are, and in which attempt they were printed."""
