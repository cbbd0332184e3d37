"""The rest of the Internet: an SMTP server that records what it accepts and refuses as told."""
import socketserver
import threading
import time
from dataclasses import dataclass, field

from peers.ground import PATIENCE, Ground, wait_until

_LINE_BYTES_MAX = 64 * 1024


@dataclass
class Mail:
    """One accepted message as it arrived."""
    envelope_sender: str
    recipients: list[str]
    data: bytes
    client: str  # local address of the sending egress
    helo: str
    at: float = field(default_factory=time.time)

    @property
    def text(self) -> str:
        return self.data.decode("utf-8", "replace")

    def header(self, name: str) -> str:
        """The first header of that name, unfolded; "" if there is none."""
        import email
        import email.policy
        return str(email.message_from_bytes(self.data, policy=email.policy.default).get(name, ""))


class _Session(socketserver.StreamRequestHandler):
    timeout = 60

    def handle(self) -> None:
        sink: "SmtpSink" = self.server.sink
        greeting = sink.reply_for_client(self.client_address[0])
        self._say(greeting)
        if not greeting.startswith("2"):
            return
        self._helo, self._sender, self._recipients = "", None, []
        while line := self.rfile.readline(_LINE_BYTES_MAX):
            verb, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
            verb = verb.upper()
            if verb == "QUIT":
                self._say("221 2.0.0 Bye")
                return
            self._command(sink, verb, rest)

    def _command(self, sink: "SmtpSink", verb: str, rest: str) -> None:
        if verb in ("EHLO", "HELO"):
            self._helo = rest
            self._say("250-sink.test", "250-PIPELINING", "250-8BITMIME", "250-ENHANCEDSTATUSCODES",
                      "250 SIZE 104857600") if verb == "EHLO" else self._say("250 sink.test")
        elif verb == "MAIL":
            self._sender, self._recipients = _address(rest), []
            self._say(sink.mail_reply or "250 2.1.0 Ok")
            if sink.mail_reply:
                self._sender = None
        elif verb == "RCPT":
            recipient = _address(rest)
            reply = (sink.refusals.get((self.client_address[0], recipient.rpartition("@")[2]))
                     or sink.reply_for(recipient))
            if reply.startswith("2"):
                self._recipients.append(recipient)
            self._say(reply)
        elif verb == "DATA":
            self._data(sink)
        elif verb in ("RSET", "NOOP"):
            self._sender, self._recipients = None, []
            self._say("250 2.0.0 Ok")
        else:
            self._say("502 5.5.2 Command not known")

    def _data(self, sink: "SmtpSink") -> None:
        if self._sender is None or not self._recipients:
            self._say("503 5.5.1 No recipient")
            return
        self._say("354 End with .")
        lines = []
        while (line := self.rfile.readline(_LINE_BYTES_MAX)) not in (b".\r\n", b".\n"):
            if not line:
                return  # cut off inside the message: not accepted
            lines.append(line[1:] if line.startswith(b".") else line)
        if sink.end_reply:
            self._say(sink.end_reply)
            return
        sink.accept(Mail(self._sender, list(self._recipients), b"".join(lines),
                         self.client_address[0], self._helo))
        self._say("250 2.0.0 Ok: taken")

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


def _address(text: str) -> str:
    inside = text.partition("<")[2].partition(">")[0]
    return inside.lower()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


class SmtpSink:
    """Accepts mail for every recipient unless told otherwise.

    replies["x@hotmail.com"] or replies["hotmail.com"] = "550 5.7.1 ..." answers RCPT;
    refusals[("127.0.0.2", "hotmail.com")] = "550 ..." does so for one egress only;
    greetings["127.0.0.2"] = "554 5.7.1 ..." answers the connection from that egress address,
    greetings["*"] that from any; mail_reply and end_reply answer MAIL and the end of data.
    """

    def __init__(self, ground: Ground) -> None:
        self.port = ground.ports.free()
        self.replies: dict[str, str] = {}
        self.refusals: dict[tuple[str, str], str] = {}
        self.greetings: dict[str, str] = {}
        self.mail_reply = ""
        self.end_reply = ""
        self._mails: list[Mail] = []
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", self.port), _Session)
        self._server.sink = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,),
                                        daemon=True)
        self._thread.start()

    @property
    def nexthop(self) -> str:
        return f"[127.0.0.1]:{self.port}"

    def reply_for(self, recipient: str) -> str:
        domain = recipient.rpartition("@")[2]
        return self.replies.get(recipient) or self.replies.get(domain) or "250 2.1.5 Ok"

    def reply_for_client(self, address: str) -> str:
        return self.greetings.get(address) or self.greetings.get("*") or "220 sink.test ESMTP"

    def accept(self, mail: Mail) -> None:
        with self._lock:
            self._mails.append(mail)

    @property
    def mails(self) -> list[Mail]:
        with self._lock:
            return list(self._mails)

    def mails_to(self, recipient: str) -> list[Mail]:
        return [mail for mail in self.mails if recipient.lower() in mail.recipients]

    def mails_from(self, envelope_sender: str) -> list[Mail]:
        return [mail for mail in self.mails if mail.envelope_sender == envelope_sender.lower()]

    def wait_for(self, recipient: str, count: int = 1, seconds: float = PATIENCE) -> list[Mail]:
        wait_until(lambda: len(self.mails_to(recipient)) >= count,
                   f"{count} mail(s) to {recipient} at the sink", seconds)
        return self.mails_to(recipient)

    def clear(self) -> None:
        with self._lock:
            self._mails.clear()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
