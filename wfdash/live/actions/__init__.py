"""Actions: planned, sent once, and followed until their outcome is seen."""
