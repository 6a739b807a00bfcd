"""How are callbacks sealed and signed (wecom-api §2.4)? Written from the document alone.

The product has a cipher of its own; the vectors of §2.8 pin both.
"""

import base64
import binascii
import hashlib
import hmac
import os
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK = 32
_RANDOM = 16
_HEAD = _RANDOM + 4


class Unsealable(Exception):
    """Not sealed with our key, token and receive id."""


class CallbackCipher:
    """Seals what the platform sends and opens what it gets back.

    Args:
        token: the callback Token of the console page.
        aes_key: the EncodingAESKey, 43 characters.
        receive_id: the corp id, or an empty string for company-internal AI bots.
    """

    def __init__(self, token: str, aes_key: str, receive_id: str) -> None:
        key = base64.b64decode(aes_key + "=")
        if len(aes_key) != 43 or len(key) != 32:
            raise ValueError("EncodingAESKey must be 43 characters of base64")
        self._token = token
        self._receive_id = receive_id.encode()
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16]))

    def sign(self, timestamp: str, nonce: str, sealed: str) -> str:
        """The ``msg_signature`` of a sealed text."""
        joined = "".join(sorted((self._token, timestamp, nonce, sealed)))
        return hashlib.sha1(joined.encode(), usedforsecurity=False).hexdigest()

    def seal(self, message: bytes, *, random: bytes | None = None) -> str:
        """Encrypt ``message``; ``random`` is given only to reproduce a vector."""
        prefix = os.urandom(_RANDOM) if random is None else random
        plain = prefix + struct.pack(">I", len(message)) + message + self._receive_id
        padding = _BLOCK - len(plain) % _BLOCK
        encryptor = self._cipher.encryptor()
        sealed = encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()
        return base64.b64encode(sealed).decode()

    def open(self, signature: str, timestamp: str, nonce: str, sealed: str) -> bytes:
        """Check and decrypt.

        Raises:
            Unsealable: signature, padding, length or receive id do not fit.
        """
        if not hmac.compare_digest(self.sign(timestamp, nonce, sealed), signature):
            raise Unsealable("signature")
        try:
            decryptor = self._cipher.decryptor()
            padded = decryptor.update(base64.b64decode(sealed)) + decryptor.finalize()
        except (binascii.Error, ValueError) as error:
            raise Unsealable("ciphertext") from error
        return self._inner(padded)

    def _inner(self, padded: bytes) -> bytes:
        if not padded or not 1 <= padded[-1] <= _BLOCK:
            raise Unsealable("padding")
        plain = padded[: -padded[-1]]
        if len(plain) < _HEAD:
            raise Unsealable("length")
        end = _HEAD + struct.unpack(">I", plain[_RANDOM:_HEAD])[0]
        if plain[end:] != self._receive_id:
            raise Unsealable("receive id")
        return plain[_HEAD:end]
