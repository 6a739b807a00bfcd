"""What would the knowledge base find for a question, and why?"""

import sys
from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo

from bot.app import build_library, preview, vectors_folder
from bot.config import Config
from knowledge import Audience, Decision

_SAID = {
    Decision.ANSWER: "直接回答",
    Decision.OFFER: "给出选项让客户点",
    Decision.DECLINE: "不回答（转到兜底）",
}


async def search(
    config: Config, text: str, open_kfid: str, out: TextIO, *, lexical: bool = False
) -> int:
    """Print the hits of a question with scores and evidence, as after the next start."""
    async with preview(config) as contents:
        library = await build_library(config, contents, vectors_folder(config))
    try:
        base = library.of(open_kfid)
        if not lexical:
            print("正在准备向量（首次要一会儿，之后从缓存读取）……", file=sys.stderr)
            await base.warm()
        today = datetime.now(ZoneInfo(config.timezone)).date()
        audience = Audience(today=today, open_kfid=open_kfid)
        verdict = await base.ask(text, audience)
        print(f"问题：{text}", file=out)
        print(f"结论：{_SAID[verdict.decision]}（{verdict.how}）", file=out)
        for rank, match in enumerate(await base.search(text, audience, 10), 1):
            print(
                f"{rank:>2}. {match.score:.3f}  [{match.entry.id}] {match.entry.question}", file=out
            )
            print(f"      {_reasons(dict(match.why))}", file=out)
            if where := " ".join(part for part in (match.entry.source, match.entry.place) if part):
                print(f"      出自 {where}", file=out)
    finally:
        library.close()
    return 0


def _reasons(why: dict[str, float | str]) -> str:
    shown = (
        f"{name}={value:.3f}" if isinstance(value, float) else f"{name}={value}"
        for name, value in why.items()
    )
    return "  ".join(shown)
