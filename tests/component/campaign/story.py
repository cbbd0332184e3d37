"""300 customers whose accounts are all cracked: each sends three spam mails among honest mail, some
of which many people send alike."""
import random
import smtplib
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Optional, Union

from component.hundredfold.story import Provider

ACCOUNTS = 300
# Whom nobody cracked, behind them: three who write as ever, twelve who sign a petition, six who
# talk on a list, and a club with its letter.
USUAL = range(ACCOUNTS, ACCOUNTS + 3)
SIGNERS = range(ACCOUNTS + 3, ACCOUNTS + 15)
TALKERS = range(ACCOUNTS + 15, ACCOUNTS + 21)
CLUB = ACCOUNTS + 21
OTHERS = 22
DEPUTY = "abgeordnete@parlament.test"
LIST = "nachbarn@listen.test"
MEMBERS = [f"mitglied{n}@verein-ost.test" for n in range(30)]
PETITION = """Sehr geehrte Frau Abgeordnete,

die Buslinie in unser Dorf soll zum Herbst eingestellt werden. Viele von uns kommen dann nicht mehr
zur Arbeit, die Kinder nicht zur Schule. Bitte stimmen Sie am Donnerstag gegen diesen Antrag.

Mit freundlichen Grüßen
"""
NEWSLETTER = """Liebe Mitglieder,

unser Sommerfest ist am ersten Samstag im Juli auf der Wiese hinter der Halle. Wer Kuchen bringt,
trage sich bitte ein: http://verein-ost.example/fest

Euer Vorstand
"""
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


def message_of(number: int, to: list[str], mail: tuple[str, str], mailer: str,
               answers: str = "") -> bytes:
    subject, text = mail
    reply = f"In-Reply-To: {answers}\r\n" if answers else ""
    return (f"From: <{person(number)}>\r\nTo: {', '.join(to)}\r\nSubject: {subject}\r\n{reply}"
            f"X-Mailer: {mailer}\r\nContent-Type: text/plain; charset=utf-8\r\n"
            f"Content-Transfer-Encoding: 8bit\r\n\r\n" + text.replace("\n", "\r\n")).encode()


def queue_id(code: int, reply: bytes) -> str:
    return reply.decode().rpartition("queued as ")[2] if code == 250 else ""


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


def club_letters(now: float) -> list[dict]:
    """The club's letter of three weeks, to all its members."""
    events = []
    for week in (3, 2, 1):
        for member, to in enumerate(MEMBERS):
            events.append({
                "type": "submission", "at": now - week * 7 * 86400 + member,
                "id": f"club{week}-{to}",
                "account": person(CLUB), "client": home(CLUB), "helo": "pc",
                "envelope_sender": person(CLUB), "recipients": [to], "size": 900,
                "body": f"Liebe Mitglieder,\n\ndas ist Rundbrief Nummer {4 - week} von uns.\n",
                "headers": [["From", person(CLUB)], ["To", to], ["Subject", "Rundbrief"],
                            ["X-Mailer", "Thunderbird"]]})
    return events


class Outbreak(Provider):
    """The provider with 300 accounts, their habits, and somebody who has all their passwords."""

    def __init__(self, peers, mode: str = "enforce", accounts: int = ACCOUNTS,
                 others: int = OTHERS) -> None:
        super().__init__(peers, more=MORE.replace("MODE", mode),
                         users=[person(n) for n in range(accounts + others)])
        self.accounts = accounts
        events = habits(range(accounts + others), time.time())
        if accounts == ACCOUNTS:
            events = sorted([*events, *club_letters(time.time())], key=lambda e: e["at"])
        for first in range(0, len(events), 2000):
            self.leumundd.events(events[first:first + 2000])

    def session_of(self, number: int, client: str) -> smtplib.SMTP:
        session = smtplib.SMTP("127.0.0.1", self.postfix.submission_port, timeout=60)
        session.ehlo("pc.test")
        session.docmd("XCLIENT", f"ADDR={client}")
        session.ehlo("pc.test")
        session.login(person(number), "secret")
        return session

    def send(self, number: int, client: str, to: Union[str, list[str]], mail: tuple[str, str],
             mailer: str = "Thunderbird", answers: str = "") -> str:
        """The queue id, or "" if it was refused."""
        everybody = [to] if isinstance(to, str) else to
        with self.session_of(number, client) as session:
            session.mail(person(number))
            if any(session.rcpt(one)[0] != 250 for one in everybody):
                return ""
            code, reply = session.data(message_of(number, everybody, mail, mailer, answers))
            return queue_id(code, reply)

    def half_a_mail(self, number: int, to: str, mail: tuple[str, str]):
        """Sends half of the text; what it returns sends the rest and returns the queue id, "" if
        Postfix does not take it."""
        session = self.session_of(number, home(number))
        session.mail(person(number))
        assert session.rcpt(to)[0] == 250
        assert session.docmd("DATA")[0] == 354
        message = message_of(number, [to], mail, "Thunderbird")
        half = len(message) // 2
        session.sock.sendall(message[:half])

        def rest() -> str:
            session.sock.sendall(message[half:] + b"\r\n.\r\n")
            answer = session.getreply()
            session.close()
            return queue_id(*answer)

        return rest

    def signs(self, number: int) -> str:
        """A petition, of which some send themselves or a friend a copy."""
        to = [DEPUTY]
        if number % 3 == 0:
            to.append(person(number))
        elif number % 3 == 1:
            to.append(friends(number)[1])
        return self.send(number, home(number), to, ("Bitte stimmen Sie dagegen", PETITION))

    def answers(self, number: int, before: str) -> tuple[str, str]:
        """An answer to the list and to whoever wrote last, with all of it below; queue id, text."""
        chooser = random.Random(f"answer{number}")
        quoted = "".join(f"> {line}\n" for line in before.splitlines())
        text = letter(chooser)[1] + "\nAm Montag schrieb der Nachbar:\n" + quoted
        mail = self.send(number, home(number), [LIST, friends(number)[0]],
                         ("Re: Zaun am Bach", text), answers="<zaun@listen.test>")
        return mail, text

    def club_letter(self) -> list[str]:
        return [self.send(CLUB, home(CLUB), to, ("Sommerfest", NEWSLETTER)) for to in MEMBERS]

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
