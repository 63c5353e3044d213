"""Textual: screens compose widgets, widgets draw what core made."""
