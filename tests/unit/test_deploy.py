"""Would what lies in `deploy/` start the product, keep it in its place and let the right people in?

Everything is read; what a program of that machine can judge (nginx, Caddy, systemd, promtool) is
judged by it where it is installed. No image is built here.
"""

import fnmatch
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.cli import _parser
from bot.config import schema
from bot.telemetry import Metrics
from tests.unit.docs_pages import ROOT
from tests.unit.web.test_every_route import OF_EVERYBODY, TABLES, WITH_A_KEY

DEPLOY = ROOT / "deploy"
INSIDE = ("GET /readyz", "GET /metrics", *WITH_A_KEY)
"""For the machine and the company's own systems, not for the world."""

PUBLIC = sorted(
    {route.split()[1] for table in TABLES for route in table} - {r.split()[1] for r in INSIDE}
)
UNITS = sorted(DEPLOY.glob("*.service"))
COMPOSE = (DEPLOY / "compose.yaml", DEPLOY / "compose.fleet.yaml")
OURS = {"concierge", "worker", "backup"}


def run(*command: object) -> str:
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


# ---------------------------------------------------------------------- names


def variables(text: str) -> list[str]:
    return re.findall(r"CONCIERGE_([A-Z][A-Z0-9_]*[A-Z0-9])", text)


@pytest.mark.parametrize(
    "file", [one for one in sorted(DEPLOY.iterdir()) if one.is_file()], ids=lambda one: one.name
)
def test_variables_are_keys_of_the_configuration(file: Path) -> None:
    wrong = []
    for name in set(variables(file.read_text("utf-8"))) - {"UPSTREAM"}:
        annotation = schema.annotation_at(tuple(name.removesuffix("_FILE").lower().split("__")))
        if annotation is None or (name.endswith("_FILE") and not schema.is_secret(annotation)):
            wrong.append(name)
    assert wrong == []


def test_alarms_speak_of_metrics_that_exist() -> None:
    text = (DEPLOY / "alerts.yml").read_text("utf-8")
    known = set(re.findall(r"^# TYPE (\w+)", Metrics().render().decode(), re.MULTILINE))
    named = {re.sub("_bucket$", "", one) for one in re.findall(r"\bconcierge_[a-z_0-9]+", text)}
    assert named <= known
    assert {
        "concierge_acks_total",
        "concierge_ack_seconds",
        "concierge_outbox_age_seconds",
    } <= named


def test_alarms_have_the_limits_of_the_configuration() -> None:
    text = (DEPLOY / "alerts.yml").read_text("utf-8")
    alarms = schema.annotation_at(("alarms",))
    assert alarms is not None
    limits = yaml.safe_load((ROOT / "config.yaml").read_text("utf-8"))["alarms"]
    assert f"concierge_mailbox_depth) > {limits['backlog']}" in text
    assert f"concierge_outbox_age_seconds) > {limits['outbox_age_s']:g}" in text
    assert f"> {1 - limits['availability']:.3f}" in text


@needs("promtool")
def test_prometheus_takes_the_rules() -> None:
    assert "SUCCESS" in run("promtool", "check", "rules", DEPLOY / "alerts.yml")


# ---------------------------------------------------------------------- proxies


def let_through_by_nginx(path: str) -> bool:
    text = (DEPLOY / "nginx.conf").read_text("utf-8")
    exact = re.findall(r"location = (\S+)", text)
    starts = [one for one in re.findall(r"location (/\S*)", text) if one != "/"]
    return path in exact or any(path.startswith(one) for one in starts)


def let_through_by_caddy(path: str) -> bool:
    [line] = re.findall(r"@open path (.*)", (DEPLOY / "Caddyfile").read_text("utf-8"))
    return any(fnmatch.fnmatch(path, pattern) for pattern in line.split())


@pytest.mark.parametrize("lets", [let_through_by_nginx, let_through_by_caddy])
def test_a_proxy_lets_through_what_is_for_the_world_and_nothing_else(lets: Any) -> None:
    assert [path for path in PUBLIC if not lets(path)] == []
    assert [route for route in INSIDE if lets(route.split()[1])] == []


def test_pages_of_everybody_are_among_them() -> None:
    assert "/l/{channel}" in PUBLIC
    assert any(route.endswith("/healthz") for route in OF_EVERYBODY)


def test_a_visitor_cannot_say_who_he_is() -> None:
    """nginx adds to the header by default, and aiohttp would read what a visitor wrote there."""
    text = (DEPLOY / "nginx.conf").read_text("utf-8")
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in text
    assert "proxy_add_x_forwarded_for" not in text


@needs("nginx")
def test_nginx_takes_its_file(tmp_path: Path) -> None:
    key, chain = tmp_path / "key.pem", tmp_path / "chain.pem"
    run(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
        *("-subj", "/CN=kf.example.com", "-keyout", key, "-out", chain),
    )
    site = (DEPLOY / "nginx.conf").read_text("utf-8")
    site = re.sub(r"/etc/ssl/\S+/privkey.pem", str(key), site)
    site = re.sub(r"/etc/ssl/\S+/fullchain.pem", str(chain), site)
    temp = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = tmp_path / "nginx.conf"
    whole.write_text(
        f"pid {tmp_path}/pid; events {{}} http {{ access_log off; {temp} {site} }}", "utf-8"
    )
    run("nginx", "-t", "-q", "-e", tmp_path / "log", "-c", whole)


