"""The mail client: swaks with a login, from any client address."""
import re
import subprocess
from dataclasses import dataclass
from typing import Optional, Sequence, Union

from peers.ground import require_program


@dataclass
class Sent:
    """What became of one mail. `replies` are the server's lines after "<~ ", in order."""
    accepted: bool
    queue_id: str  # "" when not accepted
    refusal: str   # the first 4xx or 5xx reply, "" if none
    replies: list[str]
    transcript: str

    def __bool__(self) -> bool:
        return self.accepted


def swaks(port: int, to: Union[str, Sequence[str]], *, user: Optional[str] = None,
          password: str = "secret", sender: Optional[str] = None, client: Optional[str] = None,
          helo: str = "pc.test", subject: str = "Hallo", body: str = "Guten Tag,\n\nbis morgen.",
          headers: Sequence[str] = (), arguments: Sequence[str] = (), timeout: int = 20) -> Sent:
    """Sends one mail to 127.0.0.1:port.

    `client` is the address the server shall see (XCLIENT); `sender` is the login name by default.
    """
    recipients = [to] if isinstance(to, str) else list(to)
    command = [require_program("swaks"), "--server", "127.0.0.1", "--port", str(port),
               "--helo", helo, "--from", sender or user or "nobody@c.test",
               "--to", ",".join(recipients),
               "--timeout", str(timeout), "--header", f"Subject: {subject}", "--body", body,
               *arguments]
    if user:
        command += ["--auth", "PLAIN", "--auth-user", user, "--auth-password", password]
    if client:
        command += ["--xclient-addr", client, "--xclient-optional-strict"]
    for header in headers:
        command += ["--add-header", header]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout + 20,
                          check=False)
    replies = re.findall(r"^<[-~*][*~-]?\s+(.*)$", done.stdout, re.MULTILINE)
    queued = re.search(r"queued as (\S+)", done.stdout)
    refusal = next((reply for reply in replies if re.match(r"[45]\d\d[ -]", reply)), "")
    return Sent(accepted=done.returncode == 0 and queued is not None,
                queue_id=queued.group(1) if queued else "", refusal=refusal, replies=replies,
                transcript=done.stdout + done.stderr)
