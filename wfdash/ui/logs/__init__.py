"""The console lines of one instance, on its own clock."""
