"""A stand-in for the WeCom server, as strict as wecom-api.md, with a phone and a staff desk."""

from simulator.credentials import Credentials, demo_credentials

__all__ = ["Credentials", "demo_credentials"]
