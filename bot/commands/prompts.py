"""Does the configured model still answer the examples in `prompts/llm/examples` as it should?"""

from pathlib import Path
from typing import Any, TextIO

import yaml

from bot.app import MODEL_PROMPTS, build_lexicon, forbids_of
from bot.config import Config
from bot.errors import Misconfigured, ModelUnavailable
from bot.llm.opening import open_model
from bot.model import AnswerRequest, Choice, Written
from bot.telemetry import Metrics
from knowledge.fold import even_out

EXAMPLES = MODEL_PROMPTS / "examples"


async def replay(config: Config, out: TextIO, *, folder: Path = EXAMPLES) -> int:
    """Replay every example and print how it went; 0 when all went well.

    Raises:
        Misconfigured: no model is configured, or an example cannot be read.
    """
    forbids = forbids_of(build_lexicon(config))
    model = open_model(config, MODEL_PROMPTS, Metrics(), even_out, forbids)
    if model is None:
        raise Misconfigured("llm：没有配置大模型")
    examples = _read(folder)
    bad = 0
    try:
        for name, example in examples:
            try:
                written = await model.answer(_request(example))
                complaint = _complaint(example, written)
            except ModelUnavailable as error:
                written, complaint = Written(), f"模型没有回答：{error}"
            bad += bool(complaint)
            said = written.answer or (f"原文 {written.chosen}" if written.chosen else "不答")
            print(f"{'✗' if complaint else '✓'} {name}：{example['question']} → {said}", file=out)
            if complaint:
                print(f"    {complaint}", file=out)
    finally:
        await model.aclose()
    print(f"\n{len(examples) - bad}/{len(examples)} 个例子符合预期", file=out)
    return 1 if bad else 0


def _read(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    examples = []
    for file in sorted(folder.glob("*.yaml")):
        try:
            content = yaml.safe_load(file.read_text("utf-8")) or []
            examples += [(file.stem, one) for one in content]
            for one in content:
                _request(one)
        except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
            raise Misconfigured(f"{file.name}: {error!r}") from error
    return examples


def _request(example: dict[str, Any]) -> AnswerRequest:
    passages = tuple(Choice(p["id"], p["question"], p["answer"]) for p in example["passages"])
    recent = tuple(example.get("recent", ()))
    tone = example.get("tone", "")
    return AnswerRequest(question=example["question"], passages=passages, recent=recent, tone=tone)


def _complaint(example: dict[str, Any], written: Written) -> str:
    """What is not as the example wants it, or nothing."""
    if written.refused:
        return f"没有通过检查：{written.refused}"
    if example.get("enough") is False:
        return "应当说答不了" if written.chosen else ""
    used = set(written.used_ids) | {written.chosen}
    if "uses" in example and not used & set(example["uses"]):
        return f"应当依据 {'、'.join(example['uses'])}"
    if missing := [one for one in example.get("says", ()) if one not in written.answer]:
        return f"缺少 {'、'.join(missing)}" if written.answer else ""
    if found := [one for one in example.get("never", ()) if one in written.answer]:
        return f"不该出现 {'、'.join(found)}"
    return ""
