"""The code of the demo's workflows, as programs for the engine."""
