import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Misconfigured, Unreadable
from bot.wecom.cipher import CallbackCipher
from tests.unit.wecom import callbacks as made


def official() -> CallbackCipher:
    return CallbackCipher(made.OFFICIAL_TOKEN, made.OFFICIAL_KEY, made.OFFICIAL_CORP)


def test_vector_a_proves_the_url() -> None:
    assert official().verify_url(*made.ECHO) == made.ECHO_PLAIN


def test_vector_b_is_opened() -> None:
    assert official().open(*made.MESSAGE) == made.MESSAGE_PLAIN


def test_vector_c_is_opened_and_sealed_alike() -> None:
    cipher = made.a_cipher()
    opened = cipher.open(made.KF_SIGNATURE, made.TIMESTAMP, made.NONCE, made.KF_ENCRYPTED)
    assert opened == made.KF_EVENT
    sealed = cipher.seal(made.KF_EVENT, made.TIMESTAMP, made.NONCE)
    assert made.KF_ENCRYPTED in sealed
    assert made.KF_SIGNATURE in sealed


def test_vector_d_has_an_empty_receive_id() -> None:
    cipher = made.a_cipher(corp="")
    opened = cipher.open(made.BOT_SIGNATURE, made.TIMESTAMP, made.NONCE, made.BOT_ENCRYPTED)
    assert opened == made.BOT_JSON


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 24, 31, 32, 33, 1000])
def test_what_is_sealed_is_opened_again_at_every_padding(size: int) -> None:
    cipher, message = CallbackCipher(made.TOKEN, made.AES_KEY, made.CORP), b"x" * size
    sealed = cipher.seal(message, "1", "n")
    found = re.search(
        r"<Encrypt><!\[CDATA\[(.+?)]]></Encrypt><MsgSignature><!\[CDATA\[(\w+)]]>", sealed
    )
    assert found is not None
    assert cipher.open(found[2], "1", "n", found[1]) == message


def opened(blocks: bytes) -> bytes:
    ciphertext = made.encrypted(blocks)
    return made.a_cipher().open(made.signature(ciphertext), made.TIMESTAMP, made.NONCE, ciphertext)


@pytest.mark.parametrize(
    ("why", "blocks"),
    [
        ("padding of 0", made.packed(b"hello")[:31].ljust(32, b"\0")),
        ("padding of 33", made.packed(b"hello" * 9)[:63] + bytes([33])),
        ("padding over the whole", bytes([32]) * 32),
        ("nothing after the prefix", made.padded(b"0123456789abcdef")),
        ("length beyond the end", made.padded(made.packed(b"hello", length=2**32 - 1))),
        ("length short of the end", made.padded(made.packed(b"hello", length=2))),
        ("another company", made.padded(made.packed(b"hello", b"ww_other"))),
        ("no company", made.padded(made.packed(b"hello", b""))),
        ("company that is not text", made.padded(made.packed(b"hello", b"\xff\xfe"))),
    ],
)
def test_well_signed_nonsense_is_unreadable(why: str, blocks: bytes) -> None:
    with pytest.raises(Unreadable):
        opened(blocks)


@pytest.mark.parametrize(
    "ciphertext", ["", "A", "AAAA", "====", "not base64!", "AAAA\n", "é", "\ud800"]
)
def test_well_signed_text_that_is_no_ciphertext_is_unreadable(ciphertext: str) -> None:
    cipher = made.a_cipher()
    with pytest.raises(Unreadable):
        cipher.open(cipher.sign("1", "n", ciphertext), "1", "n", ciphertext)


def test_a_wrong_signature_is_refused() -> None:
    with pytest.raises(Unreadable, match="signature"):
        made.a_cipher().open("0" * 40, made.TIMESTAMP, made.NONCE, made.KF_ENCRYPTED)


@given(st.text(max_size=60), st.text(max_size=20), st.text(max_size=20), st.text(max_size=200))
def test_whatever_arrives_the_only_failure_is_unreadable(
    signature: str, timestamp: str, nonce: str, ciphertext: str
) -> None:
    with pytest.raises(Unreadable):
        made.a_cipher().open(signature, timestamp, nonce, ciphertext)


@given(st.binary(min_size=1, max_size=200))
def test_whatever_was_encrypted_the_only_failure_is_unreadable(plain: bytes) -> None:
    with pytest.raises(Unreadable):
        opened(plain.ljust(-(-len(plain) // 16) * 16, b"\x05"))


@pytest.mark.parametrize("key", ["", "short", made.AES_KEY + "A", "*" * 43])
def test_a_key_of_another_shape_is_a_configuration_error(key: str) -> None:
    with pytest.raises(Misconfigured, match="callback_aes_key"):
        CallbackCipher("token", key, "corp")
