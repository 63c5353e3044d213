"""The widgets that screens compose, what they are drawn with, and the theme."""
