"""Which APIs of WeCom does Concierge call, and what may be done when one does not answer?"""

from typing import Literal

import msgspec


class Api(msgspec.Struct, frozen=True):
    """One path of WeCom.

    Args:
        idempotent: whether a call without an answer may be made again (wecom-api §1.6).
        timeout_s: for the whole call; ``None`` = the client's default.
        pauses: whether a frequency block stops every call for its window; a code that dies in
            seconds is tried once more all the same.
    """

    method: Literal["GET", "POST"]
    path: str
    idempotent: bool = True
    timeout_s: float | None = None
    pauses: bool = True


GET_TOKEN = Api("GET", "/cgi-bin/gettoken")
MEDIA_UPLOAD = Api("POST", "/cgi-bin/media/upload", timeout_s=30.0)
MEDIA_PUBLISH = Api("POST", "/cgi-bin/media/uploadimg", timeout_s=30.0)
MEDIA_GET = Api("GET", "/cgi-bin/media/get", timeout_s=60.0)
KF_ACCOUNTS = Api("POST", "/cgi-bin/kf/account/list")
KF_SERVICERS = Api("GET", "/cgi-bin/kf/servicer/list")
KF_SYNC = Api("POST", "/cgi-bin/kf/sync_msg")
KF_STATE = Api("POST", "/cgi-bin/kf/service_state/get")
KF_TRANS = Api("POST", "/cgi-bin/kf/service_state/trans", idempotent=False)
KF_CUSTOMERS = Api("POST", "/cgi-bin/kf/customer/batchget")
KF_LINK = Api("POST", "/cgi-bin/kf/add_contact_way")  # one scene, one link (wecom-api §3.3)
KF_STATISTICS = Api("POST", "/cgi-bin/kf/get_corp_statistic")
KF_SEND = Api("POST", "/cgi-bin/kf/send_msg", idempotent=False)
KF_SEND_ON_EVENT = Api("POST", "/cgi-bin/kf/send_msg_on_event", idempotent=False)
STAFF_SEND = Api("POST", "/cgi-bin/message/send", idempotent=False)
USER_INFO = Api("GET", "/cgi-bin/auth/getuserinfo", idempotent=False)  # a code works once
CORP_TICKET = Api("GET", "/cgi-bin/get_jsapi_ticket")
AGENT_TICKET = Api("GET", "/cgi-bin/ticket/get")
STAFF_UPDATE_CARD = Api("POST", "/cgi-bin/message/update_template_card", idempotent=False)

CONTACT = "/cgi-bin/externalcontact"
"""Everything of customer contact lies under this path."""

CONTACT_MEMBERS = Api("GET", f"{CONTACT}/get_follow_user_list")
CONTACT_BEHAVIOUR = Api("POST", f"{CONTACT}/get_user_behavior_data")
CONTACT_LIST = Api("GET", f"{CONTACT}/list")
CONTACT_GET = Api("GET", f"{CONTACT}/get")
CONTACT_BATCH = Api("POST", f"{CONTACT}/batch/get_by_user", timeout_s=30.0)
CONTACT_REMARK = Api("POST", f"{CONTACT}/remark")
CONTACT_WELCOME = Api(
    "POST", f"{CONTACT}/send_welcome_msg", idempotent=False, timeout_s=5.0, pauses=False
)
WAY_ADD = Api("POST", f"{CONTACT}/add_contact_way", idempotent=False)
WAY_GET = Api("POST", f"{CONTACT}/get_contact_way")
WAY_LIST = Api("POST", f"{CONTACT}/list_contact_way")
WAY_UPDATE = Api("POST", f"{CONTACT}/update_contact_way")
WAY_DELETE = Api("POST", f"{CONTACT}/del_contact_way")
JOIN_ADD = Api("POST", f"{CONTACT}/groupchat/add_join_way", idempotent=False)
JOIN_GET = Api("POST", f"{CONTACT}/groupchat/get_join_way")
JOIN_UPDATE = Api("POST", f"{CONTACT}/groupchat/update_join_way")
JOIN_DELETE = Api("POST", f"{CONTACT}/groupchat/del_join_way")
GROUP_GET = Api("POST", f"{CONTACT}/groupchat/get")
GROUP_WELCOME_ADD = Api("POST", f"{CONTACT}/group_welcome_template/add", idempotent=False)
GROUP_WELCOME_EDIT = Api("POST", f"{CONTACT}/group_welcome_template/edit")
TRANSFER = Api("POST", f"{CONTACT}/transfer_customer", idempotent=False, timeout_s=30.0)
TRANSFER_RESULT = Api("POST", f"{CONTACT}/transfer_result")
TRANSFER_LEFT = Api(
    "POST", f"{CONTACT}/resigned/transfer_customer", idempotent=False, timeout_s=30.0
)
TRANSFER_LEFT_RESULT = Api("POST", f"{CONTACT}/resigned/transfer_result")
UNASSIGNED = Api("POST", f"{CONTACT}/get_unassigned_list")
TAG_LIST = Api("POST", f"{CONTACT}/get_corp_tag_list")
TAG_ADD = Api("POST", f"{CONTACT}/add_corp_tag", idempotent=False)
TAG_EDIT = Api("POST", f"{CONTACT}/edit_corp_tag")
TAG_DELETE = Api("POST", f"{CONTACT}/del_corp_tag")
TAG_MARK = Api("POST", f"{CONTACT}/mark_tag")
MASS_ADD = Api("POST", f"{CONTACT}/add_msg_template", idempotent=False)
MASS_LIST = Api("POST", f"{CONTACT}/get_groupmsg_list_v2")
MASS_TASK = Api("POST", f"{CONTACT}/get_groupmsg_task")
MASS_RESULT = Api("POST", f"{CONTACT}/get_groupmsg_send_result")
MASS_REMIND = Api("POST", f"{CONTACT}/remind_groupmsg_send", idempotent=False)
MASS_CANCEL = Api("POST", f"{CONTACT}/cancel_groupmsg_send")
