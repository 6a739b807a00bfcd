"""What does a model write from our own texts, and may a customer read it?

The model is asked for JSON in plain text, which every compatible server can do. Whatever comes
back is checked against the passages; what fails is not said, and the entry is said as it is.
"""

from collections.abc import Mapping, Sequence

import msgspec

from bot.config import Llm
from bot.llm.breaker import CircuitBreaker
from bot.llm.caller import MAX_QUESTION, Caller, Said
from bot.llm.drafts import draft_in
from bot.llm.grounding import MAX_ANSWER, Grounding
from bot.llm.masking import Masked, Masker
from bot.llm.plain import plain
from bot.llm.prompts import DEFAULT_TONE, Prompt
from bot.model import AnswerRequest, Choice, Written, basis_of
from bot.telemetry import Metrics

_MOST_MARKDOWN = 3
"""Times the length of an answer; a longer draft is not worth reading."""


class _Draft(msgspec.Struct):
    answer: str
    used_ids: list[str]
    enough: bool


class Writer(Caller):
    """A `ChatModel` that answers in its own words, from the passages alone.

    Args:
        prompts: by tone; the one of `DEFAULT_TONE` always.
    """

    def __init__(
        self,
        llm: Llm,
        prompts: Mapping[str, Prompt],
        grounding: Grounding,
        metrics: Metrics,
        breaker: CircuitBreaker | None = None,
    ) -> None:
        super().__init__(llm, metrics, breaker)
        self._prompts, self._grounding = prompts, grounding

    async def answer(self, request: AnswerRequest) -> Written:
        """What may be said to the question.

        Raises:
            ModelUnavailable: no answer within `llm.timeout_s`, or lately none at all.
        """
        prompt = self.prompt_of(request.tone)
        masker = Masker()
        question = masker.mask(request.question)
        recent = [masker.mask(text) for text in request.recent]
        said = await self.ask(prompt.text, _encoded(request, question, recent))
        written = self._judged(request, said, question, prompt)
        if written.refused:
            self.count("refused")
            self.metrics.model_refusals.labels(written.refused).inc()
        else:
            self.count("written" if written.answer else "none")
        return msgspec.structs.replace(written, prompt=prompt.version, tokens=said.tokens)

    def prompt_of(self, tone: str) -> Prompt:
        """What the model is told where it speaks in this tone."""
        return self._prompts.get(tone) or self._prompts[DEFAULT_TONE]

    def _judged(
        self, request: AnswerRequest, said: Said, masked: Masked, prompt: Prompt
    ) -> Written:
        draft = draft_in(said.text, _Draft) if said.whole else None
        if draft is None:
            return Written(refused="form")
        if not draft.enough or not draft.used_ids:
            return Written(refused="" if not draft.enough else "ids")
        passages = {passage.id: passage for passage in request.passages}
        if not all(used in passages for used in draft.used_ids):
            return Written(refused="ids")
        used = list(dict.fromkeys(draft.used_ids))
        sources = [passages[one].answer for one in used]
        rests_on = [passages[one] for one in used]
        answer, refused = self._sayable(request, draft.answer, masked, rests_on, prompt)
        return Written(
            chosen=used[0],
            used_ids=tuple(used),
            basis=basis_of(sources),
            answer=answer,
            refused=refused,
        )

    def _sayable(
        self,
        request: AnswerRequest,
        draft: str,
        masked: Masked,
        rests_on: Sequence[Choice],
        prompt: Prompt,
    ) -> tuple[str, str]:
        """What may be said of a draft, or nothing and why not."""
        if len(draft) > _MOST_MARKDOWN * MAX_ANSWER:
            return "", "length"
        if masked.unknown_placeholders(draft):
            return "", "placeholder"
        answer = plain(masked.restore(draft))
        refused = self._grounding.refuses(
            request.question,
            answer,
            [one.answer for one in rests_on],
            prompt.text,
            headings=[one.question for one in rests_on],
        )
        return ("", refused) if refused else (answer, "")


def _encoded(request: AnswerRequest, question: Masked, recent: Sequence[Masked]) -> str:
    """The request as JSON: whatever a customer or an entry says stays a value in it."""
    asked = {
        "you_are": request.who,
        "recent": [text.text[:MAX_QUESTION] for text in recent],
        "question": question.text[:MAX_QUESTION],
        "passages": request.passages,
    }
    return msgspec.json.encode(asked).decode()
