"""Is this newcomer to be greeted, and with what? What `on_added` decides, in steps."""

from bot.model import Benefit, CustomerAdded, SendWelcome
from bot.model.tasks import Nudge, StaffTask, task_id
from bot.routing import Turn
from bot.routing.assigning import ask_staff
from bot.store import Greeted, Relation, Store
from bot.store.channels import Attribution
from bot.store.welcomes import planned
from handlers.welcome.choosing import FRIEND, Occasion, WelcomeText
from handlers.welcome.in_force import Welcomes

FAILED = "welcome.friend"
"""Tag under which a welcome that could not be sent comes back."""

REFERRAL = "referral"
"""Kind of a state that an inviting customer handed out (`store.channels`)."""

HELLO = "say_hello"
HELLO_S, HELLO_KEPT_S = 1800.0, 86_400.0
"""Within so long a member says hello by hand, and after so long nobody asks for it any more."""


def begun_at(event: CustomerAdded, relation: Relation | None, now: float) -> float:
    """With which moment the friendship began: half and whole are one (R-1.4)."""
    at = event.at or now
    if relation is None or not relation.is_friend or relation.added_at is None:
        return at
    return relation.added_at


def is_over(event: CustomerAdded, relation: Relation | None) -> bool:
    """Whether a later event has ended it already (R-1.7)."""
    return relation is not None and not relation.is_friend and 0 < event.at < relation.version


async def occasion_of(
    turn: Turn, event: CustomerAdded, store: Store, since: float
) -> tuple[Occasion, Attribution]:
    """Who comes by what."""
    came = await store.channels.channel_of(event.state)
    customers = await store.people.same_person(event.external_userid)
    known = came.channel
    return Occasion(
        at=FRIEND,
        moment=turn.local_time(turn.now),
        returning=await store.contacts.has_left(customers, before=since),
        invited=came.kind == REFERRAL,
        channel=known.id if known else "",
        welcome=known.welcome if known else "",
        userid=event.userid,
    ), came


async def compose(
    turn: Turn, event: CustomerAdded, store: Store, welcomes: Welcomes, since: float
) -> tuple[Greeted, WelcomeText | None, SendWelcome | None, bool]:
    """The welcome, or why there is none."""
    occasion, came = await occasion_of(turn, event, store, since)
    chosen = welcomes.choose(occasion)
    if chosen is None:
        return Greeted.NO_TEXT, None, None, occasion.returning
    named = {one.name: one.value for one in await store.profiles.of(event.external_userid)}
    persona = turn.phrases.say("engine.persona")
    values = {
        "company": turn.setting.company,
        "who": f"{turn.setting.company}{persona}",
        "staff": turn.roster.name_of(event.userid) if _is_named(turn, event.userid) else "",
        "customer": named.get("nickname") or named.get("name") or "",
        "channel": came.channel.name if came.channel else "",
    }
    values["staff"] = values["staff"] or turn.phrases.say("welcome.nameless_member")
    nameless = turn.phrases.say("welcome.nameless")
    text = welcomes.say(chosen.text, values, nameless=nameless)
    without = welcomes.say(chosen.without, values, nameless=nameless)
    if text is None or without is None:
        return Greeted.WITHHELD, chosen, None, occasion.returning
    benefit = Benefit(campaign=chosen.benefit, without=without) if chosen.benefit else None
    effect = SendWelcome(
        code=event.welcome_code,
        userid=event.userid,
        external_userid=event.external_userid,
        since=since,
        text=text,
        attachments=chosen.attachments,
        benefit=benefit,
    )
    return Greeted.PLANNED, chosen, effect, occasion.returning


def note(
    turn: Turn,
    event: CustomerAdded,
    since: float,
    state: Greeted,
    *,
    welcome: str = "",
    returning: bool = False,
) -> None:
    """Write down what is decided, with the turn; who comes second decides anew."""
    pair = (event.userid, event.external_userid)
    done = planned(pair, since, state, turn.now, welcome=welcome, returning=returning)
    turn.record(done.sql, *done.params, expect=done.expect)


async def ask_for_hello(
    turn: Turn, store: Store, pair: tuple[str, str], *, since: float, why: str
) -> None:
    """A member is asked to say hello, because no welcome reached the newcomer (R-2.3)."""
    userid, external_userid = pair
    named = {one.name: one.value for one in await store.profiles.of(external_userid)}
    who = named.get("nickname") or named.get("name") or turn.phrases.say("welcome.new_friend")
    at = turn.local_time(since).strftime("%m-%d %H:%M")
    task = StaffTask(
        id=task_id(HELLO, userid.lower(), external_userid, str(since)),
        kind=HELLO,
        member=userid,
        text=turn.phrases.say("welcome.task", customer=who, at=at),
        reason=f"welcome:{why}",
        due_at=turn.now,
        on_time_s=HELLO_S,
        expires_at=turn.now + HELLO_KEPT_S,
        external_userid=external_userid,
        is_deadline=True,
        nudges=(Nudge(HELLO_S),),
    )
    await ask_staff(turn, store, task)


def _is_named(turn: Turn, userid: str) -> bool:
    return any(one.key == userid.lower() for one in turn.staff)
