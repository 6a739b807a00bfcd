"""Invitations that are rewarded (R-3.5)."""
