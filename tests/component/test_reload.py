"""`leumund config reload` and SIGHUP: what is in force at once, what needs a restart, and that it
says exactly that."""
import json
import socket
import time
import urllib.error
import urllib.request

import pytest

from peers.ground import PATIENCE, wait_until
from peers.leumundd import built


CONFIG = """\
log_sources = ["file:{mail_log}"]
[policy]
listen = ["inet:127.0.0.1:{{policy_port}}"]
relay_clients = ["127.0.0.0/8"]
[api]
listen = "inet:127.0.0.1:{{http_port}}"
token_file = "{{folder}}/token"
[postfix]
queue_helper = ""
config_dirs = ["/etc/postfix"]
"""


class Place:
    def __init__(self, peers) -> None:
        self.sink = peers.smtp_sink()
        self.postfix = peers.postfix(nexthop=self.sink.nexthop)
        self.postfix.mail_log.touch()
        self.daemon = peers.leumundd(CONFIG.format(mail_log=self.postfix.mail_log), start=False)
        self.token("first-token-of-them-all")
        self.daemon.start()

    def token(self, text: str) -> None:
        (self.daemon.folder / "token").write_text(text + "\n")

    def change(self, before: str, after: str) -> None:
        text = self.daemon.config_path.read_text()
        assert before in text
        self.daemon.config_path.write_text(text.replace(before, after))

    def reload(self) -> str:
        done = self.daemon.leumund("config", "reload")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def ask(self, client: str) -> str:
        """The answer to a mail without a login from that client."""
        request = (f"request=smtpd_access_policy\nprotocol_state=RCPT\nsender=a@x.test\n"
                   f"recipient=x@y.test\nclient_address={client}\n"
                   f"instance={time.monotonic_ns()}\n\n")
        with socket.create_connection(("127.0.0.1", self.daemon.policy_port), timeout=10) as peer:
            peer.sendall(request.encode())
            return peer.recv(4096).decode()

    def status_over_tcp(self, token: str) -> int:
        request = urllib.request.Request(f"http://127.0.0.1:{self.daemon.http_port}/v1/status",
                                         headers={"Authorization": f"Bearer {token}"})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as refused:
            return refused.code


@pytest.fixture
def place(peers):
    return Place(peers)


def test_networks_token_helper_and_folders_are_taken_up_and_named(place):
    assert "no option differs" in place.reload()
    suspended = place.daemon.leumund("suspend", "client:203.0.113.5", "--reason", "test")
    assert suspended.returncode == 0, suspended.stderr
    assert place.ask("203.0.113.5") == "action=DUNNO\n\n", "mail that comes in is never refused"
    assert place.status_over_tcp("first-token-of-them-all") == 200
    place.change('relay_clients = ["127.0.0.0/8"]', 'relay_clients = ["203.0.113.0/24"]')
    place.change('queue_helper = ""', f'queue_helper = "{built("leumund-queue")}"')
    place.change('["/etc/postfix"]', f'["{place.postfix.etc}"]')
    place.change('listen = ["inet:127.0.0.1:', 'listen = ["inet:127.0.0.2:')
    place.token("second-token-of-them-all")
    told = place.reload()
    for name in ("policy.relay_clients", "postfix.queue_helper", "postfix.config_dirs"):
        [line] = [line for line in told.splitlines() if name in line]
        assert line.strip().endswith("in force"), line
    assert '["127.0.0.0/8"] -> ["203.0.113.0/24"]' in told
    [line] = [line for line in told.splitlines() if "restart" in line]
    assert "policy.listen" in line
    assert place.ask("203.0.113.5").startswith("action=REJECT 5.7.1")
    assert place.status_over_tcp("first-token-of-them-all") == 401
    assert place.status_over_tcp("second-token-of-them-all") == 200

    # The new helper works on the new folder.
    place.sink.replies["later.test"] = "450 4.2.0 Come back later"
    sent = place.postfix.sendmail("www@c.test", ["x@later.test"], "Subject: x\n\nx\n",
                                  user="nobody")
    assert sent.returncode == 0, sent.stderr
    wait_until(lambda: json.loads(place.daemon.leumund("explain", "script:uid65534",
                                                       "--json").stdout)["queued"],
               "the queued mail known", PATIENCE)
    done = place.daemon.leumund("suspend", "script:uid65534", "--reason", "test")
    assert done.returncode == 0, done.stderr
    wait_until(lambda: place.postfix.queued("hold"), "the mail on hold", PATIENCE)


def test_a_token_that_cannot_be_read_changes_nothing(place):
    place.change('relay_clients = ["127.0.0.0/8"]', 'relay_clients = ["203.0.113.0/24"]')
    place.token("short")
    done = place.daemon.leumund("config", "reload")
    assert done.returncode == 2 and "api.token_file" in done.stderr
    assert place.status_over_tcp("first-token-of-them-all") == 200
    place.token("third-token-of-them-all")
    place.daemon.reload()  # SIGHUP
    wait_until(lambda: place.status_over_tcp("third-token-of-them-all") == 200, "the new token",
               PATIENCE)
    wait_until(lambda: "reload: policy.relay_clients: " in place.daemon.log(), "the reload told")
