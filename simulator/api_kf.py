"""Which customer-service APIs are there (wecom-api §3.2-3.12)?"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from simulator.arguments import Arguments, integer, integers, strings, text
from simulator.errors import BAD_PARAMETER, NOT_A_SERVICER, Refused
from simulator.gate import SYNC_MSG, Endpoint
from simulator.records import WINDOW_S, Account, Content, Customer, Servicer
from simulator.sending import send_msg, send_msg_on_event
from simulator.sessions import find_servicer, state_get, state_trans
from simulator.syncing import Syncing
from simulator.world import World

_SCENE = re.compile(r"[0-9a-zA-Z_-]{0,32}")
_MOST_SERVICERS = 2000


def endpoints(world: World) -> Mapping[str, Endpoint]:
    """All paths of this family."""
    return {
        "/cgi-bin/kf/account/list": Endpoint(("POST", "GET"), account_list),
        "/cgi-bin/kf/servicer/list": Endpoint(("GET",), servicer_list),
        "/cgi-bin/kf/servicer/add": Endpoint(("POST",), servicer_add),
        "/cgi-bin/kf/servicer/del": Endpoint(("POST",), servicer_del),
        "/cgi-bin/kf/add_contact_way": Endpoint(("POST",), add_contact_way),
        "/cgi-bin/kf/customer/batchget": Endpoint(("POST",), customer_batchget),
        "/cgi-bin/kf/service_state/get": Endpoint(("POST",), state_get),
        "/cgi-bin/kf/service_state/trans": Endpoint(("POST",), state_trans),
        "/cgi-bin/kf/send_msg": Endpoint(("POST",), send_msg),
        "/cgi-bin/kf/send_msg_on_event": Endpoint(("POST",), send_msg_on_event),
        SYNC_MSG: Endpoint(("POST",), Syncing(world).sync_msg),
    }


def account_list(world: World, arguments: Arguments) -> Content:
    """`kf/account/list`: POST with paging, or the old GET form without (§3.2)."""
    if "access_token" in arguments:  # GET: the query has no paging
        arguments = {}
    offset = integer(arguments, "offset", 0, least=0, most=2**32 - 1)
    limit = integer(arguments, "limit", 100, least=1, most=100)
    page = list(world.accounts.values())[offset : offset + limit]
    return {"account_list": [_account_entry(account) for account in page]}


def _account_entry(account: Account) -> Content:
    return {
        "open_kfid": account.open_kfid,
        "name": account.name,
        "avatar": "https://wework.qpic.cn/wwhead/demoavatar/0",
        "manage_privilege": True,
    }


def servicer_list(world: World, arguments: Arguments) -> Content:
    """`kf/servicer/list`: status 0 = receiving, 1 = stopped (§3.4)."""
    account = world.account(text(arguments, "open_kfid"))
    people: list[Content] = [
        {"userid": one.userid, "status": 0}
        if one.receiving
        else {"userid": one.userid, "status": 1, "stop_type": 0}
        for one in account.servicers.values()
    ]
    return {"servicer_list": people + [{"department_id": one} for one in account.departments]}


def servicer_add(world: World, arguments: Arguments) -> Content:
    """`kf/servicer/add`, answered one by one (§3.4)."""
    account, userids, departments = _servicer_lists(world, arguments, most_departments=20)
    results = [_add_servicer(world, account, userid) for userid in userids]
    for department in departments:
        new = department not in account.departments
        account.departments.add(department)
        results.append(_result("department_id", department, changed=new))
    return {"result_list": results}


def servicer_del(world: World, arguments: Arguments) -> Content:
    """`kf/servicer/del`, answered one by one (§3.4)."""
    account, userids, departments = _servicer_lists(world, arguments, most_departments=100)
    results = []
    for userid in userids:
        known = find_servicer(account, userid)
        if known:
            del account.servicers[known]
        results.append(_result("userid", userid, changed=known is not None))
    for department in departments:
        known_department = department in account.departments
        account.departments.discard(department)
        results.append(_result("department_id", department, changed=known_department))
    return {"result_list": results}


def _servicer_lists(
    world: World, arguments: Arguments, *, most_departments: int
) -> tuple[Account, list[str], list[int]]:
    account = world.account(text(arguments, "open_kfid"))
    userids = strings(arguments, "userid_list")
    departments = integers(arguments, "department_id_list")
    if not userids and not departments:
        raise Refused(BAD_PARAMETER, "userid_list and department_id_list both empty")
    if len(userids) > 100 or len(departments) > most_departments:
        raise Refused(BAD_PARAMETER, "list too long")
    return account, userids, departments


def _add_servicer(world: World, account: Account, userid: str) -> Content:
    if find_servicer(account, userid):
        return _result("userid", userid, changed=False)
    known = next((one for one in world.members if one.lower() == userid.lower()), None)
    if known is None or len(account.servicers) >= _MOST_SERVICERS:
        return {"userid": userid, "errcode": NOT_A_SERVICER, "errmsg": "not a member in range"}
    account.servicers[known] = Servicer(known)
    return _result("userid", userid, changed=True)


def _result(name: str, value: str | int, *, changed: bool) -> Content:
    return {name: value, "errcode": 0, "errmsg": "success" if changed else "ignored"}


def add_contact_way(world: World, arguments: Arguments) -> Content:
    """`kf/add_contact_way`: one scene, one link (§3.3)."""
    account = world.account(text(arguments, "open_kfid", most=64))
    scene = text(arguments, "scene")
    if not _SCENE.fullmatch(scene):
        raise Refused(BAD_PARAMETER, "scene malformed")
    place = hashlib.sha256(account.open_kfid.encode()).hexdigest()[:16]
    url = f"https://work.weixin.qq.com/kf/kfc{place}"
    if scene:
        sealed = hashlib.sha256(f"{account.open_kfid}:{scene}".encode()).hexdigest()[:16]
        url += f"?enc_scene=ENC{sealed}"
    return {"url": url}


def customer_batchget(world: World, arguments: Arguments) -> Mapping[str, Any]:
    """`kf/customer/batchget` (§3.12)."""
    wanted = strings(arguments, "external_userid_list")
    if not 1 <= len(wanted) <= 100:
        raise Refused(BAD_PARAMETER, "external_userid_list must have 1 to 100 entries")
    with_context = integer(arguments, "need_enter_session_context", 0, least=0, most=1)
    known = [world.customers[one] for one in wanted if one in world.customers]
    return {
        "customer_list": [_customer_entry(world, one, bool(with_context)) for one in known],
        "invalid_external_userid": [one for one in wanted if one not in world.customers],
    }


def _customer_entry(world: World, customer: Customer, with_context: bool) -> Content:
    entry: Content = {
        "external_userid": customer.external_userid,
        "nickname": customer.nickname,
        "avatar": "https://wx.qlogo.cn/mmhead/demoavatar/0",
        "gender": 0,
    }
    context = _last_entry(world, customer) if with_context else None
    if context is not None:
        entry["enter_session_context"] = context
    return entry


def _last_entry(world: World, customer: Customer) -> Content | None:
    """How the customer last came in, if within 48 h."""
    places = (
        world.conversations.get((open_kfid, customer.external_userid))
        for open_kfid in world.accounts
    )
    entered = [one for one in places if one is not None and one.entered is not None]
    latest = max(entered, key=lambda one: one.entered_at, default=None)
    if latest is None or world.now() - latest.entered_at >= WINDOW_S:
        return None
    return latest.entered
