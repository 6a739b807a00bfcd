"""Vectors of wecom-api §2.8, both directions."""

import pytest

from simulator.cipher import CallbackCipher, Unsealable

OFFICIAL = ("QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7")
OWN = ("kfTestToken01", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG")

A = (
    "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==",
    "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3",
)
B = (
    "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUp"
    "j911L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue"
    "06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+"
    "3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH"
    "27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8"
    "R07+qN+E7Q==",
    "477715d11cdb4164915debcba66cb864d751f3e6",
)
B_PLAIN = (
    b"<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName>\n"
    b"<FromUserName><![CDATA[mycreate]]></FromUserName>\n<CreateTime>1409659813</CreateTime>\n"
    b"<MsgType><![CDATA[text]]></MsgType>\n<Content><![CDATA[hello]]></Content>\n"
    b"<MsgId>4561255354251345929</MsgId>\n<AgentID>218</AgentID>\n</xml>"
)
C_PLAIN = (
    b"<xml><ToUserName><![CDATA[ww1234567890abcdef]]></ToUserName>"
    b"<CreateTime>1700000000</CreateTime><MsgType><![CDATA[event]]></MsgType>"
    b"<Event><![CDATA[kf_msg_or_event]]></Event><Token><![CDATA[ENC_TOKEN_DEMO_001]]></Token>"
    b"<OpenKfId><![CDATA[wkDEMO0000000001]]></OpenKfId></xml>"
)
C = (
    "Q3stYC6hdFzMh9T8HCvyDDN2GmpDSDx4IFlkR91d2k8k6T2nFnUFx5yZARALF6Z8C37QeuzXhP9a6lH6TxXCSeL3vkND"
    "gaumoQBzWfKgYCz2IHyFHGGVCDawmqSx3lmN8fGAimJEZfNqaEZiHpHS64mAGfJdXphcjN3GwVMX6V8r1JeDiIeJWUDE"
    "7FIfRzfrMn8bnf7POUZVNeA7dubeBH+ho+4QrwHtNUMSL29aNauVQW9P1KnD+05JWAwT25fEGSDCoNkCKfmBM0VhQGCi"
    "5esAQRXIgTGfwkKyiQAvut/svC0jS2ZAUkt1ozJYGMYi1zC95/MWIp8a5HfC2dkZ9lgqShRH1cdL6ObSB5gzfZDrH6V+"
    "SPSuM7M4EYLCv7UhgKhFU/Z4ALDyj8gbbRUTHh9My24JkpAGv0VywvSklj4=",
    "540e2cefe34282836d546ab509e39afda6408caa",
)
D_PLAIN = (
    b'{"msgid":"MSGID1","aibotid":"AIBOT1","chattype":"single","from":{"userid":"zhangsan"},'
    b'"msgtype":"text","text":{"content":"hi"}}'
)
D = (
    "Q3stYC6hdFzMh9T8HCvyDH63Wyiff7hoN1UleRNN1UK33eE7SgEAV0ZlyaomIEbLjdbuGysRAxBXJPz/frqkudcwciog"
    "2IBp4sbdGZDWiBhCooSTIt+gwzV3dtwduL6jJiYq3f+a4Ap6tpUbgi+L7WspGPmIEoiwnyPfkv5Z1kiU2dLYlU0k4yt0"
    "PIRd+8jZoO42Qm52NBo+p0OCu2s+Qg==",
    "f1a43b09a4a985bd17b204f0f6f14b8535dca159",
)

VECTORS = [
    pytest.param(
        OFFICIAL, "1409659589", "263014780", A, b"1616140317555161061", b"c41b64491c2468d0", id="A"
    ),
    pytest.param(OFFICIAL, "1409659813", "1372623149", B, B_PLAIN, None, id="B"),
    pytest.param(
        (*OWN, "ww1234567890abcdef"),
        "1700000000",
        "nonce42",
        C,
        C_PLAIN,
        b"0123456789abcdef",
        id="C",
    ),
    pytest.param((*OWN, ""), "1700000000", "nonce42", D, D_PLAIN, b"0123456789abcdef", id="D"),
]


@pytest.mark.parametrize(("names", "timestamp", "nonce", "sealed", "plain", "random"), VECTORS)
def test_a_vector_opens_and_seals_again(
    names: tuple[str, str, str],
    timestamp: str,
    nonce: str,
    sealed: tuple[str, str],
    plain: bytes,
    random: bytes | None,
) -> None:
    cipher = CallbackCipher(*names)
    encrypted, signature = sealed
    opened = cipher.open(signature, timestamp, nonce, encrypted)
    assert opened.rstrip(b"\n") == plain
    if random is not None:
        assert cipher.seal(plain, random=random) == encrypted
    assert cipher.sign(timestamp, nonce, encrypted) == signature


def test_two_seals_of_one_message_differ() -> None:
    cipher = CallbackCipher(*OFFICIAL)
    assert cipher.seal(b"once") != cipher.seal(b"once")


def test_a_message_that_fills_the_block_gets_a_whole_block_of_padding() -> None:
    cipher = CallbackCipher(*OWN, "")
    for size in range(64):
        sealed = cipher.seal(b"x" * size)
        assert cipher.open(cipher.sign("1", "n", sealed), "1", "n", sealed) == b"x" * size


@pytest.mark.parametrize("sealed", ["", "!!!", "AAAA", "A" * 43 + "=", "QUJD" * 8])
def test_rubbish_with_a_right_signature_does_not_open(sealed: str) -> None:
    cipher = CallbackCipher(*OFFICIAL)
    with pytest.raises(Unsealable):
        cipher.open(cipher.sign("1", "n", sealed), "1", "n", sealed)


def test_another_company_and_a_wrong_signature_are_refused() -> None:
    ours, theirs = CallbackCipher(*OWN, "ww1"), CallbackCipher(*OWN, "ww2")
    sealed = theirs.seal(b"hello")
    with pytest.raises(Unsealable, match="receive id"):
        ours.open(ours.sign("1", "n", sealed), "1", "n", sealed)
    with pytest.raises(Unsealable, match="signature"):
        ours.open("0" * 40, "1", "n", sealed)
