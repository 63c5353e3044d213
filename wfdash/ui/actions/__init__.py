"""Prompts, forms and progress of what is done to instances."""
