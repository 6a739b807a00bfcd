"""A picture, voice, file, place, card or unknown type: keep it for people, ask for words."""

from bot.model import Because
from bot.routing import IsNotText, Router, Stage, Turn

router = Router("media", stage=Stage.ANSWER)


@router.message(IsNotText())
async def keep(turn: Turn) -> None:
    """Keep the medium while WeCom still has it (3 days) and never stay silent."""
    media_id = turn.message.content.get("media_id")
    if isinstance(media_id, str) and media_id:
        turn.keep_media(media_id, turn.message.msgtype)
    known = f"media.{turn.message.msgtype}"
    key = known if turn.phrases.has_reply(known) else "media.other"
    because = Because(source="reply", ref=key)
    turn.reply(turn.phrases.say(key), because=because)
    turn.settle("noted", because)
