"""The terminal: driver, drawing, colours, signals, clipboard."""
