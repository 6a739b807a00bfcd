"""What happened to a customer, in words."""
