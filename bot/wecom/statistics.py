"""How much did WeCom itself count, day by day (wecom-api §3.14, §4.17)?

A day has no count before about six in the morning after, and none where nothing happened.
"""

from collections.abc import Sequence

import msgspec

from bot.wecom import apis
from bot.wecom.client import WeComClient
from bot.wecom.contacts import ContactCalls, read_answer

MOST_MEMBERS = 100


class _Counted(msgspec.Struct, frozen=True):
    customer_msg_cnt: int | None = None


class _Day(msgspec.Struct, frozen=True):
    stat_time: float
    statistic: _Counted | None = None


class _Days(msgspec.Struct, frozen=True):
    statistic_list: list[_Day] | None = None


class _Behaviour(msgspec.Struct, frozen=True):
    stat_time: float
    new_contact_cnt: int | None = None


class _Behaviours(msgspec.Struct, frozen=True):
    behavior_data: list[_Behaviour] | None = None


class KfStatistics:
    """Counts of 客服账号; raises `WeComError` and `Misconfigured` as the client does."""

    def __init__(self, client: WeComClient) -> None:
        self._client = client

    async def customer_messages(
        self, open_kfid: str, first: float, last: float
    ) -> dict[float, int]:
        """How many messages customers sent on each day that has a count.

        Args:
            first: begin of the first day, Unix seconds; at most 31 days.
            last: begin of the last day.
        """
        body = {"open_kfid": open_kfid, "start_time": int(first), "end_time": int(last)}
        answer = await self._client.call(apis.KF_STATISTICS, body=body)
        days = read_answer(apis.KF_STATISTICS, answer, _Days).statistic_list or ()
        return {
            day.stat_time: day.statistic.customer_msg_cnt
            for day in days
            if day.statistic is not None and day.statistic.customer_msg_cnt is not None
        }


class ContactStatistics:
    """Counts of customer contact; raises `WeComError` and `Misconfigured` as the client does."""

    def __init__(self, calls: ContactCalls) -> None:
        self._calls = calls

    async def new_contacts(
        self, userids: Sequence[str], first: float, last: float
    ) -> dict[float, int]:
        """How many customers the members won on each day, all members together.

        Args:
            first: begin of the first day, Unix seconds; at most 30 days.
            last: begin of the last day.
        """
        found: dict[float, int] = {}
        for at in range(0, len(userids), MOST_MEMBERS):
            some = list(userids[at : at + MOST_MEMBERS])
            body = {"userid": some, "start_time": int(first), "end_time": int(last)}
            answer = await self._calls.call(apis.CONTACT_BEHAVIOUR, body=body)
            for day in read_answer(apis.CONTACT_BEHAVIOUR, answer, _Behaviours).behavior_data or ():
                if day.new_contact_cnt is not None:
                    found[day.stat_time] = found.get(day.stat_time, 0) + day.new_contact_cnt
        return found
