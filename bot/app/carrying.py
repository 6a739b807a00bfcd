"""Who carries which effect to the outside world?"""

from zoneinfo import ZoneInfo

from bot.app.engine import Engine
from bot.app.referral import POSTER, posters
from bot.delivery.consulting import ModelCourier, TokenBudget
from bot.delivery.couriers import (
    CodeCourier,
    MediaCourier,
    MessageCourier,
    Owners,
    Woken,
    nobody_to_wake,
)
from bot.delivery.delegating import AgentCourier, Desk
from bot.delivery.errands import ErrandCourier
from bot.delivery.handing_over import EndCourier, HandOffCourier
from bot.delivery.looking_up import LookUpCourier, ToolBox
from bot.delivery.pictures import Fetch, Pictures
from bot.delivery.projecting import NoContacts, NoFriends
from bot.delivery.send import Courier
from bot.delivery.staff_couriers import CardCourier, CardUpdateCourier, StaffCourier
from bot.delivery.summing_up import SummaryCourier
from bot.delivery.valuing import ValueFinder
from bot.delivery.webhooks import WebhookCourier
from bot.delivery.welcoming import CodeTaker
from bot.model import (
    Consult,
    Delegate,
    DraftReply,
    DropWay,
    EditRemark,
    Effect,
    EndSession,
    FollowTagRun,
    HandOff,
    KeepMedia,
    LookUp,
    MakeMassSend,
    MakeWay,
    NotifyStaff,
    PostWebhook,
    ProjectTags,
    ReadCorpTags,
    ReadGroup,
    RunErrand,
    SendCard,
    SendMessage,
    SendOnEvent,
    SendWelcome,
    SumUp,
    TakeCode,
    UpdateCard,
)
from bot.wecom.kf import Kf
from bot.wecom.limits import platform_limits
from bot.wecom.media import TemporaryMedia
from bot.wecom.staff import StaffMessages


def couriers(
    engine: Engine,
    kf: Kf,
    staff: StaffMessages,
    media: TemporaryMedia,
    fetch: Fetch | None = None,
    *,
    woken: Woken = nobody_to_wake,
) -> dict[type[Effect], Courier]:
    """Who carries which effect."""
    config, store, clock = engine.config, engine.store, engine.clock
    limits = platform_limits().kf
    owners = Owners(store, kf, clock, config.routing.ownership_max_age_s, woken)
    box = _tool_box(engine, kf)
    return {
        SendMessage: MessageCourier(
            store,
            kf,
            owners,
            Pictures(store, media, clock, fetch, {POSTER: posters(engine)}),
            clock,
            limits.allowance,
            float(limits.window_s),
        ),
        SendOnEvent: CodeCourier(store, kf, clock),
        HandOff: HandOffCourier(store, kf, owners, clock),
        EndSession: EndCourier(store, kf, owners, clock),
        NotifyStaff: StaffCourier(store, staff, clock),
        SendCard: CardCourier(store, staff, clock),
        UpdateCard: CardUpdateCourier(store, staff, clock),
        KeepMedia: MediaCourier(store, media, clock),
        # until customer contact is there: `bot.app.contacts` replaces these
        SendWelcome: NoFriends(),
        MakeMassSend: NoFriends(),
        EditRemark: NoFriends(),
        TakeCode: CodeTaker(store, clock),
        ProjectTags: NoContacts(store, clock),
        ReadCorpTags: NoContacts(store, clock),
        ReadGroup: NoContacts(store, clock),
        FollowTagRun: NoContacts(store, clock),
        MakeWay: NoContacts(store, clock),
        DropWay: NoContacts(store, clock),
        PostWebhook: WebhookCourier(store, config.webhooks, engine.webhooks, clock),
        Consult: ModelCourier(store, engine.model, clock, token_budget(engine)),
        DraftReply: ModelCourier(store, engine.model, clock, token_budget(engine)),
        SumUp: SummaryCourier(store, engine.summariser, clock, token_budget(engine)),
        LookUp: LookUpCourier(store, box, clock, ValueFinder(box, kf, engine.fetched).find),
        RunErrand: ErrandCourier(store, box, owners, clock),
        Delegate: AgentCourier(
            store, engine.agent, _desk(engine, box), clock, token_budget(engine)
        ),
    }


def _tool_box(engine: Engine, kf: Kf) -> ToolBox:
    """What asks the company's systems."""
    config = engine.config
    return ToolBox(
        *(engine.store, engine.tools, config.tools, kf, engine.clock, engine.metrics),
        ZoneInfo(config.timezone),
    )


def token_budget(engine: Engine) -> TokenBudget | None:
    """What the model may cost; ``None`` = none is configured."""
    llm = engine.config.llm
    zone = ZoneInfo(engine.config.timezone)
    return TokenBudget(engine.store, llm, zone, engine.metrics) if llm else None


def _desk(engine: Engine, box: ToolBox) -> Desk:
    texts = engine.agent.texts if engine.agent else {}
    return Desk(box, engine.library, engine.config.for_account, engine.phrases, texts)
