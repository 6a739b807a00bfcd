"""Have something changed in the company's systems, once the customer has confirmed it."""
