#!/usr/bin/python3
"""What `./dev run` shows: leumundd watches over a small provider while one account is hacked.

    run_sample_day.py [--postfix] [--once] [--speed N]

Starts leumundd in a folder of its own on free loopback ports, gives it three weeks of the sample
provider's habits, and plays one day through the policy port; with --postfix a part of the day as
real mail through a throwaway Postfix with Dovecot's authentication (needs root). Everything stays
on 127.0.0.1 and is gone afterwards. --once ends with the day instead of staying for your questions.
"""
import argparse
import datetime
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

TREE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TREE / "tests"))
from sample_player import (Ledger, Outcome, PolicyPlayer, SmtpPlayer, StoryClock,  # noqa: E402
                           play_all, read_events, shifted)

HACKED = "account:m.ebert@tischlerei-ebert.example"
# What a newcomer should notice, told when the first mail of that sender and title is played.
CHAPTERS = (
    ("account:rundbrief@gaertnerei-linde.example", "Gartenbrief",
     "the nursery's newsletter goes to 420 subscribers, as every Tuesday"),
    (HACKED, "Ihr Paket wartet auf Sie",
     "a botnet knows m.ebert's password and begins to send from everywhere"),
    ("account:vorstand@chorverein.example", "Einladung zum Sommerkonzert",
     "the choir invites its 140 members, as announced with `leumund announce`"),
    ("account:j.brandt@stadtnetz.example", "",
     "j.brandt is on holiday and writes from a network never seen before"),
)
CONFIG = """\
# Written by ./dev run. A new installation observes; this one acts, so that there is more to see.
state_folder = "{state}"
log_sources = [{log_sources}]
policy.listen = ["inet:127.0.0.1:{policy_port}"]
milter.listen = []
dns.enabled = false
api.listen = "inet:127.0.0.1:{http_port}"
control.socket = "{socket}"
detectors.default_mode = "enforce"
measures.contact = "helpdesk@stadtnetz.example"
measures.helpdesk = ["helpdesk@stadtnetz.example"]
postfix.config_dirs = [{postfix_dirs}]
postfix.queue_helper = "{queue_helper}"
log.level = "warn"
"""


def say(text: str = "") -> None:
    print(text, flush=True)


def clock_text(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, datetime.timezone.utc).strftime("%H:%M")


