"""What Postfix really does with the tables that Leumund publishes, with no daemon running.

docs/operate/suspend.md says what is asserted here."""
import smtplib
import subprocess
import time

import pytest

from peers.ground import wait_until
from peers.leumundd import built

USERS = {name: "secret" for name in ("a@c.test", "b@c.test", "plain", "honest@c.test")}
HELPDESK = "hilfe@ext.test"


class Guarded:
    """A Postfix with the tables of a file of suspended senders."""

    def __init__(self, peers):
        self.sink = peers.smtp_sink()
        auth = peers.dovecot_auth(USERS)
        self.folder = peers.ground.place("tables")
        self.tables = self.folder / "published"
        self.tables.mkdir(mode=0o755)
        self.folder.chmod(0o755)
        self.tool = built("publish_tables")
        classes = dict(line.split(" = ", 1) for line in self.suspend("").splitlines())
        main = {
            "smtpd_restriction_classes": ", ".join(classes),
            "smtpd_recipient_restrictions":
                f"check_sasl_access cdb:{self.tables}/suspended_accounts, "
                f"check_sender_access cdb:{self.tables}/suspended_senders, "
                "permit_sasl_authenticated, permit_mynetworks, reject",
            "smtpd_relay_restrictions": "permit_sasl_authenticated, permit_mynetworks, reject",
            "mynetworks": "127.0.0.0/8",
            "virtual_mailbox_domains": "own.test",
            "virtual_mailbox_maps": "static:x",
            "virtual_transport": f"smtp:{self.sink.nexthop}",
            "authorized_submit_users": f"!{self.tables}/suspended_users, static:anyone",
            **classes,
        }
        self.chroot_port = peers.ground.ports.free()
        self.postfix = peers.postfix(
            sasl_path=auth.sasl_path, nexthop=self.sink.nexthop, main=main,
            master=f"127.0.0.1:{self.chroot_port} inet n - y - - smtpd\n")

    def suspend(self, lines: str) -> str:
        """Publishes the tables of these lines."""
        path = self.folder / "suspended_senders"
        path.write_text(lines)
        done = subprocess.run([self.tool, path, self.tables, HELPDESK, "own.test"],
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def login(self, user="a@c.test", port=None):
        session = smtplib.SMTP("127.0.0.1", port or self.postfix.submission_port, timeout=30)
        session.ehlo("pc.test")
        if user:
            session.login(user, "secret")
        return session

    def rcpt(self, session, recipient, sender="a@c.test"):
        """The answer to one recipient of a mail that is not sent."""
        session.docmd("RSET")
        code, text = session.docmd(f"MAIL FROM:<{sender}>")
        assert code == 250, text
        code, text = session.docmd(f"RCPT TO:<{recipient}>")
        return code, text.decode()

    def sendmail(self, user="nobody"):
        return self.postfix.sendmail("s@c.test", ["x@y.test"], "Subject: x\n\nx\n", user=user)


@pytest.fixture(scope="module")
def guarded(story_peers):
    return Guarded(story_peers)


@pytest.fixture(autouse=True)
def nobody_suspended(guarded):
    guarded.suspend("")


def test_a_suspended_login_is_refused_at_its_next_connection(guarded):
    open_session = guarded.login()
    assert guarded.rcpt(open_session, "x@y.test")[0] == 250
    guarded.suspend("a@c.test\n")
    begun = time.monotonic()
    code, text = guarded.rcpt(guarded.login(), "x@y.test")
    assert code == 554 and "5.7.1" in text and "helpdesk@c.test" in text, text
    assert time.monotonic() - begun < 1
    assert guarded.rcpt(guarded.login("honest@c.test"), "x@y.test")[0] == 250
    # An open session keeps the table it has: there the policy service answers.
    assert guarded.rcpt(open_session, "x@y.test")[0] == 250
    guarded.suspend("")
    assert guarded.rcpt(guarded.login(), "x@y.test")[0] == 250


def test_changes_within_one_second_are_all_seen(guarded):
    codes = []
    for turn in range(8):
        guarded.suspend("a@c.test\n" if turn % 2 == 0 else "")
        codes.append(guarded.rcpt(guarded.login(), "x@y.test")[0])
    assert codes == [554, 250] * 4


def test_the_helpdesk_stays_reachable(guarded):
    guarded.suspend("a@c.test\n")
    session = guarded.login()
    assert guarded.rcpt(session, "Hilfe@EXT.test")[0] == 250
    assert guarded.rcpt(session, "x@own.test")[0] == 554


def test_names_are_compared_without_regard_to_case(guarded):
    guarded.suspend("A@C.Test\nPlain\n")
    assert guarded.rcpt(guarded.login("A@c.TEST"), "x@y.test")[0] == 554
    assert guarded.rcpt(guarded.login("plain"), "x@y.test", "p@c.test")[0] == 554


def test_external_only_reaches_own_domains_but_not_through_them(guarded):
    guarded.suspend("b@c.test external_only\n")
    session = guarded.login("b@c.test")
    assert guarded.rcpt(session, "x@own.test")[0] == 250
    assert guarded.rcpt(session, HELPDESK)[0] == 250
    for outside in ("x@y.test", "x%y.test@own.test", "y.test!x@own.test", '"x@y.test"@own.test',
                    "@own.test:x@y.test", "x@y.test@own.test"):
        code, text = guarded.rcpt(session, outside)
        assert code in (501, 554), (outside, text)


def test_hold_takes_the_mail_and_does_not_deliver_it(guarded):
    guarded.suspend("plain hold\n")
    session = guarded.login("plain")
    session.sendmail("p@c.test", ["x@y.test"], "Subject: held\n\nx\n")
    held = guarded.postfix.queued("hold")
    assert [mail["sender"] for mail in held] == ["p@c.test"]
    guarded.postfix.command("postsuper", "-d", "ALL", "hold")


def test_a_suspended_envelope_sender_without_login_reaches_own_domains_only(guarded):
    guarded.suspend("a@c.test\n")
    stranger = guarded.login(None)
    assert guarded.rcpt(stranger, "x@y.test")[0] == 554
    assert guarded.rcpt(stranger, "x@own.test")[0] == 250  # it may be mail that comes in
    # Another login that may write as this address is not touched.
    assert guarded.rcpt(guarded.login("honest@c.test"), "x@y.test")[0] == 250


def test_a_suspended_uid_cannot_submit_by_sendmail(guarded):
    import pwd
    uid = pwd.getpwnam("nobody").pw_uid
    assert guarded.sendmail().returncode == 0
    guarded.suspend(f"script:uid{uid}\n")
    refused = guarded.sendmail()
    assert refused.returncode != 0 and "not allowed to submit" in refused.stderr, refused
    assert guarded.sendmail("www-data").returncode == 0
    guarded.suspend("")
    assert guarded.sendmail().returncode == 0


def test_a_chrooted_smtpd_sees_the_tables_too(guarded):
    guarded.suspend("a@c.test\n")
    session = smtplib.SMTP("127.0.0.1", guarded.chroot_port, timeout=30)
    session.ehlo("pc.test")
    # No login there (the chroot has no way to Dovecot's address book), so by envelope sender.
    assert guarded.rcpt(session, "x@y.test")[0] == 554
    guarded.suspend("")
    session = smtplib.SMTP("127.0.0.1", guarded.chroot_port, timeout=30)
    session.ehlo("pc.test")
    assert guarded.rcpt(session, "x@y.test")[0] == 250


def test_postfix_reads_our_lmdb_tables(guarded):
    folder = guarded.folder / "lmdb"
    folder.mkdir()
    for lines, expected in (("a@c.test\n", "leumund_no_sending"), ("b@c.test\n", "")):
        (guarded.folder / "lines").write_text(lines)
        subprocess.run([guarded.tool, guarded.folder / "lines", folder, HELPDESK, "own.test",
                        "lmdb"],
                       check=True, capture_output=True)
        found = guarded.postfix.command("postmap", "-q", "a@c.test",
                                        f"lmdb:{folder}/suspended_accounts")
        assert found.stdout.strip() == expected, found


def test_a_missing_table_stops_everybody_so_it_must_never_be_missing(guarded):
    (guarded.tables / "suspended_accounts.cdb").rename(guarded.folder / "away.cdb")
    code, text = guarded.rcpt(guarded.login("honest@c.test"), "x@y.test")
    assert code == 451, text
    (guarded.folder / "away.cdb").rename(guarded.tables / "suspended_accounts.cdb")
    # An smtpd that began without the table does not look for it again.
    assert guarded.rcpt(guarded.login("honest@c.test"), "x@y.test")[0] == 451
    guarded.postfix.reload()

    def well_again():
        return guarded.rcpt(guarded.login("honest@c.test"), "x@y.test")[0] == 250
    wait_until(well_again, "Postfix to find its table after a reload")
