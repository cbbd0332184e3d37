"""The ground a test stands on: its folder, its ports, and what the machine must have."""
import os
import random
import shutil
import socket
import tempfile
import time
from pathlib import Path

import pytest

# Below Linux's ephemeral range, so that no outgoing connection takes a port between its
# reservation and the server's bind.
_FIRST_PORT, _LAST_PORT = 20000, 32000
_RESERVATION_ADDRESS = "127.0.0.9"

# How long a condition may take to come true. Generous, for two busy cores and sanitizers: what
# comes is over at once, and what never comes fails all the same.
PATIENCE = 60.0


def in_ci() -> bool:
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


def missing(what: str) -> None:
    """A peer that is not there: a failure in CI, a printed skip elsewhere."""
    if in_ci():
        pytest.fail(f"{what}; CI must have it, see packages.txt", pytrace=False)
    pytest.skip(what)


def require_program(name: str) -> str:
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if path is None:
        missing(f"the program {name} is not installed")
    return path


def require_root(why: str) -> None:
    if os.geteuid() != 0:
        missing(f"{why} needs root")


class Ports:
    """Hands out ports that no other test run on this machine gets at the same time.

    A socket on another loopback address holds each port until the test ends; servers bind
    127.0.0.1, so the two do not meet.
    """

    def __init__(self) -> None:
        self._held: list[socket.socket] = []

    def free(self) -> int:
        for _ in range(1000):
            port = random.randint(_FIRST_PORT, _LAST_PORT)
            hold = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            try:
                hold.bind((_RESERVATION_ADDRESS, port))
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    with socket.socket(socket.AF_INET, kind) as probe:
                        probe.bind(("127.0.0.1", port))
            except OSError:
                hold.close()
                continue
            self._held.append(hold)
            return port
        raise RuntimeError(f"no free port between {_FIRST_PORT} and {_LAST_PORT}")

    def close(self) -> None:
        for hold in self._held:
            hold.close()


class Addresses:
    """Hands out loopback addresses that no other test run on this machine gets at the same time,
    for servers that must be told apart by their address or need a fixed port. A socket on a port
    that nobody serves holds each until the test ends."""

    def __init__(self) -> None:
        self._held: list[socket.socket] = []

    def free(self) -> str:
        for _ in range(1000):
            network = f"127.{random.randint(64, 191)}.{random.randint(0, 255)}"
            address = f"{network}.{random.randint(10, 250)}"
            hold = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            try:
                hold.bind((address, _FIRST_PORT - 1))
            except OSError:
                hold.close()
                continue
            self._held.append(hold)
            return address
        raise RuntimeError("no free loopback address")

    def close(self) -> None:
        for hold in self._held:
            hold.close()


class Ground:
    """One test's folder, ports and addresses. Mode 755 up to the root: Postfix's processes
    run as another user. The path is short: a Unix socket's name ends at 107 bytes."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="lmd-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.ports = Ports()
        self.addresses = Addresses()
        self._names: dict[str, int] = {}

    def place(self, kind: str) -> Path:
        """A new folder `kind`, `kind2`, ... below the test's folder."""
        number = self._names.get(kind, 0) + 1
        self._names[kind] = number
        path = self.folder / (kind if number == 1 else f"{kind}{number}")
        path.mkdir(mode=0o755)
        return path

    def close(self) -> None:
        self.ports.close()
        self.addresses.close()
        if os.environ.get("LEUMUND_KEEP_FOLDERS"):
            print(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


def wait_until(condition, what: str, seconds: float = PATIENCE, step: float = 0.02):
    """Returns the first true value of `condition()`, or fails naming what was waited for."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(step)


def answers(port: int, host: str = "127.0.0.1") -> bool:
    """Whether somebody accepts TCP connections there."""
    try:
        socket.create_connection((host, port), timeout=1).close()
        return True
    except OSError:
        return False


def pid_is_alive(pid: int) -> bool:
    """Whether it still runs; a dead process whose parent has not asked for its end does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def tail(path: Path, lines: int = 60) -> str:
    try:
        text = path.read_text(errors="replace").splitlines()
    except OSError as error:
        return f"({error})"
    return "\n".join(text[-lines:])
