from pathlib import Path
from typing import Any

import pytest
import yaml

from knowledge.split import MAX_PARTS, split

CASES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "cases" / "several.yaml").read_text("utf-8")
)


@pytest.mark.parametrize("case", CASES, ids=[case["text"][:20] or "empty" for case in CASES])
def test_a_message_falls_into_its_questions_or_stays_whole(case: dict[str, Any]) -> None:
    assert split(case["text"]) == case["parts"]


def test_a_long_list_stays_whole() -> None:
    asked = ["多久发货", "运费多少", "能开发票吗", "积分怎么用", "门店在哪里"]
    assert len(split("？".join(asked[:MAX_PARTS]))) == MAX_PARTS
    assert split("？".join(asked)) == []
