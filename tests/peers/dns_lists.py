"""Foreign DNS lists: rbldnsd serves them, a silent socket plays the one that hangs, and unbound
stands in between as the resolver."""
import pwd
import socket
import struct
import subprocess
from pathlib import Path
from typing import Sequence, Union

from peers.ground import Ground, require_program, tail, wait_until

HEAD = "$SOA 1 ns.lists.example. hostmaster.lists.example. 1 600 300 86400 1\n" \
       "$NS 1 ns.lists.example.\n$TTL 1\n"


class Rbldnsd:
    """lists: zone -> (dataset type, lines). write() changes one; it is served within a second."""

    def __init__(self, ground: Ground, lists: dict[str, tuple[str, list[str]]]) -> None:
        program = require_program("rbldnsd")
        self.folder: Path = ground.place("rbl")
        self.port = ground.ports.free()
        self._kinds = {zone: kind for zone, (kind, _) in lists.items()}
        for zone, (_, lines) in lists.items():
            self.write(zone, lines)
        for folder in (self.folder, *self.folder.parents):
            if folder != Path("/tmp") and folder != Path("/"):
                folder.chmod(folder.stat().st_mode | 0o055)  # it runs as a user of its own
        user = "rbldns" if any(one.pw_name == "rbldns" for one in pwd.getpwall()) else "nobody"
        self._process = subprocess.Popen(
            [program, "-n", "-b", f"127.0.0.1/{self.port}", "-r", str(self.folder), "-c", "1s",
             "-q", "-u", user] + [f"{zone}:{kind}:{zone}" for zone, kind in self._kinds.items()],
            stdin=subprocess.DEVNULL, stdout=open(self.folder / "log", "w"),
            stderr=subprocess.STDOUT)
        wait_until(lambda: "zones" in self.log() or "started" in self.log(), "rbldnsd to start")

    def write(self, zone: str, lines: list[str]) -> None:
        new = self.folder / f"{zone}.new"
        new.write_text(HEAD + "\n".join(lines) + "\n")
        new.chmod(0o644)
        new.rename(self.folder / zone)  # it may read at any time

    def names(self, zone: str, address: str) -> bool:
        """Whether it answers, asked directly, that the list names the address."""
        name = ".".join(reversed(address.split("."))) + "." + zone
        labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
        query = struct.pack(">HHHHHH", 1, 0x100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect(("127.0.0.1", self.port))
            client.settimeout(5)
            client.send(query)
            try:
                return struct.unpack(">H", client.recv(2048)[6:8])[0] > 0
            except (TimeoutError, ConnectionRefusedError):
                return False  # while it reads its files

    def log(self) -> str:
        return tail(self.folder / "log")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


class SilentDns:
    """Takes questions and answers none."""

    def __init__(self, ground: Ground) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]

    def stop(self) -> None:
        self._socket.close()


class Unbound:
    """stubs: zone -> its server, a port or "address@port"; lies: zone ("" all) -> address that is
    answered to everything; upstream: "address@port" of who is asked for the rest; says: further
    lines of its section `server`."""

    def __init__(self, ground: Ground, stubs: dict[str, Union[int, str]], lies: dict[str, str], *,
                 upstream: str = "", says: Sequence[str] = ()) -> None:
        self.program = require_program("unbound")
        self.folder: Path = ground.place("ub")
        self.port = ground.ports.free()
        self._stubs, self._process = stubs, None
        self.lies = dict(lies)
        self.says = list(says)
        self._upstream = upstream
        self.start()

    def start(self) -> None:
        text = ["server:", f"  interface: 127.0.0.1@{self.port}", '  username: ""', '  chroot: ""',
                f'  directory: "{self.folder}"', f'  pidfile: "{self.folder}/pid"',
                f'  logfile: "{self.folder}/log"', "  use-syslog: no", "  verbosity: 1",
                '  module-config: "iterator"', "  do-not-query-localhost: no",
                "  access-control: 127.0.0.0/8 allow", "  num-threads: 1", "  prefetch: no"]
        for zone, address in self.lies.items():
            text += [f'  local-zone: "{zone}." redirect',
                     f'  local-data: "{zone}. 1 IN A {address}"']
        text += [f"  {line}" for line in self.says]
        text += ["remote-control:", "  control-enable: no"]
        for zone, server in self._stubs.items():
            place = server if isinstance(server, str) else f"127.0.0.1@{server}"
            text += ["stub-zone:", f'  name: "{zone}"', f"  stub-addr: {place}"]
        if self._upstream:
            text += ["forward-zone:", '  name: "."', f"  forward-addr: {self._upstream}"]
        (self.folder / "unbound.conf").write_text("\n".join(text) + "\n")
        (self.folder / "log").write_text("")
        self._process = self._begun()

        def serves() -> bool:
            # A resolver's own question may leave from any port, so also from ours: once more then.
            if self._process.poll() is not None and "already in use" in self.log():
                (self.folder / "log").write_text("")
                self._process = self._begun()
            return "start of service" in self.log()

        wait_until(serves, "unbound to start", step=0.05)

    def _begun(self) -> subprocess.Popen:
        return subprocess.Popen(
            [self.program, "-d", "-c", str(self.folder / "unbound.conf")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def log(self) -> str:
        return tail(self.folder / "log")

    def turn(self, lies: dict[str, str], says: Sequence[str] = ()) -> None:
        """Answers otherwise from now on, at the same port."""
        self.stop()
        self.lies, self.says = dict(lies), list(says)
        self.start()

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None
