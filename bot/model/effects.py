"""What can a turn decide to do? Every row of the outbox holds one of these."""

import re
from typing import Any

import msgspec

from bot.model.asked import Awaited, DraftReply, Effect, RunErrand, SumUp
from bot.model.cards import Card
from bot.model.remarks import Remark
from bot.model.replies import Attachment, Benefit

NOT_OURS = "the conversation is not the bot's"
"""Why a row is held: people have the session, it is over, or nobody knows who has it."""

_TASK_ID = re.compile(r"[0-9a-zA-Z_@-]{1,128}")  # wecom-api §5.3


class SendMessage(Effect, frozen=True, kw_only=True):
    """`kf/send_msg`. Repeat: `key`, the row's fixed msgid.

    Args:
        payload: ``msgtype`` and its object, ready for the wire.
        media: file or http(s) address of its picture, which is uploaded first (repeatable: WeCom
            gives another media_id) and then named in the payload.
    """

    payload: dict[str, Any]
    media: str = ""


class SendOnEvent(Effect, frozen=True, kw_only=True):
    """`kf/send_msg_on_event`. Repeat: `single_use_code`, "used" after a timeout = sent.

    Args:
        payload: ``msgtype`` and its object, ready for the wire.
        in_state: session state in which the code is valid, ``None`` for the welcome.
    """

    code: str
    payload: dict[str, Any]
    in_state: int | None = None


class Seat(msgspec.Struct, frozen=True):
    """A servicer who may be given a case.

    Args:
        level: 2 = junior, 3 = expert.
        capacity: cases he may have at a time.
    """

    userid: str
    level: int
    capacity: int


class HandOff(Effect, frozen=True, kw_only=True):
    """Bring the conversation to people (`service_state/trans`). Repeat: `state`, read first.

    Args:
        case_id: the case that is handed over, empty = none is known.
        seats: who may take it, in the order in which they are tried.
        away_from: who has the session now and is to lose it, empty = nobody.
        tries: how many others of the line were tried in vain before; comes back with the result.
    """

    reason: str
    case_id: str = ""
    seats: tuple[Seat, ...] = ()
    away_from: str = ""
    tries: int = 0


class NotifyStaff(Effect, frozen=True, kw_only=True):
    """App message to members. Repeat: `window`, WeCom's duplicate check.

    Args:
        userids: who gets it; empty = whoever WeCom lists as a servicer of the account by then.
        open_kfid: of this account, where nobody is named.
    """

    userids: tuple[str, ...]
    text: str
    open_kfid: str = ""


class SendCard(Effect, frozen=True, kw_only=True):
    """Card to members. Repeat: `window`, and WeCom takes a task_id once: on a retried row an error
    without another known meaning says that an earlier try was accepted.

    Result: ``response_code`` (empty when it is not known), ``unreached`` (userids, lower-cased),
    ``as_text``, ``task_id``, ``userids``.

    Args:
        task_id: names the card for ever, at most 128 bytes of ``[0-9a-zA-Z_@-]``.
        fallback: sent as a text when WeCom refuses the card, so that nobody is left without notice.
    """

    userids: tuple[str, ...]
    card: Card
    task_id: str
    fallback: str

    def __post_init__(self) -> None:
        if not _TASK_ID.fullmatch(self.task_id):
            raise ValueError(f"{self.task_id!r} is no task_id")
        if not self.card.buttons:
            raise ValueError("a card without buttons is a text: notify instead")


class UpdateCard(Effect, frozen=True, kw_only=True):
    """Change a card that was sent. Repeat: `single_use_code`, refused after a try = done before.

    One that comes to nothing is nobody's error and is not told.

    Args:
        response_code: of `SendCard`'s result or of a press; works once, within 24 h.
        card: what it becomes, ``None`` = only its buttons change.
        replace_name: greys the buttons out with this text.
        userids: whose copies change, empty = everybody's.
        task_id: of the card; changes of one card keep their order.
    """

    response_code: str
    card: Card | None = None
    replace_name: str = ""
    userids: tuple[str, ...] = ()
    task_id: str = ""

    def __post_init__(self) -> None:
        if not self.replace_name and (self.card is None or not self.card.buttons):
            raise ValueError("an updated card has buttons, or a text that replaces them")


class EndSession(Effect, frozen=True, kw_only=True):
    """End a session that a servicer has (`service_state/trans` 4). Repeat: `state`, read first.

    Result: ``outcome`` (``ended``, ``already``, ``not_human``, ``not_quiet`` or ``refused``),
    ``msg_code`` (for one message within 20 s, ``None`` where WeCom gave none), ``at``.

    Args:
        quiet_since: Unix seconds; when somebody has written in the case since then, it goes on.
    """

    quiet_since: float | None = None


NOT_ARCHIVED_YET = 41053
"""What WeCom says of a welcome before the customer has agreed to chat archiving; his agreement
brings another code (wecom-api §4.3).
"""

