"""How does a sample of tags become a file that people fill in?"""

import csv
from collections.abc import Sequence
from pathlib import Path

from bot.llm.masking import Masker
from bot.store import Sampled

HEADER = ("批次", "序号", "客户", "标签", "规则", "客户的话", "判断", "备注")


def write_sample(
    path: Path,
    audit: str,
    items: Sequence[Sampled],
    texts: Sequence[str],
    *,
    reveal: bool = False,
) -> None:
    """Write a sample to a file that is not there yet, readable by its owner alone.

    Args:
        texts: what the customer wrote, item by item.
        reveal: show phones and the like.

    Raises:
        FileExistsError: it is there.
    """
    with path.open("x", encoding="utf-8-sig", newline="") as file:  # spreadsheets want the mark
        path.chmod(0o600)
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for one, text in zip(items, texts, strict=True):
            shown = text if reveal else Masker().mask(text).text
            rule = f"{one.rule}@{one.version}" if one.version else one.rule
            row = (audit, one.n, one.external_userid, one.name, rule, shown, "", "")
            writer.writerow([plain_cell(str(cell)) for cell in row])


def plain_cell(text: str) -> str:
    """A cell that a spreadsheet takes for text, whatever a customer wrote."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
