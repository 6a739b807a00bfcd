"""What else do customers do that WeCom tells of: join a group, agree to chat archiving (§4.2)?"""

from simulator.friends import ContactChange, Friends
from simulator.records import WelcomeCode
from simulator.world import World


def join_group(friends: Friends, chat_id: str, *customers: str) -> None:
    """Customers scan the code of a group."""
    fields = {"ChatId": chat_id, "UpdateDetail": "add_member", "JoinScene": "3"}
    _tell(friends, fields, customers)


def leave_group(friends: Friends, chat_id: str, *customers: str, removed: bool = False) -> None:
    """Customers leave a group, or are removed from it."""
    fields = {"ChatId": chat_id, "UpdateDetail": "del_member", "QuitScene": "1" if removed else "0"}
    _tell(friends, fields, customers)


def _tell(friends: Friends, fields: dict[str, str], customers: tuple[str, ...]) -> None:
    fields["MemChangeCnt"] = str(len(customers))
    friends.on_change(
        ContactChange(
            event="change_external_chat", change="update", fields=fields, members=customers
        )
    )


def agree_to_archiving(world: World, userid: str, external_userid: str) -> str:
    """A customer agrees to the archiving of a member's chats; returns the code that comes of it."""
    friends, pair = world.friends, (userid, external_userid)
    friends.awaits_archiving.discard(pair)
    code = world.new_id("welcome_")
    friends.welcome_codes[code] = WelcomeCode(userid, external_userid, world.now())
    fields = {"UserID": userid, "ExternalUserID": external_userid, "WelcomeCode": code}
    friends.on_change(
        ContactChange(event="change_external_contact", change="msg_audit_approved", fields=fields)
    )
    return code
