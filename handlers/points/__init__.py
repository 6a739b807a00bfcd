"""Points: how many, what for, and when they end (R-8.1, R-8.7)."""
