"""Where facts live: one SQLite file with one writer, and one module per noun."""

from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any, get_type_hints

from bot.config import Tagging
from bot.store.accounts import AccountRow, Accounts
from bot.store.alarms import Alarms
from bot.store.approvals import Approval, Approvals, ApprovalState, KnownText
from bot.store.audit import Audit, AuditEntry
from bot.store.benefits import Benefits, Stock
from bot.store.case_rebuild import CaseRebuild, Compared
from bot.store.cases import CaseChange, Cases, case_id
from bot.store.changes import CHANGED, Changed, Changes
from bot.store.channels import (
    CHANNEL,
    ENTERED,
    UNATTRIBUTED,
    Attribution,
    ChannelRow,
    Channels,
)
from bot.store.completeness import Completeness
from bot.store.consents import Consents
from bot.store.contact_sync import ContactSync, SyncState
from bot.store.contacts import Contacts, Relation, RelationEvent
from bot.store.content import Contents
from bot.store.content_rows import Change, ContentRow, Incoming, digest_of
from bot.store.conversations import ConversationFacts, Conversations
from bot.store.corp_tags import CorpTag, CorpTags
from bot.store.coupons import Coupon, Coupons, Redeemed
from bot.store.database import Database, Statement, Unit, UnitConflict
from bot.store.experiments import Experiments
from bot.store.exports import Export, Exports
from bot.store.links import Links, Sent, Traced
from bot.store.mailbox import Arrival, Letter, Mailbox, Waiting
from bot.store.marks import Mark, Marks
from bot.store.mass_sends import KnownSend, MassSends
from bot.store.materials import Material, Materials
from bot.store.measured import CaseRecord, Measured, Said
from bot.store.media import Download, MediaStore
from bot.store.model_usage import ModelUsage
from bot.store.orders import OrdersTable, OrderWritten
from bot.store.outbox import Draft, Outbox, Parcel, conversation_queue
from bot.store.outreach import Outreaches
from bot.store.people import Merge, People
from bot.store.personal_ways import PersonalWay, PersonalWays
from bot.store.points import Points
from bot.store.profiles import Counts, Profiles, Touch
from bot.store.questions import Decided, Placed, Questions, Written
from bot.store.quick_replies import QuickReplies, QuickReply
from bot.store.sales import KnownSale, Match, Sales, Taken
from bot.store.servicers import Servicers
from bot.store.staff_answers import ANSWER, StaffAnswer, StaffAnswers
from bot.store.successions import PassedCustomer, Passing, Succession, Successions
from bot.store.suggested import Answered, Outcome, Suggested
from bot.store.suggestions import KeptReply, Suggestions
from bot.store.switches import Silence, Switches
from bot.store.tables import Table
from bot.store.tag_figures import Coverage, Sampled, TagCount, TagFigures
from bot.store.tag_runs import Run, TagRuns
from bot.store.tags import Tags
from bot.store.tasks import Executed, KnownTask, Tasks
from bot.store.timeline import Moment, Timeline
from bot.store.tool_calls import ToolCalls
from bot.store.transcript import Handled, Line, Past, Transcript
from bot.store.uploads import Uploads
from bot.store.vault import Vault, decode_master
from bot.store.visits import ARRIVED, Came, Visit, Visits
from bot.store.waiting_line import FRONT, Place, WaitingLine, place_in_line
from bot.store.ways import WayRow, Ways
from bot.store.web_sessions import WebSession, WebSessions
from bot.store.welcomes import Greeted, WelcomeRow, WelcomeRows

