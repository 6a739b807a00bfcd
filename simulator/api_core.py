"""Which APIs are there outside customer service: tokens, files, messages to staff (§1, §5)?"""

from collections import defaultdict, deque
from collections.abc import Mapping
from urllib.parse import quote

import msgspec
from aiohttp import BodyPartReader, web

from simulator import cards
from simulator.app_inbox import check_agent, publish, put_into_inbox
from simulator.arguments import Arguments, integer, mapping, required, text
from simulator.contents import check_text, find_media
from simulator.errors import (
    BAD_CORP_ID,
    BAD_FILE_SIZE,
    BAD_IMAGE_FORMAT,
    BAD_MEDIA_TYPE,
    BAD_MSGTYPE,
    BAD_PARAMETER,
    BAD_SECRET,
    EMPTY_MEDIA,
    MEDIA_TOO_LARGE,
    NO_CORP_ID,
    NO_SECRET,
    NO_VALID_RECIPIENT,
    TOO_MANY_RECIPIENTS,
    WRONG_TYPE,
    Refused,
)
from simulator.gate import Endpoint, RawEndpoint
from simulator.records import DAY, AppMessage, Content, Media
from simulator.tokens import LIFETIME_S
from simulator.world import World

_MEGABYTE = 1 << 20
_LARGEST = {
    "image": 10 * _MEGABYTE,
    "voice": 2 * _MEGABYTE,
    "video": 10 * _MEGABYTE,
    "file": 20 * _MEGABYTE,
}
_IMAGE_HEADS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_APP_TYPES = frozenset(
    {"text", "image", "voice", "video", "file", "textcard", "news", "mpnews", "markdown"}
    | {"miniprogram_notice", "template_card"}
)
_PER_MINUTE = 30
_LONGEST_CHECK_S = 4 * 3600


def endpoints(world: World) -> Mapping[str, Endpoint | RawEndpoint]:
    """All paths of this family."""
    staff = StaffMessages(world)
    return {
        "/cgi-bin/gettoken": Endpoint(("GET",), gettoken, needs_token=False),
        "/cgi-bin/getcallbackip": Endpoint(("GET",), getcallbackip),
        "/cgi-bin/get_api_domain_ip": Endpoint(("GET",), get_api_domain_ip),
        "/cgi-bin/media/upload": RawEndpoint(("POST",), media_upload),
        "/cgi-bin/media/uploadimg": RawEndpoint(("POST",), media_publish),
        "/cgi-bin/media/get": RawEndpoint(("GET",), media_get),
        "/cgi-bin/message/send": Endpoint(("POST",), staff.send),
        "/cgi-bin/message/recall": Endpoint(("POST",), staff.recall),
        "/cgi-bin/message/update_template_card": Endpoint(("POST",), cards.update),
    }


def gettoken(world: World, arguments: Arguments) -> Content:
    """`gettoken` (§1.1)."""
    corp_id, secret = text(arguments, "corpid"), text(arguments, "corpsecret")
    if not corp_id:
        raise Refused(NO_CORP_ID, "corpid missing")
    if not secret:
        raise Refused(NO_SECRET, "corpsecret missing")
    if corp_id != world.credentials.corp_id:
        raise Refused(BAD_CORP_ID, "invalid corpid")
    names = world.credentials
    if secret not in {names.secret, names.contact_secret}:
        raise Refused(BAD_SECRET, "invalid secret")
    token = world.tokens.give(world.now(), "app" if secret == names.secret else "contact")
    if world.tokens.is_flood(world.now()):
        world.blame("token_flood", f"more than {world.options.gettoken_per_minute} per minute")
    return {"access_token": token, "expires_in": LIFETIME_S}


def getcallbackip(_world: World, _arguments: Arguments) -> Content:
    """`getcallbackip`: without errcode on success (§0)."""
    return {"ip_list": ["127.0.0.1"]}


def get_api_domain_ip(_world: World, _arguments: Arguments) -> Content:
    """`get_api_domain_ip` (§1.5)."""
    return {"errcode": 0, "errmsg": "ok", "ip_list": ["127.0.0.1"]}


async def media_upload(world: World, request: web.Request) -> web.Response:
    """`media/upload`: multipart with one part named ``media`` (§1.9)."""
    kind = request.query.get("type", "")
    if kind not in _LARGEST:
        raise Refused(BAD_MEDIA_TYPE, f"invalid media type {kind!r}")
    filename, data = await _media_part(request)
    _check_file(kind, data)
    media_id = world.new_id("media_")
    now = world.now()
    world.media[media_id] = Media(kind, filename, data, now)
    answer = {
        "errcode": 0,
        "errmsg": "",
        "type": kind,
        "media_id": media_id,
        "created_at": str(int(now)),
    }
    return web.json_response(answer)


async def media_publish(world: World, request: web.Request) -> web.Response:
    """`media/uploadimg`: a picture of at most 2 MB, kept for good under an address (§1.9)."""
    filename, data = await _media_part(request)
    _check_file("image", data)
    if len(data) > 2 * _MEGABYTE:
        raise Refused(MEDIA_TOO_LARGE, "picture too large")
    media_id = world.new_id("media_")
    world.media[media_id] = Media("image", filename, data, world.now())
    url = f"{request.url.origin()}/sim/media/{media_id}"
    return web.json_response({"errcode": 0, "errmsg": "ok", "url": url})


async def _media_part(request: web.Request) -> tuple[str, bytes]:
    if request.content_type != "multipart/form-data":
        raise Refused(EMPTY_MEDIA, "multipart/form-data expected")
    try:
        async for part in await request.multipart():
            if isinstance(part, BodyPartReader) and part.name == "media" and part.filename:
                return part.filename, bytes(await part.read())
    except ValueError as error:
        raise Refused(EMPTY_MEDIA, f"malformed multipart: {error}") from error
    raise Refused(EMPTY_MEDIA, "no part named media with a filename")


