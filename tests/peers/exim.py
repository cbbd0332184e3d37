"""A private Exim that asks Leumund by packaging/exim/leumund.acl.

Debian's exim4 and postfix packages exclude each other, so Exim's is unpacked beside the system and
never installed. It runs in a mount namespace of its own, where its user exists.
"""
import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from peers.ground import Ground, in_ci, tail, wait_until

TREE = Path(__file__).resolve().parents[2]
USER = "Debian-exim"  # compiled in
UID = 65500

CONFIG = """\
LEUMUND_POLICY = inet:127.0.0.1:{policy_port}
LEUMUND_TABLES = {tables}
primary_hostname = mx.c.test
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
pid_file_path = {folder}/exim.pid
keep_environment =
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
tls_advertise_hosts =
queue_only
acl_smtp_rcpt = check_rcpt
acl_smtp_data = check_data
begin acl
.include {acl}
check_rcpt:
  require acl = leumund_rcpt
  accept authenticated = *
  deny message = relay not permitted
check_data:
  require acl = leumund_data
  accept
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if eq{{$auth3}}{{secret}}}}
  server_set_id = $auth2
  server_advertise_condition = yes
"""


def unpacked() -> Path:
    """The folder of Debian's Exim; fetched once for all runs of this tree."""
    root = TREE / "build/peers/exim"
    if (root / "usr/sbin/exim4").is_file():
        return root
    fetched = TREE / "build/peers/packages"
    shutil.rmtree(fetched, ignore_errors=True)
    fetched.mkdir(parents=True)
    got = subprocess.run(["apt-get", "download", "exim4-daemon-light", "libidn12"], cwd=fetched,
                         capture_output=True, text=True, timeout=120, check=False)
    if got.returncode != 0:
        message = f"Debian's Exim cannot be fetched: {got.stderr.strip()[-300:]}"
        if in_ci():
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    for package in fetched.glob("*.deb"):
        subprocess.run(["dpkg", "-x", str(package), str(root)], check=True)
    return root


class Exim:
    """Takes mail with a login (any name, password `secret`) and leaves it in its queue."""

    def __init__(self, ground: Ground, policy_port: int, tables: Path) -> None:
        root = unpacked()
        self.folder = ground.place("exim")
        self.port = ground.ports.free()
        for name in ("spool", "log"):
            (self.folder / name).mkdir()
        acl = shutil.copy(TREE / "packaging/exim/leumund.acl", self.folder)
        config = self.folder / "exim.conf"
        config.write_text(CONFIG.format(policy_port=policy_port, tables=tables, port=self.port,
                                        folder=self.folder, acl=acl))
        for name, line in (("passwd", f"{USER}:x:{UID}:{UID}::/:/usr/sbin/nologin"),
                           ("group", f"{USER}:x:{UID}:")):
            known = [one for one in Path("/etc", name).read_text().splitlines()
                     if not one.startswith(USER + ":")]
            (self.folder / name).write_text("\n".join([*known, line]) + "\n")
        for path in [self.folder / "spool", self.folder / "log"]:
            os.chown(path, UID, UID)
        binds = " && ".join(f"mount --bind {self.folder}/{name} /etc/{name}"
                            for name in ("passwd", "group"))
        libraries = ":".join(str(one) for one in (root / "usr/lib").glob("*-linux-gnu"))
        self._output = open(self.folder / "output", "wb")
        self._process = subprocess.Popen(
            ["unshare", "-m", "sh", "-c",
             f"{binds} && exec {root}/usr/sbin/exim4 -C {config} -bdf"],
            env={**os.environ, "LD_LIBRARY_PATH": libraries}, stdin=subprocess.DEVNULL,
            stdout=self._output, stderr=self._output)
        wait_until(self._answers, f"Exim to answer on port {self.port}", 15)

    def _answers(self) -> bool:
        assert self._process.poll() is None, self.log()
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as probe:
                return probe.recv(3) == b"220"
        except OSError:
            return False

    def queued(self) -> dict[str, bool]:
        """Message id to whether it is frozen."""
        return {path.name[:-2]: "-frozen" in path.read_text(errors="replace")
                for path in (self.folder / "spool/input").glob("*-H")}

    def log(self) -> str:
        return tail(self.folder / "log/mainlog", 50) + tail(self.folder / "output", 20)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._output.close()
