"""`concierge staff` shows the roster of a moment; `concierge check` hints at what it lacks."""

import io
import json
from pathlib import Path

import pytest

from bot.cli import main
from bot.commands.check_staff import staff_notes
from bot.commands.staff import staff
from bot.config import load_config
from bot.errors import Misconfigured
from tests.unit.policy.rosters import at

NOW = at("2026-09-30 17:30")
TEXT = """\
wecom: {kf_accounts: [wkA, wkB]}
staff:
  - userid: zhangsan
    name: 张敏
    level: junior
    shifts: [{days: [mon, tue, wed, thu, fri], from: 09:00, to: 18:00}]
  - userid: lisi
    name: 李航
    level: expert
    accounts: [wkA]
    shifts: [{from: 22:00, to: 06:00}]
    on_holidays: true
  - {userid: wangwu, name: 王倩, level: leader, capacity: 0}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(TEXT, "utf-8")
    return path


def shown(file: Path, when: str = "") -> list[str]:
    out = io.StringIO()
    assert staff(load_config(file, {}), when, NOW, out) == 0
    return out.getvalue().splitlines()


def notes(tmp_path: Path, text: str, now: float = NOW) -> list[str]:
    path = tmp_path / "config.yaml"
    path.write_text(text, "utf-8")
    return list(staff_notes(load_config(path, {}), now))


def test_the_roster_of_now_is_shown(file: Path) -> None:
    assert shown(file) == [
        "2026-09-30 17:30 周三（Asia/Shanghai）",
        "在岗 2 人：",
        "  张敏（zhangsan）一线  全部账号  到 今天 18:00",
        "  王倩（wangwu）主管，不分会话  全部账号  不排班",
        "不在岗 1 人：",
        "  李航（lisi）专家",
        "下一次有人接：",
        "  wkA  一线的会话 现在，专家的会话 今天 22:00",
        "  wkB  一线的会话 现在，专家的会话 两周内没有",
        "提示：客服账号 wkB 没有能接会话的专家（expert），该由这一级接的会话分不出去",
        "这是排班；会话只分给企业微信显示正在接待的人。",
    ]


def test_the_roster_of_another_moment_is_shown(file: Path) -> None:
    holiday, make_up = shown(file, "2026-10-01 10:00"), shown(file, "2026-10-10 10:00")
    assert holiday[0] == "2026-10-01 10:00 周四，放假（Asia/Shanghai）"
    assert "  wkA  一线的会话 今天 22:00，专家的会话 今天 22:00" in holiday
    assert "  wkB  一线的会话 周四（10月8日）09:00，专家的会话 两周内没有" in holiday
    assert make_up[0] == "2026-10-10 10:00 周六，调休上班（Asia/Shanghai）"
    assert "  张敏（zhangsan）一线  全部账号  到 今天 18:00" in make_up


def test_a_program_gets_unix_seconds(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["-c", str(file), "staff", "--at", "2026-10-02 01:00", "--json"]
    assert main(words) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["at"] == at("2026-10-02 01:00")
    assert facts["day"] == "holiday"
    assert [one["userid"] for one in facts["on_duty"]] == ["lisi", "wangwu"]
    assert [one["until"] for one in facts["on_duty"]] == [at("2026-10-02 06:00"), None]
    assert facts["off_duty"] == ["zhangsan"]
    assert facts["accounts"][1] == {
        "open_kfid": "wkB",
        "junior": at("2026-10-08 09:00"),
        "expert": None,
    }
    assert len(facts["notes"]) == 1


def test_nobody_is_on_duty_or_configured(tmp_path: Path, file: Path) -> None:
    file.write_text(TEXT.replace("capacity: 0}", "shifts: [{from: 01:00, to: 02:00}]}"), "utf-8")
    assert "现在没有人在岗。" in shown(file, "2026-09-30 20:00")
    file.write_text("{}", "utf-8")
    assert shown(file)[1:] == ["没有配置 staff。"]


def test_what_is_no_time_is_refused(file: Path) -> None:
    for text in ("soon", "2026-10-01", "2026-02-30 10:00"):
        with pytest.raises(Misconfigured, match="2026-10-01 10:00"):
            shown(file, text)


def test_levels_that_nobody_has_are_hinted_at(tmp_path: Path) -> None:
    person = "staff: [{{userid: a, name: x, level: {}, accounts: [wk1], capacity: {}}}]\n"
    (hint,) = notes(tmp_path, person.format("junior", 1))
    assert hint.startswith("客服账号 wk1 没有能接会话的专家（expert）")
    (hint,) = notes(tmp_path, person.format("expert", 1))
    assert hint.endswith("一线（junior），该由这一级接的会话都给专家")
    assert len(notes(tmp_path, person.format("expert", 0))) == 2
    assert notes(tmp_path, "") == []


def test_somebody_without_shifts_among_others_is_hinted_at(tmp_path: Path) -> None:
    text = TEXT.replace("accounts: [wkA]\n    ", "")
    assert notes(tmp_path, text) == []
    (hint,) = notes(tmp_path, text.replace("capacity: 0", "capacity: 1"))
    assert hint == "没有写 shifts 的人一直算在岗，营业时间因此是全天：王倩"


def test_a_year_whose_holidays_are_not_known_is_hinted_at_in_time(tmp_path: Path) -> None:
    text = TEXT.replace("accounts: [wkA]\n    ", "")
    assert notes(tmp_path, text, at("2098-10-01 00:00"))[0].startswith("还不知道 2098 年")
    assert notes(tmp_path, f"{text}calendar: {{holidays: none}}\n", at("2098-10-01 00:00")) == []
    without_shifts = "staff: [{userid: a, name: x, level: junior}]"
    assert len(notes(tmp_path, without_shifts, at("2098-10-01 00:00"))) == 1  # no expert


def test_check_prints_hints_and_does_not_count_them(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["-c", str(file), "check"])
    report = capsys.readouterr().out
    assert "排班：" in report
    assert "  · 客服账号 wkB 没有能接会话的专家" in report
    assert "✗ 共 6 个问题" in report  # the six values alone


def test_check_says_when_nobody_approves_what_members_write(tmp_path: Path) -> None:
    public = "server: {public_url: https://kf.example.com}\n"
    one = f"{public}staff:\n  - {{userid: lisi, name: 李航, level: expert"
    assert [note for note in notes(tmp_path, one + "}") if "没有人审核" in note]
    for more in (", duties: [operator]}", "}\n  - {userid: wangwu, name: 王倩, level: leader}"):
        assert not [note for note in notes(tmp_path, one + more) if "没有人审核" in note], more
