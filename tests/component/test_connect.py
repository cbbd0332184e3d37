"""`leumund connect postfix`: a real Postfix asks us on every way in, keeps suspended senders out
with nobody answering, and is byte for byte as before after `disconnect`."""
import json
import os
import shutil
import socket
import threading
import time

import pytest

from component.connect_place import HELPDESK, Place
from peers.ground import require_program, wait_until


class PolicyPeer:
    """Answers DUNNO and remembers what it was asked: (state, login, recipient)."""

    def __init__(self, port: int) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self._socket = socket.create_server(("127.0.0.1", port))
        self._open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            self._open.append(peer)
            threading.Thread(target=self._answer, args=(peer,), daemon=True).start()

    def _answer(self, peer: socket.socket) -> None:
        waiting = b""
        while True:
            try:
                got = peer.recv(65536)
            except OSError:
                return
            if not got:
                return
            waiting += got
            while b"\n\n" in waiting:
                request, waiting = waiting.split(b"\n\n", 1)
                fields = dict(line.split("=", 1) for line in request.decode().splitlines())
                self.asked.append((fields["protocol_state"], fields["sasl_username"],
                                   fields["recipient"]))
                peer.sendall(b"action=DUNNO\n\n")

    def close(self) -> None:
        self._socket.close()
        for peer in self._open:
            peer.close()


@pytest.fixture
def place(peers):
    require_program("postconf")
    return Place(peers)


@pytest.fixture
def policy(place):
    peer = PolicyPeer(place.policy_port)
    yield peer
    peer.close()


