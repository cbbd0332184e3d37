"""The daemon under test as a process: start, ask, freeze, kill, start again."""
import contextlib
import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
from pathlib import Path
from typing import Optional

import pytest

from peers.ground import PATIENCE, Ground, in_ci, tail, wait_until


def built(name: str) -> str:
    """Path of a built program; LEUMUND_BIN names the folder."""
    folder = os.environ.get("LEUMUND_BIN", "")
    path = Path(folder) / name
    if folder and path.is_file():
        return str(path)
    message = f"{name} is not in LEUMUND_BIN ({folder or 'not set'}); build it with ./dev build"
    if in_ci():
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


# What a configuration that does not name these tables gets: ports and paths of its own, since many
# daemons run at once, and no question to name servers outside.
TABLES = {
    "policy": 'listen = ["inet:127.0.0.1:{policy_port}"]',
    "milter": "listen = []",
    "api": 'listen = "inet:127.0.0.1:{http_port}"',
    "control": 'socket = "{socket}"',
    "dns": "enabled = false",
}


class Leumundd:
    """`config` is the text of leumund.toml as far as the test cares; the state folder and TABLES
    are added where it does not name them. {state}, {socket}, {policy_port}, {http_port},
    {milter_port} and {folder} stand in it where they belong (braces of TOML doubled). The same
    folder, ports and state serve every start, so that a restart finds what the last run kept."""

    def __init__(self, ground: Ground, config: str, *, start: bool = True,
                 arguments: Optional[list[str]] = None,
                 environment: Optional[dict[str, str]] = None) -> None:
        self.program = built("leumundd")
        self.folder: Path = ground.place("ld")
        self.state = self.folder / "state"
        self.state.mkdir(mode=0o755)
        self.socket_path = self.folder / "api.sock"
        self.policy_port = ground.ports.free()
        self.http_port = ground.ports.free()
        self.milter_port = ground.ports.free()
        self.log_path = self.folder / "leumundd.log"
        self.config_path = self.folder / "leumund.toml"
        self._arguments = arguments or []
        self._environment = {**os.environ, **(environment or {})}
        self._process: Optional[subprocess.Popen] = None
        self.write_config(config)
        if start:
            self.start()

    def write_config(self, config: str) -> None:
        whole = "" if config.startswith("state_folder") else 'state_folder = "{state}"\n'
        whole += config
        for table, text in TABLES.items():
            if f"[{table}]" not in config:
                whole += f"\n[{table}]\n{text}\n"
        self.config_path.write_text(whole.format(
            state=self.state, socket=self.socket_path, policy_port=self.policy_port,
            http_port=self.http_port, milter_port=self.milter_port, folder=self.folder))

    @property
    def policy_service(self) -> str:
        return f"inet:127.0.0.1:{self.policy_port}"

    # Life and death.

    def spawn(self) -> subprocess.Popen:
        """Starts without waiting, for tests of a start that fails."""
        with open(self.log_path, "ab") as log:
            self._process = subprocess.Popen(
                [self.program, "--config", str(self.config_path), *self._arguments], stdout=log,
                stderr=log, stdin=subprocess.DEVNULL, env=self._environment)
        return self._process

    def start(self, seconds: float = 2 * PATIENCE) -> None:
        process = self.spawn()

        def ready() -> bool:
            if process.poll() is not None:
                raise AssertionError(f"leumundd ended with {process.returncode}:\n{self.log()}")
            return self.answers()

        wait_until(ready, "leumundd to answer on its socket", seconds)

    def answers(self) -> bool:
        """Whether it serves its Unix socket now."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
                probe.settimeout(1)
                probe.connect(str(self.socket_path))
            return True
        except OSError:
            return False

    @property
    def pid(self) -> int:
        assert self._process is not None, "leumundd was not started"
        return self._process.pid

    def kill(self) -> None:
        """kill -9: no time to write anything."""
        if self._process and self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGKILL)
            os.kill(self._process.pid, signal.SIGCONT)
            self._process.wait(60)

    def freeze(self) -> None:
        """Whole: on a busy machine a thread may answer for a while after the signal."""
        os.kill(self.pid, signal.SIGSTOP)
        wait_until(self._is_frozen, "every thread of leumundd to stand still")

    def _is_frozen(self) -> bool:
        threads = Path(f"/proc/{self.pid}/task").glob("*/stat")
        return all(stat.read_text().rpartition(")")[2].split()[0] == "T" for stat in threads)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def reload(self) -> None:
        os.kill(self.pid, signal.SIGHUP)

    def stop(self, seconds: float = PATIENCE) -> Optional[int]:
        """Asks it to end; its exit status. An end that takes too long is a failure."""
        if self._process is None or self._process.poll() is not None:
            return self._process.returncode if self._process else None
        os.kill(self._process.pid, signal.SIGCONT)
        os.kill(self._process.pid, signal.SIGTERM)
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"leumundd did not end within {seconds} s of SIGTERM") from None

    def restart(self) -> None:
        self.stop()
        self.start()

    def log(self) -> str:
        return tail(self.log_path, 100)

    # Asking it.

    def request(self, method: str, path: str, body: Optional[str] = None,
                timeout: float = 60.0) -> tuple[int, str]:
        """One HTTP request over the Unix socket: status and body."""
        connection = _UnixConnection(str(self.socket_path), timeout)
        try:
            connection.request(method, path, body=body.encode() if body is not None else None)
            response = connection.getresponse()
            return response.status, response.read().decode("utf-8", "replace")
        finally:
            connection.close()

    def get(self, path: str):
        """The JSON answer of GET `path`; anything but 200 fails."""
        status, body = self.request("GET", path)
        assert status == 200, f"GET {path}: {status} {body}"
        return json.loads(body)

    def events(self, events: list[dict]) -> None:
        """Feeds events as POST /v1/events takes them."""
        status, body = self.request("POST", "/v1/events",
                                    "".join(json.dumps(event) + "\n" for event in events), 60)
        assert status == 200, f"POST /v1/events: {status} {body}"

    def mark(self, name: str) -> str:
        """What stands in the store under that name, as "log/file:PATH": how far a log is read."""
        with contextlib.closing(sqlite3.connect(f"file:{self.state}/leumund.db?mode=ro",
                                                uri=True)) as store:
            found = store.execute("SELECT value FROM mark WHERE name = ?", [name]).fetchone()
        return found[0] if found else ""

    def leumund(self, *arguments: str, timeout: float = 120.0) -> subprocess.CompletedProcess:
        """The command, speaking to this daemon."""
        return subprocess.run([built("leumund"), "--socket", str(self.socket_path), *arguments],
                              capture_output=True, text=True, timeout=timeout, check=False)

    def leumund_json(self, *arguments: str):
        """The same with --json, which must succeed."""
        done = self.leumund(*arguments, "--json")
        assert done.returncode == 0, f"leumund {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return json.loads(done.stdout)
