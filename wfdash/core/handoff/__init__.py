"""What leaves the program: exports, copied text, handover files, addresses."""
