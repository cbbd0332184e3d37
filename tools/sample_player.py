"""Plays recorded submissions as a mail server would: through the policy port, or as SMTP mail.

Story time is the time in the recording; it runs `rate` times as fast as the clock on the wall.
"""
import json
import smtplib
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Callable, Optional


def read_events(path: str) -> list[dict]:
    """The events of a .jsonl or .jsonl.zst file, which stand in order of time."""
    if path.endswith(".zst"):
        text = subprocess.run(["zstd", "-dcq", path], capture_output=True,
                              check=True).stdout.decode()
    else:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    return [json.loads(line) for line in text.splitlines() if line]


def shifted(event: dict, seconds: float) -> dict:
    """The same event at another time."""
    moved = {**event, "at": round(event["at"] + seconds, 1)}
    if "until" in event:
        moved["until"] = round(event["until"] + seconds, 1)
    return moved


class StoryClock:
    """Where the story is now: `starts_at` at the moment `began` on the wall."""

    def __init__(self, starts_at: float, rate: float, began: Optional[float] = None) -> None:
        self._starts_at = starts_at
        self._rate = rate
        self._began = time.time() if began is None else began

    def now(self) -> float:
        return self._starts_at + (time.time() - self._began) * self._rate

    def wait_for(self, at: float) -> None:
        while (left := (at - self.now()) / self._rate) > 0:
            time.sleep(min(left, 0.2))


@dataclass
class Outcome:
    """What became of one mail."""
    subject: str
    at: float
    accepted: list[str]
    refused: list[str]
    text: str = ""  # the first answer that was no pass
    title: str = ""  # the mail's Subject


@dataclass
class Tally:
    mails: int = 0
    recipients: int = 0
    refused: int = 0
    first_refusal: Optional[Outcome] = None
    accepted_before_refusal: int = 0

    def add(self, outcome: Outcome) -> None:
        self.mails += 1
        self.recipients += len(outcome.accepted)
        self.refused += len(outcome.refused)
        if outcome.refused and self.first_refusal is None:
            self.first_refusal = outcome
            self.accepted_before_refusal = self.recipients


@dataclass
class Ledger:
    """What was played so far, by subject."""
    tallies: dict[str, Tally] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, outcome: Outcome) -> Tally:
        with self.lock:
            tally = self.tallies.setdefault(outcome.subject, Tally())
            tally.add(outcome)
            return tally

    def refused_subjects(self) -> list[str]:
        with self.lock:
            return [name for name, tally in self.tallies.items() if tally.refused]

    def total(self, what: str) -> int:
        with self.lock:
            return sum(getattr(tally, what) for tally in self.tallies.values())


class PolicyClient:
    """One smtpd's connection to the policy service."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._file = self._socket.makefile("rb")

    def ask(self, attributes: dict[str, object]) -> str:
        """The action, e.g. "DUNNO" or "REJECT 5.7.1 ..."."""
        lines = "".join(f"{name}={value}\n" for name, value in attributes.items())
        self._socket.sendall((lines + "\n").encode())
        action = self._file.readline().decode().strip()
        self._file.readline()
        if not action.startswith("action="):
            raise ConnectionError(f"the policy service answered {action!r}")
        return action.removeprefix("action=")

    def close(self) -> None:
        self._file.close()
        self._socket.close()


def title_of(event: dict) -> str:
    return next((value for name, value in event["headers"] if name == "Subject"), "")


def is_pass(action: str) -> bool:
    return action.split(" ")[0].upper() in ("DUNNO", "OK", "WARN", "PREPEND")


class PolicyPlayer:
    """Asks as Postfix does: at RCPT for each recipient, then at END-OF-MESSAGE."""

    def __init__(self, port: int) -> None:
        self._client = PolicyClient(port)
        self._count = 0

    def play(self, event: dict) -> Outcome:
        self._count += 1
        common = {
            "request": "smtpd_access_policy", "protocol_name": "ESMTP",
            "client_address": event.get("client", "127.0.0.1"), "client_name": "unknown",
            "helo_name": "client.example", "sender": event.get("envelope_sender", ""),
            "instance": self.instance(event), "size": event.get("size", 0), "sasl_method": "plain",
            "sasl_username": event.get("account") or "", "queue_id": "",
        }
        outcome = Outcome("account:" + (event.get("account") or ""), event["at"], [], [],
                          title=title_of(event))
        for recipient in event["recipients"]:
            action = self._client.ask({**common, "protocol_state": "RCPT", "recipient": recipient,
                                       "recipient_count": 0})
            (outcome.accepted if is_pass(action) else outcome.refused).append(recipient)
            outcome.text = outcome.text or ("" if is_pass(action) else action)
        if outcome.accepted:
            action = self._client.ask({
                **common, "protocol_state": "END-OF-MESSAGE", "queue_id": f"4S{self._count:09X}",
                "recipient": outcome.accepted[0] if len(outcome.accepted) == 1 else "",
                "recipient_count": len(outcome.accepted)})
            if not is_pass(action):
                outcome.refused += outcome.accepted
                outcome.accepted, outcome.text = [], action
        return outcome

    @staticmethod
    def instance(event: dict) -> str:
        return f"sample.{event['id']}"

    def close(self) -> None:
        self._client.close()


class SmtpPlayer:
    """Submits over SMTP with the account's login; XCLIENT tells Postfix the client's address."""

    def __init__(self, port: int, password: str) -> None:
        self._port = port
        self._password = password

    def play(self, event: dict) -> Outcome:
        outcome = Outcome("account:" + event["account"], event["at"], [], [],
                          title=title_of(event))
        with smtplib.SMTP("127.0.0.1", self._port, "client.example", timeout=30) as smtp:
            smtp.ehlo()
            client = event["client"]
            smtp.docmd("XCLIENT", f"ADDR={'IPV6:' if ':' in client else ''}{client}")
            smtp.ehlo()
            smtp.login(event["account"], self._password)
            smtp.mail(event["envelope_sender"])
            for recipient in event["recipients"]:
                code, text = smtp.rcpt(recipient)
                (outcome.accepted if code == 250 else outcome.refused).append(recipient)
                outcome.text = outcome.text or ("" if code == 250 else f"{code} {text.decode()}")
            if outcome.accepted:
                code, text = smtp.data(f"From: <{event['envelope_sender']}>\r\nSubject: "
                                       f"{outcome.title}\r\n\r\nGuten Tag\r\n")
                if code != 250:
                    outcome.refused += outcome.accepted
                    outcome.accepted, outcome.text = [], f"{code} {text.decode()}"
        return outcome


def play_all(events: list[dict], clock: StoryClock, submit: Callable[[dict], Outcome],
             told: Callable[[Outcome], None], other: Callable[[dict], None],
             at_once: int = 1) -> None:
    """Plays each event when its time has come: submissions through `submit`, up to `at_once` side
    by side (one account's mails stay in order), everything else through `other`."""
    queues: dict[int, ThreadPoolExecutor] = {
        number: ThreadPoolExecutor(max_workers=1) for number in range(at_once)}
    pending = []
    try:
        for event in events:
            clock.wait_for(event["at"])
            if event["type"] != "submission":
                other(event)
            elif at_once == 1:
                told(submit(event))
            else:
                lane = sum((event.get("account") or "").encode()) % at_once
                pending.append(queues[lane].submit(lambda mail=event: told(submit(mail))))
        for task in pending:
            task.result()
    finally:
        for queue in queues.values():
            queue.shutdown(wait=False, cancel_futures=True)
