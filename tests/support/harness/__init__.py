"""The real thing with handles: the program, its terminal, the dashboard, the simulator, the engine."""
