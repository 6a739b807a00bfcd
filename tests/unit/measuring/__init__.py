"""The measuring of 7-2-1."""
