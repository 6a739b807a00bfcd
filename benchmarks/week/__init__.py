"""A week of a shop, played through the real engine, and counted a second time by an oracle."""
