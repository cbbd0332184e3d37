"""Flow data: nfcapd takes what a router tells of connections (NetFlow 5), nfdump writes it out."""
import os
import signal
import socket
import struct
import subprocess
import time
from dataclasses import dataclass

from peers.ground import Ground, require_program, wait_until

UPTIME = 7 * 24 * 3600  # of the router, seconds
TCP, UDP = 6, 17


@dataclass
class Flow:
    source: str
    began_at: int  # unix seconds
    port: int = 25
    protocol: int = TCP
    seconds: int = 3

    def packed(self, now: int) -> bytes:
        first = (UPTIME - (now - self.began_at)) * 1000
        return (socket.inet_aton(self.source) + socket.inet_aton("203.0.113.9") + bytes(4) +
                struct.pack("!HHIIIIHHBBBBHHBBH", 1, 2, 10, 600, first,
                            first + self.seconds * 1000, 40000, self.port, 0, 0x1b, self.protocol,
                            0, 0, 0, 24, 24, 0))


class Nfcapd:
    def __init__(self, ground: Ground) -> None:
        self.folder = ground.place("flows")
        self.port = ground.ports.free()
        self._process = subprocess.Popen(
            [require_program("nfcapd"), "-b", "127.0.0.1", "-p", str(self.port), "-w",
             str(self.folder)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=open(self.folder.parent / "nfcapd.log", "w"))
        log = self.folder.parent / "nfcapd.log"
        wait_until(lambda: "Startup" in log.read_text(), "nfcapd to start")

    def send(self, flows: list[Flow]) -> None:
        now = int(time.time())
        packet = struct.pack("!HHIIIIBBH", 5, len(flows), UPTIME * 1000, now, 0, 0, 0, 0, 0)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as router:
            router.sendto(packet + b"".join(flow.packed(now) for flow in flows),
                          ("127.0.0.1", self.port))

    def written(self, *words: str) -> str:
        """Ends the lot that it takes, and what `nfdump -o csv` makes of it."""
        time.sleep(1)  # the packets are on their way
        self.stop()
        done = subprocess.run([require_program("nfdump"), "-R", str(self.folder), "-o", "csv",
                               *words], capture_output=True, text=True, timeout=30, check=True,
                              env={**os.environ, "TZ": "UTC"})
        return done.stdout

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(10)
