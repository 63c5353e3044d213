"""The questions: each feed asks the API for one thing and keeps the answer."""
