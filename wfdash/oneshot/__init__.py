"""The commands that print and leave: one file each."""
