"""What every screen, dialog, menu and form shares."""
