"""Which parts is the service made of? The composition root: the one place that knows every part."""

from bot.app.engine import (
    MODEL_PROMPTS,
    PROMPTS,
    SUPPLIED,
    Engine,
    build_embedder,
    build_engine,
    build_library,
    declared_tables,
    open_store,
)
from bot.app.service import Concierge, couriers, running, web_app

__all__ = [
    "MODEL_PROMPTS",
    "PROMPTS",
    "SUPPLIED",
    "Concierge",
    "Engine",
    "build_embedder",
    "build_engine",
    "build_library",
    "couriers",
    "declared_tables",
    "open_store",
    "running",
    "web_app",
]
