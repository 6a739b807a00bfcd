"""How does a member have the customer asked whether he may be tagged (R-15.1)?"""

from aiohttp import web

from bot.config import Consent
from bot.model.consents import Purpose
from bot.policy.consent import to_ask
from bot.web.sidebar.endpoint import Asked, SidebarEndpoint

_DAY_S = 86_400.0


class ConsentQuestion:
    """The bot asks where it speaks; where people do, the page sends the member's own question.

    Args:
        settings: which notice is in force, and how soon somebody may be asked again.
    """

    def __init__(self, sidebar: SidebarEndpoint, settings: Consent) -> None:
        self._sidebar, self._settings = sidebar, settings

    def routes(self) -> list[web.AbstractRouteDef]:
        """What to add to the application's router."""
        return [
            self._sidebar.post("consent/ask", self._ask),
            self._sidebar.post("consent/asked", self._asked),
        ]

    async def _ask(self, asked: Asked) -> web.StreamResponse:
        sidebar, where = self._sidebar, asked.sight.conversation
        say = sidebar.parts.reader.phrases.say
        if where is None:
            text = say("consent.page_not_here")
            return web.json_response({"state": "done", "text": text}, status=409)
        owner = (await sidebar.acting_store.conversations.facts(where)).ownership.state
        if owner is None or not owner.human_owns:
            return await sidebar.acted(asked, "consent.ask", {}, where)
        if not await self._may_ask(where.external_userid):
            text = say("consent.page_not_again")
            return web.json_response({"state": "done", "text": text}, status=409)
        message = {"msgtype": "text", "text": {"content": say("consent.page_question")}}
        return web.json_response({"state": "done", "message": message})

    async def _asked(self, asked: Asked) -> web.StreamResponse:
        return await self._sidebar.acted(asked, "consent.asked", {}, asked.sight.conversation)

    async def _may_ask(self, customer: str) -> bool:
        consents = self._sidebar.acting_store.consents
        return bool(
            to_ask(
                [Purpose.PROFILING_TAGS],
                self._settings.notice_version,
                await consents.standings(customer),
                await consents.asked(customer),
                now=self._sidebar.clock.now(),
                again_after_s=self._settings.ask_again_days * _DAY_S,
            )
        )
