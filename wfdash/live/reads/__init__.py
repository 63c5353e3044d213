"""What pages read once, when somebody asks: each with its urgency and its purpose."""
