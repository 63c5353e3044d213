"""The widgets that screens compose; one widget a file."""
