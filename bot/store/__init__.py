"""Where facts live: one SQLite file with one writer, and one module per noun."""

from dataclasses import dataclass
from pathlib import Path

from bot.store.accounts import AccountRow, Accounts
from bot.store.case_rebuild import CaseRebuild, Compared
from bot.store.cases import CaseChange, Cases, case_id
from bot.store.content import Contents
from bot.store.content_rows import Change, ContentRow, Incoming, digest_of
from bot.store.conversations import ConversationFacts, Conversations
from bot.store.database import Database, Statement, Unit, UnitConflict
from bot.store.mailbox import Arrival, Letter, Mailbox, Waiting
from bot.store.measured import CaseRecord, Measured, Said
from bot.store.media import Download, MediaStore
from bot.store.model_usage import ModelUsage
from bot.store.orders import OrdersTable, OrderWritten
from bot.store.outbox import Draft, Outbox, Parcel, conversation_queue
from bot.store.questions import Decided, Placed, Questions, Written
from bot.store.servicers import Servicers
from bot.store.suggestions import Suggestions
from bot.store.switches import Silence, Switches
from bot.store.tables import Table
from bot.store.tool_calls import ToolCalls
from bot.store.transcript import Handled, Line, Past, Transcript
from bot.store.uploads import Uploads
from bot.store.vault import Vault, decode_master
from bot.store.waiting_line import FRONT, Place, WaitingLine, place_in_line

__all__ = [
    "FRONT",
    "AccountRow",
    "Accounts",
    "Arrival",
    "CaseChange",
    "CaseRebuild",
    "CaseRecord",
    "Cases",
    "Change",
    "Compared",
    "ContentRow",
    "Contents",
    "ConversationFacts",
    "Conversations",
    "Database",
    "Decided",
    "Download",
    "Draft",
    "Handled",
    "Incoming",
    "Letter",
    "Line",
    "Mailbox",
    "Measured",
    "MediaStore",
    "ModelUsage",
    "OrderWritten",
    "OrdersTable",
    "Outbox",
    "Parcel",
    "Past",
    "Place",
    "Placed",
    "Questions",
    "Said",
    "Servicers",
    "Silence",
    "Statement",
    "Store",
    "Suggestions",
    "Switches",
    "Table",
    "ToolCalls",
    "Transcript",
    "Unit",
    "UnitConflict",
    "Uploads",
    "Vault",
    "Waiting",
    "WaitingLine",
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
    accounts: Accounts
    cases: Cases
    line: WaitingLine
    contents: Contents
    conversations: Conversations
    mailbox: Mailbox
    measured: Measured
    media: MediaStore
    orders: OrdersTable
    model_usage: ModelUsage
    outbox: Outbox
    questions: Questions
    servicers: Servicers
    suggestions: Suggestions
    switches: Switches
    tool_calls: ToolCalls
    transcript: Transcript
    uploads: Uploads

    @classmethod
    def build(cls, database: Database, keys: Database, vault: Vault, media: Path) -> "Store":
        """Put repositories over an opened and migrated database."""
        return cls(
            database=database,
            keys=keys,
            vault=vault,
            accounts=Accounts(database),
            cases=Cases(database, vault),
            line=WaitingLine(database),
            contents=Contents(database),
            conversations=Conversations(database),
            mailbox=Mailbox(database, vault),
            measured=Measured(database),
            media=MediaStore(database, vault, media),
            orders=OrdersTable(database, vault),
            model_usage=ModelUsage(database),
            outbox=Outbox(database, vault),
            questions=Questions(database, vault),
            servicers=Servicers(database),
            suggestions=Suggestions(database, vault),
            switches=Switches(database),
            tool_calls=ToolCalls(database),
            transcript=Transcript(database, vault),
            uploads=Uploads(database),
        )

    def close(self) -> None:
        """Close both files."""
        self.database.close()
        self.keys.close()
