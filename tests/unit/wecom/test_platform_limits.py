"""The limits of the platform are data with a history: no number changes without a line in it."""

from bot.wecom.limits import digest_of, platform_limits


def test_the_newest_version_is_the_one_that_is_described_last() -> None:
    limits = platform_limits()
    assert [one.version for one in limits.changes] == list(range(1, limits.version + 1))
    assert [one.at for one in limits.changes] == sorted(one.at for one in limits.changes)


def test_no_number_has_changed_since_the_newest_version() -> None:
    limits = platform_limits()
    assert limits.changes[-1].digest == digest_of(limits), (
        "a number of limits.yaml is another: raise `version`, add a line to `changes` that says"
        f" what WeCom changed, with digest: {digest_of(limits)}"
    )
