"""Answer what members write to the app: help, a search in the knowledge, their open cases."""

from bot.model import AppMessageReceived
from bot.routing import Router, Stage, Turn
from bot.store import Store
from knowledge import Audience, Library

router = Router("staff", stage=Stage.ANSWER)

SHOWN_CASES = 10


@router.on(AppMessageReceived)
async def answer(turn: Turn, message: AppMessageReceived, library: Library, store: Store) -> None:
    """Answer one message; opening the app is no question."""
    if message.msgtype == "enter_agent":
        return
    question = message.content.strip()
    if question.startswith(turn.phrases.say("staff.note")):
        return  # kept with a case, elsewhere
    if message.msgtype != "text" or not question:
        text = turn.phrases.say("staff.only_text")
    elif turn.phrases.heard("staff.help", question):
        text = turn.phrases.say("staff.help")
    elif turn.phrases.heard("staff.cases", question):
        text = await _cases(turn, message.userid, store)
    else:
        text = await _search(turn, question, library)
    turn.notify([message.userid], text)


async def _search(turn: Turn, question: str, library: Library) -> str:
    found = await library.everything.search(question, Audience(today=turn.today), 4)
    if not found:
        return turn.phrases.say("staff.nothing")
    best, *others = found
    text = turn.phrases.say("staff.found", question=best.entry.question, answer=best.entry.answer)
    if others:
        listed = "；".join(match.entry.question for match in others)
        text += "\n" + turn.phrases.say("staff.others", questions=listed)
    return text


async def _cases(turn: Turn, userid: str, store: Store) -> str:
    owned = await store.conversations.owned_by(userid)
    queued = await store.conversations.queued()
    if not owned and not queued:
        return turn.phrases.say("staff.no_cases")
    lines = [turn.phrases.say("staff.cases", owned=len(owned), queued=len(queued))]
    for account, since in (*owned, *queued)[:SHOWN_CASES]:
        since_text = turn.local_time(since).strftime("%m-%d %H:%M")
        lines.append(turn.phrases.say("staff.case_line", account=account, since=since_text))
    return "\n".join(lines)
