"""How do the replies of one turn become as few sends as possible? Pure."""

from collections.abc import Callable, Sequence

from bot.model import Because, MenuItem, Reply
from bot.routing.collected import Said

_EXCERPT = 24


def merge(
    said: Sequence[Said], preface: Sequence[str] = (), quotable: Callable[[str], str] = str.strip
) -> Reply:
    """One reply that answers every message of the burst.

    Args:
        said: at least one reply.
        preface: lines before the first answer (introduction, apology for the wait).
        quotable: what may be repeated of a customer's message.
    """
    distinct = _distinct(said)
    blocks = [line for line in preface if line]
    blocks += [
        _block(one, quotable if len(distinct) > 1 or one.quoted else None)
        for one in distinct
        if one.reply.text
    ]
    return Reply(
        text="\n\n".join(blocks),
        menu=_menu(distinct),
        survey=distinct[0].reply.survey if len(distinct) == 1 else (),
        attachments=tuple(one for said in distinct for one in said.reply.attachments),
        tail=next((one.reply.tail for one in reversed(distinct) if one.reply.tail), ""),
        because=_because(distinct),
        category=distinct[0].reply.category,
        purpose=distinct[0].reply.purpose,
        written_by_model=any(one.reply.written_by_model for one in distinct),
    )


def _distinct(said: Sequence[Said]) -> list[Said]:
    seen: dict[tuple[str, tuple[MenuItem, ...]], Said] = {}
    for one in said:
        seen.setdefault((one.reply.text, one.reply.menu), one)
    return list(seen.values())


def _block(one: Said, quotable: Callable[[str], str] | None) -> str:
    question = one.message.text.strip() if one.message else ""
    if quotable is None or not question:
        return one.reply.text
    question = quotable(question)
    short = question if len(question) <= _EXCERPT else question[: _EXCERPT - 1] + "…"
    return f"「{short}」\n{one.reply.text}"


def _menu(said: Sequence[Said]) -> tuple[MenuItem, ...]:
    items: dict[str, MenuItem] = {}
    for one in said:
        for item in one.reply.menu:
            items.setdefault(item.id, item)
    return tuple(items.values())


def _because(said: Sequence[Said]) -> Because | None:
    reasons = [one.reply.because for one in said if one.reply.because]
    if len(reasons) <= 1:
        return reasons[0] if reasons else None
    refs = [{"source": r.source, "ref": r.ref, "score": r.score} for r in reasons]
    return Because(source="burst", ref=reasons[0].ref, detail={"reasons": refs})
