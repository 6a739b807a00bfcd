"""How well is it decided that a person is needed? Sets of phrasings, and what is made of them."""
