"""Text that is safe to draw: cleaned, measured, wrapped, and written in words."""
