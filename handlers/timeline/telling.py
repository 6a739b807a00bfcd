"""How is a line of the timeline told: who, what and why?

Everything is said in words: a code of ours for which nobody wrote any is left out, and ids of
rules, texts and flows tell a servicer nothing. `tests/unit/handlers/test_timeline_words.py` finds
the codes in the program that have no words.
"""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from bot.model import Because
from bot.routing.panels import About, PanelLine
from bot.store import Moment

LONGEST = 120
_SHORT = 24
"""Characters of an entry's question."""

_FEN = 100

_because = msgspec.json.Decoder(Because).decode


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells lines to one member.

    Args:
        question_of: of an account and the id of an entry, empty = there is none any more.
    """

    about: About
    question_of: Callable[[str, str], str]

    def line(self, one: Moment) -> PanelLine:
        """One line."""
        what, *why = getattr(self, f"_{one.kind}", self._other)(one)
        return PanelLine(self._label(one), what, " · ".join(filter(None, why)), one.at)

    def _label(self, one: Moment) -> str:
        """Who spoke; of what nobody said, what kind of thing it is."""
        if one.kind == "sent":
            return self._word("by", "bot")
        if one.kind != "message":
            return self._word("kind", one.kind)
        if one.what == "wrote":
            return self._word("by", "customer")
        return f"{self._word('by', 'servicer')} {self._name(one.who)}".strip()

    # ------------------------------------------------------------------ by kind: what, and why

    def _message(self, one: Moment) -> tuple[str, ...]:
        said = self._text(one) or self._word("message", one.what)
        if one.what != "wrote":
            return (said,)
        outcome = one.why.partition("{")[0].strip()
        return said, self._word("why", outcome), self._told(one)

    def _sent(self, one: Moment) -> tuple[str, ...]:
        state, text = self._word("sent", one.what), self._text(one)
        if not text:
            return state, self._told(one)
        return text, state if one.what != "sent" else "", self._told(one)

    def _mass_send(self, one: Moment) -> tuple[str, ...]:
        reasons = one.why.removeprefix(one.who).split()
        flow = self._word("source", "flow") if reasons[:1] and reasons[0][:5] == "flow:" else ""
        why = self._word("why", reasons[-1]) if len(reasons) > 1 else ""
        return self._word("mass_send", one.what), self._name(one.who), flow, why

    def _case(self, one: Moment) -> tuple[str, ...]:
        reason = one.why.removesuffix(one.who).strip()
        return self._word("case", one.what), self._reason(reason), self._name(one.who)

    def _tag(self, one: Moment) -> tuple[str, ...]:
        outcome, source, *rest = one.why.split()
        name, put_on = one.what[1:], one.what[0] == "+"
        done = ("tagged" if put_on else "untagged") if outcome == "applied" else "not_tagged"
        rule = rest[0].partition(":")[0].partition("@")[0] if rest else ""
        why = self._word("tag", outcome.replace(":", "_")) if done == "not_tagged" else ""
        said = f"{self.about.phrases.say(f'timeline.{done}')}{name}"
        by = self._shared("tagged_by", source)
        return said, why, by, self._word("rule", rule), self._name(one.who)

    def _consent(self, one: Moment) -> tuple[str, ...]:
        purpose, _, decision = one.what.partition(" ")
        what = f"{self._shared('purpose', purpose)}{self._word('decision', decision)}"
        channel, *_ = one.why.split() or [""]
        is_command = channel == "command"  # by whoever is logged in to the machine
        who = "" if is_command else self._word("by", one.who) or self._name(one.who)
        return what, self._word("channel", channel), who

    def _contact(self, one: Moment) -> tuple[str, ...]:
        known = {word: self._word("contact_why", word) for word in one.why.lower().split()}
        told = known.get("delete_by_transfer") or next(filter(None, known.values()), "")
        return self._word("contact", one.what), told, self._name(one.who)

    def _order(self, one: Moment) -> tuple[str, ...]:
        amount = int(one.why) / _FEN if one.why.isdecimal() else None
        paid = self.about.phrases.say("timeline.amount", amount=f"{amount:.2f}") if amount else ""
        return one.what, paid  # the state is the shop's own word

    def _rating(self, one: Moment) -> tuple[str, ...]:
        how, *why = one.why.split()
        if one.what:
            return (self.about.phrases.say("timeline.rated", score=one.what),)
        key = "asked" if how != "none" else "not_asked"
        return self._word("rating", key), self._word("rating_why", why[0]) if why else ""

    def _link(self, one: Moment) -> tuple[str, ...]:
        title = one.why.removesuffix(one.who).strip()
        return self.about.phrases.say("timeline.link_sent", title=title), self._name(one.who)

    def _opened(self, one: Moment) -> tuple[str, ...]:
        return (self.about.phrases.say("timeline.link_opened", title=one.why),)

    def _merge(self, one: Moment) -> tuple[str, ...]:
        evidence, *_ = one.why.split() or [""]
        return self._word("merge", one.what), self._word("evidence", evidence), self._name(one.who)

    def _unmerge(self, one: Moment) -> tuple[str, ...]:
        return self._word("merge", one.what.replace(" ", "_")), self._name(one.who)

    def _other(self, one: Moment) -> tuple[str, ...]:
        return self._word(one.kind, one.what), self._name(one.who)

    # ------------------------------------------------------------------ words

    def _text(self, one: Moment) -> str:
        """What was written in the conversation that he may see; nothing of other ones."""
        if not self._is_here(one):
            return ""
        text = " ".join(one.text.split())
        return text if len(text) <= LONGEST else text[:LONGEST] + "…"

    def _is_here(self, one: Moment) -> bool:
        where = self.about.conversation
        mine = one.external_userid == self.about.external_userid
        return where is not None and where.open_kfid == one.open_kfid and mine

    def _told(self, one: Moment) -> str:
        """Where an answer came from, and how sure the bot was."""
        _, brace, told = one.why.partition("{")
        try:
            because = _because(brace + told)
        except msgspec.DecodeError:
            return ""
        if because.source == "escalation":
            return self._reason(because.ref)
        sure = "" if because.score is None else f" {round(100 * because.score)}%"
        is_entry = because.source == "faq" and self._is_here(one)
        question = self.question_of(one.open_kfid, because.ref) if is_entry else ""
        short = question if len(question) <= _SHORT else question[:_SHORT] + "…"
        source = self._word("source", because.source)
        return f"{source}“{short}”{sure}" if short else f"{source}{sure}".strip()

    def _reason(self, code: str) -> str:
        return self.about.phrases.word("escalation.reason", code) or self._word("why", code)

    def _name(self, userid: str) -> str:
        return self.about.name_of(userid) if userid else ""

    def _word(self, group: str, code: str) -> str:
        return self.about.phrases.word(f"timeline.{group}", code)

    def _shared(self, group: str, code: str) -> str:
        return self.about.phrases.word(f"sidebar.{group}", code)
