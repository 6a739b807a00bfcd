"""Ask how it was, once a case has ended, and remember what the customer said."""