CODE_SLOT = "{code}"
"""Where a benefit's code stands in a welcome; everything else is filled in already."""


class SendWelcome(Effect, frozen=True, kw_only=True):
    """`externalcontact/send_welcome_msg`. Repeat: `single_use_code`, "used" on a repeat means sent;
    the benefit's code is this person's before it is sent, so that a repeat says the same one.

    Args:
        since: when the friendship began (Unix seconds); names it with the pair.
        text: at most 4000 bytes, with `CODE_SLOT` where there is a benefit.
        attachments: at most nine; their files must have been uploaded before, one that was not is
            left out.
    """

    code: str
    userid: str
    external_userid: str
    since: float
    text: str
    attachments: tuple[Attachment, ...] = ()
    benefit: Benefit | None = None


class TakeCode(Effect, frozen=True, kw_only=True):
    """Make a code of a campaign this customer's. Repeat: harmless, it is the same one.

    Result: ``campaign``, ``code`` (``None`` when there is none for this person).
    """

    campaign: str
    external_userid: str


class MakeMassSend(Effect, frozen=True, kw_only=True):
    """Make the task of a row of `mass_sends`, if it is still wanted. Repeat: `find_then_create`, by
    its text and customer in the list of tasks, once that has had time to show it.
    """

    send_id: str


class ReadGroup(Effect, frozen=True, kw_only=True):
    """Ask whose a customer group is. Repeat: harmless, it only reads.

    Result: ``chat_id``, ``at``, ``joined``; where WeCom tells us ``name`` and ``owner``, and with
    `since` ``members``: (external_userid, state, join_time) each.

    Args:
        at: when customers joined it (Unix seconds).
        joined: how many.
        since: customers who joined since then are wanted too.
    """

    chat_id: str
    at: float
    joined: int
    since: float | None = None


class KeepMedia(Effect, frozen=True, kw_only=True):
    """Download a customer's media before WeCom forgets it. Repeat: `state`, one file per id."""

    media_id: str
    msgid: str
    msgtype: str


class ProjectTags(Effect, frozen=True, kw_only=True):
    """Bring a customer's tags to WeCom, for every member who has them as a friend (`mark_tag`).

    Repeat: `state`, what WeCom has is compared with our own books first. Of a stranger nothing is
    asked; `CustomerAdded` asks again.

    Args:
        read: take in first what people have changed in WeCom.
    """

    external_userid: str
    read: bool = False


class ReadCorpTags(Effect, frozen=True, kw_only=True):
    """Read the library of corp tags again. Repeat: harmless, it only reads."""


class KeepChannel(Effect, frozen=True, kw_only=True):
    """Bring what stands behind a channel at WeCom in line with it. Repeat: `find_then_create`, by
    its unique state; a join way cannot be found, one we never learnt of is left behind, unused.
    """

    channel_id: str


class MakeWay(Effect, frozen=True, kw_only=True):
    """Make a customer's own contact way and read its code. Repeat: `find_then_create`, by its
    state, claimed before; one into a group cannot be found, and is left behind unused (§4.10).
    Result: ``state``, and ``error`` where it came to nothing.

    Args:
        chats: groups that it leads into instead of to members.
    """

    state: str
    users: tuple[str, ...]
    remark: str = ""
    chats: tuple[str, ...] = ()


class EditRemark(Effect, frozen=True, kw_only=True):
    """Write what a member notes about a customer (`externalcontact/remark`). Repeat: `state`, what
    stands there is read first.

    Result: ``outcome`` (``written``, ``changed`` = somebody wrote since the page was read,
    ``no_friends`` or ``not_permitted``), ``userid``, ``remark``.

    Args:
        wanted: all of it, also what stays.
        seen: `Remark.digest` of what the page showed.
    """

    userid: str
    external_userid: str
    wanted: Remark
    seen: str


class DropWay(Effect, frozen=True, kw_only=True):
    """Delete the contact way of a single customer. Repeat: harmless, it is gone already."""

    state: str


class FollowTagRun(Effect, frozen=True, kw_only=True):
    """Rename or delete a corp tag after a run of `tag_runs`. Repeat: `state`, looked at first."""

    run: str


class PostWebhook(Effect, frozen=True, kw_only=True):
    """Tell an address of the company what happened to a customer. Repeat: `key`, the change's id is
    in the header.

    Args:
        webhook: its name in the configuration.
    """

    webhook: str
    change_id: int


AnyEffect = (
    SendMessage
    | SendOnEvent
    | HandOff
    | EndSession
    | NotifyStaff
    | SendCard
    | UpdateCard
    | SendWelcome
    | TakeCode
    | MakeMassSend
    | ReadGroup
    | KeepMedia
    | ProjectTags
    | ReadCorpTags
    | FollowTagRun
    | KeepChannel
    | MakeWay
    | EditRemark
    | DropWay
    | RunErrand
    | PostWebhook
    | SumUp
    | DraftReply
    | Awaited
)
"""Everything an outbox row can hold; msgspec decodes by `kind`."""
