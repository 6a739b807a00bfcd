"""Answer from the knowledge base: one question, several, what follows, and whether it helped."""
