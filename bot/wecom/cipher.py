"""How are callbacks signed and sealed (wecom-api §2.4)?

AES comes from wechatpy. Its ``decrypt_message`` trusts the padding byte and the length field,
and its signature comparison is not constant-time: those steps are ours, and every malformed
input is `Unreadable`.
"""

import binascii
import hashlib
import hmac
import re
import secrets
import struct
import warnings
from base64 import b64decode
from collections.abc import Callable
from typing import Any

from bot.errors import Misconfigured, Unreadable

with warnings.catch_warnings():
    # Importing any part of wechatpy imports its HTTP clients, which warn (stack.md section 1).
    warnings.simplefilter("ignore")
    from wechatpy.work.crypto import PrpCrypto

MAX_ENCRYPTED_CHARS = 64 * 1024
_KEY = re.compile(r"[A-Za-z0-9]{43}")
_SIGNATURE = re.compile(r"[0-9a-f]{40}")
_AES_BLOCK = 16
_PADDING_BLOCK = 32  # PKCS#7 over 32 bytes, not 16 (wecom-api §2.4)
_PREFIX_BYTES = 16
_LENGTH = struct.Struct(">I")

_ENVELOPE = (
    "<xml><Encrypt><![CDATA[{encrypt}]]></Encrypt>"
    "<MsgSignature><![CDATA[{signature}]]></MsgSignature>"
    "<TimeStamp>{timestamp}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
)


class CallbackCipher:
    """Opens what WeCom sends to the callback and seals what we answer there.

    Args:
        token: the callback's Token, used for signatures only.
        aes_key: the callback's EncodingAESKey, 43 characters.
        receive_id: the corp id; every message must carry it (R-1.1).
        random_prefix: 16 ASCII characters in front of a sealed message.

    Raises:
        Misconfigured: the key is not an EncodingAESKey.
    """

    def __init__(
        self,
        token: str,
        aes_key: str,
        receive_id: str,
        *,
        random_prefix: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        if not _KEY.fullmatch(aes_key):
            raise Misconfigured("callback_aes_key must be the 43 letters and digits of the console")
        self._token = token
        self._receive_id = receive_id
        self._aes: Any = PrpCrypto(b64decode(aes_key + "="))
        self._aes.get_random_string = random_prefix

    def sign(self, timestamp: str, nonce: str, encrypted: str) -> str:
        """The signature that belongs to a ciphertext."""
        joined = "".join(sorted((self._token, timestamp, nonce, encrypted)))
        return hashlib.sha1(_encoded(joined), usedforsecurity=False).hexdigest()

    def open(self, signature: str, timestamp: str, nonce: str, encrypted: str) -> bytes:
        """Verify and decrypt, the cheap refusals first.

        Raises:
            Unreadable: whatever is wrong with it.
        """
        if not _SIGNATURE.fullmatch(signature):
            raise Unreadable("callback signature is malformed")
        if len(encrypted) > MAX_ENCRYPTED_CHARS:
            raise Unreadable("callback is too large")
        if not hmac.compare_digest(self.sign(timestamp, nonce, encrypted), signature):
            raise Unreadable("callback signature does not match")
        return self._unpack(self._aes.cipher.decrypt(_ciphertext(encrypted)))

    def verify_url(self, signature: str, timestamp: str, nonce: str, echostr: str) -> bytes:
        """The body that proves to the console that this URL is ours (wecom-api §2.2)."""
        return self.open(signature, timestamp, nonce, echostr)

    def seal(self, message: bytes, timestamp: str, nonce: str) -> str:
        """The XML body of a passive reply (wecom-api §2.6)."""
        encrypted: str = self._aes.encrypt(message, self._receive_id).decode()
        signature = self.sign(timestamp, nonce, encrypted)
        return _ENVELOPE.format(
            encrypt=encrypted, signature=signature, timestamp=timestamp, nonce=nonce
        )

    def _unpack(self, padded: bytes) -> bytes:
        padding = padded[-1]
        if not 1 <= padding <= _PADDING_BLOCK:
            raise Unreadable("callback padding is out of range")
        plain = padded[_PREFIX_BYTES:-padding]
        if len(plain) < _LENGTH.size:
            raise Unreadable("callback is shorter than its header")
        (length,) = _LENGTH.unpack_from(plain)
        body = plain[_LENGTH.size :]
        if length > len(body):
            raise Unreadable("callback length field is out of range")
        if not hmac.compare_digest(body[length:], self._receive_id.encode()):
            raise Unreadable("callback belongs to another company")
        return body[:length]


def _ciphertext(encrypted: str) -> bytes:
    try:
        data = b64decode(_encoded(encrypted), validate=True)
    except binascii.Error:
        raise Unreadable("callback is not base64") from None
    if not data or len(data) % _AES_BLOCK:
        raise Unreadable("callback is not a whole number of cipher blocks")
    return data


def _encoded(text: str) -> bytes:
    # A query may hold anything, lone surrogates too; what does not encode cannot have been signed.
    return text.encode(errors="replace")
