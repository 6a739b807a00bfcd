"""The configuration is strict, explains itself, and reports every mistake at once."""

import base64
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.config import (
    Config,
    ConfigErrors,
    Problem,
    inspect_config,
    keygen,
    load_config,
    require,
    variable,
)
from bot.config.escalation import DEFAULTS
from bot.config.schema import all_paths, annotation_at, section_of
from bot.config.yaml_file import path_text

AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"  # wecom-api §2.8
MASTER_KEY = base64.b64encode(bytes(range(32))).decode()
MANUAL = Path(__file__).parents[2] / "config.yaml"

SIX = {
    "CONCIERGE_WECOM__CORP_ID": "ww1",
    "CONCIERGE_WECOM__AGENT_ID": "1000002",
    "CONCIERGE_WECOM__SECRET": "s3cret",
    "CONCIERGE_WECOM__CALLBACK_TOKEN": "token",
    "CONCIERGE_WECOM__CALLBACK_AES_KEY": AES_KEY,
    "CONCIERGE_SECURITY__ENCRYPTION_KEY": MASTER_KEY,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def load(folder: Path, text: str = "", **environ: str) -> Config:
    path = folder / "config.yaml"
    path.write_text(text, "utf-8")
    return load_config(path, environ)


def problems(folder: Path, text: str = "", **environ: str) -> list[Problem]:
    with pytest.raises(ConfigErrors) as caught:
        load(folder, text, **environ)
    return caught.value.problems


def the_problem(folder: Path, text: str = "", **environ: str) -> Problem:
    [problem] = problems(folder, text, **environ)
    return problem


class TestDefaults:
    def test_an_empty_file_is_a_configuration(self, folder: Path) -> None:
        config = load(folder)

        assert config.wecom.api_base == "https://qyapi.weixin.qq.com"
        assert config.storage.sqlite_path == folder / "data" / "concierge.db"
        assert (config.llm, config.redis.url, config.server.port) == (None, None, 8080)
        assert config.embeddings.provider == "offline"
        assert config.delivery.late_welcome_s == 18

    def test_the_manual_shows_every_key_with_its_default(self) -> None:
        text = MANUAL.read_text("utf-8")
        names = {path[-1] for path in all_paths()}
        assert [name for name in sorted(map(str, names)) if f"{name}:" not in text] == []

        chosen: Any = dict.fromkeys(("company", "knowledge", "storage"), True)
        chosen |= {"tagging": {"groups", "rules"}, "consent": {"ask"}, "welcome": {"sources"}}
        shown = load_config(MANUAL, {}).model_dump(exclude=chosen)
        default = Config().model_dump(exclude=chosen)
        assert shown == default

    def test_the_manual_keeps_secrets_empty(self) -> None:
        assert len(require(load_config(MANUAL, {}), "serve")) == 6

    def test_the_commented_examples_of_the_manual_are_right_too(self, folder: Path) -> None:
        _, body = MANUAL.read_text("utf-8").split("\n\n", 1)
        body = re.sub(r"(?m)^#(?=   )", " ", body)
        text = re.sub(
            r"(?m)^( *)(staff|classes|accounts|tools|webhooks|experiments): .*$", r"\1\2:", body
        )
        config = load(folder, text)

        assert config.llm is not None
        assert config.staff[0].level == "junior"
        assert set(config.tools) == {"shop_orders", "stock", "cancel_order"}
        assert set(config.webhooks) == {"crm"}
        assert dict(config.escalation.classes) == dict(DEFAULTS)
        [account] = config.accounts.values()
        assert account.opening_hours[0].opens == 9 * 60


class TestSources:
    def test_a_variable_wins_over_the_file(self, folder: Path) -> None:
        text = "server: {port: 1, host: a}\n"
        config = load(folder, text, CONCIERGE_SERVER__PORT="9000")
        assert (config.server.port, config.server.host) == (9000, "a")

    def test_variables_are_converted_to_the_type_of_their_key(self, folder: Path) -> None:
        config = load(
            folder,
            CONCIERGE_WECOM__AGENT_ID="1000002",
            CONCIERGE_DELIVERY__POLL_BUSY_S="2.5",
            CONCIERGE_WECOM__KF_ACCOUNTS="wk1, wk2",
            CONCIERGE_LLM__BASE_URL="http://127.0.0.1:1/v1/",
            CONCIERGE_LLM__MODEL="m",
            CONCIERGE_TIMEZONE="Asia/Urumqi",
        )
        assert config.wecom.agent_id == 1000002
        assert config.delivery.poll_busy_s == 2.5
        assert config.wecom.kf_accounts == ("wk1", "wk2")
        assert config.llm is not None
        assert config.llm.base_url == "http://127.0.0.1:1/v1"
        assert config.timezone == "Asia/Urumqi"

    def test_every_single_value_can_be_given_as_a_variable(self, folder: Path) -> None:
        leaves = [path for path in all_paths() if section_of(annotation_at(path)) is None]
        by_name = {("staff",), ("accounts",), ("tools",), ("autonomy", "categories")}
        names = [variable(path_text(path)) for path in leaves if path not in by_name]
        (folder / "config.yaml").touch()
        for name in names:
            found = inspect_config(folder / "config.yaml", {name: "?"}).problems
            assert [p for p in found if "没有这个配置项" in p.found] == []
        assert len(names) > 40

    def test_the_name_of_an_account_keeps_its_spelling(self, folder: Path) -> None:
        text = "accounts: {wkAbC: {persona: 甲}}"
        config = load(folder, text, CONCIERGE_ACCOUNTS__WKABC__PERSONA="小礼")
        assert config.accounts["wkAbC"].persona == "小礼"

        config = load(folder, CONCIERGE_ACCOUNTS__wkNew__AUTONOMY__MODE="suggest")
        assert config.for_account("wkNew").autonomy.mode == "suggest"

    def test_an_empty_value_means_not_given(self, folder: Path) -> None:
        text = "wecom:\n  corp_id: ''\n  secret:\nserver: {port: }\nllm:\nstaff:\n"
        config = load(folder, text, CONCIERGE_SERVER__HOST="")
        assert (config.wecom.corp_id, config.server.port) == ("", 8080)
        assert (config.llm, config.staff, config.server.host) == (None, (), "0.0.0.0")

    def test_a_variable_without_a_section_may_belong_to_somebody_else(self, folder: Path) -> None:
        load(folder, CONCIERGE_PORT="tcp://10.0.0.1:8080", CONCIERGE_CONFIG="x.yaml")

    def test_a_misspelt_variable_is_refused(self, folder: Path) -> None:
        problem = the_problem(folder, CONCIERGE_WECOM__SECRT="hush")
        assert problem.path == "wecom.secrt"
        assert "wecom.secret" in problem.expected
        assert problem.where == "环境变量 CONCIERGE_WECOM__SECRT"
        assert "hush" not in str(problem)

    def test_a_variable_cannot_give_a_whole_section(self, folder: Path) -> None:
        assert "单个值" in the_problem(folder, CONCIERGE_STAFF="zhangsan").found

    def test_words_that_yaml_1_1_reads_as_something_else_stay_words(self, folder: Path) -> None:
        text = (
            "autonomy: {mode: off}\n"
            "accounts: {wk: {opening_hours: [{days: [mon], from: 10:00, to: 21:30}]}}\n"
            "company: {name: yes}\n"
        )
        config = load(folder, text)
        assert config.autonomy.mode == "off"
        assert config.accounts["wk"].opening_hours[0].closes == 21 * 60 + 30
        assert config.company.name == "yes"

    def test_relative_paths_start_at_the_folder_of_the_file(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        text = (
            "storage: {url: 'sqlite:///db/x.db'}\n"
            "knowledge: {sources: [faq, /abs]}\n"
            "accounts: {wk: {knowledge: [own]}}\n"
        )
        path = folder / "config.yaml"
        path.write_text(text, "utf-8")
        monkeypatch.chdir(folder)
        config = load_config(Path("config.yaml"), {})

        assert config.storage.sqlite_path == folder / "db" / "x.db"
        assert config.knowledge.sources == (folder / "faq", Path("/abs"))
        assert config.for_account("wk").sources == (folder / "own",)

    def test_an_absolute_database_path_stays(self, folder: Path) -> None:
        config = load(folder, "storage: {url: 'sqlite:////var/x.db'}")
        assert config.storage.url == "sqlite:////var/x.db"


class TestSecrets:
    def test_a_secret_is_read_from_the_file_that_is_named(self, folder: Path) -> None:
        (folder / "s.txt").write_text("s3cret\n")
        config = load(folder, "wecom: {secret_file: s.txt}")
        assert config.wecom.secret.get_secret_value() == "s3cret"

        config = load(folder, CONCIERGE_WECOM__SECRET_FILE=str(folder / "s.txt"))
        assert config.wecom.secret.get_secret_value() == "s3cret"

    def test_a_variable_wins_over_the_named_file(self, folder: Path) -> None:
        text = "wecom: {secret_file: missing.txt}"
        config = load(folder, text, CONCIERGE_WECOM__SECRET="other")
        assert config.wecom.secret.get_secret_value() == "other"

    @pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00", b"x" * 20_000])
    def test_a_file_that_holds_no_secret_is_refused(
        self, folder: Path, content: bytes | None
    ) -> None:
        if content is not None:
            (folder / "s.txt").write_bytes(content)
        problem = the_problem(folder, "wecom: {secret_file: s.txt}")
        assert problem.path == "wecom.secret"
        assert "s.txt" in problem.where

    def test_the_same_secret_in_two_places_is_refused(self, folder: Path) -> None:
        (folder / "s.txt").write_text("a")
        text = "wecom: {secret: a, secret_file: s.txt}"
        assert the_problem(folder, text).path == "wecom.secret_file"
        both = {"CONCIERGE_LLM__API_KEY": "a", "CONCIERGE_LLM__API_KEY_FILE": "s.txt"}
        text = "llm: {base_url: 'http://x', model: m}"
        assert the_problem(folder, text, **both).path == "llm.api_key"

    def test_a_tool_s_secret_comes_from_a_file_or_a_variable(self, folder: Path) -> None:
        (folder / "s.txt").write_text("from-file\n")
        text = "tools: {shop: {description: d, url: 'https://x/', secret_file: s.txt}}"
        assert load(folder, text).tools["shop"].secret.get_secret_value() == "from-file"
        given = load(folder, text, CONCIERGE_TOOLS__SHOP__SECRET="given")
        assert given.tools["shop"].secret.get_secret_value() == "given"

    def test_old_keys_come_from_the_environment_or_one_a_line(self, folder: Path) -> None:
        other = keygen()
        (folder / "old").write_text(f"{MASTER_KEY}\n{other}\n")
        config = load(folder, "security: {previous_encryption_keys_file: old}")
        kept = [key.get_secret_value() for key in config.security.previous_encryption_keys]
        assert kept == [MASTER_KEY, other]

    def test_no_secret_shows_in_a_repr_or_in_a_problem(self, folder: Path) -> None:
        text = (
            "storage: {url: 'postgresql://u:pa55word@db/x'}\n"
            "redis: {url: 'redis://:pa55word@r:6379/0'}\n"
            "llm: {base_url: 'http://x', model: m, api_key: s3cret}\n"
        )
        config = load(folder, text, **SIX)
        assert "s3cret" not in repr(config)
        assert "pa55word" not in repr(config)
        assert AES_KEY not in repr(config)

        text = "wecom: {secret: 's3 cret', callback_token: [s3cret]}\nredis: {url: 'x://:s3cret@h'}"
        for problem in problems(folder, text, CONCIERGE_SECURITY__ENCRYPTION_KEY="s3cret"):
            assert "s3" not in str(problem)

    def test_a_new_key_is_32_bytes_and_never_the_same(self, folder: Path) -> None:
        assert len(base64.b64decode(keygen(), validate=True)) == 32
        assert keygen() != keygen()
        load(folder, CONCIERGE_SECURITY__ENCRYPTION_KEY=keygen())


class TestRequirements:
    def test_serve_lists_all_six_values_that_are_missing(self, folder: Path) -> None:
        missing = require(load(folder), "serve")
        assert {variable(problem.path) for problem in missing} == set(SIX)

    def test_serve_is_content_with_the_six(self, folder: Path) -> None:
        assert require(load(folder, "", **SIX), "serve") == []

    @pytest.mark.parametrize("command", ["chat", "demo", "faq", "migrate"])
    def test_other_commands_need_no_account(self, folder: Path, command: str) -> None:
        assert require(load(folder), command) == []  # type: ignore[arg-type]


class TestAccounts:
    def test_an_account_without_settings_follows_the_general_ones(self, folder: Path) -> None:
        text = "knowledge: {sources: [faq]}\nautonomy: {mode: suggest, categories: {物流: auto}}"
        settings = load(folder, text).for_account("wk")
        assert settings.sources == (folder / "faq",)
        assert settings.autonomy.for_category("物流") == "auto"
        assert settings.autonomy.for_category("售后") == "suggest"
        assert settings.persona is None

    def test_an_account_may_do_everything_otherwise(self, folder: Path) -> None:
        text = (
            "autonomy: {mode: auto, categories: {物流: auto}}\n"
            "accounts:\n"
            "  wk:\n"
            "    persona: 小礼\n"
            "    knowledge: []\n"
            "    autonomy: {mode: off, categories: {售后: suggest}}\n"
        )
        settings = load(folder, text).for_account("wk")
        assert (settings.persona, settings.sources) == ("小礼", ())
        assert settings.autonomy.for_category("物流") == "off"
        assert settings.autonomy.for_category("售后") == "suggest"

    def test_categories_of_an_account_are_added_when_it_has_no_mode(self, folder: Path) -> None:
        text = (
            "autonomy: {mode: suggest, categories: {物流: auto}}\n"
            "accounts: {wk: {autonomy: {categories: {售后: off}}}}\n"
        )
        autonomy = load(folder, text).for_account("wk").autonomy
        modes = [autonomy.for_category(name) for name in ("物流", "售后", "发票")]
        assert modes == ["auto", "off", "suggest"]

    def test_opening_hours_are_those_of_the_company_s_clock(self, folder: Path) -> None:
        text = (
            "accounts: {wk: {opening_hours: [{days: [mon], from: 09:00, to: 18:00},"
            " {days: [sun], from: 20:00, to: 24:00}]}}"
        )
        settings = load(folder, text).for_account("wk")

        def is_open(day: int, hour: int, minute: int = 0) -> bool:
            moment = datetime(2026, 11, day, hour, minute, tzinfo=UTC)
            return settings.is_open(moment.timestamp())

        monday, sunday = 23, 22
        assert is_open(monday, 1)  # 09:00 in Shanghai
        assert is_open(monday, 9, 59)
        assert not is_open(monday, 10)
        assert is_open(sunday, 15, 59)
        assert not is_open(sunday, 16)  # midnight: Monday has begun
        assert load(folder).for_account("wk").is_open(0.0)


def test_the_configuration_cannot_be_changed(folder: Path) -> None:
    config = load(folder)
    with pytest.raises(ValueError, match="frozen"):
        setattr(config.server, "port", 1)  # noqa: B010 - mypy refuses the plain assignment


def test_the_manual_is_yaml_for_others_too() -> None:
    assert isinstance(yaml.safe_load(MANUAL.read_text("utf-8")), dict)


@pytest.mark.parametrize("line", ["handled_days: 3", "messages_days: 2", "audit_days: 180"])
def test_what_guards_against_repeats_is_kept_long_enough(folder: Path, line: str) -> None:
    """Before: a page told again on the second day was answered again."""
    problem = the_problem(folder, f"retention:\n  {line}\n")
    assert problem.path == f"retention.{line.split(':', maxsplit=1)[0]}"
