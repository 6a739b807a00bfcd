"""How is what customers say about their own data told apart? A labelled set, and its measures."""