__all__ = [
    "ANSWER",
    "ARRIVED",
    "CHANGED",
    "CHANNEL",
    "ENTERED",
    "FRONT",
    "UNATTRIBUTED",
    "AccountRow",
    "Accounts",
    "Answered",
    "Approval",
    "ApprovalState",
    "Approvals",
    "Arrival",
    "Attribution",
    "Audit",
    "AuditEntry",
    "Benefits",
    "Came",
    "CaseChange",
    "CaseRebuild",
    "CaseRecord",
    "Cases",
    "Change",
    "Changed",
    "Changes",
    "ChannelRow",
    "Channels",
    "Compared",
    "Consents",
    "ContactSync",
    "Contacts",
    "ContentRow",
    "Contents",
    "ConversationFacts",
    "Conversations",
    "CorpTag",
    "CorpTags",
    "Counts",
    "Coupon",
    "Coupons",
    "Coverage",
    "Database",
    "Decided",
    "Download",
    "Draft",
    "Executed",
    "Experiments",
    "Export",
    "Exports",
    "Greeted",
    "Handled",
    "Incoming",
    "KeptReply",
    "KnownSale",
    "KnownSend",
    "KnownTask",
    "KnownText",
    "Letter",
    "Line",
    "Links",
    "Mailbox",
    "Mark",
    "Marks",
    "MassSends",
    "Match",
    "Material",
    "Materials",
    "Measured",
    "MediaStore",
    "Merge",
    "ModelUsage",
    "Moment",
    "OrderWritten",
    "OrdersTable",
    "Outbox",
    "Outcome",
    "Outreaches",
    "Parcel",
    "PassedCustomer",
    "Passing",
    "Past",
    "People",
    "PersonalWay",
    "Place",
    "Placed",
    "Profiles",
    "Questions",
    "QuickReplies",
    "QuickReply",
    "Redeemed",
    "Relation",
    "RelationEvent",
    "Run",
    "Said",
    "Sales",
    "Sampled",
    "Sent",
    "Servicers",
    "Silence",
    "StaffAnswer",
    "StaffAnswers",
    "Statement",
    "Stock",
    "Store",
    "Succession",
    "Successions",
    "Suggested",
    "Suggestions",
    "Switches",
    "SyncState",
    "Table",
    "TagCount",
    "TagFigures",
    "TagRuns",
    "Tags",
    "Taken",
    "Tasks",
    "Timeline",
    "ToolCalls",
    "Touch",
    "Traced",
    "Transcript",
    "Unit",
    "UnitConflict",
    "Uploads",
    "Vault",
    "Visit",
    "Visits",
    "Waiting",
    "WaitingLine",
    "WayRow",
    "Ways",
    "WebSession",
    "WebSessions",
    "WelcomeRow",
    "WelcomeRows",
    "Written",
    "case_id",
    "conversation_queue",
    "decode_master",
    "digest_of",
    "place_in_line",
]


@dataclass(frozen=True, slots=True)
class Store:
    """Every noun's repository over one database."""

    database: Database
    keys: Database
    vault: Vault
    audit: Audit
    mailbox: Mailbox
    people: People
    accounts: Accounts
    alarms: Alarms
    benefits: Benefits
    cases: Cases
    changes: Changes
    channels: Channels
    completeness: Completeness
    consents: Consents
    contact_sync: ContactSync
    contacts: Contacts
    contents: Contents
    conversations: Conversations
    coupons: Coupons
    corp_tags: CorpTags
    experiments: Experiments
    exports: Exports
    line: WaitingLine
    links: Links
    marks: Marks
    mass_sends: MassSends
    materials: Materials
    measured: Measured
    media: MediaStore
    model_usage: ModelUsage
    orders: OrdersTable
    outbox: Outbox
    outreach: Outreaches
    personal_ways: PersonalWays
    points: Points
    profiles: Profiles
    questions: Questions
    quick_replies: QuickReplies
    sales: Sales
    servicers: Servicers
    staff_answers: StaffAnswers
    successions: Successions
    suggested: Suggested
    suggestions: Suggestions
    switches: Switches
    tags: Tags
    tasks: Tasks
    timeline: Timeline
    tool_calls: ToolCalls
    transcript: Transcript
    uploads: Uploads
    visits: Visits
    ways: Ways
    web_sessions: WebSessions
    welcomes: WelcomeRows

    @classmethod
    def build(
        cls,
        database: Database,
        keys: Database,
        vault: Vault,
        media: Path,
        tagging: Tagging | None = None,
    ) -> "Store":
        """Put repositories over an opened and migrated database.

        A repository is given what its constructor names: `database`, `vault`, `folder` of files,
        `settings` of tags, or a repository that stands above it.
        """
        parts: dict[str, Any] = {"database": database, "keys": keys, "vault": vault}
        given = {"folder": media, "settings": tagging}
        for name, kind in get_type_hints(cls).items():
            if name not in parts:
                wanted = signature(kind).parameters
                parts[name] = kind(**{one: {**given, **parts}[one] for one in wanted})
        return cls(**parts)

    def close(self) -> None:
        """Close both files."""
        self.database.close()
        self.keys.close()
