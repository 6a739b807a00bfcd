"""Are channels counted as a count by hand says, and how long does it take?"""
