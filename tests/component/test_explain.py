"""The public page /explain of a running daemon: anybody pastes an error and reads what it means."""
import json
import urllib.error
import urllib.parse
import urllib.request

import pytest
from peers.ground import answers, wait_until

EXCHANGE = (
    "Remote Server returned '554 5.7.0 <mail.example.de #5.7.514 smtp;550 5.7.514 Decision Engine "
    "classified the mail item was rejected because of IP Block (from outbound normal IP pools) -> "
    "554 5.7.1 Service unavailable; Client host [40.107.21.79] blocked using bl.spamcop.net; "
    "Blocked - see https://www.spamcop.net/bl.shtml?40.107.21.79>'")

CONFIG = """\
log_sources = []
[api]
listen = ""
[postfix]
queue_helper = ""
[public]
listen = "inet:127.0.0.1:{port}"
requests_per_minute = 8
"""


@pytest.fixture
def page(peers):
    port = peers.ground.ports.free()
    peers.leumundd(CONFIG.format(port=port))
    wait_until(lambda: answers(port), "the public page's port")

    def ask(path: str, data: bytes = None, **headers) -> tuple[int, str]:
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=data,
                                         headers={"Content-Type": "text/plain", **headers})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    return ask


def test_a_pasted_error_is_explained_in_both_languages_and_to_machines(page):
    status, form = page("/explain", **{"Accept-Language": "de-DE,de;q=0.9"})
    assert status == 200 and "<form" in form and "<script" not in form and 'lang="de"' in form

    status, german = page("/explain", b"lang=de\r\ntext=" + EXCHANGE.encode())
    assert status == 200 and "SpamCop" in german and "40.107.21.79" in german, german
    assert 'href="https://www.spamcop.net/bl.shtml?40.107.21.79"' in german
    status, english = page("/explain?lang=en&text=" + urllib.parse.quote(EXCHANGE))
    assert status == 200 and "SpamCop" in english and english != german

    status, told = page("/v1/explain-reply", EXCHANGE.encode())
    assert status == 200
    [result] = json.loads(told)["results"]
    assert result["lists"] == ["spamcop"] and result["listed_address"] == "40.107.21.79"
    assert result["kind"] == "ip-blocklist-public"


def test_the_body_of_a_bounce_is_read_as_people_copy_it(page):
    bounce = """This is the mail system at host mail.verein.example.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients.

<erika@ziel.example>: host mx.ziel.example[198.51.100.9] said: 550 5.1.1
    <erika@ziel.example>: Recipient address rejected: User unknown (in reply to
    RCPT TO command)
"""
    status, html = page("/explain", b"lang=en\r\ntext=" + bounce.encode())
    assert status == 200 and "<section>" in html, html
    status, told = page("/v1/explain-reply", bounce.encode())
    assert json.loads(told)["results"][0]["kind"] == "unknown-user", told
    whole = "From: MAILER-DAEMON@mail.c.test\nSubject: Undelivered Mail\n\n" + bounce
    result = json.loads(page("/v1/explain-reply", whole.encode())[1])["results"][0]
    assert result["recipient"] == "erika@ziel.example" and result["report"] == "bounce", result


def test_hostile_text_stays_text_and_there_are_limits(page):
    status, html = page("/explain", b"text=550 5.7.1 <script>alert(1)</script>\"'</textarea>")
    assert status == 200 and "<script" not in html and "&lt;script&gt;" in html
    assert page("/explain", b"text=" + b"x" * 70_000)[0] == 413
    assert page("/explain", b"text=\xff\xfe\x00 550")[0] == 200
    statuses = [page("/explain?text=550")[0] for _ in range(10)]
    assert statuses.count(429) >= 3 and statuses[0] == 200, statuses
    for path in ("/v1/status", "/metrics", "/"):
        assert page(path)[0] == 404
