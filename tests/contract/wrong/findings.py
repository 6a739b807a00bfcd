"""What has been found against a product, and which of it is a kind of its own?"""

from collections import Counter
from collections.abc import Sequence

import msgspec

from simulator.judge import judge, message_text
from simulator.records import BOT, NEW, Message
from tests.contract.wrong.company import ALSO_RIGHT, ANSWERS, HANDED_OVER, NOT_ASKED
from tests.contract.wrong.stage import Stage


class Findings(msgspec.Struct, frozen=True):
    """Everything that was found; empty for a faultless product.

    Args:
        by_kind: kinds of violations, and ``lost``, ``doubled``, ``out_of_order``, ``wrong``,
            ``unanswered``, ``not_welcomed``, ``answered_recalled``, ``told_unasked``,
            ``promised_too_early``, ``stuck``; each with what shows it.
        calls: how often each API was called.
    """

    by_kind: dict[str, list[str]]
    calls: dict[str, int]

    @property
    def kinds(self) -> set[str]:
        """All that was found, by kind."""
        return set(self.by_kind)


def findings(stage: Stage, stuck: str | None) -> Findings:
    """Judge what has happened on this stage."""
    found: dict[str, list[str]] = {}
    for violation in stage.sim.violations:
        found.setdefault(violation.kind, []).append(violation.detail)
    in_words = {
        key: [one for one in messages if one["msgtype"] != "image"]
        for key, messages in stage.sim.transcript().items()
    }  # a picture goes with an answer and is none by itself
    verdict = judge(in_words, ANSWERS, also_allowed=ALSO_RIGHT)
    found |= {
        "lost": verdict.lost,
        "doubled": verdict.doubled,
        "out_of_order": verdict.out_of_order,
        "wrong": verdict.wrong,
        "unanswered": [str(one.content) for one in stage.unanswered()],
        "not_welcomed": _not_welcomed(stage),
        "answered_recalled": _answered_recalled(stage),
        "told_unasked": _told_unasked(stage),
        "promised_too_early": _promised_too_early(stage),
        "stuck": [stuck] if stuck else [],
    }
    return Findings({kind: shown for kind, shown in found.items() if shown}, stage.sim.calls)


def _not_welcomed(stage: Stage) -> list[str]:
    codes = Counter(
        code.conversation.external_userid
        for code in stage.sim.world.codes.values()
        if code.kind == "welcome" and code.used is None
    )
    return sorted(codes)


def _answered_recalled(stage: Stage) -> list[str]:
    """Nobody who took a question back in time may read its answer."""
    found = []
    for messages in _chats(stage):
        taken_back = [one for one in messages if one.msgid in stage.recalled]
        said = [message_text(one.view()) for one in messages if one.sender == "bot"]
        for question in taken_back:
            answer = ANSWERS[question.content["content"]]
            found += [text for text in said if answer in text]
    return found


def _told_unasked(stage: Stage) -> list[str]:
    """What only a person was asked, or what was asked before our time."""
    return [
        text for text in _said_by_bot(stage) if any(answer in text for answer in NOT_ASKED.values())
    ]


def _said_by_bot(stage: Stage) -> list[str]:
    return [
        message_text(one.view())
        for messages in _chats(stage)
        for one in messages
        if one.sender == "bot"
    ]


def _promised_too_early(stage: Stage) -> list[str]:
    return [
        message_text(one.view())
        for messages in _chats(stage)
        for one in messages
        if one.sender == "bot" and one.state in (NEW, BOT)
        if HANDED_OVER in message_text(one.view())
    ]


def _chats(stage: Stage) -> Sequence[Sequence[Message]]:
    return [one.messages for one in stage.sim.world.conversations.values()]
