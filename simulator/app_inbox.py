"""What does a member see in the app's chat, and may this app write there (wecom-api §5.1)?"""

from typing import Any

import msgspec

from simulator.arguments import Arguments
from simulator.errors import BAD_AGENT_ID, FOREIGN_AGENT, NO_AGENT_ID, Refused
from simulator.records import AppMessage
from simulator.world import World


def check_agent(world: World, arguments: Arguments) -> None:
    """Let pass who names the app that the token belongs to.

    Raises:
        Refused: no agentid, not a number, or of another app.
    """
    agent_id = arguments.get("agentid")
    if agent_id is None:
        raise Refused(NO_AGENT_ID, "agentid missing")
    if type(agent_id) is not int:
        raise Refused(BAD_AGENT_ID, "agentid must be an integer")
    if agent_id != world.credentials.agent_id:
        raise Refused(FOREIGN_AGENT, "no permission on that agentid")


def put_into_inbox(world: World, userid: str, message: AppMessage) -> None:
    """Show a message in a member's chat with the app."""
    world.inboxes.setdefault(userid, []).append(message)
    publish(world, userid, message)


def publish(world: World, userid: str, message: AppMessage) -> None:
    """Tell whoever looks that a message is new or changed."""
    world.feed.publish("app_message", lambda: app_message_view(userid, message))


def app_message_view(userid: str, message: AppMessage) -> dict[str, Any]:
    """What the control API shows of an app message."""
    return {"userid": userid, **msgspec.to_builtins(message)}
