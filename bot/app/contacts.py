"""Which parts look after customer contact, and who carries its effects?"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.app.channels import channel_couriers
from bot.app.referral import way_couriers
from bot.config import Config
from bot.delivery.contact_access import ContactAccess, ContactApi
from bot.delivery.corp_library import CorpLibrary, LibraryCourier
from bot.delivery.group_welcomes import GroupReader
from bot.delivery.projecting import ProjectCourier
from bot.delivery.reconciling import Reconciler
from bot.delivery.remarking import RemarkCourier
from bot.delivery.send import Courier
from bot.delivery.tag_runs import RunCourier
from bot.delivery.taking_in import TakingIn
from bot.delivery.welcoming import WelcomeCourier, WelcomeFiles
from bot.model import (
    EditRemark,
    Effect,
    FollowTagRun,
    Lane,
    ProjectTags,
    ReadCorpTags,
    ReadGroup,
    SendWelcome,
)
from bot.ports import Clock, Shelf
from bot.store import Store
from bot.telemetry import Metrics
from bot.wecom.client import WeComClient
from bot.wecom.kf import Kf
from bot.wecom.tokens import AccessTokens
from bot.wecom.transport import Transport

Fetch = Callable[[str, int], Awaitable[bytes]]
Wake = Callable[[str, Lane], None]


@dataclass(frozen=True, slots=True)
class ContactParts:
    """What looks after customer contact."""

    access: ContactAccess
    couriers: Mapping[type[Effect], Courier]
    reconciler: Reconciler


def contact_apis(
    config: Config,
    client: WeComClient,
    transport: Transport,
    clock: Clock,
    metrics: Metrics,
    *,
    shelf: Shelf | None = None,
) -> dict[str, ContactApi]:
    """Who may be able to call: the app, and the secret of the old system function if there is one.

    Args:
        client: the app's; the other one shares its limits, which are the company's.
        shelf: where processes leave tokens for each other.
    """
    apis = {"app": ContactApi.over(client)}
    if secret := config.contacts.secret.get_secret_value():
        tokens = AccessTokens(transport, config.wecom.corp_id, secret, clock=clock.now, shelf=shelf)
        other = WeComClient(transport, tokens, rates=client.rates, clock=clock.now, metrics=metrics)
        apis["contact"] = ContactApi.over(other)
    return apis


def build_contacts(
    config: Config,
    store: Store,
    apis: Mapping[str, ContactApi],
    kf: Kf,
    *,
    clock: Clock,
    metrics: Metrics,
    wake_queue: Wake,
    wake_subject: Wake,
    may_tag: Callable[[str], bool],
    fetch: Fetch | None = None,
    files: WelcomeFiles | None = None,
) -> ContactParts:
    """Put the parts together.

    Args:
        apis: see `contact_apis`.
        kf: makes the links of kf channels.
        wake_queue: told which queue of the outbox has something new.
        wake_subject: told whose mailbox has.
        fetch: a picture from an address, ``None`` = there is no network.
        files: what goes with welcomes; without it nobody is greeted.
        may_tag: whether a tag of this name may be taken over (R-4.8).
    """
    access = ContactAccess(store, apis, clock, enabled=config.contacts.enabled)
    library = CorpLibrary(store, clock)
    taking_in = TakingIn(store, library, clock, wake_queue, wake_subject, may_tag)
    reconciler = Reconciler(
        store,
        access,
        library,
        pages_a_minute=config.contacts.pages_per_minute,
        compare_at=config.contacts.compare_at,
        zone=ZoneInfo(config.timezone),
        clock=clock,
        metrics=metrics,
        wake_queue=wake_queue,
        wake_subject=wake_subject,
    )
    couriers: dict[type[Effect], Courier] = {
        ProjectTags: ProjectCourier(store, access, library, taking_in, clock),
        ReadCorpTags: LibraryCourier(store, access, library, clock, wake_queue),
        EditRemark: RemarkCourier(store, access, clock),
        FollowTagRun: RunCourier(store, access, library, clock),
        **channel_couriers(config, store, access, kf, clock),
        **way_couriers(store, access, clock, fetch),
    }
    couriers[ReadGroup] = GroupReader(store, access, clock)
    if files is not None:
        couriers[SendWelcome] = WelcomeCourier(store, access, files, clock)
    return ContactParts(access, couriers, reconciler)
