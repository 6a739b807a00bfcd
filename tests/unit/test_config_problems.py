"""A mistake in the configuration is refused: its path, what was found, what is expected."""

from pathlib import Path

import pytest

from bot.config import ConfigErrors, Problem, load_config
from bot.errors import Misconfigured


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def problems(folder: Path, text: str) -> list[Problem]:
    path = folder / "config.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigErrors) as caught:
        load_config(path, {})
    return caught.value.problems


def the_problem(folder: Path, text: str) -> Problem:
    [problem] = problems(folder, text)
    return problem


class TestProblems:
    @pytest.mark.parametrize(
        ("text", "path", "expected"),
        [
            ("wecom: {agent_id: '1000002'}", "wecom.agent_id", "整数"),
            ("wecom: {agent_id: true}", "wecom.agent_id", "整数"),
            ("wecom: {agent_id: 0}", "wecom.agent_id", "不小于 1"),
            ("wecom: {corp_id: 12}", "wecom.corp_id", "文本"),
            ("wecom: {corp_id: 'w w'}", "wecom.corp_id", "不含空格"),
            ("wecom: {callback_aes_key: short}", "wecom.callback_aes_key", "43 个"),
            ("wecom: {api_base: qyapi.weixin.qq.com}", "wecom.api_base", "http"),
            ("wecom: {api_base: 'http://x:port'}", "wecom.api_base", "http"),
            ("wecom: {kf_accounts: wk1}", "wecom.kf_accounts", "列表"),
            ("wecom: {kf_accounts: [a, b, a]}", "wecom.kf_accounts[2]", "各不相同"),
            ("wecom: [corp_id]", "wecom", "一组键值"),
            ("server: {port: 70000}", "server.port", "不大于 65535"),
            ("server: {port: 80.5}", "server.port", "整数"),
            ("storage: {url: 'mysql://x/y'}", "storage.url", "sqlite:///"),
            ("storage: {url: 'sqlite:///:memory:'}", "storage.url", "sqlite:///"),
            ("storage: {keys_url: 'postgresql://x/y'}", "storage.keys_url", "SQLite"),
            (
                "storage: {url: 'postgresql://x/y', keys_url: 'sqlite:///k'}",
                *("storage.keys_url", "postgresql://"),
            ),
            ("redis: {url: 'http://x'}", "redis.url", "redis://"),
            ("security: {encryption_key: c2hvcnQ=}", "security.encryption_key", "keygen"),
            ("llm: {base_url: 'http://x'}", "llm.model", "文本"),
            ("llm: {base_url: 'http://x', model: m, timeout_s: 0}", "llm.timeout_s", "大于 0"),
            ("embeddings: {provider: cloud}", "embeddings.provider", "offline、openai、none"),
            ("knowledge: {sources: [1]}", "knowledge.sources[0]", "路径"),
            ("staff: [{userid: 张三, name: x, level: junior}]", "staff[0].userid", "userid"),
            ("staff: [{userid: a, name: x, level: boss}]", "staff[0].level", "leader"),
            ("staff: [{userid: a, name: x}]", "staff[0].level", "必须"),
            ("staff: [zhangsan]", "staff[0]", "一组键值"),
            ("channels: {codes: [{id: 'a b', name: x}]}", "channels.codes[0].id", "字母"),
            ("channels: {codes: [{id: a, name: x}]}", "channels.codes[0]", "receivers"),
            (
                "channels: {codes: [{id: a, name: x, receivers: [{userid: b, daily_cap: 1}]}]}",
                "channels.codes[0]",
                "spare",
            ),
            ("channels: {codes: [{id: a, name: x, kind: kf}]}", "channels.codes[0]", "open_kfid"),
            (
                "channels: {codes: [{id: a, name: x, kind: kf, open_kfid: w, states: [b]},"
                " {id: b, name: x, kind: kf, open_kfid: w}]}",
                "channels",
                "b 出现了两次",
            ),
            ("channels: {watch_above: 400}", "channels", "watch_above"),
            ("timezone: Mars/Base", "timezone", "Asia/Shanghai"),
            ("autonomy: {categories: {物流: perhaps}}", "autonomy.categories.物流", "suggest"),
            ("accounts: {'wk 1': {}}", "accounts.wk 1", "open_kfid"),
            ("delivery: {late_welcome_s: 25}", "delivery.late_welcome_s", "不大于 20"),
            ("xyzzy: 1", "xyzzy", "wecom"),
            ("wecom: {corpid: x}", "wecom.corpid", "wecom.corp_id"),
            ("corp_id: x", "corp_id", "wecom.corp_id"),
            ("wecom: {callback_tokn_file: x}", "wecom.callback_tokn_file", "callback_token_file"),
            ("tools: {Shop: {description: d, url: 'https://x'}}", "tools.Shop", "小写"),
            ("tools: {a: {description: d, url: 'http://x/'}}", "tools.a.url", "https://"),
            ("tools: {a: {description: d, url: 'https://u:p@x/'}}", "tools.a.url", "账号"),
            ("tools: {a: {description: d, url: 'https://{h}.x/'}}", "tools.a.url", "写死"),
            ("tools: {a: {description: d, url: 'https://x/{y}'}}", "tools.a", "arguments"),
            ("tools: {a: {description: d, url: 'https://x/?b={identity}'}}", "tools.a", "identity"),
            (
                "tools: {a: {description: d, url: 'https://x/', orders: {number: no}}}",
                "tools.a",
                "identity",
            ),
            (
                "tools: {a: {description: d, url: 'https://x/', result: {n: 'a..b'}}}",
                "tools.a.result.n",
                "items[0].name",
            ),
            (
                "tools: {a: {description: d, url: 'https://x/', headers: {A: '{token}'}}}",
                "tools.a.headers.A",
                "{secret}",
            ),
            (
                "tools: {a: {description: d, url: 'https://x/{p}', arguments: {p: {description: d"
                "}}}}",
                "tools.a",
                "必填",
            ),
        ],
    )
    def test_a_wrong_value_is_refused_with_path_and_expectation(
        self, folder: Path, text: str, path: str, expected: str
    ) -> None:
        problem = the_problem(folder, text)
        assert problem.path == path
        assert expected in problem.expected
        assert problem.found
        assert problem.where == "config.yaml 第 1 行"

    @pytest.mark.parametrize(
        ("hours", "path"),
        [
            ("{from: 9am, to: 21:00}", "from"),
            ("{from: 25:00, to: 26:00}", "from"),
            ("{from: 21:00, to: 09:00}", "to"),
            ("{days: [mon, funday], from: 09:00, to: 10:00}", "days[1]"),
            ("{days: [], from: 09:00, to: 10:00}", "days"),
        ],
    )
    def test_impossible_opening_hours_are_refused(
        self, folder: Path, hours: str, path: str
    ) -> None:
        found = problems(folder, f"accounts: {{wk: {{opening_hours: [{hours}]}}}}")
        assert f"accounts.wk.opening_hours[0].{path}" in {problem.path for problem in found}

    def test_embeddings_of_a_provider_need_its_address(self, folder: Path) -> None:
        paths = {p.path for p in problems(folder, "embeddings: {provider: openai}")}
        assert paths == {"embeddings.base_url", "embeddings.model"}

    def test_two_members_with_one_userid_are_found_beside_other_mistakes(
        self, folder: Path
    ) -> None:
        text = (
            "staff:\n"
            "  - {userid: a, name: x, level: junior}\n"
            "  - {userid: a, name: y, level: boss}\n"
        )
        assert {p.path for p in problems(folder, text)} == {"staff[1].userid", "staff[1].level"}

    def test_the_value_that_was_found_is_shown_in_short(self, folder: Path) -> None:
        problem = the_problem(folder, f"wecom: {{agent_id: {'x' * 500}}}")
        assert "xxx" in problem.found
        assert len(problem.found) < 80

    def test_all_mistakes_are_in_the_message_of_the_exception(self, folder: Path) -> None:
        path = folder / "config.yaml"
        path.write_text("wecom: {agent_id: x}\nserver: {port: x}")
        with pytest.raises(Misconfigured, match=r"(?s)wecom\.agent_id.*server\.port"):
            load_config(path, {})


