"""Bring a conversation to people, tell the truth about it, and remember it."""