def free_port(wanted: int) -> int:
    """The usual port when it is free, else any."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return probe.getsockname()[1]
            except OSError:
                continue
    raise SystemExit("no free port on 127.0.0.1")


class Daemon:
    """leumundd in a folder of its own."""

    def __init__(self, folder: Path, policy_port: int, log_source: str = "", postfix_dir: str = "",
                 clock: str = "") -> None:
        self.bin = Path(os.environ.get("LEUMUND_BIN", TREE / "build/release/bin"))
        self.policy_port, self.http_port = policy_port, free_port(10080)
        self.socket = folder / "control"
        self.log = folder / "leumundd.log"
        (folder / "state").mkdir()
        config = folder / "leumund.toml"
        quoted = [f'"{text}"' if text else "" for text in (log_source, postfix_dir)]
        config.write_text(CONFIG.format(
            state=folder / "state", socket=self.socket, policy_port=self.policy_port,
            http_port=self.http_port, log_sources=quoted[0], postfix_dirs=quoted[1],
            queue_helper=self.bin / "leumund-queue" if postfix_dir else ""))
        command = [str(self.bin / "leumundd"), "--config", str(config)]
        if clock:
            command += ["--clock", clock]
        with open(self.log, "wb") as log:
            self.began = time.time()
            self.process = subprocess.Popen(command, stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL)

    def wait_until_ready(self) -> None:
        for _ in range(1000):
            if self.process.poll() is not None:
                raise SystemExit(f"leumundd ended at once with {self.process.returncode}:\n"
                                 f"{self.log.read_text()}")
            try:
                with socket.create_connection(("127.0.0.1", self.http_port), timeout=1):
                    if self.socket.exists():
                        return
            except OSError:
                time.sleep(0.01)
        raise SystemExit(f"leumundd does not answer:\n{self.log.read_text()}")

    def feed(self, events: list[dict]) -> None:
        connection = http.client.HTTPConnection("localhost", timeout=60)
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.sock.settimeout(60)
        connection.sock.connect(str(self.socket))
        lines = "".join(json.dumps(event, separators=(",", ":")) + "\n" for event in events)
        connection.request("POST", "/v1/events", lines.encode())
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        if response.status != 200:
            raise SystemExit(f"POST /v1/events: {response.status} {text}")

    def leumund(self, *arguments: str) -> str:
        done = subprocess.run([str(self.bin / "leumund"), "--socket", str(self.socket), *arguments],
                              capture_output=True, text=True, timeout=30, check=False)
        return (done.stdout + done.stderr).rstrip()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()


def feed_habits(daemon: Daemon, events: list[dict]) -> None:
    size, terminal = 4000, sys.stdout.isatty()
    for first in range(0, len(events), size):
        daemon.feed(events[first:first + size])
        if terminal:
            done = min(first + size, len(events))
            print(f"\r  {done:6} of {len(events)} events", end="", flush=True)
    if terminal:
        print("\r" + " " * 40 + "\r", end="")


class Teller:
    """Says what happens while it happens."""

    def __init__(self, daemon: Daemon, shift: float = 0.0) -> None:
        self.ledger = Ledger()
        self._daemon = daemon
        self._shift = shift
        self._told: set[str] = set()

    def told(self, outcome: Outcome) -> None:
        tally = self.ledger.add(outcome)
        at = clock_text(outcome.at - self._shift)
        for subject, title, what in CHAPTERS:
            if subject == outcome.subject and title in outcome.title and what not in self._told:
                self._told.add(what)
                say(f"  {at}  {what}")
        if tally.first_refusal is outcome:
            say(f"  {at}  {outcome.subject} is stopped after {tally.recipients} recipients today:"
                f"\n         {outcome.text}")
            say("\n$ leumund explain " + outcome.subject)
            say(indented(self._daemon.leumund("explain", outcome.subject)) + "\n")

    def summary(self) -> None:
        total = self.ledger.total
        refused = self.ledger.refused_subjects()
        say(f"\nThe day: {total('mails')} mails of {len(self.ledger.tallies)} accounts, "
            f"{total('recipients')} recipients passed, {total('refused')} refused.")
        for subject in refused:
            tally = self.ledger.tallies[subject]
            say(f"  stopped: {subject}, {tally.accepted_before_refusal} recipients before, "
                f"{tally.refused} refused since")
        if refused != [HACKED]:
            say("  This should not be: only the hacked account should be stopped.")


def indented(text: str) -> str:
    return "\n".join("  " + line for line in text.splitlines())


def play_policy(stack: ExitStack, folder: Path, events: list[dict], midnight: float, rate: float
                ) -> tuple[Daemon, Teller]:
    """The day from 05:00 to 20:00 through the policy port, the daemon's clock in the story."""
    opening = midnight + 5 * 3600
    clock_start = datetime.datetime.fromtimestamp(opening, datetime.timezone.utc)
    daemon = Daemon(folder, free_port(10040),
                    clock=f"{clock_start.strftime('%Y-%m-%dT%H:%M:%SZ')},{rate:g}")
    stack.callback(daemon.stop)
    begin_story(daemon)
    clock = StoryClock(opening, rate, daemon.began)
    feed_habits(daemon, [event for event in events if event["at"] < opening])
    say(f"Now Tuesday, {rate:g} times as fast, each mail asked about at the policy port:\n")
    player, teller = PolicyPlayer(daemon.policy_port), Teller(daemon)
    passed: set[str] = set()

    def submit(event: dict) -> Outcome:
        outcome = player.play(event)
        passed.update((event["id"], recipient) for recipient in outcome.accepted)
        return outcome

    def other(event: dict) -> None:
        if event["type"] == "delivery":
            if (event["id"], event["recipient"]) not in passed:
                return  # that mail did not leave
            event = {**event, "id": f"policy/{PolicyPlayer.instance(event)}"}
        daemon.feed([event])

    def script_or_mail(event: dict) -> Outcome:
        if event.get("account"):
            return submit(event)
        daemon.feed([event])  # policy is never asked about a script; the log tells
        passed.update((event["id"], recipient) for recipient in event["recipients"])
        return Outcome("script:" + event["script"], event["at"], event["recipients"], [])

    today = [event for event in events if opening <= event["at"] < midnight + 20 * 3600]
    play_all(today, clock, script_or_mail, teller.told, other)
    player.close()
    return daemon, teller


