"""How often does a message get the right tags? Messages of four trades, and what is made of them."""
