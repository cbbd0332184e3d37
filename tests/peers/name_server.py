"""A real name server (nsd) on loopback with the zones of the test."""
import subprocess

from peers.ground import Ground, require_program, tail, wait_until


class NameServer:
    """zones: name -> zone file text without SOA and NS. With an `address` of its own it listens
    there at port 53, so that it can stand in a resolv.conf."""

    def __init__(self, ground: Ground, zones: dict[str, str], address: str = "") -> None:
        program = require_program("nsd")
        self.folder = ground.place("ns")
        self.address = address or "127.0.0.1"
        self.port = 53 if address else ground.ports.free()
        conf = [f'server:\n  ip-address: {self.address}\n  port: {self.port}\n  username: ""\n'
                f'  chroot: ""\n  server-count: 1\n  database: ""\n  zonesdir: "{self.folder}"\n'
                f'  logfile: "{self.folder}/log"\n  pidfile: "{self.folder}/pid"\n'
                f'  xfrdfile: "{self.folder}/xfrd"\n  zonelistfile: "{self.folder}/zones"\n'
                'remote-control:\n  control-enable: no\n']
        for number, (zone, text) in enumerate(zones.items()):
            (self.folder / f"zone{number}").write_text(
                "$TTL 300\n@ IN SOA ns hostmaster 1 3600 600 86400 60\n@ IN NS ns\n"
                f"ns IN A 127.0.0.1\n{text}\n")
            conf.append(f'zone:\n  name: "{zone}"\n  zonefile: "zone{number}"\n')
        (self.folder / "nsd.conf").write_text("".join(conf))
        self._process = subprocess.Popen(
            [program, "-d", "-c", str(self.folder / "nsd.conf")], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: "nsd started" in self.log(), "nsd to start")

    def stub(self, zone: str) -> str:
        """As dns.stub_zones takes it."""
        return f"{zone}={self.address}@{self.port}"

    def log(self) -> str:
        return tail(self.folder / "log")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)
