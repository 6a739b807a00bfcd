"""Signing a page's address for the JS-SDK."""

from bot.wecom.jssdk import signature

OFFICIAL = (
    "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg",
    "Wm3WZYTPz0wzccnW",
    1414587457,
    "http://mp.weixin.qq.com?params=value",
)


def test_the_sample_of_the_official_pages_is_signed_as_there() -> None:
    """wecom-api §6.5."""
    assert signature(*OFFICIAL) == "0f9de62fce790f9a083d5c99e95740ceb90c27ed"
