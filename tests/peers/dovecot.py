"""Dovecot as authentication server only: SASL for Postfix, users from a file."""
import os
import signal
import subprocess
from pathlib import Path

from peers.ground import (Ground, answers, pid_is_alive, require_program, require_root, tail,
                          wait_until)

_CONFIG = """\
base_dir = {t}/run
state_dir = {t}/state
instance_name = leumund-test
protocols =
ssl = no
log_path = {t}/dovecot.log
log_timestamp = "%b %d %H:%M:%S localhost dovecot: "
auth_verbose = yes
auth_mechanisms = plain login
disable_plaintext_auth = no
auth_username_format = {format}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {t}/users
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home=/nonexistent
}}
service auth {{
  unix_listener postfix-auth {{
    mode = 0666
  }}
  inet_listener postfix {{
    address = 127.0.0.1
    port = {port}
  }}
}}
"""


class DovecotAuth:
    """`users` maps login names to passwords; set_users() changes them while it runs.

    A wrong password is answered after two seconds, on purpose (Dovecot). Names are folded to lower
    case, as Dovecot does by default, unless `fold` is False.
    """

    def __init__(self, ground: Ground, users: dict[str, str], *, fold: bool = True) -> None:
        require_root("Dovecot's authentication server")
        self._dovecot = require_program("dovecot")
        self.folder: Path = ground.place("dc")
        self.port = ground.ports.free()
        self.users: dict[str, str] = {}
        self.set_users(users)
        self._config = self.folder / "dovecot.conf"
        self._config.write_text(_CONFIG.format(
            t=self.folder, port=self.port, format="%Lu" if fold else "%u"))
        subprocess.run([self._dovecot, "-c", str(self._config)], check=True, timeout=20)
        wait_until(lambda: answers(self.port), "Dovecot's authentication port")

    @property
    def sasl_path(self) -> str:
        return f"inet:127.0.0.1:{self.port}"

    def set_users(self, users: dict[str, str]) -> None:
        self.users = dict(users)
        fresh = self.folder / "users.new"
        fresh.write_text("".join(f"{name}:{password}\n" for name, password in users.items()))
        fresh.chmod(0o644)
        fresh.rename(self.folder / "users")

    @property
    def log_file(self) -> Path:
        return self.folder / "dovecot.log"

    def log(self) -> str:
        return tail(self.log_file)

    def stop(self) -> None:
        pid_file = self.folder / "run" / "master.pid"
        if not pid_file.exists():
            return
        pid = int(pid_file.read_text().strip())
        os.kill(pid, signal.SIGTERM)
        try:
            wait_until(lambda: not pid_is_alive(pid), "Dovecot to end", 10)
        except AssertionError:
            os.kill(pid, signal.SIGKILL)
