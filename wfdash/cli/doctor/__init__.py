"""`wfdash doctor`: what is so here, what is wrong, and what to do about it."""
