"""What goes wrong around leumundd at night: garbage on the port, a log that is a folder, a full
disk,
a folder that cannot be written, a damaged store, a wrong clock. Mail goes on, the message is clear,
and no decision is lost."""
import contextlib
import os
import shutil
import socket
import sqlite3
import subprocess
import time

import pytest

from peers.ground import require_root, wait_until

CONFIG = """\
log_sources = ["file:{folder}/mail.log"]
[postfix]
queue_helper = ""
"""


def question(account: str = "a@c.test", recipient: str = "x@y.test") -> bytes:
    return (f"request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\n"
            f"sasl_username={account}\nsender={account}\nrecipient={recipient}\n"
            f"client_address=198.51.100.7\ninstance={time.monotonic_ns()}\n\n").encode()


def ask(daemon, data: bytes, seconds: float = 20.0) -> str:
    """Sends bytes to the policy port and returns what comes until silence or the end."""
    with socket.create_connection(("127.0.0.1", daemon.policy_port), timeout=seconds) as peer:
        answer = b""
        try:
            peer.sendall(data)
            peer.shutdown(socket.SHUT_WR)
            while chunk := peer.recv(65536):
                answer += chunk
        except OSError:
            pass
        return answer.decode()


def part(daemon, name: str) -> dict:
    return next(p for p in daemon.get("/v1/status")["parts"] if p["name"].startswith(name))


def suspend(daemon, account: str) -> None:
    done = daemon.leumund("suspend", account, "--reason", "test")
    assert done.returncode == 0, done.stdout + done.stderr


def is_stopped(daemon, account: str) -> bool:
    return ask(daemon, question(account)).startswith("action=REJECT 5.7.1")


@pytest.fixture
def small_disk(request):
    """A file system of 3 MB of the test's own."""
    require_root("a file system of the test's own")
    mounted = []

    def mount(folder, *options):
        subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(("size=3m", "mode=755", *options)),
                        "tmpfs", str(folder)], check=True)
        mounted.append(folder)

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=False)


@pytest.mark.parametrize("garbage", [
    b"\x00" * 5000, b"\xff\xfe\n\n" * 100, b"GET / HTTP/1.0\r\n\r\n", b"a" * 300_000,
    b"=\n=\n\n", question()[:40], b"recipient=" + b"x" * 100_000 + b"\n\n"],
    ids=["nul", "bytes", "http", "endless", "empty-names", "half", "oversized"])
def test_garbage_on_the_policy_port_stops_nobody(leumundd, garbage):
    daemon = leumundd(CONFIG)
    answer = ask(daemon, garbage)
    assert "REJECT" not in answer and "DEFER" not in answer and "HOLD" not in answer
    assert ask(daemon, question()) == "action=DUNNO\n\n"


def test_a_log_replaced_by_a_folder_is_named_and_followed_again_when_it_is_back(leumundd):
    daemon = leumundd(CONFIG, start=False)
    log = daemon.folder / "mail.log"
    log.touch()
    daemon.start()
    log.unlink()
    log.mkdir()
    wait_until(lambda: not part(daemon, "log ")["well"], "the trouble in the status")
    assert "mail.log" in part(daemon, "log ")["detail"]
    assert ask(daemon, question()) == "action=DUNNO\n\n"
    log.rmdir()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    log.write_text(f"{stamp} mx postfix/smtpd[1]: connect from unknown[198.51.100.1]\n"
                   f"{stamp} mx postfix/submission/smtpd[1]: 4jX2Hk1S7Hz1cvKT: "
                   "client=unknown[198.51.100.7], sasl_method=PLAIN, sasl_username=log@c.test\n"
                   f"{stamp} mx postfix/qmgr[2]: 4jX2Hk1S7Hz1cvKT: from=<log@c.test>, size=500, "
                   "nrcpt=1 (queue active)\n")
    wait_until(lambda: part(daemon, "log ")["well"], "the log to be followed again")
    wait_until(lambda: daemon.leumund("explain", "log@c.test").returncode == 0,
               "the submission in the log to be counted")


def test_a_full_disk_keeps_decisions_in_force_and_writes_them_when_there_is_room(
        leumundd, small_disk):
    daemon = leumundd(CONFIG, start=False)
    small_disk(daemon.state)
    (daemon.folder / "mail.log").touch()
    daemon.start()
    filler = daemon.state / "filler"
    with open(filler, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 65536)
        except OSError:
            pass
        try:
            while True:
                file.write(b"x" * 512)
        except OSError:
            pass
    for n in range(40):  # more than what is left in the last pages of the store
        suspend(daemon, f"cracked{n}@c.test")
    assert is_stopped(daemon, "cracked7@c.test")
    assert ask(daemon, question("honest@c.test")) == "action=DUNNO\n\n"
    trouble = wait_until(lambda: next((p for p in daemon.get("/v1/status")["parts"]
                                       if not p["well"]), None), "the full disk in the status")
    assert trouble["name"] in ("store", "tables", "suspended file")
    filler.unlink()
    wait_until(lambda: part(daemon, "store")["well"], "the store to write again")
    daemon.kill()
    daemon.start()
    assert all(is_stopped(daemon, f"cracked{n}@c.test") for n in range(40))


def test_a_state_folder_that_cannot_be_written_is_named_and_mail_goes_on(leumundd, small_disk):
    daemon = leumundd(CONFIG, start=False)
    small_disk(daemon.state, "ro")
    daemon.start()
    store = part(daemon, "store")
    assert not store["well"] and str(daemon.state) in store["detail"], store
    assert ask(daemon, question()) == "action=DUNNO\n\n"
    suspend(daemon, "cracked@c.test")
    assert is_stopped(daemon, "cracked@c.test")


