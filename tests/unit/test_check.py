"""`concierge check` lists every problem of configuration, knowledge and prompts at once."""

import base64
import io
import shutil
from pathlib import Path

import pytest

from bot.app.campaign_wording import CAMPAIGN_WORDS
from bot.app.consent_words import CONSENT_WORDS
from bot.commands.check import check
from bot.commands.check_online import explain
from bot.commands.check_prompts import prompt_problems
from bot.errors import Misconfigured, NotAuthorised, Unreachable
from bot.store import Store
from tests.builders import home_of

MANUAL = Path(__file__).parents[2] / "config.yaml"
GIVEN = {
    "CONCIERGE_WECOM__CORP_ID": "ww1",
    "CONCIERGE_WECOM__AGENT_ID": "1000002",
    "CONCIERGE_WECOM__SECRET": "s3cret",
    "CONCIERGE_WECOM__CALLBACK_TOKEN": "token",
    "CONCIERGE_WECOM__CALLBACK_AES_KEY": "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
    "CONCIERGE_SECURITY__ENCRYPTION_KEY": base64.b64encode(bytes(32)).decode(),
}

TEN_MISTAKES = """\
wecom:
  corpid: ww1234567890abcdef
  agent_id: "1000002"
  callback_aes_key: too-short
server:
  port: 99999
storage:
  url: mysql://localhost/concierge
llm:
  base_url: ftp://models.example.com
  model: some-model
staff:
  - {userid: zhangsan, name: 张三, level: boss}
  - {userid: zhangsan, name: 李四, level: expert}
timezone: Asia/Shangri-La
routing:
  merge_window_ms: soon
"""

TEN_PATHS = (
    "wecom.corpid",
    "wecom.agent_id",
    "wecom.callback_aes_key",
    "server.port",
    "storage.url",
    "llm.base_url",
    "staff[0].level",
    "staff[1].userid",
    "timezone",
    "routing.merge_window_ms",
)


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    folder = tmp_path / "prompts"
    (folder / "replies").mkdir(parents=True)
    (folder / "replies" / "escalation.yaml").write_text(
        "replies: {queued: '正在为您转接，前面还有 {count} 位。'}\n"
        "words: {request: [转人工, =人工]}\n"
    )
    (folder / "escalation.yaml").write_text(
        "classes: {asked: {name: 要找人工, says: [转人工], examples: {yes: [转人工吧]}}}\n", "utf-8"
    )
    (folder / "lexicon.yaml").write_text("groups: []\n", "utf-8")
    shutil.copy(CONSENT_WORDS, folder)
    shutil.copy(CAMPAIGN_WORDS, folder)
    return folder


async def run(
    folder: Path, prompts: Path, text: str, environ: dict[str, str] | None = None
) -> tuple[int, str]:
    (folder / "config.yaml").write_text(text, "utf-8")
    out = io.StringIO()
    code = await check(folder / "config.yaml", environ or {}, False, out, prompts=prompts)
    return code, out.getvalue()


async def test_a_configuration_with_ten_mistakes_gets_all_ten(
    tmp_path: Path, prompts: Path
) -> None:
    environ = {
        name: value
        for name, value in GIVEN.items()
        if name.rpartition("__")[2] not in ("AGENT_ID", "CALLBACK_AES_KEY")
    }
    code, report = await run(tmp_path, prompts, TEN_MISTAKES, environ)

    lines = [line.strip() for line in report.splitlines() if line.startswith("  · ")]
    assert {line.removeprefix("· ").partition("：")[0] for line in lines} == set(TEN_PATHS)
    assert len(lines) == 10
    assert "✗ 共 10 个问题" in report
    assert code == 1
    for line in lines:
        assert "应为" in line
        assert "config.yaml 第 " in line


async def test_mistakes_in_all_three_places_are_reported_together(
    tmp_path: Path, prompts: Path
) -> None:
    (tmp_path / "faq.yaml").write_text("- {id: a, question: 多久发货, answer: ''}\n")
    (prompts / "replies" / "escalation.yaml").write_text("replies: {queued: '{0}'}\n")
    text = "server: {port: 0}\nknowledge: {sources: [faq.yaml]}\n"
    code, report = await run(tmp_path, prompts, text, GIVEN)

    assert code == 1
    assert "配置 config.yaml：1 个问题" in report
    assert "知识 faq.yaml：1 个问题" in report
    assert "话术 prompts/replies/escalation.yaml：1 个问题" in report
    assert "✗ 共 3 个问题" in report


