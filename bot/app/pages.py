"""Which pages does the service answer over HTTP?"""

from functools import partial
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.app.campaign_figures import campaign_figures, every_campaign
from bot.app.channel_stats import channel_report
from bot.app.engine import Engine
from bot.app.fleet import Role
from bot.app.reports import build_reporter
from bot.app.service import Concierge
from bot.app.sidebar import sidebar_routes
from bot.errors import ConciergeError
from bot.web.callback import MAX_BODY_BYTES, CallbackEndpoint
from bot.web.campaigns import CampaignEndpoint
from bot.web.channels import ChannelsEndpoint
from bot.web.coupons import CouponsEndpoint
from bot.web.customers import CustomersEndpoint
from bot.web.health import HealthEndpoints
from bot.web.landing.endpoint import LandingEndpoint
from bot.web.reports import ReportEndpoint
from bot.web.sales import SalesEndpoint
from bot.web.sidebar.endpoint import root_of
from bot.web.visitors import Visitors
from bot.wecom.cipher import CallbackCipher


def web_app(concierge: Concierge, *, rehearsal: str = "") -> web.Application:
    """The HTTP side: callback, health, metrics, reports, sidebar; of a worker health and metrics.

    Args:
        rehearsal: address of a simulator, see `sidebar_routes`.
    """
    config, engine = concierge.engine.config, concierge.engine

    async def database() -> None:
        await engine.store.database.fetch_one("SELECT 1")

    async def index() -> None:
        if not engine.library.everything.ready:
            raise ConciergeError("the lexical index is not built")

    async def token() -> None:
        await concierge.tokens.get()

    app = web.Application(client_max_size=MAX_BODY_BYTES)
    health = HealthEndpoints(engine.metrics, {"database": database, "index": index, "token": token})
    app.add_routes(health.routes())
    if concierge.role is Role.WORKER:
        return app
    app.add_routes([*_callback(concierge).routes(), *_api(engine)])
    if config.channels.landing:
        app.add_routes(_landing(engine).routes())
    app.add_routes(sidebar_routes(concierge, rehearsal))

    async def dismiss(_app: web.Application) -> None:
        concierge.live.close()

    app.on_shutdown.append(dismiss)
    return app


def _callback(concierge: Concierge) -> CallbackEndpoint:
    """What WeCom calls."""
    engine, wecom = concierge.engine, concierge.engine.config.wecom
    cipher = CallbackCipher(
        wecom.callback_token.get_secret_value(),
        wecom.callback_aes_key.get_secret_value(),
        wecom.corp_id,
    )
    return CallbackEndpoint(
        cipher, concierge.intake, clock=engine.clock.now, metrics=engine.metrics
    )


def _api(engine: Engine) -> list[web.AbstractRouteDef]:
    """What other systems may ask and tell, each with its own key."""
    config, store, clock = engine.config, engine.store, engine.clock
    token, zone = config.server.api_token.get_secret_value(), ZoneInfo(config.timezone)
    endpoints = (
        ReportEndpoint(build_reporter(config, store.measured), token, zone, clock),
        CustomersEndpoint(store, token, clock),
        ChannelsEndpoint(
            *(store, token, clock),
            zone=zone,
            count=lambda window, now, by: channel_report(config, store, window, zone, now, by=by),
        ),
        SalesEndpoint(store, config.orders.secret.get_secret_value(), clock),
        CampaignEndpoint(
            partial(every_campaign, store),
            lambda campaign: campaign_figures(config, store, campaign, clock.now()),
            token,
        ),
        CouponsEndpoint(store, config.coupons.secret.get_secret_value(), clock),
    )
    return [route for one in endpoints for route in one.routes()]


def _landing(engine: Engine) -> LandingEndpoint:
    """The landing pages of the channels."""
    config, who = engine.config, engine.config.company.name or ""
    visitors = Visitors(
        engine.clock, config.channels.landing_per_visitor, config.server.trusted_proxies
    )
    return LandingEndpoint(
        engine.store,
        engine.clock,
        lambda key: engine.phrases.say(key, who=who),
        company=who,
        notice_version=config.consent.notice_version,
        visitors=visitors,
        root=root_of(config.server.public_url),
    )
