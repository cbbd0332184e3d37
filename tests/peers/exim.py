"""A private Exim that asks Leumund by packaging/exim/leumund.acl.

Debian's exim4 and postfix packages exclude each other, so Exim's is unpacked beside the system and
never installed. It runs in a mount namespace of its own, where its user exists.
"""
import contextlib
import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Optional

import pytest

from peers.ground import Ground, in_ci, tail, wait_until
from peers.smtp_sink import SmtpSink

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
exim_path = {program}
keep_environment = LD_LIBRARY_PATH
deliver_drop_privilege
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
tls_advertise_hosts =
{queue}
domainlist local_domains = c.test
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
{ways}
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if eq{{$auth3}}{{secret}}}}
  server_set_id = $auth2
  server_advertise_condition = yes
"""


# Mail to others as the Internet takes it, but for the DNS: all of it goes to one sink. `out2` has
# an address of its own, `relay` hands over to a relay host; docs/operate/exim.md shows the like.
WAYS = """\
begin routers
{routers}
usual:
  driver = manualroute
  domains = ! +local_domains
  route_list = * 127.0.0.1
  self = send
  transport = remote_smtp
begin transports
remote_smtp:
  driver = smtp
  port = {sink_port}
  interface = 127.0.0.1
  allow_localhost
  hosts_try_fastopen =
out2:
  driver = smtp
  port = {sink_port}
  interface = {out2}
  helo_data = mail2.c.test
  allow_localhost
  hosts_try_fastopen =
relay:
  driver = smtp
  interface = 127.0.0.3
  allow_localhost
  hosts_try_fastopen =
begin retry
* * F,1d,1m
"""


def shipped_routers() -> str:
    """packaging/exim/leumund.routers; only, who takes the mail is found without DNS and is here."""
    text = (TREE / "packaging/exim/leumund.routers").read_text()
    assert text.count("  driver = dnslookup\n") == 1
    text = text.replace("  driver = dnslookup\n",
                        "  driver = manualroute\n  route_list = * 127.0.0.1\n")
    text = text.replace("  driver = manualroute\n", "  driver = manualroute\n  self = send\n")
    return "".join(line for line in text.splitlines(True) if "ignore_target_hosts" not in line)


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
    """Takes mail with a login (any name, password `secret`) and leaves it in its queue; with a
    `sink` it sends mail to others there by the ways of packaging/exim/leumund.routers."""

    usual_address, out2_address, relay_address = "127.0.0.1", "127.0.0.2", "127.0.0.3"

    def __init__(self, ground: Ground, policy_port: int, tables: Path,
                 sink: Optional[SmtpSink] = None) -> None:
        root = unpacked()
        self.folder = ground.place("exim")
        self.port = ground.ports.free()
        for name in ("spool", "log"):
            (self.folder / name).mkdir()
        acl = shutil.copy(TREE / "packaging/exim/leumund.acl", self.folder)
        config = self.folder / "exim.conf"
        ways = "" if sink is None else WAYS.format(
            routers=shipped_routers(), sink_port=sink.port, out2=self.out2_address)
        config.write_text(CONFIG.format(
            policy_port=policy_port, tables=tables, port=self.port, folder=self.folder, acl=acl,
            program=root / "usr/sbin/exim4", ways=ways, queue="" if sink else "queue_only"))
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
        self._command = f"{binds} && exec {root}/usr/sbin/exim4 -C {config}"
        self._environment = {**os.environ, "LD_LIBRARY_PATH": libraries}
        self._output = open(self.folder / "output", "wb")
        self._process = subprocess.Popen(
            ["unshare", "-m", "sh", "-c", f"{self._command} -bdf"], env=self._environment,
            stdin=subprocess.DEVNULL, stdout=self._output, stderr=self._output)
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
        found = {}
        for path in (self.folder / "spool/input").glob("*-H"):
            with contextlib.suppress(FileNotFoundError):  # delivered meanwhile
                found[path.name[:-2]] = "-frozen" in path.read_text(errors="replace")
        return found

    def run_queue(self) -> None:
        """Tries every queued mail now, as `exim -qff`."""
        subprocess.run(["unshare", "-m", "sh", "-c", f"{self._command} -qff"],
                       env=self._environment, check=True, timeout=60)

    def log(self) -> str:
        return tail(self.folder / "log/mainlog", 50) + tail(self.folder / "output", 20)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._output.close()