def play_postfix(stack: ExitStack, folder: Path, events: list[dict], midnight: float, rate: float
                 ) -> tuple[Daemon, Teller]:
    """08:20 to 10:05 as real mail. Postfix's log has the wall's time: the story moves there."""
    from peers.fixtures import Peers  # needs the packages of the tests
    begin, end = midnight + 8 * 3600 + 20 * 60, midnight + 10 * 3600 + 5 * 60
    peers = Peers()
    stack.callback(peers.close)
    accounts = {event["account"] for event in events if event.get("account")}
    sink = peers.smtp_sink()
    auth = peers.dovecot_auth({account: "secret" for account in accounts})
    policy_port = free_port(10040)
    postfix = peers.postfix(sasl_path=auth.sasl_path, nexthop=sink.nexthop,
                            policy=f"inet:127.0.0.1:{policy_port}")
    daemon = Daemon(folder, policy_port, f"file:{postfix.mail_log}", str(postfix.etc))
    stack.callback(daemon.stop)
    begin_story(daemon)
    say(f"  submission: 127.0.0.1:{postfix.submission_port}   mail log: {postfix.mail_log}")
    shift = time.time() + 3 - begin
    feed_habits(daemon, [shifted(event, shift) for event in events if event["at"] < begin])
    say(f"Now Tuesday from 08:20 to 10:05, {rate:g} times as fast, as real mail:\n")
    sink.replies.update({event["recipient"]: event["reply"] for event in events
                         if event["type"] == "delivery" and event["status"] == "bounced"
                         and begin <= event["at"] < end})
    # Some of the Internet greylists: there is mail in the queue when the account is stopped.
    sink.replies.update({name: "450 4.2.0 Greylisted, come again"
                         for name in ("mailhaus.example", "postamt.example", "versand.example")})
    clock = StoryClock(begin, rate)
    player, teller = SmtpPlayer(postfix.submission_port, "secret"), Teller(daemon)
    today = [event for event in events
             if begin <= event["at"] < end and event["type"] == "submission" and event["account"]]
    play_all(today, clock, player.play, teller.told, lambda event: None, at_once=6)
    held = postfix.queued("hold")
    say(f"  On hold in Postfix's queue: {len(held)} mails, "
        f"from {', '.join(sorted({entry['sender'] for entry in held})) or 'nobody'}")
    return daemon, teller


def begin_story(daemon: Daemon) -> None:
    daemon.wait_until_ready()
    say(f"leumundd runs (pid {daemon.process.pid}):")
    say(f"  policy: 127.0.0.1:{daemon.policy_port}   API and metrics: "
        f"http://127.0.0.1:{daemon.http_port}/v1/status   log: {daemon.log}")
    say("First it gets to know the sample provider: about 300 accounts, three weeks.")


def end_story(daemon: Daemon, once: bool) -> None:
    if once:
        say("""
leumundd is stopped and its folder removed. To ask it yourself, `./dev run` on a terminal keeps it
running. Then, on your own mail server:
  leumund connect postfix --dry-run""")
        return
    command = f"{os.path.relpath(daemon.bin / 'leumund')} --socket {daemon.socket}"
    say(f"""
Try now, in another terminal:
  {command} status
  {command} explain {HACKED}
  {command} release {HACKED} --done password=owner --done sessions=helpdesk --done forwards=helpdesk
Then, on your own mail server:
  leumund connect postfix --dry-run""")
    say("\nleumundd keeps running; Ctrl-C ends it and removes its folder.")
    try:
        daemon.process.wait()
    except KeyboardInterrupt:
        say("")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--postfix", action="store_true", help="real mail through a real Postfix")
    parser.add_argument("--once", action="store_true", help="end with the day")
    parser.add_argument("--speed", type=float, default=0.0, metavar="N",
                        help="how many times as fast as life (720; with --postfix 90)")
    parser.add_argument("--file", default=str(TREE / "data/sample/day.jsonl.zst"))
    options = parser.parse_args()
    events = read_events(options.file)
    midnight = max(event["at"] for event in events) // 86400 * 86400
    folder = Path(tempfile.mkdtemp(prefix="leumund-"))
    folder.chmod(0o755)  # Postfix and Dovecot run as other users
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        try:
            play, rate = (play_postfix, 90) if options.postfix else (play_policy, 720)
            daemon, teller = play(stack, folder, events, midnight, options.speed or rate)
            teller.summary()
            end_story(daemon, options.once or not sys.stdin.isatty())
            return 0 if teller.ledger.refused_subjects() == [HACKED] else 1
        except KeyboardInterrupt:
            return 130


if __name__ == "__main__":
    sys.exit(main())
