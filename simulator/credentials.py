"""Which company does the simulator play? The values that a console page would show."""

import msgspec


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """What the product must be configured with to talk to this simulator."""

    corp_id: str = "ww5150d3a0c0ffee01"
    agent_id: int = 1000002
    secret: str = "demo-secret-not-for-real-companies-0001"  # noqa: S105 - of no real company
    contact_secret: str = ""  # of the old system function 客户联系; empty = there is none
    token: str = "DemoCallbackToken01"  # noqa: S105
    aes_key: str = "Q29uY2llcmdlRGVtb0tleUZvclNpbXVsYXRvcjAwMDA"


def demo_credentials() -> Credentials:
    """The fixed identity of the demo company."""
    return Credentials()
