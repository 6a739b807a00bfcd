"""What did the simulator see? Views of the world for pages, tests and benchmarks."""

from typing import Any

from simulator.cards import card_view
from simulator.desk import servicer_view
from simulator.judge import Transcript, message_text
from simulator.records import BOT, NEW, Conversation, Message
from simulator.world import World, customer_view


def state_view(world: World) -> dict[str, Any]:
    """Accounts, people and conversations at a glance."""
    return {
        "accounts": [
            {"open_kfid": account.open_kfid, "name": account.name}
            for account in world.accounts.values()
        ],
        "servicers": [
            servicer_view(world, account.open_kfid, servicer)
            for account in world.accounts.values()
            for servicer in account.servicers.values()
        ],
        "customers": [customer_view(customer) for customer in world.customers.values()],
        "conversations": [
            world.conversation_view(world.settle(conversation))
            for conversation in world.conversations.values()
        ],
        "groups": [
            {
                "chat_id": group.chat_id,
                "name": group.name,
                "staff": [group.owner, *group.staff],
                "last": group.said[-1] if group.said else None,
            }
            for group in world.ways.groups.values()
        ],
        "sidebar_url": world.sidebar_url,
        "now": world.now(),
    }


def chat_view(world: World, open_kfid: str, external_userid: str) -> dict[str, Any]:
    """One conversation as both sides see it."""
    conversation = world.place(open_kfid, external_userid)
    return {
        "messages": [message.view() for message in conversation.messages],
        "service_state": conversation.state,
        "servicer_userid": conversation.servicer,
    }


def cards_view(world: World) -> list[dict[str, Any]]:
    """Every card that members were sent, oldest first, with each copy as it looks now."""
    return [card_view(card) for card in world.cards.values()]


def said_by_bot(world: World, open_kfid: str, external_userid: str) -> list[str]:
    """What a customer read from the bot, oldest first."""
    messages = world.place(open_kfid, external_userid).messages
    return [message_text(one.view()) for one in messages if one.sender == "bot"]


def transcript(world: World) -> Transcript:
    """Everything that was said, for `judge`."""
    return {
        key: [message.view() for message in conversation.messages]
        for key, conversation in world.conversations.items()
    }


def unanswered(world: World, within_s: float) -> list[dict[str, Any]]:
    """Customer messages that got nothing within ``within_s``, although the bot was in charge.

    Messages younger than that are not judged yet, recalled ones never.
    """
    return [
        {**_whose(conversation), **message.view()}
        for conversation in world.conversations.values()
        for message in _unanswered_in(conversation, world.now(), within_s)
    ]


def _unanswered_in(conversation: Conversation, now: float, within_s: float) -> list[Message]:
    found: list[Message] = []
    answer_at = float("inf")
    for message in reversed(conversation.messages):
        if message.sender == "bot" and message.failed is None:
            answer_at = message.at
        elif (
            message.sender == "customer"
            and message.state in (NEW, BOT)
            and not message.recalled
            and min(answer_at, now) - message.at > within_s
        ):
            found.append(message)
    return found[::-1]


def _whose(conversation: Conversation) -> dict[str, str]:
    return {
        "open_kfid": conversation.open_kfid,
        "external_userid": conversation.external_userid,
    }
