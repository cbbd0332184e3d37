"""A private Postfix of the test's own: submission and relay ports, an egress, its own queue."""
import json
import os
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import Optional

from peers.ground import (PATIENCE, Ground, answers, pid_is_alive, require_program, require_root,
                          tail, wait_until)

_MASTER = """\
127.0.0.1:{smtp_port} inet n - n - - smtpd
127.0.0.1:{submission_port} inet n - n - - smtpd
  -o syslog_name=postfix/submission
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
  -o syslog_name=postfix/relay
egress2 unix - - n - - smtp
  -o smtp_bind_address={egress2_address} -o smtp_helo_name=egress2.c.test
  -o syslog_name=postfix/egress2
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def policy_restriction(service: str) -> str:
    """As `leumund connect postfix` writes it; service is "inet:127.0.0.1:10040" or "unix:...". """
    return f"check_policy_service {{ {service}, timeout=2s, try_limit=1, default_action=DUNNO }}"


class Postfix:
    """Started when constructed. `main` adds to or replaces parameters of main.cf (None removes),
    `master` is appended to master.cf, `policy` is a service asked at RCPT and at end of data."""

    def __init__(self, ground: Ground, *, sasl_path: Optional[str] = None,
                 nexthop: Optional[str] = None, policy: Optional[str] = None,
                 main: Optional[dict[str, Optional[str]]] = None, master: str = "",
                 name_server: str = "") -> None:
        require_root("a private Postfix")
        self._name_server = name_server  # its address; Postfix then asks the DNS there only
        self._postfix = require_program("postfix")
        self.folder: Path = ground.place("pf")
        self.name = self.folder.name
        self.smtp_port = ground.ports.free()
        self.submission_port = ground.ports.free()
        # Each instance sends from its own addresses, so that the sink can tell egresses apart.
        self.egress_address = ground.addresses.free()
        self.egress2_address = ground.addresses.free()
        self.etc, self.spool, data, logs = (self.folder / part
                                            for part in ("etc", "spool", "data", "log"))
        for part in (self.etc, self.spool, data, logs):
            part.mkdir(mode=0o755)
        data.chmod(0o700)
        subprocess.run(["chown", "postfix", str(data)], check=True)
        self.mail_log = logs / "mail.log"
        self.parameters = self._defaults(sasl_path, nexthop, policy)
        self.parameters.update({key: value for key, value in (main or {}).items()})
        self._write_main()
        (self.etc / "master.cf").write_text(
            _MASTER.format(smtp_port=self.smtp_port, submission_port=self.submission_port,
                           egress2_address=self.egress2_address) + master)
        self.start()

    def _defaults(self, sasl_path: Optional[str], nexthop: Optional[str],
                  policy: Optional[str]) -> dict[str, Optional[str]]:
        parameters = {
            "compatibility_level": "3.6",
            "queue_directory": str(self.spool),
            "data_directory": str(self.folder / "data"),
            "command_directory": "/usr/sbin",
            "daemon_directory": "/usr/lib/postfix/sbin",
            "mail_owner": "postfix",
            "setgid_group": "postdrop",
            "maillog_file": str(self.mail_log),
            "maillog_file_prefixes": str(self.mail_log.parent),
            "myhostname": f"{self.name}.c.test",
            "mydestination": "",
            "local_recipient_maps": "",
            "alias_maps": "",
            "alias_database": "",
            "mynetworks": "",
            "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4",
            "smtp_bind_address": self.egress_address,
            "smtp_dns_support_level": "disabled",
            "smtp_host_lookup": "native",
            "smtpd_peername_lookup": "no",
            "smtpd_tls_security_level": "none",
            "smtp_tls_security_level": "none",
            # Lets swaks stand for clients from anywhere: XCLIENT ADDR=198.51.100.7.
            "smtpd_authorized_xclient_hosts": "127.0.0.0/8",
            "smtpd_relay_restrictions": "permit_sasl_authenticated, reject",
            "smtpd_recipient_restrictions": "permit_sasl_authenticated, reject_unauth_destination",
            "enable_long_queue_ids": "yes",
            "minimal_backoff_time": "3s",
            "maximal_backoff_time": "6s",
            "queue_run_delay": "3s",
            "relayhost": nexthop,
        }
        if sasl_path:
            parameters.update({"smtpd_sasl_auth_enable": "yes", "smtpd_sasl_type": "dovecot",
                               "smtpd_sasl_path": sasl_path})
        if policy:
            ask = policy_restriction(policy)
            parameters["smtpd_recipient_restrictions"] = (
                f"{ask}, {parameters['smtpd_recipient_restrictions']}")
            parameters["smtpd_end_of_data_restrictions"] = ask
        return parameters

    def _write_main(self) -> None:
        (self.etc / "main.cf").write_text("".join(
            f"{key} = {value}\n" for key, value in self.parameters.items() if value is not None))

    # Running it.

    def command(self, *arguments: str, **options) -> subprocess.CompletedProcess:
        """A Postfix program on this instance: command("postqueue", "-f")."""
        program, *rest = arguments
        options.setdefault("timeout", 30)
        return subprocess.run([require_program(program), "-c", str(self.etc), *rest],
                              capture_output=True, text=True, check=False, **options)

    def start(self) -> None:
        # To files, not pipes: the master daemon inherits them and would keep a pipe open.
        with open(self.folder / "start.txt", "w") as output:
            status = subprocess.run(self._start_command(), stdout=output,
                                    stderr=output, stdin=subprocess.DEVNULL, timeout=60,
                                    check=False)
        if status.returncode != 0:
            told = (self.folder / "start.txt").read_text()
            raise AssertionError(f"Postfix did not start:\n{told}\n{self.log()}")
        wait_until(lambda: answers(self.submission_port), f"Postfix {self.name}'s submission port")

    def _start_command(self) -> list[str]:
        command = [self._postfix, "-c", str(self.etc), "start"]
        if not self._name_server:
            return command
        resolv = self.folder / "resolv.conf"
        resolv.write_text(f"nameserver {self._name_server}\noptions timeout:2 attempts:2\n")
        return ["unshare", "-m", "sh", "-c",
                f"mount --bind {resolv} /etc/resolv.conf && exec {' '.join(command)}"]

    def set(self, **parameters: Optional[str]) -> None:
        """Changes main.cf and reloads."""
        self.parameters.update(parameters)
        self._write_main()
        self.reload()

    def reload(self) -> None:
        with self.reloaded():
            done = self.command("postfix", "reload")
            assert done.returncode == 0, done.stderr

    @contextmanager
    def reloaded(self):
        """Somebody reloads Postfix inside; goes on when nothing old answers any more: the master
        has read its services anew and every smtpd of before has ended."""
        def reloads() -> int:
            return sum(" reload -- version" in line for line in self.log_lines())

        before, old = reloads(), self.smtpd_pids()
        yield
        wait_until(lambda: reloads() > before, "Postfix's master to reload", 30)
        wait_until(lambda: not any(pid_is_alive(pid) for pid in old), "the old smtpds to end", 30)

    def smtpd_pids(self) -> list[int]:
        """The smtpd processes of this Postfix."""
        master, found = self.master_pid, []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                head, _, rest = stat.read_text().rpartition(") ")
            except OSError:
                continue  # it has ended meanwhile
            if head.endswith("(smtpd") and int(rest.split()[1]) == master:
                found.append(int(head.split(" ", 1)[0]))
        return found

    @property
    def master_pid(self) -> Optional[int]:
        try:
            return int((self.spool / "pid" / "master.pid").read_text().strip())
        except (FileNotFoundError, ValueError):
            return None

    def stop(self) -> None:
        pid = self.master_pid
        if pid is None or not pid_is_alive(pid):
            return
        # Not `postfix stop`: its script looks for the end only once a second.
        os.kill(pid, signal.SIGTERM)
        try:
            wait_until(lambda: not pid_is_alive(pid), "Postfix to end", 10)
        except AssertionError:
            os.killpg(pid, signal.SIGKILL)  # the master leads a process group of its own

    # Looking at it.

    def log(self) -> str:
        return tail(self.mail_log)

    def log_lines(self) -> list[str]:
        try:
            return self.mail_log.read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return []

    def wait_for_log(self, words: str, seconds: float = PATIENCE) -> str:
        """The first log line with `words` in it."""
        return wait_until(lambda: next((line for line in self.log_lines() if words in line), None),
                          f"{words!r} in the mail log", seconds)

    def queue(self) -> list[dict]:
        """`postqueue -j`: queue_name, queue_id, sender, recipients, ..."""
        done = self.command("postqueue", "-j")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines() if line.strip()]

    def queued(self, name: Optional[str] = None) -> list[dict]:
        """What is queued, or what is in the queue "hold", "deferred", "active"."""
        return [entry for entry in self.queue() if name is None or entry["queue_name"] == name]

    # Sending through it without SMTP.

    def sendmail(self, envelope_sender: str, recipients: list[str], message: str,
                 user: Optional[str] = None) -> subprocess.CompletedProcess:
        """Local submission, as a web site's script does it; `user` needs a mount namespace, since
        Postfix lets only root name a configuration folder."""
        sendmail = require_program("sendmail")
        if user is None:
            command = [sendmail, "-C", str(self.etc), "-f", envelope_sender, *recipients]
        else:
            inner = f"exec {sendmail} -f {envelope_sender} {' '.join(recipients)}"
            command = ["unshare", "-m", "sh", "-c",
                       f"mount --bind {self.etc} /etc/postfix && exec su -s /bin/sh {user} -c "
                       f"'{inner}'"]
        return subprocess.run(command, input=message, capture_output=True, text=True, timeout=30,
                              check=False)
