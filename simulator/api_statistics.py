"""What does the platform count, day by day (wecom-api §3.14, §4.17)?

A day is counted when it is over; one on which nothing happened has no figures.
"""

from collections.abc import Iterator, Mapping

from simulator.arguments import Arguments, integer, strings, text
from simulator.errors import BAD_PARAMETER, Refused
from simulator.gate import Endpoint
from simulator.records import Content
from simulator.world import World

_DAY_S, _BEIJING_S = 86_400, 8 * 3_600
_MOST_KF_DAYS, _MOST_CONTACT_DAYS, _MOST_MEMBERS = 31, 30, 100


def endpoints(_world: World) -> Mapping[str, Endpoint]:
    """All paths of this family."""
    return {
        "/cgi-bin/kf/get_corp_statistic": Endpoint(("POST",), corp_statistic),
        "/cgi-bin/externalcontact/get_user_behavior_data": Endpoint(("POST",), behaviour),
    }


def corp_statistic(world: World, arguments: Arguments) -> Content:
    """`kf/get_corp_statistic`: sessions and messages of one account."""
    account = world.account(text(arguments, "open_kfid"))
    sent = [
        (message.at, conversation.external_userid)
        for conversation in world.conversations.values()
        if conversation.open_kfid == account.open_kfid
        for message in conversation.messages
        if message.sender == "customer"
    ]
    days: list[Content] = []
    for day in _days(world, arguments, _MOST_KF_DAYS):
        whose = [customer for at, customer in sent if day <= at < day + _DAY_S]
        counts = {"customer_msg_cnt": len(whose), "customer_cnt": len(set(whose))}
        days.append({"stat_time": day} | ({"statistic": counts} if whose else {}))
    return {"statistic_list": days}


def behaviour(world: World, arguments: Arguments) -> Content:
    """`externalcontact/get_user_behavior_data`: new customers of some members together."""
    userids = strings(arguments, "userid")
    if not userids or len(userids) > _MOST_MEMBERS:
        raise Refused(BAD_PARAMETER, "userid: 1 to 100")
    made = [one.created_at for userid in userids for one in world.friends.of_member(userid)]
    return {
        "behavior_data": [
            {
                "stat_time": day,
                "chat_cnt": 0,
                "message_cnt": 0,
                "negative_feedback_cnt": 0,
                "new_apply_cnt": 0,
                "new_contact_cnt": sum(day <= at < day + _DAY_S for at in made),
            }
            for day in _days(world, arguments, _MOST_CONTACT_DAYS)
        ]
    }


def _days(world: World, arguments: Arguments, most: int) -> Iterator[int]:
    first = _midnight(integer(arguments, "start_time", 0, least=1, most=2**32))
    last = _midnight(integer(arguments, "end_time", 0, least=1, most=2**32))
    today = _midnight(int(world.now()))
    if last < first or last >= today or (last - first) // _DAY_S >= most:
        raise Refused(BAD_PARAMETER, "start_time, end_time: days that are over")
    yield from range(first, last + _DAY_S, _DAY_S)


def _midnight(at: int) -> int:
    return (at + _BEIJING_S) // _DAY_S * _DAY_S - _BEIJING_S
