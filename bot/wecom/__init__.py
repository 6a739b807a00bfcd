"""How does Concierge speak with WeCom? Wire formats, requests, tokens and the platform's limits."""
