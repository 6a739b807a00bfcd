"""Which flows does a file hold, and what is wrong with the others?"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import time
from typing import Any

from bot.app.fields_file import FieldsFile
from bot.config.yaml_file import Document, Loc
from bot.wecom.limits import platform_limits
from handlers.flows.flow import (
    DAY_S,
    MASS_SEND,
    MOST_REMINDERS,
    WAYS,
    Branch,
    Condition,
    Evidence,
    Flow,
    Step,
    Wait,
    said_to_friend,
)

END = "end"
STARTS = ("added", "returned", "entered")
PURPOSES = ("marketing", "service")

_TOP = ("flows",)
_FLOW = (
    *("id", "kind", "name", "start", "when", "purpose", "promo", "expires_days", "steps", "note"),
    *("reward", "reward_text", "no_reward_text"),
)
_STEP = (
    *("id", "text", "variants", "experiment", "wait", "when", "evidence", "button", "words"),
    *("done_text", "remind_text", "friend_text", "task_text", "way", "reminders", "next", "note"),
)
_WHEN = ("tags", "without_tags", "channels", "wrote", "ordered", "hours")
_WAIT = re.compile(r"(?:(\d{1,3})天)?\s*(?:(\d{1,3})小时)?\s*(?:(\d{1,3})分钟)?", re.ASCII)
_AT = re.compile(r"(?:(\d{1,3})天后)?\s*([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)


class FlowFile(FieldsFile):
    """One file of flows being read."""

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self.problems += document.problems

    def flows(self) -> Iterator[Flow]:
        """Every flow without a problem."""
        values = self._document.values
        self._known_keys((), values, _TOP)
        given = values.get("flows")
        if not isinstance(given, list):
            self._complain(("flows",), "不是列表", "每个流程以 - 开头")
            return
        for index, raw in enumerate(given):
            if not isinstance(raw, dict):
                self._complain(("flows", index), "不是一组键值", "id、kind、name、steps")
                continue
            before = len(self.problems)
            flow = self._flow(("flows", index), raw)
            if len(self.problems) == before:
                yield flow

    def _flow(self, loc: Loc, raw: dict[str, Any]) -> Flow:
        self._known_keys(loc, raw, _FLOW)
        steps = tuple(self._steps((*loc, "steps"), raw.get("steps")))
        self._check_branches((*loc, "steps"), steps)
        reward = self._text(loc, raw, "reward") if "reward" in raw else ""
        flow = Flow(
            id=self._text(loc, raw, "id"),
            kind=self._text(loc, raw, "kind"),
            name=self._text(loc, raw, "name"),
            starts_on=self._one_of(loc, raw, "start", STARTS),
            when=self._condition((*loc, "when")),
            is_marketing=self._one_of(loc, raw, "purpose", PURPOSES) == PURPOSES[0],
            is_promo=self._promo(loc, raw),
            expires_s=DAY_S * self._number(loc, raw, "expires_days", 7, 366),
            steps=steps,
            reward=reward,
            reward_text=self._said(loc, raw, "reward_text"),
            no_reward_text=self._said(loc, raw, "no_reward_text"),
            version=_digest(raw),
        )
        if reward and ("{code}" not in flow.reward_text or not flow.no_reward_text):
            expected = "reward_text 写上 {code}，no_reward_text 写没有码可发时说什么"
            self._complain((*loc, "reward"), "缺了要说的话", expected)
        return flow

    def _steps(self, loc: Loc, given: Any) -> Iterator[Step]:
        if not isinstance(given, list) or not given:
            self._complain(loc, "没有步骤", "步骤的列表，每步以 - 开头")
            return
        seen: set[str] = set()
        for index, raw in enumerate(given):
            if not isinstance(raw, dict):
                self._complain((*loc, index), "不是一组键值", "id、text、evidence")
                continue
            step = self._step((*loc, index), raw)
            if step.id in seen or step.id == END:
                self._complain((*loc, index, "id"), step.id, f"不重复、也不是 {END} 的名字")
            seen.add(step.id)
            yield step

    def _step(self, loc: Loc, raw: dict[str, Any]) -> Step:
        self._known_keys(loc, raw, _STEP)
        kind = self._one_of(loc, raw, "evidence", tuple(Evidence))
        step = Step(
            id=self._text(loc, raw, "id"),
            text=self._said(loc, raw, "text"),
            variants=self._variants((*loc, "variants")),
            experiment=self._text(loc, raw, "experiment") if "experiment" in raw else "",
            wait=self._wait((*loc, "wait"), raw.get("wait")),
            when=self._condition((*loc, "when")),
            evidence=Evidence(kind),
            button=self._said(loc, raw, "button"),
            words=tuple(self._words((*loc, "words"))),
            done_text=self._said(loc, raw, "done_text"),
            remind_text=self._said(loc, raw, "remind_text"),
            friend_text=self._said(loc, raw, "friend_text"),
            task_text=self._said(loc, raw, "task_text"),
            way=self._one_of(loc, raw, "way", WAYS) if "way" in raw else "",
            reminders=int(self._reminders(loc, raw)),
            branches=tuple(self._branches((*loc, "next"), raw.get("next"))),
        )
        if not step.text:
            self._complain((*loc, "text"), "没有填写", "对客户说的话")
        if step.evidence is Evidence.REPLY and not step.words:
            self._complain((*loc, "words"), "没有填写", "客户要回复的关键词")
        if step.evidence is Evidence.DECLARED and not (step.words or step.button):
            self._complain(loc, "客户没法说做好了", "button 或 words")
        if step.way == MASS_SEND and not said_to_friend(step, step.text):
            expected = "friend_text：在好友聊天里怎么说；按钮和回复只有在客服里才看得到"
            self._complain((*loc, "way"), step.way, expected)
        if len(step.button.encode()) > platform_limits().kf.menu_content_bytes:
            self._complain((*loc, "button"), "太长", "最多 128 字节（约 42 个汉字）")
        if bool(step.experiment) != bool(step.variants):
            self._complain(loc, "experiment 和 variants 只写了一个", "两个都写，或都不写")
        return step

    def _check_branches(self, loc: Loc, steps: tuple[Step, ...]) -> None:
        """A branch leads on, never back: or a flow would not end."""
        ids = [one.id for one in steps]
        for index, step in enumerate(steps):
            for branch in step.branches:
                if branch.to not in (*ids[index + 1 :], END):
                    self._complain((*loc, index, "next"), branch.to, f"后面的步骤，或 {END}")

    def _branches(self, loc: Loc, given: Any) -> Iterator[Branch]:
        for index, one in enumerate(given if isinstance(given, list) else []):
            to = one.get("to") if isinstance(one, dict) else None
            if not isinstance(to, str):
                self._complain((*loc, index), "没有 to", "{when: {…}, to: 步骤}")
                continue
            self._known_keys((*loc, index), one, ("when", "to"))
            yield Branch(when=self._condition((*loc, index, "when")), to=to)

    def _condition(self, loc: Loc) -> Condition:
        values = self._mapping(loc)
        self._known_keys(loc, values, _WHEN)
        hours = values.get("hours")
        return Condition(
            tags=frozenset(self._words((*loc, "tags"))),
            without_tags=frozenset(self._words((*loc, "without_tags"))),
            channels=frozenset(self._words((*loc, "channels"))),
            wrote=self._yes_no((*loc, "wrote"), values.get("wrote")),
            ordered=self._yes_no((*loc, "ordered"), values.get("ordered")),
            hours=self._hours((*loc, "hours"), hours) if hours is not None else None,
        )

    def _wait(self, loc: Loc, given: Any) -> Wait:
        text = "" if given is None else str(given).strip()
        if found := _AT.fullmatch(text):
            days, hour, minute = (int(one or 0) for one in found.groups())
            return Wait(days=days, at=time(hour, minute))
        found = _WAIT.fullmatch(text)
        if found is None:
            self._complain(loc, text, "10分钟、2小时、3天、1天后 10:00")
            return Wait()
        days, hours, minutes = (int(one or 0) for one in found.groups())
        return Wait(days=days, seconds=hours * 3600.0 + minutes * 60.0)

    def _variants(self, loc: Loc) -> Mapping[str, str]:
        values = self._mapping(loc)
        return {name: self._said(loc, values, name) for name in values}

    def _promo(self, loc: Loc, raw: dict[str, Any]) -> bool:
        usual = raw.get("purpose", PURPOSES[0]) == PURPOSES[0]
        given = self._yes_no((*loc, "promo"), raw.get("promo"))
        return usual if given is None else given

    def _reminders(self, loc: Loc, raw: dict[str, Any]) -> float:
        if raw.get("reminders") in (None, 0):
            return 0
        return self._number(loc, raw, "reminders", 1, MOST_REMINDERS)

    def _one_of(self, loc: Loc, raw: dict[str, Any], key: str, known: tuple[str, ...]) -> str:
        value = raw.get(key, known[0])
        if value not in known:
            self._complain((*loc, key), str(value), "、".join(known))
            return known[0]
        return str(value)

    def _yes_no(self, loc: Loc, value: Any) -> bool | None:
        if value is not None and not isinstance(value, bool):
            self._complain(loc, str(value), "true 或 false")
            return None
        return value

    def _said(self, loc: Loc, raw: Mapping[str, Any], key: str) -> str:
        value = raw.get(key)
        if value is None:
            return ""
        most = platform_limits().kf.menu_head_bytes
        if not isinstance(value, str) or not value.strip() or len(value.encode()) > most:
            self._complain((*loc, key), "没有文字，或太长", f"1–{most} 字节（像数字的要加引号）")
            return ""
        return value.strip()


def _digest(raw: dict[str, Any]) -> str:
    text = json.dumps(raw, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()
