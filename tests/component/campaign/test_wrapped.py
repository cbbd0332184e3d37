"""A campaign whose mails are wrapped so that a reader with limits might never come to their text:
more header fields, levels, parts or bytes in front than it reads. Each wrapping is random, and so
is each subject: only the text tells."""
import base64
import os
import random

import pytest

from component.campaign import story
from component.campaign.story import Outbreak
from peers.ground import wait_until

ACCOUNTS = 60
# Three leave when nothing is wrapped; some more for the order in which they come.
LEFT_MOST = 12


def encoded(data: bytes) -> str:
    return base64.encodebytes(data).decode().replace("\n", "\r\n")


def text_part(text: str) -> str:
    """In base64, beginning with what no other mail has: as bytes, no two are alike."""
    return ("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
            encoded((os.urandom(15).hex() + "\n" + text).encode()))


def unwrapped(head: str, text: str) -> str:
    return head + text_part(text)


def behind_fields(head: str, text: str) -> str:
    junk = "".join(f"X-{os.urandom(2).hex()}: a\r\n" for _ in range(1001))
    return junk + head + text_part(text)


def multipart(head: str, inner: str) -> str:
    tag = os.urandom(8).hex()
    return (f"{head}Content-Type: multipart/mixed; boundary=\"{tag}\"\r\n\r\n" +
            inner.replace("BOUNDARY", f"--{tag}") + f"\r\n--{tag}--\r\n")


def nested(head: str, text: str) -> str:
    inner = text_part(text)
    for _ in range(34):
        inner = multipart("", f"BOUNDARY\r\n{inner}")
    return head + inner


def behind_parts(head: str, text: str) -> str:
    return multipart(head, "BOUNDARY\r\n\r\n" * 20_001 + f"BOUNDARY\r\n{text_part(text)}")


def behind_attachment(head: str, text: str) -> str:
    file = ("Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
            f"Content-Disposition: attachment; filename=\"{os.urandom(4).hex()}.dat\"\r\n\r\n"
            + encoded(os.urandom(820_000)))
    return multipart(head, f"BOUNDARY\r\n{file}\r\nBOUNDARY\r\n{text_part(text)}")


def behind_links(head: str, text: str) -> str:
    links = "".join(f"<a href='http://www.w3.org/{os.urandom(4).hex()}'></a>" for _ in range(300))
    html = f"<html><body>{links}<p>{text}</p></body></html>"
    return (f"{head}Content-Type: text/html; charset=utf-8\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\n" + encoded(html.encode()))


@pytest.mark.parametrize("wrap", [unwrapped, behind_fields, nested, behind_parts, behind_attachment,
                                  behind_links], ids=lambda wrap: wrap.__name__)
def test_a_wrapping_hides_no_campaign(peers, monkeypatch, wrap):
    def message_of(number: int, to: list[str], mail: tuple[str, str], mailer: str,
                   answers: str = "") -> bytes:
        subject, text = mail
        head = (f"From: <{story.person(number)}>\r\nTo: {', '.join(to)}\r\nSubject: {subject}\r\n"
                f"X-Mailer: {mailer}\r\nMIME-Version: 1.0\r\n")
        return wrap(head, text.replace("\n", "\r\n")).encode()

    plain = story.spam

    def spam(number: int) -> tuple[str, str]:
        chooser = random.Random(f"subject{number}")
        return " ".join(chooser.choices(story._WORDS, k=3)), plain(number)[1]

    monkeypatch.setattr(story, "spam", spam)
    monkeypatch.setattr(story, "message_of", message_of)
    outbreak = Outbreak(peers, accounts=ACCOUNTS)
    taken = set(outbreak.spam_round(0)) - {""}
    wait_until(lambda: len(outbreak.held()) + len(outbreak.left()) >= len(taken), "all came", 180)
    print(wrap.__name__, "taken", len(taken), "left", len(outbreak.left()), outbreak.campaigns())
    assert len(outbreak.left()) <= LEFT_MOST
    assert len(outbreak.campaigns()) >= 1
    _, metrics = outbreak.leumundd.request("GET", "/metrics")
    cut = [line for line in metrics.splitlines() if line.startswith("leumund_milter_cut_total")]
    over_limits = wrap not in (unwrapped, nested)
    assert (float(cut[0].split()[-1]) > 0) == over_limits, "what the limits left out is counted"
