"""What a filter can tell only of instances that were read: which may match, and what a record knows."""