class TestFiles:
    @pytest.mark.parametrize(
        ("text", "found", "where"),
        [
            ("a: [1\n", "YAML 语法错误", "第 2 行"),
            ("server:\n\tport: 1", "YAML 语法错误", "第 2 行"),
            ("- a\n- b\n", "顶层", "第 1 行"),
            ("just words", "顶层", "第 1 行"),
            ("a: 1\n---\nb: 2\n", "YAML 语法错误", "第 2 行"),
            ("a: \x07", "不允许的字符", ""),
        ],
    )
    def test_a_file_that_is_no_mapping_is_refused_with_its_line(
        self, folder: Path, text: str, found: str, where: str
    ) -> None:
        problem = the_problem(folder, text)
        assert found in problem.found
        assert where in problem.where

    def test_a_key_written_twice_is_refused_with_both_lines(self, folder: Path) -> None:
        problem = the_problem(folder, "server:\n  port: 1\n  host: a\n  port: 2\n")
        assert problem.path == "server.port"
        assert "第 2 行" in problem.found
        assert problem.where == "config.yaml 第 4 行"

    def test_an_alias_of_itself_is_refused(self, folder: Path) -> None:
        found = problems(folder, "accounts: &a {wk: *a}\n")
        assert any("引用了自己" in problem.found for problem in found)

    def test_a_missing_file_is_a_problem_with_its_path(self, folder: Path) -> None:
        with pytest.raises(ConfigErrors) as caught:
            load_config(folder / "none.yaml", {})
        assert "none.yaml" in str(caught.value)

    def test_a_file_that_is_not_utf_8_is_refused(self, folder: Path) -> None:
        (folder / "config.yaml").write_bytes("company: {name: 店}".encode("gbk"))
        with pytest.raises(ConfigErrors, match="UTF-8"):
            load_config(folder / "config.yaml", {})

    def test_only_one_tool_serves_orders(self, folder: Path) -> None:
        one = (
            "{description: d, url: 'https://x/{identity}', identity: unionid, orders: {number: n}}"
        )
        problem = the_problem(folder, f"tools: {{a: {one}, b: {one}}}")
        assert problem.path == "tools.b.orders"
        assert "tools.a" in problem.found
