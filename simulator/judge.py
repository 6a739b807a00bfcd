"""Did every customer get the right answer, once, and in order? Told from the transcript alone.

Works on the messages of the control API, so that it judges a simulator in another process too.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

Transcript = Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]
"""(open_kfid, external_userid) → messages as `/sim/chat` shows them."""


class Verdict(msgspec.Struct, kw_only=True):
    """What became of the questions; each entry names the customer and the question.

    Args:
        answered: questions with their answer after them.
        lost: questions without.
        doubled: answers that came more often than they were asked for.
        out_of_order: questions answered before an earlier one of the same conversation.
        wrong: texts of the bot that answer no question of their conversation.
    """

    answered: int = 0
    lost: list[str] = []
    doubled: list[str] = []
    out_of_order: list[str] = []
    wrong: list[str] = []

    @property
    def is_clean(self) -> bool:
        """Whether nothing at all went wrong."""
        return not (self.lost or self.doubled or self.out_of_order or self.wrong)


def judge(
    transcript: Transcript,
    expected: Mapping[str, str],
    *,
    also_allowed: Iterable[str] = (),
) -> Verdict:
    """Compare what the bot said with what it should have said.

    Args:
        transcript: all conversations.
        expected: question → a piece of text that its answer contains and no other answer does.
        also_allowed: pieces that make a text of the bot right although it answers nothing,
            e.g. of the welcome; codes' messages are always allowed.
    """
    verdict = Verdict()
    allowed = tuple(also_allowed)
    for (_open_kfid, external_userid), messages in transcript.items():
        _judge_conversation(verdict, external_userid, messages, expected, allowed)
    return verdict


def message_text(message: Mapping[str, Any]) -> str:
    """What a customer reads of a message, menus included."""
    content = message["content"]
    if message["msgtype"] == "text":
        return str(content["content"])
    if message["msgtype"] != "msgmenu":
        return ""
    items = (item.get(item.get("type"), {}) for item in content.get("list", ()))
    lines = [
        content.get("head_content", ""),
        *(item.get("content", "") for item in items),
        content.get("tail_content", ""),
    ]
    return "\n".join(lines)


def _judge_conversation(
    verdict: Verdict,
    whose: str,
    messages: Sequence[Mapping[str, Any]],
    expected: Mapping[str, str],
    allowed: tuple[str, ...],
) -> None:
    questions = [
        (index, text)
        for index, message in enumerate(messages)
        if message["from"] == "customer" and (text := message_text(message)) in expected
    ]
    pieces = {expected[text] for _, text in questions}  # a recalled one may have its answer
    questions = [one for one in questions if not messages[one[0]]["recalled"]]
    places = _places(messages, pieces)
    asked: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for index, text in questions:
        asked[expected[text]].append((index, text))
    first_places = {}
    for answer, askings in asked.items():
        _judge_answer(verdict, whose, askings, places[answer])
        for index, text in askings:
            first = next((place for place in places[answer] if place[0] > index), None)
            if first is not None:
                first_places[index] = (first, text)
    _judge_order(verdict, whose, first_places)
    _judge_wrong(verdict, whose, messages, (*pieces, *allowed))


def _places(
    messages: Sequence[Mapping[str, Any]], answers: Iterable[str]
) -> dict[str, list[tuple[int, int]]]:
    """Where each answer was given: (message, offset within it)."""
    texts = [
        (index, message_text(message))
        for index, message in enumerate(messages)
        if message["from"] == "bot" and message["failed"] is None
    ]
    return {
        answer: [(index, at) for index, text in texts for at in _offsets(text, answer)]
        for answer in answers
    }


def _offsets(text: str, piece: str) -> list[int]:
    found, at = [], text.find(piece)
    while at >= 0:
        found.append(at)
        at = text.find(piece, at + len(piece))
    return found


def _judge_answer(
    verdict: Verdict,
    whose: str,
    askings: Sequence[tuple[int, str]],
    places: Sequence[tuple[int, int]],
) -> None:
    for index, text in askings:
        if any(place[0] > index for place in places):
            verdict.answered += 1
        else:
            verdict.lost.append(f"{whose}: {text}")
    surplus = len(places) - len(askings)
    verdict.doubled.extend([f"{whose}: {askings[0][1]}"] * max(surplus, 0))


def _judge_order(
    verdict: Verdict, whose: str, first_places: Mapping[int, tuple[tuple[int, int], str]]
) -> None:
    latest = (-1, -1)
    for _, (place, text) in sorted(first_places.items()):
        if place < latest:
            verdict.out_of_order.append(f"{whose}: {text}")
        latest = max(latest, place)


def _judge_wrong(
    verdict: Verdict,
    whose: str,
    messages: Sequence[Mapping[str, Any]],
    right: tuple[str, ...],
) -> None:
    for message in messages:
        if message["from"] != "bot" or message["via"] == "event":
            continue
        text = message_text(message)
        if not any(piece in text for piece in right):
            verdict.wrong.append(f"{whose}: {text[:60]}")
