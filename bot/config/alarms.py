"""When is the operator told that something is wrong with the service, and how long may it take?"""

from typing import Annotated

from pydantic import Field

from bot.config.section import Section

Count = Annotated[int, Field(ge=1, le=10_000_000)]
Seconds = Annotated[float, Field(ge=1, le=30 * 86_400)]


class Alarms(Section):
    """Limits beyond which an alarm is raised, and the time that people have (R-3.16)."""

    backlog: Count = 3_000
    shed_from: Count = 1_000
    dead_letters: Count = 1
    outbox_age_s: Seconds = 300.0
    disk_free_mb: Count = 500
    availability: Annotated[float, Field(gt=0, lt=1)] = 0.999
    turn_p95_s: Annotated[float, Field(gt=0, le=5)] = 3.0
    again_after_s: Seconds = 4 * 3600.0
    diagnose_within_s: Seconds = 30 * 60.0
    restore_within_s: Seconds = 2 * 3600.0
    report_within_s: Seconds = 24 * 3600.0
    drill_every_days: Annotated[int, Field(ge=0, le=3_650)] = 92
