"""A real Postfix with every way in, and a configuration of ours to connect it by."""
import os
import subprocess
from typing import Optional

from peers.leumundd import built

HELPDESK = "helpdesk@c.test"
USERS = {"a@c.test": "secret", "b@c.test": "secret"}

CONFIG = """\
state_folder = "{state}"
[policy]
listen = ["unix:{state}/policy", "inet:127.0.0.1:{port}"]
[milter]
listen = []
[measures]
helpdesk = ["helpdesk@c.test"]
own_domains = ["c.test"]
contact = "helpdesk@c.test"
[postfix]
config_dirs = ["{etc}"]
"""


class Place:
    """A Postfix with every way in that an admin may have set up, and a configuration of ours."""

    def __init__(self, peers, overrides: bool = True, main: Optional[dict] = None) -> None:
        self.sink = peers.smtp_sink()
        auth = peers.dovecot_auth(USERS)
        ports = peers.ground.ports
        self.ways = {"overridden empty": ports.free(), "overridden": ports.free(),
                     "overridden with blanks": ports.free(), "chroot": ports.free()}
        self.filter_port = ports.free()
        self.postfix = peers.postfix(
            sasl_path=auth.sasl_path, nexthop=self.sink.nexthop,
            main={"mynetworks": "127.0.0.0/8", "smtpd_recipient_restrictions": None,
                  "smtpd_relay_restrictions": "permit_mynetworks,\n    permit_sasl_authenticated, "
                                              "defer_unauth_destination", **(main or {})},
            master="" if not overrides else f"""\
127.0.0.1:{self.ways['overridden empty']} inet n - n - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_recipient_restrictions=
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
127.0.0.1:{self.ways['overridden']} inet n - n - - smtpd
  -o smtpd_relay_restrictions=
  -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject
  -o smtpd_restriction_classes=
# a comment of the admin
127.0.0.1:{self.ways['overridden with blanks']} inet n - n - - smtpd
  -o {{ smtpd_recipient_restrictions = check_helo_access static:{{DUNNO a b}}, permit }}
  -o smtpd_end_of_data_restrictions=permit
127.0.0.1:{self.ways['chroot']} inet n - y - - smtpd
127.0.0.1:{self.filter_port} inet n - n - - smtpd
  -o content_filter=
  -o smtpd_recipient_restrictions=permit_mynetworks,reject
""")
        self.ways["plain"] = self.postfix.smtp_port
        self.state = peers.ground.place("state")
        os.chmod(self.state, 0o755)
        self.tables = self.state / "tables"
        self.policy_port = ports.free()
        self.config = self.state / "leumund.toml"
        self.config.write_text(CONFIG.format(state=self.state, port=self.policy_port,
                                             etc=self.postfix.etc))

    def leumund(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run([built("leumund"), "--lang", "en", *arguments, "--config",
                               str(self.config)],
                              capture_output=True, text=True, timeout=60, check=False)

    def connect(self) -> subprocess.CompletedProcess:
        """A connect that changes something."""
        with self.postfix.reloaded():
            done = self.leumund("connect", "postfix")
            assert done.returncode == 0, done.stdout + done.stderr
        return done

    def files(self) -> dict[str, bytes]:
        return {name: (self.postfix.etc / name).read_bytes() for name in ("main.cf", "master.cf")}

    def values(self) -> tuple[str, str]:
        """What is in force: every parameter, and every override of every service."""
        lines = self.postfix.command("postconf").stdout.splitlines(keepends=True)
        return ("".join(line for line in lines if not line.startswith("process_id =")),
                self.postfix.command("postconf", "-P").stdout)

    def publish(self, table: str, rows: dict[str, str]) -> None:
        """As the daemon does it: a new file renamed over the old one."""
        source = self.tables / f"{table}.test"
        source.write_text("".join(f"{key} {value}\n" for key, value in rows.items()))
        done = self.postfix.command("postmap", f"cdb:{source}")
        assert done.returncode == 0, done.stderr
        os.rename(f"{source}.cdb", self.tables / f"{table}.cdb")
