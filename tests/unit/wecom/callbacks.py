"""The vectors of wecom-api §2.8, and builders of callbacks that are signed as WeCom signs them."""

import hashlib
import struct
from base64 import b64decode, b64encode

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.wecom.cipher import CallbackCipher

OFFICIAL_TOKEN = "QDG6eK"
OFFICIAL_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
OFFICIAL_CORP = "wx5823bf96d3bd56c7"

ECHO = (
    "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3",
    "1409659589",
    "263014780",
    "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==",
)
ECHO_PLAIN = b"1616140317555161061"

MESSAGE = (
    "477715d11cdb4164915debcba66cb864d751f3e6",
    "1409659813",
    "1372623149",
    "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUp"
    "j911L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue"
    "06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+"
    "3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH"
    "27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8"
    "R07+qN+E7Q==",
)
MESSAGE_PLAIN = b"""<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName>
<FromUserName><![CDATA[mycreate]]></FromUserName>
<CreateTime>1409659813</CreateTime>
<MsgType><![CDATA[text]]></MsgType>
<Content><![CDATA[hello]]></Content>
<MsgId>4561255354251345929</MsgId>
<AgentID>218</AgentID>
</xml>"""

TOKEN = "kfTestToken01"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
CORP = "ww1234567890abcdef"
PREFIX = "0123456789abcdef"
TIMESTAMP, NONCE = "1700000000", "nonce42"

KF_EVENT = (
    b"<xml><ToUserName><![CDATA[ww1234567890abcdef]]></ToUserName>"
    b"<CreateTime>1700000000</CreateTime><MsgType><![CDATA[event]]></MsgType>"
    b"<Event><![CDATA[kf_msg_or_event]]></Event><Token><![CDATA[ENC_TOKEN_DEMO_001]]></Token>"
    b"<OpenKfId><![CDATA[wkDEMO0000000001]]></OpenKfId></xml>"
)
KF_SIGNATURE = "540e2cefe34282836d546ab509e39afda6408caa"
KF_ENCRYPTED = (
    "Q3stYC6hdFzMh9T8HCvyDDN2GmpDSDx4IFlkR91d2k8k6T2nFnUFx5yZARALF6Z8C37QeuzXhP9a6lH6TxXCSeL3vkND"
    "gaumoQBzWfKgYCz2IHyFHGGVCDawmqSx3lmN8fGAimJEZfNqaEZiHpHS64mAGfJdXphcjN3GwVMX6V8r1JeDiIeJWUDE"
    "7FIfRzfrMn8bnf7POUZVNeA7dubeBH+ho+4QrwHtNUMSL29aNauVQW9P1KnD+05JWAwT25fEGSDCoNkCKfmBM0VhQGCi"
    "5esAQRXIgTGfwkKyiQAvut/svC0jS2ZAUkt1ozJYGMYi1zC95/MWIp8a5HfC2dkZ9lgqShRH1cdL6ObSB5gzfZDrH6V+"
    "SPSuM7M4EYLCv7UhgKhFU/Z4ALDyj8gbbRUTHh9My24JkpAGv0VywvSklj4="
)

BOT_JSON = (
    b'{"msgid":"MSGID1","aibotid":"AIBOT1","chattype":"single","from":{"userid":"zhangsan"},'
    b'"msgtype":"text","text":{"content":"hi"}}'
)
BOT_SIGNATURE = "f1a43b09a4a985bd17b204f0f6f14b8535dca159"
BOT_ENCRYPTED = (
    "Q3stYC6hdFzMh9T8HCvyDH63Wyiff7hoN1UleRNN1UK33eE7SgEAV0ZlyaomIEbLjdbuGysRAxBXJPz/frqkudcwciog"
    "2IBp4sbdGZDWiBhCooSTIt+gwzV3dtwduL6jJiYq3f+a4Ap6tpUbgi+L7WspGPmIEoiwnyPfkv5Z1kiU2dLYlU0k4yt0"
    "PIRd+8jZoO42Qm52NBo+p0OCu2s+Qg=="
)


def a_cipher(corp: str = CORP) -> CallbackCipher:
    return CallbackCipher(TOKEN, AES_KEY, corp, random_prefix=lambda: PREFIX)


def packed(
    message: bytes,
    receive_id: bytes = CORP.encode(),
    length: int | None = None,
    prefix: str = PREFIX,
) -> bytes:
    """What stands inside a ciphertext, before padding."""
    claimed = len(message) if length is None else length
    return prefix.encode() + struct.pack(">I", claimed) + message + receive_id


def padded(plain: bytes) -> bytes:
    count = 32 - len(plain) % 32
    return plain + bytes([count]) * count


def encrypted(blocks: bytes) -> str:
    key = b64decode(AES_KEY + "=")
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return b64encode(encryptor.update(blocks) + encryptor.finalize()).decode()


def signature(ciphertext: str, timestamp: str = TIMESTAMP, nonce: str = NONCE) -> str:
    joined = "".join(sorted((TOKEN, timestamp, nonce, ciphertext)))
    return hashlib.sha1(joined.encode()).hexdigest()


def query(ciphertext: str) -> dict[str, str]:
    return {"msg_signature": signature(ciphertext), "timestamp": TIMESTAMP, "nonce": NONCE}


def envelope(ciphertext: str) -> bytes:
    return (
        f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><AgentID></AgentID>"
        f"<Encrypt><![CDATA[{ciphertext}]]></Encrypt></xml>"
    ).encode()
