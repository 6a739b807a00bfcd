"""Which headers keep a page of ours from running, showing or leaking what it must not?"""

from collections.abc import Mapping, Sequence

WECOM_FRAMES = ("https://*.work.weixin.qq.com", "https://*.weixin.qq.com", "https://*.qq.com")
"""Whoever may show our pages inside of theirs; WeCom's client mostly opens them by themselves."""

_SDK_FRAMES = "https://login.work.weixin.qq.com https://open.work.weixin.qq.com"
"""What the JS-SDK opens in a frame of its own outside of WeCom's client."""


def page_headers(*, scripts: Sequence[str] = (), frames: Sequence[str] = ()) -> Mapping[str, str]:
    """Headers of everything that shows data: no inline script or style, nothing kept, no referrer.

    Args:
        scripts: origins of scripts beside our own; only a demo has any.
        frames: who may show the page beside WeCom; only a demo names any.
    """
    policy = {
        "default-src": "'none'",
        "script-src": " ".join(("'self'", *scripts)),
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "frame-src": _SDK_FRAMES,
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": " ".join(("'self'", *WECOM_FRAMES, *frames)),
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }
