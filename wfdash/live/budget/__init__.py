"""How many requests may be sent, by what the server says and what other processes spent."""
