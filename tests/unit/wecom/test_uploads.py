"""How does a file of ours reach WeCom, and one of another server us?"""

import pytest
from aiohttp import BodyPartReader, web

from bot.errors import Unreachable
from bot.wecom import apis
from bot.wecom.media import TemporaryMedia
from tests.unit.wecom.fakes import FakeWeCom, Setup


async def test_a_file_is_posted_with_its_name_and_again_with_a_fresh_token(edge: Setup) -> None:
    bodies: list[bytes] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.path != apis.MEDIA_UPLOAD.path:
            return await FakeWeCom.handle(edge.wecom, request)
        reader = await request.multipart()
        part = await reader.next()
        assert isinstance(part, BodyPartReader)
        assert (part.name, part.filename) == ("media", "尺码.png")
        assert request.query["type"] == "image"
        bodies.append(bytes(await part.read()))
        stale = len(bodies) == 1
        return web.json_response({"errcode": 42001} if stale else {"media_id": "M9"})

    edge.wecom.handler = handle
    assert await TemporaryMedia(edge.client).upload("尺码.png", b"picture") == "M9"
    assert bodies == [b"picture"] * 2
    assert edge.wecom.tokens_fetched == 2


async def test_an_answer_without_a_media_id_is_no_answer(edge: Setup) -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        if request.path != apis.MEDIA_UPLOAD.path:
            return await FakeWeCom.handle(edge.wecom, request)
        return web.json_response({"errcode": 0})

    edge.wecom.handler = handle
    with pytest.raises(Unreachable):
        await TemporaryMedia(edge.client).upload("a.png", b"picture")


async def test_a_picture_of_another_server_is_fetched_without_our_token(edge: Setup) -> None:
    edge.wecom.answers["/p/a.png"] = [b"picture"]
    assert await edge.client.fetch_elsewhere(f"{edge.base}p/a.png", 100) == b"picture"
    assert edge.wecom.calls["/p/a.png"] == [({}, None)]


async def test_a_picture_that_is_too_large_or_not_there_is_an_error(edge: Setup) -> None:
    edge.wecom.answers["/p/a.png"] = [b"x" * 200]
    with pytest.raises(Unreachable):
        await edge.client.fetch_elsewhere(f"{edge.base}p/a.png", 100)
    with pytest.raises(Unreachable):
        await edge.client.fetch_elsewhere("http://127.0.0.1:1/a.png", 100)
