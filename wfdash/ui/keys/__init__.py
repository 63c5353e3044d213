"""What a key press means here, and how keys typed ahead are kept."""
