"""How often does a message get the right tags? Messages, and what is made of them."""