def test_a_dry_run_shows_the_commands_and_changes_nothing(place):
    before = place.files()
    done = place.leumund("connect", "postfix", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert f"postconf -c {place.postfix.etc} -e" in done.stdout
    assert (f"check_policy_service {{ inet:127.0.0.1:{place.policy_port}, timeout=2s, try_limit=1, "
            "default_action=DUNNO }") in done.stdout
    assert "takes mail back from a content filter" in done.stdout
    assert place.files() == before
    assert not place.tables.exists() and not (place.state / "connect").exists()


def test_every_way_in_asks_at_recipient_and_at_end_of_data(place, policy, swaks):
    report = place.connect()
    assert "Postfix has read its configuration anew" in report.stdout
    for way, port in place.ways.items():
        policy.asked.clear()
        sent = swaks(port, "x@y.test", user="a@c.test")
        assert sent, f"{way}: {sent.transcript}"
        assert policy.asked == [("RCPT", "a@c.test", "x@y.test"),
                                ("END-OF-MESSAGE", "a@c.test", "x@y.test")], way
    # Who is permitted by his network before any login is asked about as well.
    policy.asked.clear()
    assert swaks(place.postfix.smtp_port, "x@y.test", sender="a@c.test")
    assert [state for state, _, _ in policy.asked] == ["RCPT", "END-OF-MESSAGE"]
    # Mail that a content filter gives back was judged when it came in.
    policy.asked.clear()
    assert swaks(place.filter_port, "x@y.test", sender="a@c.test")
    assert policy.asked == []
    assert "warning" not in place.postfix.log(), place.postfix.log()


def test_who_is_suspended_stays_so_with_nobody_answering(place, swaks):
    place.connect()
    place.publish("suspended_accounts", {"a@c.test": "leumund_no_sending"})
    for way, port in place.ways.items():
        began = time.monotonic()
        refused = swaks(port, "x@y.test", user="a@c.test")
        assert refused.refusal.startswith("554 5.7.1"), f"{way}: {refused.transcript}"
        assert "please contact helpdesk@c.test" in refused.refusal
        assert swaks(port, HELPDESK, user="a@c.test"), f"{way}: the helpdesk is reachable"
        assert swaks(port, "x@y.test", user="b@c.test"), f"{way}: nobody else notices"
        assert time.monotonic() - began < 15, way
    place.publish("suspended_accounts", {"a@c.test": "leumund_external_only"})
    assert not swaks(place.postfix.smtp_port, "x@y.test", user="a@c.test")
    assert swaks(place.postfix.smtp_port, "b@c.test", user="a@c.test")
    place.publish("suspended_accounts", {})
    assert swaks(place.postfix.smtp_port, "x@y.test", user="a@c.test")


def test_a_listed_user_cannot_submit_by_sendmail_and_others_can(place):
    place.connect()
    message = "Subject: x\n\ntext\n"
    assert place.postfix.sendmail("w@c.test", ["x@y.test"], message, user="nobody").returncode == 0
    (place.tables / "suspended_users").write_text("nobody\n")
    refused = place.postfix.sendmail("w@c.test", ["x@y.test"], message, user="nobody")
    assert refused.returncode != 0 and "not allowed" in refused.stderr, refused.stderr
    for user in ("daemon", None):
        done = place.postfix.sendmail("w@c.test", ["x@y.test"], message, user=user)
        assert done.returncode == 0, done.stderr


def test_connecting_twice_changes_nothing_and_undo_gives_back_every_byte(place):
    before, values = place.files(), place.values()
    place.connect()
    connected = place.files()
    assert connected != before
    # No comment of the admin has moved, no entry was laid out anew.
    for line in before["master.cf"].splitlines():
        assert b"-o" in line or line in connected["master.cf"].splitlines(), line
    again = place.leumund("connect", "postfix")
    assert again.returncode == 0 and "nothing to change" in again.stdout, again.stderr
    assert place.files() == connected
    done = place.leumund("disconnect", "postfix")
    assert done.returncode == 0, done.stderr
    assert "leumund" not in b"".join(place.files().values()).decode()
    assert place.files() == before
    assert place.values() == values
    once_more = place.leumund("disconnect", "postfix")
    assert once_more.returncode == 1 and "is not connected" in once_more.stderr


def test_an_egress_gets_a_transport_whose_mail_leaves_and_is_logged_under_its_name(place):
    before = place.files()
    address = place.postfix.egress2_address  # of the fixture's own second transport: a free one
    place.config.write_text(f'egresses = ["third address={address} helo=third.example.org"]\n'
                            + place.config.read_text())
    place.connect()
    entry = place.postfix.command("postconf", "-M", "third/unix").stdout
    assert "syslog_name=postfix/third" in entry, entry
    again = place.leumund("connect", "postfix")
    assert again.returncode == 0 and "nothing to change" in again.stdout, again.stdout
    table = place.postfix.etc / "transport"
    table.write_text(f"third.test third:{place.sink.nexthop}\n")
    place.postfix.command("postconf", "-e", f"transport_maps=texthash:{table}")
    place.postfix.reload()
    place.postfix.sendmail("a@c.test", ["x@third.test"], "Subject: Hallo\n\nGuten Tag\n")
    [mail] = place.sink.wait_for("x@third.test")
    assert (mail.client, mail.helo) == (address, "third.example.org")
    place.postfix.wait_for_log("postfix/third/smtp")
    assert place.leumund("disconnect", "postfix").returncode == 0
    assert place.files()["master.cf"] == before["master.cf"]


def test_a_postfix_without_overrides_is_connected_quietly_and_undone_whole(peers):
    """Nothing refers to the named checks there: Postfix must not warn of them, nothing may stay."""
    place = Place(peers, overrides=False)
    before = place.files()
    place.connect()
    connected = place.files()
    for command in (["postconf", "-n"], ["postfix", "check"]):
        said = place.postfix.command(*command).stderr
        assert "unused parameter" not in said and "leumund" not in said, said
    again = place.leumund("connect", "postfix")
    assert again.returncode == 0 and "nothing to change" in again.stdout, again.stderr
    assert place.files() == connected
    assert place.leumund("disconnect", "postfix").returncode == 0
    assert place.files() == before


def test_a_definition_that_nothing_names_any_more_goes_with_the_undo(place):
    before = place.files()
    place.connect()
    # The admin takes the services away that named our checks; postconf -n no longer tells them.
    lines = before["master.cf"].decode().split("# a comment of the admin")[0]
    (place.postfix.etc / "master.cf").write_text(lines.split("127.0.0.1:%d" % place.ways[
        "overridden empty"])[0])
    assert place.leumund("disconnect", "postfix").returncode == 0
    assert place.files()["main.cf"] == before["main.cf"]


def test_undo_keeps_every_byte_that_the_admin_wrote_meanwhile(place):
    before = place.files()
    place.connect()

    def admin_writes(files: dict[str, bytes]) -> dict[str, bytes]:
        main = files["main.cf"].replace(
            b"mynetworks = ", b"# our networks\nmynetworks =   ") + b"# the end\n"
        master = files["master.cf"].replace(
            b"# a comment of the admin", b"# another comment").replace(
                b"n 60 1", b"n 30   1") + b"# the end\n"
        assert main != files["main.cf"] and master != files["master.cf"]
        return {"main.cf": main, "master.cf": master}

    for name, content in admin_writes(place.files()).items():
        (place.postfix.etc / name).write_bytes(content)
    # Also when a connect came in between, and with another port.
    place.config.write_text(place.config.read_text().replace(str(place.policy_port), "10999"))
    place.connect()
    done = place.leumund("disconnect", "postfix")
    assert done.returncode == 0, done.stderr
    assert place.files() == admin_writes(before)


def test_undo_leaves_what_the_admin_changed_meanwhile(place):
    values = place.values()
    place.connect()
    key = f"127.0.0.1:{place.ways['overridden']}/inet/smtpd_recipient_restrictions"
    current = place.postfix.command("postconf", "-h",
                                    "smtpd_recipient_restrictions").stdout.strip()
    for words in (["-e", "myhostname=new.c.test",
                   f"smtpd_recipient_restrictions=reject_unlisted_recipient, {current}, permit"],
                  ["-P", "-e",
                   f"{key}=reject_unlisted_recipient,$leumund_recipient_checks,reject"]):
        changed = place.postfix.command("postconf", *words)
        assert changed.returncode == 0, changed.stderr
    done = place.leumund("disconnect", "postfix", "--json")
    assert done.returncode == 0, done.stderr
    [report] = json.loads(done.stdout)["postfix"]
    assert not report["bytes_restored"] and len(report["remarks"]) == 2
    # The admin takes his own changes back: all must be as at the very beginning.
    now = place.postfix.command("postconf", "-h", "smtpd_recipient_restrictions").stdout.strip()
    assert now == "reject_unlisted_recipient, permit"
    assert f"{key} = reject_unlisted_recipient,reject" in place.values()[1]
    place.postfix.command("postconf", "-e", f"myhostname={place.postfix.name}.c.test")
    place.postfix.command("postconf", "-X", "smtpd_recipient_restrictions")
    place.postfix.command("postconf", "-P", "-e", f"{key}=permit_sasl_authenticated,reject")
    assert place.values() == values


def test_another_policy_port_replaces_the_question(place, policy, swaks):
    place.config.write_text(place.config.read_text().replace(str(place.policy_port), "10999"))
    place.connect()
    place.config.write_text(place.config.read_text().replace("10999", str(place.policy_port)))
    place.connect()
    assert "10999" not in "".join(place.values())
    assert swaks(place.postfix.smtp_port, "x@y.test", user="a@c.test")
    assert wait_until(lambda: len(policy.asked) == 2, "two questions")


def test_tables_that_not_everybody_can_read_are_told_before_anything_changes(place):
    before = place.files()
    os.chmod(place.state, 0o750)
    done = place.leumund("connect", "postfix")
    assert done.returncode == 1
    assert f"chmod o+x {place.state}" in done.stderr
    assert place.files() == before


def dry_run(place) -> tuple[int, str]:
    """Status and words of a dry run, which must leave everything as it is."""
    before = place.files()
    done = place.leumund("connect", "postfix", "--dry-run")
    assert place.files() == before
    assert not place.tables.exists() and not (place.state / "connect").exists()
    return done.returncode, done.stdout + done.stderr


def test_a_dry_run_says_what_connect_would_fail_on(peers):
    # A Postfix without Debian's packages postfix-cdb and postfix-lmdb.
    meta = peers.ground.place("meta")
    shutil.copytree("/etc/postfix", meta, dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns("dynamicmaps.cf*"))
    place = Place(peers, overrides=False, main={"meta_directory": str(meta)})
    os.chmod(place.state, 0o750)
    status, said = dry_run(place)
    assert status == 1
    assert f"chmod o+x {place.state}" in said
    assert "install the package postfix-cdb" in said
    assert "postconf -c" in said, "it still shows what it would do"
    before = place.files()
    done = place.leumund("connect", "postfix")
    assert done.returncode == 1 and "postfix-cdb" in done.stderr and "chmod" in done.stderr
    assert place.files() == before
    os.chmod(place.state, 0o755)
    (place.state / "tables").write_text("no folder")
    assert "is no folder" in place.leumund("connect", "postfix", "--dry-run").stderr


def test_a_socketmap_that_nobody_serves_is_told_before_all_mail_is_put_off(place, peers):
    port = peers.ground.ports.free()
    place.config.write_text(place.config.read_text() +
                            f'[detour]\nsocketmap = "inet:127.0.0.1:{port}"\n')
    status, said = dry_run(place)
    assert status == 1 and f"nobody answers at inet:127.0.0.1:{port}" in said, said
    before = place.files()
    assert place.leumund("connect", "postfix").returncode == 1
    assert place.files() == before
    with socket.create_server(("127.0.0.1", port)):
        status, said = dry_run(place)
    assert status == 0 and "socketmap:inet:127.0.0.1" in said, said


@pytest.mark.parametrize("helper, why", [
    ("/nonexistent/leumund-queue", "/nonexistent/leumund-queue is not there"),
    ("{state}/leumund.toml", "/leumund.toml is no program"), ("", "postfix.queue_helper is empty")])
def test_a_queue_helper_that_cannot_run_is_told_but_hinders_nothing(place, helper, why):
    place.config.write_text(place.config.read_text() + f'queue_helper = "{helper}"\n'.replace(
        "{state}", str(place.state)))
    status, said = dry_run(place)
    assert status == 0 and why in said and "will not be held" in said, said
    assert why in place.connect().stdout


def test_a_folder_without_postfix_is_wrong_use(place, tmp_path):
    done = place.leumund("connect", "postfix", "--config-dir", str(tmp_path))
    assert done.returncode == 2 and "holds no main.cf" in done.stderr