@pytest.mark.parametrize("damage", ["garbage", "cut", "middle", "counts"])
def test_a_damaged_store_is_moved_aside_and_the_suspended_stay_suspended(leumundd, damage):
    daemon = leumundd(CONFIG)
    suspend(daemon, "cracked@c.test")
    listing = daemon.state / "suspended_senders"
    wait_until(lambda: "cracked@c.test" in listing.read_text(), "the decision in the file")
    daemon.stop()
    store = daemon.state / "leumund.db"
    content = bytearray(store.read_bytes())
    if damage == "garbage":
        content = bytearray(os.urandom(20_000))
    elif damage == "cut":
        content = content[:len(content) // 3]
    elif damage == "counts":
        with contextlib.closing(sqlite3.connect(store)) as kept:
            page = kept.execute(
                "SELECT rootpage FROM sqlite_master WHERE name = 'ledger'").fetchone()[0]
        content[(page - 1) * 4096:page * 4096] = b"\xff" * 4096
    else:
        content[4096:] = b"\xff" * (len(content) - 4096)
    store.write_bytes(content)
    daemon.start()
    assert is_stopped(daemon, "cracked@c.test")
    assert ask(daemon, question("honest@c.test")) == "action=DUNNO\n\n"
    detail = part(daemon, "store")
    assert not detail["well"] and "leumund.db.damaged-1" in detail["detail"], detail
    assert (daemon.state / "leumund.db.damaged-1").exists()
    daemon.restart()
    assert is_stopped(daemon, "cracked@c.test")
    assert part(daemon, "store")["well"]


@pytest.mark.parametrize("year", ["1990", "2090"])
def test_a_wrong_clock_loses_no_decision_and_stops_nobody(leumundd, year):
    daemon = leumundd(CONFIG)
    suspend(daemon, "cracked@c.test")
    assert ask(daemon, question("honest@c.test")) == "action=DUNNO\n\n"
    daemon.stop()
    daemon._arguments = ["--clock", f"{year}-01-01T00:00:00Z"]
    daemon.start()
    assert is_stopped(daemon, "cracked@c.test")
    for n in range(3):
        assert ask(daemon, question("honest@c.test", f"friend{n}@y.test")) == "action=DUNNO\n\n"
    daemon.stop()
    daemon._arguments = []
    daemon.start()
    assert is_stopped(daemon, "cracked@c.test")
    assert ask(daemon, question("honest@c.test")) == "action=DUNNO\n\n"


def test_a_bad_configuration_is_refused_at_start_and_changes_nothing_at_reload(leumundd):
    daemon = leumundd(CONFIG)
    good = daemon.config_path.read_text()
    daemon.config_path.write_text(good + "\n[measures]\nthrottle = \"many\"\n")
    daemon.reload()
    wait_until(lambda: "reload refused" in daemon.log(), "the refusal in the log")
    assert "measures.throttle" in daemon.log()
    assert ask(daemon, question()) == "action=DUNNO\n\n"
    daemon.stop()
    process = daemon.spawn()
    assert process.wait(60) == 2
    assert "measures.throttle" in daemon.log() and str(daemon.config_path) in daemon.log()


def test_a_second_daemon_on_the_same_state_is_refused(peers):
    first = peers.leumundd(CONFIG)
    second = peers.leumundd(CONFIG, start=False)
    second.config_path.write_text(second.config_path.read_text().replace(
        str(second.state), str(first.state)))
    assert second.spawn().wait(60) == 3
    assert "another leumundd" in second.log()
    assert ask(first, question()) == "action=DUNNO\n\n"


def suspend_numbered(daemon, account: str) -> int:
    """Suspends and tells the number of the decision."""
    return daemon.leumund_json("suspend", account, "--reason", "test")["number"]


@pytest.mark.parametrize("loss", ["deleted", "damaged", "older"])
def test_a_decision_number_never_comes_to_mean_another_decision(leumundd, loss):
    """A notice says `leumund undo 44`: when the store was lost since, 44 is that one or none."""
    daemon = leumundd(CONFIG)
    given = [suspend_numbered(daemon, "first@c.test")]
    store = daemon.state / "leumund.db"
    daemon.stop()
    saved = store.read_bytes()
    daemon.start()
    given += [suspend_numbered(daemon, f"cracked{n}@c.test") for n in range(5)]
    assert given == list(range(1, 7)), "an orderly stop skips none"
    daemon.kill()
    for part_of_it in daemon.state.glob("leumund.db*"):
        part_of_it.unlink()
    if loss == "damaged":
        store.write_bytes(os.urandom(20_000))
    elif loss == "older":
        store.write_bytes(saved)
    daemon.start()
    # Who stood in the file is suspended again; each under a number of its own.
    wait_until(lambda: is_stopped(daemon, "cracked4@c.test"), "the file's suspensions")
    fresh = suspend_numbered(daemon, "later@c.test")
    later = [decision["number"] for decision in daemon.get("/v1/events?limit=1000")["decisions"]
             if decision["number"] not in given[:1]]
    assert fresh > max(given) and min(later) > max(given), (given, later)


def test_leftovers_of_a_kill_do_not_keep_it_from_starting(leumundd):
    daemon = leumundd(CONFIG)
    suspend(daemon, "cracked@c.test")
    daemon.kill()
    assert daemon.socket_path.exists()
    shutil.copy(daemon.state / "suspended_senders", daemon.state / "suspended_senders.new~")
    daemon.start()
    assert is_stopped(daemon, "cracked@c.test")