def _check_file(kind: str, data: bytes) -> None:
    if len(data) <= 5:
        raise Refused(BAD_FILE_SIZE, "file must be larger than 5 bytes")
    if len(data) > _LARGEST[kind]:
        raise Refused(MEDIA_TOO_LARGE, f"{kind} too large")
    if kind == "image" and not data.startswith(_IMAGE_HEADS):
        raise Refused(BAD_IMAGE_FORMAT, "JPG or PNG expected")
    if kind == "voice" and not data.startswith(b"#!AMR"):
        raise Refused(BAD_MEDIA_TYPE, "AMR expected")
    if kind == "video" and data[4:8] != b"ftyp":
        raise Refused(BAD_MEDIA_TYPE, "MP4 expected")


async def media_get(world: World, request: web.Request) -> web.Response:
    """`media/get`: the bytes, or a JSON error (§1.9)."""
    media = find_media(world, request.query.get("media_id", ""))
    headers = {"Content-Disposition": f"attachment; filename*=utf-8''{quote(media.filename)}"}
    return web.Response(body=media.data, content_type="application/octet-stream", headers=headers)


class StaffMessages:
    """`message/send` and `message/recall` (§5.1, §5.6)."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sent_at: defaultdict[str, deque[float]] = defaultdict(deque)
        self._recent: dict[bytes, tuple[float, str]] = {}
        self._by_msgid: dict[str, list[tuple[str, AppMessage]]] = {}

    def send(self, world: World, arguments: Arguments) -> Content:
        """Deliver to the members named; unknown ones are listed, not refused."""
        check_agent(world, arguments)
        msgtype = required(arguments, "msgtype")
        if msgtype not in _APP_TYPES:
            raise Refused(BAD_MSGTYPE, f"invalid msgtype {msgtype!r}")
        content = mapping(arguments, msgtype)
        if msgtype == "text":
            check_text(world, content)
        known, answer = self._recipients(arguments)
        if msgid := self._duplicate_of(arguments):
            return {"msgid": msgid, **answer}  # dropped: no second response_code (unverified)
        if msgtype == "template_card":
            cards.check(world, arguments)
        msgid = world.new_id("app_")
        copies = self._deliver(msgid, known, msgtype, content)
        self._remember(arguments, msgid)
        if msgtype == "template_card":
            answer |= cards.keep(world, msgid, arguments, copies)
        return {"msgid": msgid, **answer}

    def recall(self, world: World, arguments: Arguments) -> Content:
        """Take back a message of the last 24 h."""
        copies = self._by_msgid.get(required(arguments, "msgid"), [])
        if not copies or world.now() - copies[0][1].at >= DAY:
            raise Refused(BAD_PARAMETER, "no such message within 24 h")
        for userid, message in copies:
            message.recalled = True
            publish(world, userid, message)
        return {}

    def _recipients(self, arguments: Arguments) -> tuple[list[str], Content]:
        """Who gets it, and how the answer names the others."""
        names = [text(arguments, name) for name in ("touser", "toparty", "totag")]
        if not any(names):
            raise Refused(WRONG_TYPE, "touser, toparty and totag all empty")
        if names[0] == "@all":
            return list(self._world.members), {}
        wanted = [one for one in names[0].split("|") if one]
        if len(wanted) > 1000:
            raise Refused(TOO_MANY_RECIPIENTS, "more than 1000 users")
        members = {userid.lower(): userid for userid in self._world.members}
        folded = list(dict.fromkeys(one.lower() for one in wanted))
        known = [members[one] for one in folded if one in members]
        if not known:
            raise Refused(NO_VALID_RECIPIENT, "all recipients invalid")
        unlicensed = self._world.options.unlicensed
        others = {
            "invaliduser": "|".join(one for one in folded if one not in members),
            "unlicenseduser": "|".join(one for one in known if one.lower() in unlicensed),
        }
        licensed = [one for one in known if one.lower() not in unlicensed]
        return licensed, {name: listed for name, listed in others.items() if listed}

    def _duplicate_of(self, arguments: Arguments) -> str | None:
        interval = integer(
            arguments, "duplicate_check_interval", 1800, least=0, most=_LONGEST_CHECK_S
        )
        if not integer(arguments, "enable_duplicate_check", 0, least=0, most=1):
            return None
        found = self._recent.get(_whole(arguments))
        if found is None or self._world.now() - found[0] >= interval:
            return None
        return found[1]

    def _remember(self, arguments: Arguments, msgid: str) -> None:
        if arguments.get("enable_duplicate_check"):
            self._recent[_whole(arguments)] = (self._world.now(), msgid)

    def _deliver(
        self, msgid: str, userids: list[str], msgtype: str, content: Content
    ) -> dict[str, AppMessage]:
        copies: dict[str, AppMessage] = {}
        for userid in userids:
            if self._is_over_limit(userid):
                continue  # dropped silently (§1.8)
            message = AppMessage(
                msgid=msgid,
                at=self._world.now(),
                msgtype=msgtype,
                content=content,
                task_id=text(content, "task_id") if msgtype == "template_card" else "",
            )
            copies[userid] = message
            self._by_msgid.setdefault(msgid, []).append((userid, message))
            put_into_inbox(self._world, userid, message)
        return copies

    def _is_over_limit(self, userid: str) -> bool:
        now, times = self._world.now(), self._sent_at[userid]
        while times and times[0] <= now - 60:
            times.popleft()
        times.append(now)
        return len(times) > _PER_MINUTE


def _whole(arguments: Arguments) -> bytes:
    return msgspec.json.encode(arguments, order="sorted")