@needs("caddy")
def test_caddy_takes_its_file() -> None:
    file = DEPLOY / "Caddyfile"
    assert "Valid configuration" in run(
        "caddy", "validate", "--adapter", "caddyfile", "--config", file
    )


# ---------------------------------------------------------------------- systemd


@pytest.mark.parametrize("unit", UNITS, ids=lambda one: one.name)
def test_a_unit_starts_a_command_that_exists_with_secrets_it_was_given(unit: Path) -> None:
    text = unit.read_text("utf-8")
    (start,) = re.findall(r"^ExecStart=\S+ -m bot (.*)$", text, re.MULTILINE)
    for role in ("web", "worker"):
        _parser().parse_args(start.replace("${ROLE}", role).split())
    given = set(re.findall(r"^LoadCredential=(\w+):", text, re.MULTILINE))
    assert given == set(re.findall(r"_FILE=%d/(\w+)$", text, re.MULTILINE))
    assert "encryption_key" in given


@needs("systemd-analyze")
@pytest.mark.parametrize("unit", UNITS, ids=lambda one: one.name)
def test_a_unit_is_locked_in(unit: Path) -> None:
    """systemd's own figure: 0 is locked in, 10 is root with everything."""
    told = run("systemd-analyze", "security", "--offline=true", unit)
    [exposure] = re.findall(r"exposure level for .*: ([\d.]+)", told)
    assert float(exposure) < 2.0


@needs("systemd-analyze")
@pytest.mark.parametrize(
    "unit", [*UNITS, *sorted(DEPLOY.glob("*.timer"))], ids=lambda one: one.name
)
def test_systemd_understands_a_unit(unit: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False
    )
    ours = [line for line in done.stderr.splitlines() if unit.name in line or "Unknown" in line]
    assert [line for line in ours if "is not executable" not in line] == []


# ---------------------------------------------------------------------- compose


def composed() -> tuple[dict[str, Any], dict[str, Any]]:
    """The file for one machine, and the one that is laid over it."""
    one, fleet = (yaml.safe_load(file.read_text("utf-8")) for file in COMPOSE)
    return one, fleet


def services() -> dict[str, dict[str, Any]]:
    """Every service, each of the fleet over that of the one machine."""
    one, fleet = composed()
    found = dict(one["services"])
    for name, service in fleet["services"].items():
        base = found.get(name, {})
        if extended := service.get("extends"):
            assert extended["file"] == COMPOSE[0].name
            base = one["services"][extended["service"]]
        found[name] = base | service
    return found


SERVICES = services()


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_service_of_ours_can_write_only_where_it_keeps_things(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["image"] == "wecom-concierge"
    _parser().parse_args([str(word) for word in service["command"]])


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_what_a_service_refers_to_is_there(name: str) -> None:
    one, fleet = composed()
    service = SERVICES[name]

    def declared(kind: str) -> Mapping[str, Any]:
        return {**one.get(kind, {}), **fleet.get(kind, {})}

    assert set(service.get("secrets", ())) <= set(declared("secrets"))
    assert set(service["networks"]) <= set(declared("networks"))
    volumes = [volume.split(":")[0] for volume in service.get("volumes", ())]
    assert {one for one in volumes if not one.startswith(".")} <= set(declared("volumes"))
    assert set(service.get("depends_on", ())) <= set(SERVICES)
    if name not in OURS:
        assert re.search(r":\d", service["image"]), "a version"


def test_secrets_are_named_by_their_files() -> None:
    one, _ = composed()
    environment = one["services"]["concierge"]["environment"]
    named = {Path(value).name for key, value in environment.items() if key.endswith("_FILE")}
    assert named == set(one["secrets"]) == set(one["services"]["concierge"]["secrets"])


def test_the_fleet_has_both_roles_on_one_database() -> None:
    roles = {SERVICES[name]["command"][-1] for name in ("concierge", "worker")}
    assert roles == {"web", "worker"}
    addresses = {SERVICES[name]["environment"]["CONCIERGE_STORAGE__URL"] for name in OURS}
    assert len(addresses) == 1


# ---------------------------------------------------------------------- the image


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"\\\n", " ", (DEPLOY / "Dockerfile").read_text("utf-8"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [
        (word, rest.strip()) for word, _, rest in (line.strip().partition(" ") for line in lines)
    ]


def of(kind: str) -> list[str]:
    return [rest for word, rest in instructions() if word == kind]


def test_the_image_runs_as_nobody_in_particular() -> None:
    [user] = of("USER")
    assert user == "10001:10001"
    words = [word for word, _ in instructions()]
    assert words.index("USER") > max(n for n, word in enumerate(words) if word == "COPY")


def test_what_is_copied_is_there_and_is_not_ignored() -> None:
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    kept = {line[1:] for line in ignored if line.startswith("!")}
    copied = {rest.split()[0] for rest in of("COPY") if not rest.startswith("--from")}
    assert copied == kept
    assert [one for one in copied if not (ROOT / one).exists()] == []
