"""What pages ask for by themselves, once or for as long as they are open, each with its urgency."""
