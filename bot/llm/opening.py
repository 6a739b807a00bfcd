"""Which kind of chat model is configured, and are its prompts there?"""

from pathlib import Path

from bot.config import Config
from bot.llm.agent import Agent
from bot.llm.breaker import CircuitBreaker
from bot.llm.chooser import Chooser
from bot.llm.grounding import Evened, Forbids, Grounding, Words
from bot.llm.prompts import read_prompt, read_texts, read_tones
from bot.llm.summariser import Summariser
from bot.llm.writer import Writer
from bot.telemetry import Metrics


def open_model(
    config: Config,
    prompts: Path,
    metrics: Metrics,
    evened: Evened,
    forbids: Forbids,
    *,
    breaker: CircuitBreaker | None = None,
) -> Chooser | Writer | None:
    """The configured model, or ``None`` when none is.

    Args:
        prompts: folder of the model's instructions.
        evened: puts a text in one width, case and script.
        forbids: whether a model must not say a text.

    Raises:
        Misconfigured: they are missing, or the environment would give customers' words away.
    """
    llm = config.llm
    if llm is None:
        return None
    if llm.mode == "choose":
        return Chooser(llm, read_prompt(prompts, "choose.md"), metrics, breaker)
    tones = [account.tone for account in config.accounts.values() if account.tone]
    grounding = Grounding(Words.load(prompts / "words.yaml", evened), evened, forbids)
    return Writer(llm, read_tones(prompts, tones), grounding, metrics, breaker)


def open_agent(
    config: Config,
    prompts: Path,
    metrics: Metrics,
    evened: Evened,
    forbids: Forbids,
    *,
    breaker: CircuitBreaker | None = None,
) -> Agent | None:
    """The model that uses tools, or ``None`` where `llm.agent` is off or nothing can be asked.

    Raises:
        Misconfigured: its instructions are missing.
    """
    llm = config.llm
    if llm is None or not llm.agent or not config.tools:
        return None
    grounding = Grounding(Words.load(prompts / "words.yaml", evened), evened, forbids)
    texts = read_texts(prompts, "agent-tools.yaml")
    return Agent(
        llm, read_prompt(prompts, "agent.md"), grounding, metrics, texts=texts, breaker=breaker
    )


def open_summariser(
    config: Config,
    prompts: Path,
    metrics: Metrics,
    evened: Evened,
    forbids: Forbids,
    *,
    breaker: CircuitBreaker | None = None,
) -> Summariser | None:
    """The model that sums cases up for the staff, or ``None`` when none is configured.

    Raises:
        Misconfigured: its instructions are missing.
    """
    llm = config.llm
    if llm is None:
        return None
    words = Words.load(prompts / "words.yaml", evened)
    return Summariser(
        llm,
        read_prompt(prompts, "sum_up.md"),
        Grounding(words, evened, forbids),
        metrics,
        words=words.summary,
        breaker=breaker,
    )