async def test_what_serve_still_needs_is_listed_with_its_variable(
    tmp_path: Path, prompts: Path
) -> None:
    code, report = await run(tmp_path, prompts, "")

    assert code == 1
    assert "serve 还缺的值：6 个问题" in report
    assert all(name in report for name in GIVEN)


async def test_a_secret_whose_file_is_missing_is_one_problem_not_two(
    tmp_path: Path, prompts: Path
) -> None:
    environ = {name: value for name, value in GIVEN.items() if not name.endswith("SECRET")}
    _, report = await run(tmp_path, prompts, "wecom: {secret_file: gone}", environ)
    assert "✗ 共 1 个问题" in report


async def test_words_that_cannot_be_used_are_listed_with_their_lines(
    tmp_path: Path, prompts: Path
) -> None:
    text = "synonyms:\n  费: 运费\nterms:\n  - [金卡, 黑卡]\n  - [黑卡, 白卡]\n"
    (prompts / "knowledge.yaml").write_text(text, "utf-8")
    code, report = await run(tmp_path, prompts, "")
    assert code == 1
    assert "同义词与专用词 prompts/knowledge.yaml：2 个问题" in report
    assert "knowledge.yaml 第 2 行" in report
    assert "黑卡 与前面的 黑卡 相同" in report
    (prompts / "knowledge.yaml").write_text("synonyms: [", "utf-8")
    assert "YAML 语法错误" in (await run(tmp_path, prompts, ""))[1]


async def test_everything_right_is_said_so(tmp_path: Path, prompts: Path) -> None:
    (tmp_path / "faq.yaml").write_text("- {id: a, question: 多久发货, answer: 当天。}\n")
    code, report = await run(tmp_path, prompts, "knowledge: {sources: [faq.yaml]}", GIVEN)
    assert code == 0
    assert report.endswith("✓ 配置、知识（1 条）、话术都没有问题\n")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("{}", "例句还没有学"),
        ("escalation: {meaning: false}", "只看说法（escalation.meaning: false）"),
        ("embeddings: {provider: none}", "没有编码器"),
    ],
)
async def test_it_is_said_when_words_alone_decide_who_needs_a_person(
    tmp_path: Path, prompts: Path, config: str, said: str
) -> None:
    code, report = await run(tmp_path, prompts, config, GIVEN)
    assert code == 0
    assert said in report


async def test_a_file_that_two_accounts_share_is_reported_once(
    tmp_path: Path, prompts: Path
) -> None:
    (tmp_path / "faq.yaml").write_text("- {id: a}\n- {id: b, question: x, answer: y}\n")
    text = (
        "knowledge: {sources: [faq.yaml]}\n"
        "accounts: {wk1: {knowledge: [faq.yaml]}, wk2: {knowledge: [faq.yaml]}}\n"
    )
    _, report = await run(tmp_path, prompts, text, GIVEN)
    assert "知识 faq.yaml：2 个问题" in report  # no question, no answer


async def test_an_edit_that_a_changed_file_contradicts_is_listed(
    store: Store, prompts: Path, tmp_path: Path
) -> None:
    contents = store.contents
    await contents.commit(
        [
            *contents.put("", "a", "{}", by="b", why="", now=1.0, origin="file:faq.yaml"),
            contents.offer("", "a", '{"id": "a"}'),
        ]
    )
    text = f"storage: {{url: 'sqlite:///{home_of(store)}/concierge.db'}}\n"
    code, report = await run(tmp_path, prompts, text, GIVEN)
    assert code == 1
    assert "条目 a：有人改过，文件里也改了（faq.yaml）" in report


async def test_a_file_that_is_no_yaml_does_not_hide_the_prompts(
    tmp_path: Path, prompts: Path
) -> None:
    (prompts / "replies" / "escalation.yaml").write_text("words: 1\n")
    _, report = await run(tmp_path, prompts, "a: [", GIVEN)
    assert "YAML 语法错误" in report
    assert "话术" in report


