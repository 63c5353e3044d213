"""The commands that run without a screen: `list`, `show`, `tail`, `doctor` and the writing ones."""
