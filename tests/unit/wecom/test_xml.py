import contextlib
import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Unreadable
from bot.wecom.xml import MAX_DEPTH, encrypted_part, read_xml


def test_text_is_read_with_and_without_cdata_and_without_its_margins() -> None:
    assert read_xml(b"<xml><A><![CDATA[ 1 ]]></A><B>\n 2 </B><C>a<![CDATA[b]]>c</C><D/></xml>") == {
        "A": "1",
        "B": "2",
        "C": "abc",
        "D": "",
    }


@pytest.mark.parametrize("count", [1, 2, 3])
def test_repeated_elements_are_lists_however_many_there_are(count: int) -> None:
    items = "".join(f"<Item>wm{n}</Item>" for n in range(count))
    accounts = "".join(f"<AuthAddOpenKfId>wk{n}</AuthAddOpenKfId>" for n in range(count))
    tree = read_xml(f"<xml><MemChangeList>{items}</MemChangeList>{accounts}</xml>".encode())
    assert tree["MemChangeList"]["Item"] == [f"wm{n}" for n in range(count)]
    assert tree["AuthAddOpenKfId"] == [f"wk{n}" for n in range(count)]


def test_an_empty_list_is_empty_in_whatever_way_it_is_written() -> None:
    assert read_xml(b"<xml><MemChangeList>\n</MemChangeList></xml>") == {"MemChangeList": {}}


@pytest.mark.parametrize(("ids", "one"), [("OptionIds", "OptionId"), ("OpitonIds", "OpitonId")])
def test_both_spellings_of_a_cards_choices_are_read(ids: str, one: str) -> None:
    tree = read_xml(
        f"<xml><SelectedItems><SelectedItem><{ids}><{one}>a</{one}></{ids}></SelectedItem>"
        f"</SelectedItems></xml>".encode()
    )
    assert tree["SelectedItems"]["SelectedItem"] == [{"OptionIds": {"OptionId": ["a"]}}]


BOMB = b"""<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><xml>&b;</xml>"""


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"text",
        b"<xml>",
        b"<xml></lmx>",
        b"<xml>&unknown;</xml>",
        b"<xml>\x00</xml>",
        b"<xml>\xff\xfe</xml>",
        b"<!DOCTYPE xml><xml/>",
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><xml>&e;</xml>',
        BOMB,
        b"<xml>" + b"<a>" * 20_000,
        b"<xml>" + b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH + b"</xml>",
        b"<xml>" + b"<a/>" * 5_000 + b"</xml>",
        b"<a/><b/>",
    ],
)
def test_what_no_callback_looks_like_is_unreadable(document: bytes) -> None:
    with pytest.raises(Unreadable):
        read_xml(document)


def test_a_declared_encoding_does_not_choose_the_decoder() -> None:
    assert read_xml(b'<?xml version="1.0" encoding="rot13"?><xml><A>b</A></xml>') == {"A": "b"}


@given(st.binary(max_size=300))
def test_whatever_arrives_the_only_failure_is_unreadable(document: bytes) -> None:
    with contextlib.suppress(Unreadable):
        read_xml(b"<xml>" + document + b"</xml>")


@pytest.mark.parametrize(
    "inner", ["", "<Encrypt/>", "<Encrypt><a/></Encrypt>", "<Encrypt>a</Encrypt>" * 2]
)
def test_an_envelope_needs_exactly_one_ciphertext(inner: str) -> None:
    with pytest.raises(Unreadable):
        encrypted_part(f"<xml>{inner}</xml>".encode())


@pytest.mark.parametrize(
    "filling",
    [
        b"<a/>" * 15_000,
        b"<a>" * 20_000,
        b"<!---->" * 9_000,
        b"&amp;" * 12_000,
        b"<![CDATA[a]]>" * 4_900,
        b"<a " + b" ".join(b'a%d="1"' % n for n in range(6_000)) + b"/>",
    ],
)
def test_an_envelope_is_refused_before_it_costs_anything(filling: bytes) -> None:
    document = b"<xml><Encrypt>" + filling + b"</Encrypt></xml>"
    fastest = min(timeit.repeat(lambda: refused(document), number=1, repeat=20))
    assert fastest < 0.001


def refused(document: bytes) -> None:
    with pytest.raises(Unreadable):
        encrypted_part(document)