async def test_no_secret_reaches_the_report(tmp_path: Path, prompts: Path) -> None:
    text = "wecom: {secrt: hush, secret: 'hu sh', callback_aes_key: hush}\n"
    _, report = await run(tmp_path, prompts, text)
    assert "hush" not in report
    assert "hu sh" not in report


async def test_online_questions_wait_until_the_configuration_is_right(
    tmp_path: Path, prompts: Path
) -> None:
    (tmp_path / "config.yaml").write_text("")
    out = io.StringIO()
    assert await check(tmp_path / "config.yaml", {}, True, out, prompts=prompts) == 1
    assert "没有询问企业微信" in out.getvalue()


@pytest.mark.parametrize(
    ("content", "path", "said"),
    [
        ("replies: {a: ''}", "replies.a", "没有文字"),
        ("replies: {a: 12}", "replies.a", "没有文字"),
        ("replies: [a]", "replies", "一组键值"),
        ("replies: {a: '" + "长" * 700 + "'}", "replies.a", "2100 字节"),
        ("replies: {a: '您好 {name'}", "replies.a", "不成对"),
        ("replies: {a: '您好 {}'}", "replies.a", "占位符"),
        ("replies: {a: '{name.__class__}'}", "replies.a", "占位符"),
        ("replies: {a: '{name!r}'}", "replies.a", "占位符"),
        ("replies: {a: x}\nwords: {b: 人工}", "words.b", "列表"),
        ("replies: {a: x}\nwords: {b: [人工, '=']}", "words.b[1]", "没有文字"),
        ("replies: {a: x}\nwrods: {}", "wrods", "没有这个键"),
        ("replies: {a: x, a: y}", "replies.a", "写了两次"),
        ("words: {b: [人工]}", "replies", "没有填写"),
        ("replies: {a: [", "", "YAML 语法错误"),
    ],
)
def test_a_text_that_could_not_be_said_is_a_problem(
    prompts: Path, content: str, path: str, said: str
) -> None:
    (prompts / "replies" / "escalation.yaml").write_text(content)
    [(file, problem)] = prompt_problems(prompts)
    assert file.name == "escalation.yaml"
    assert problem.path == path
    assert said in str(problem)


def test_braces_and_named_values_are_fine(prompts: Path) -> None:
    (prompts / "replies" / "escalation.yaml").write_text("replies: {a: '{{好}} {count} 位'}")
    assert list(prompt_problems(prompts)) == []


def test_a_folder_without_texts_is_a_problem(tmp_path: Path) -> None:
    [(_, problem)] = prompt_problems(tmp_path)
    assert "没有 .yaml 文件" in problem.found


def test_the_allow_list_error_names_the_address_to_allow() -> None:
    errmsg = "not allow to access from your ip, hint: [1], from ip: 203.0.113.7, more info"
    said = explain(NotAuthorised("/cgi-bin/kf/account/list", 60020, errmsg))
    assert "203.0.113.7" in said
    assert "企业可信 IP" in said


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Unreachable("/cgi-bin/gettoken"), "没有回答"),
        (NotAuthorised("/cgi-bin/x", 48002, "api forbidden"), "48002"),
        (Misconfigured("wecom.secret is refused"), "wecom.secret"),
    ],
)
def test_other_errors_say_what_to_do(error: Misconfigured | Unreachable, said: str) -> None:
    assert said in explain(error)


async def test_the_shipped_configuration_lacks_only_the_six_values(
    tmp_path: Path, prompts: Path
) -> None:
    out = io.StringIO()
    assert await check(MANUAL, GIVEN, False, out, prompts=prompts) == 0, out.getvalue()


async def test_rules_that_can_tag_nobody_are_pointed_out(tmp_path: Path, prompts: Path) -> None:
    (tmp_path / "rules").mkdir()
    said = "不会有人被打标签"
    _, report = await run(tmp_path, prompts, "tagging: {rules: [rules]}", GIVEN)
    assert said in report
    asking = "tagging: {rules: [rules]}\nconsent: {ask: [profiling_tags]}"
    _, report = await run(tmp_path, prompts, asking, GIVEN)
    assert said not in report
