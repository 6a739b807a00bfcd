"""Which names of tags speak of sensitive matters, in groups that have no purpose of their own?

Such a tag needs a consent of its own (R-4.8), not the one that tags at large are put on with.
"""

from collections.abc import Iterable, Iterator

from bot.app.lexicon import build_lexicon
from bot.config import Config, Problem, Tagging
from bot.errors import Misconfigured
from bot.model.consents import Purpose
from bot.policy.lexicon import Lexicon

SEPARATE = frozenset({Purpose.LOCATION, Purpose.MINOR, Purpose.SENSITIVE})
"""Purposes that are consented to by themselves."""

_COLON = "："


def separate_groups(tagging: Tagging) -> frozenset[str]:
    """The groups whose tags are put on only with a consent of their own."""
    return frozenset(group.name for group in tagging.groups if group.purpose in SEPARATE)


def sensitive_tags(
    tagging: Tagging, lexicon: Lexicon, tags: Iterable[str] = ()
) -> Iterator[Problem]:
    """What is wrong with the groups of the configuration, and with these tags."""
    separate = separate_groups(tagging)
    names = [*(group.name for group in tagging.groups), *tags]
    for name in dict.fromkeys(names):
        kind = lexicon.sensitive_kind(name)
        if kind and name.partition(_COLON)[0] not in separate:
            expected = (
                f"组的 purpose 是 {'、'.join(sorted(SEPARATE))} 之一（要单独同意），或换个名字"
            )
            yield Problem("tagging", f"“{name}”是敏感信息（{kind}）", expected)


def refuse_sensitive(tagging: Tagging, lexicon: Lexicon, tags: Iterable[str]) -> None:
    """Stop start-up where a sensitive tag could be put on without a consent of its own.

    Raises:
        Misconfigured: names every such group and tag.
    """
    if problems := list(sensitive_tags(tagging, lexicon, tags)):
        raise Misconfigured("\n".join(["tagging：", *(f"  · {one}" for one in problems)]))


def refuse_names(config: Config, tags: Iterable[str]) -> None:
    """Stop a person from putting on, by hand, a tag for which nobody was asked.

    Raises:
        Misconfigured: names every such tag, or a list of words has a problem.
    """
    lexicon, separate = build_lexicon(config), separate_groups(config.tagging)
    for name in tags:
        kind = lexicon.sensitive_kind(name)
        if kind and name.partition(_COLON)[0] not in separate:
            purposes = "、".join(sorted(SEPARATE))
            wanted = f"所在的组要写 purpose（{purposes} 之一），客户单独同意过才能打"
            raise Misconfigured(f"“{name}”是敏感信息（{kind}）：{wanted}")
