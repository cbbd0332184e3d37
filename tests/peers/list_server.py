"""Two DNS list servers with the same command line: Debian's rbldnsd, and ours."""
import os
import signal
import socket
import subprocess
from pathlib import Path

from peers.ground import Ground, missing, require_program, tail, wait_until


class ListServer:
    """zones: arguments as both programs take them, files relative to `folder`."""

    def __init__(self, ground: Ground, command: list[str], folder: Path, zones: list[str],
                 options: tuple[str, ...] = ()) -> None:
        self.port = ground.ports.free()
        self.folder = folder
        self._log = ground.place(f"list{self.port}") / "log"
        user = [] if os.geteuid() != 0 else ["-u", "65534"]
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                [*command, "-n", *user, "-w", str(folder), "-b", f"127.0.0.1/{self.port}",
                 *options, *zones],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        wait_until(self._ready, f"{command[0]} to answer: {self.log()}")

    def _ready(self) -> bool:
        assert self._process.poll() is None, self.log()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.settimeout(0.2)
            probe.connect(("127.0.0.1", self.port))
            try:
                # The root's SOA: refused by both, but answered.
                probe.send(b"\0\1\0\0\0\1\0\0\0\0\0\0\0\0\6\0\1")
                return len(probe.recv(512)) > 0
            except OSError:
                return False

    def reload(self) -> None:
        self._process.send_signal(signal.SIGHUP)

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def pid(self) -> int:
        return self._process.pid

    def log(self) -> str:
        return tail(self._log)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)


def rbldnsd(ground: Ground, folder: Path, zones: list[str], options: tuple[str, ...] = ()):
    return ListServer(ground, [require_program("rbldnsd")], folder, zones, options)


def leumund(ground: Ground, folder: Path, zones: list[str], options: tuple[str, ...] = ()):
    program = Path(os.environ.get("LEUMUND_BIN", "build/dev/bin")) / "leumundd"
    if not program.is_file():
        missing(f"{program} is not built")
    return ListServer(ground, [str(program), "dnsbl", "--threads", "1"], folder, zones, options)
