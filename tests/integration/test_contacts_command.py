"""`concierge contacts sync` compares to the end, or says why it does not."""

import io
from pathlib import Path

from bot.commands import contacts
from simulator.credentials import demo_credentials
from simulator.server import running
from tests.builders import a_config

LAN = "wmYunqi_customer_0000000000000001"


async def test_comparing_by_hand_reads_everybody_or_says_why_not(home: Path) -> None:
    names = demo_credentials()
    async with running() as sim:
        wecom = {"corp_id": names.corp_id, "secret": names.secret, "api_base": sim.url}
        config = a_config(home, wecom=wecom)
        sim.friends.add("zhangsan", LAN)
        sim.friends.permitted.clear()
        out = io.StringIO()
        assert await contacts.sync(config, out) == 1
        assert "企业微信不许可" in out.getvalue()
        sim.friends.permitted.add("app")
        out = io.StringIO()
        assert await contacts.sync(config, out) == 0
        assert "✓ 核对完了：成员 5，好友关系 1，补上的好友 1" in out.getvalue()
        sim.fault("error", path="/cgi-bin/externalcontact/batch/get_by_user", code=84074)
        out = io.StringIO()
        assert await contacts.sync(config, out) == 1
        assert "没读成的成员 1" in out.getvalue()
        off = a_config(home, wecom=wecom, contacts={"enabled": False})
        assert await contacts.sync(off, io.StringIO()) == 1
