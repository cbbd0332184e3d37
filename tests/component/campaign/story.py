"""300 customers whose accounts are all cracked: each sends three spam mails among honest mail."""
import random
import smtplib
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Optional

from component.hundredfold.story import Provider

ACCOUNTS = 300
TENANTS = 29
MORE = """
[milter]
listen = ["inet:127.0.0.1:{milter_port}"]
[detectors.campaign]
mode = "MODE"
keep_texts = true
"""

_OPENINGS = ("Dear customer,", "Hello,", "Good day,", "Dear user,", "Attention,")
_PARCELS = ("parcel", "package", "shipment", "delivery")
_FEES = ("fee", "charge", "customs fee", "handling fee")
_ENDS = ("Kind regards\nYour parcel team", "Best wishes\nThe service team",
         "Sincerely\nYour customer care")
_WORDS = ("Sitzung Probe Rechnung Garten Termin Auto Urlaub Kinder Schule Verein Kasse Vortrag "
          "Bericht Anlage Angebot Lieferung Kuchen Sommer Winter Treffen Plan Halle Chor Noten "
          "Schlüssel Werkstatt Zahnarzt Protokoll Antrag Frist Brief Buch Haus Fahrt Bahn Morgen "
          "Abend Freitag Montag Woche Monat Rückruf Frage Antwort Danke Bitte Gruß Liste Raum "
          "Tisch Musik Film Foto Katze Hund Fahrrad Regen Sonne Essen Rezept Markt").split()


def person(number: int) -> str:
    return f"p{number}@verein{number % TENANTS}.test"


def home(number: int) -> str:
    return f"91.{number % 200}.{number // 200}.7"


def bot(number: int) -> str:
    """A client of a botnet: nearly each in another network, all far from home."""
    chooser = random.Random(number)
    return f"{chooser.choice([41, 103, 177, 186, 201])}.{number % 250}.{chooser.randrange(250)}.9"


def spam(number: int) -> tuple[str, str]:
    """Subject and text: one template, a few words changed, a link of its own."""
    chooser = random.Random(f"spam{number}")
    parcel, fee = chooser.choice(_PARCELS), chooser.choice(_FEES)
    text = (f"{chooser.choice(_OPENINGS)}\n\nwe tried to deliver your {parcel} today, but a small "
            f"{fee} was not paid yet. Your {parcel} waits at our depot for you and goes back to "
            f"its sender after three days. Please pay the {fee} of 1.99 now to get it tomorrow:\n\n"
            f"http://paket-zoll.example/pay/{chooser.randrange(16**8):08x}\n\n"
            f"{chooser.choice(_ENDS)}\n")
    return f"Your {parcel} {chooser.randrange(10**6)} is waiting", text


def letter(chooser: random.Random) -> tuple[str, str]:
    """An honest mail: no two alike."""
    words = [" ".join(chooser.choices(_WORDS, k=9)) + "." for _ in range(5)]
    return chooser.choice(_WORDS), "Hallo,\n\n" + "\n".join(words) + "\n\nViele Grüße\n"


def friends(number: int) -> list[str]:
    return [f"freund{number}-{n}@partner{n % 3}.test" for n in range(4)]


def habits(numbers: range, now: float, days: int = 21) -> list[dict]:
    """A mail or two a day of each account to the same few people."""
    events = []
    for number in numbers:
        chooser = random.Random(person(number))
        for day in range(days, 0, -1):
            at = now - day * 86400 + chooser.randrange(-6, 3) * 3600 + chooser.randrange(3600)
            subject, text = letter(chooser)
            name, to = f"{number}-{day}", chooser.choice(friends(number))
            events.append({
                "type": "submission", "at": at, "id": name, "account": person(number),
                "client": home(number), "helo": "pc", "envelope_sender": person(number),
                "recipients": [to], "size": 1500, "body": text,
                "headers": [["From", person(number)], ["To", to], ["Subject", subject],
                            ["X-Mailer", "Thunderbird"]]})
    return sorted(events, key=lambda event: event["at"])


class Outbreak(Provider):
    """The provider with 300 accounts, their habits, and somebody who has all their passwords."""

    def __init__(self, peers, mode: str = "enforce", accounts: int = ACCOUNTS,
                 others: int = 3) -> None:
        super().__init__(peers, more=MORE.replace("MODE", mode),
                         users=[person(n) for n in range(accounts + others)])
        self.accounts = accounts
        events = habits(range(accounts + others), time.time())
        for first in range(0, len(events), 2000):
            self.leumundd.events(events[first:first + 2000])

    def send(self, number: int, client: str, to: str, mail: tuple[str, str],
             mailer: str = "Thunderbird") -> str:
        """The queue id, or "" if it was refused."""
        subject, text = mail
        login = person(number)
        message = (f"From: <{login}>\r\nTo: <{to}>\r\nSubject: {subject}\r\n"
                   f"X-Mailer: {mailer}\r\nContent-Type: text/plain; charset=utf-8\r\n"
                   f"Content-Transfer-Encoding: 8bit\r\n\r\n" + text.replace("\n", "\r\n"))
        with smtplib.SMTP("127.0.0.1", self.postfix.submission_port, timeout=60) as session:
            session.ehlo("pc.test")
            session.docmd("XCLIENT", f"ADDR={client}")
            session.ehlo("pc.test")
            session.login(login, "secret")
            session.mail(login)
            if session.rcpt(to)[0] != 250:
                return ""
            code, reply = session.data(message.encode())
            return reply.decode().rpartition("queued as ")[2] if code == 250 else ""

    def spam_from(self, number: int, round_: int) -> str:
        index = round_ * self.accounts + number
        return self.send(number, bot(index), f"fremd{index}@opfer{index % 90}.test", spam(index),
                         mailer="Bulk Sender 2.1")

    def honest_from(self, number: int, round_: int) -> str:
        chooser = random.Random(f"honest{number}-{round_}")
        return self.send(number, home(number), chooser.choice(friends(number)), letter(chooser))

    def spam_round(self, round_: int, numbers: Optional[range] = None,
                   at_once: int = 4) -> list[str]:
        """One spam mail of each account, several at a time; their queue ids, "" if refused."""
        with ThreadPoolExecutor(at_once) as senders:
            return list(senders.map(lambda n: self.spam_from(n, round_),
                                    numbers or range(self.accounts)))

    def left(self) -> list:
        """Spam that reached the Internet."""
        return [mail for mail in self.sink.mails if mail.recipients[0].startswith("fremd")]

    def campaigns(self) -> dict[str, str]:
        """Standing campaigns found so far and how each stands now."""
        events = self.leumundd.get("/v1/events?limit=1000")["decisions"]
        found = {one["subject"] for one in events if one["subject"].startswith("campaign:")}
        return {subject: self.standing(subject) for subject in sorted(found)}
