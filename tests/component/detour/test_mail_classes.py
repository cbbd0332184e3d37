"""What mail is for decides its turn: block matrix and case count it, bookings and invoices take a
new detour first, mailings and forwards wait until it has room, what was held leaves in the same
order, and nothing is lost."""
from typing import Sequence

from component.detour.world import PROVIDER, World
from component.doubt import bring_into_doubt
from peers.ground import wait_until
from peers.swaks import swaks

FORWARD = {"name": "f", "sender": "SRS0=q7Zx=5W=elsewhere.example=bob@c.test"}
MAILING = {"name": "t", "headers": ["List-Id: <news.c.test>"], "subject": "Rundbrief"}
BOOKING = {"subject": "Ihre Buchung"}
INVOICE = {"subject": "Ihre Rechnung"}


def kinds(world: World) -> list[str]:
    """The mails as they arrived, by their subjects without number."""
    return [mail.header("Subject").rpartition(" ")[0] for mail in world.sink.mails]


def refused(world: World) -> dict:
    return next(cell for cell in world.leumundd.leumund_json("block-matrix")["cells"]
                if (cell["egress"], cell["provider"]) == ("default", PROVIDER))


def test_urgent_mail_takes_the_detour_first_and_mailings_wait_for_room(peers):
    # Nothing but the detour tries deferred mail again, so that the order is its own.
    # One delivery at a time, so that the order of arrival is the order in which mail was let go.
    world = World(peers, cap=4, milter=True, minimal_backoff_time="2000s",
                  maximal_backoff_time="4000s", initial_destination_concurrency="1",
                  default_destination_concurrency_limit="1")
    world.refuse(world.postfix.egress_address)
    world.wait_for_a_new_incident()
    world.send("hotmail.com", 2, **FORWARD)
    world.send("hotmail.com", 2, **MAILING)
    world.send("hotmail.com", 1)
    world.send("hotmail.com", 2, **BOOKING)
    # One mail of the second incident does not make a refusal of it, two do: all nine meet it.
    world.wait_for_a_new_incident()
    world.send("hotmail.com", 1, **INVOICE)
    world.send("hotmail.com", 1)
    wait_until(lambda: world.cell("default") == "refused", "the first egress to be refused", 90,
               0.5)
    wait_until(lambda: refused(world)["mails"] == 9, "all nine in the log", 60, 0.5)
    cell = refused(world)
    classes = cell["classes"]
    assert (classes["booking"], classes["invoice"]) == (2, 1), classes
    assert (classes["bulk"], classes["forward"]) == (2, 2), classes
    assert sum(classes.values()) == cell["mails"] == 9, cell
    told = world.leumundd.leumund("--lang", "de", "explain", f"provider:{PROVIDER}").stdout
    assert "davon 2 Buchungen, 1 Rechnung" in told, told

    # Four may leave: what somebody waits for. Mailings and forwards are put aside.
    world.wait_for_phase("capped")
    wait_until(lambda: len(world.sink.mails) >= 4, "what the cap lets go", 60, 0.2)
    # Tried together, they arrive as Postfix's processes come to it.
    assert sorted(kinds(world)[:4]) == ["Ihre Buchung", "Ihre Buchung", "Ihre Rechnung", "mail"]
    assert "Rundbrief" not in kinds(world), kinds(world)
    assert len(world.postfix.queued("hold")) == 4, world.postfix.queue()

    def counted() -> bool:
        cases = world.leumundd.leumund_json("cases")["cases"]
        return any(party["classes"].get("booking") == 2 for case in cases
                   for party in case["parties"])

    wait_until(counted, "the case to count by class", 60, 0.5)

    # With more room all of it leaves, mailings last.
    world.set_config(cap=400)
    world.check_nothing_lost(200)
    assert kinds(world).index("Rundbrief") > 4, kinds(world)

    # A mailing that would use up the hour waits from the start; people's mail does not.
    world.set_config(cap=12)
    wait_until(lambda: world.detour().get("cap") == 12, "the smaller cap", 30, 0.2)
    before = len(world.sink.mails)
    world.send("hotmail.com", 1)  # first: it may be the probe that is due
    world.send("hotmail.com", 1, **MAILING)
    wait_until(lambda: len(world.sink.mails) > before, "a person's mail", 60, 0.2)
    assert len(world.postfix.queued("hold")) == 1, world.postfix.queue()
    world.sink.refusals.clear()
    assert world.leumundd.leumund("detour", PROVIDER, "--end").returncode == 0
    world.check_nothing_lost()
    world.wait_for_an_empty_queue()


def test_what_was_held_leaves_by_class(peers):
    # One delivery at a time, so that the order of arrival is the order in which mail was let go,
    # and nobody but the detour tries again.
    world = World(peers, cap=1, milter=True, minimal_backoff_time="2000s",
                  maximal_backoff_time="4000s", initial_destination_concurrency="1",
                  default_destination_concurrency_limit="1", default_process_limit="20")
    doubtful = "t1@c.test"
    bring_into_doubt(world.leumundd, doubtful)
    done = world.leumundd.leumund("detour", PROVIDER, "--via", "egress2")
    assert done.returncode == 0, done.stdout + done.stderr
    world.wait_for_phase("open")
    world.let_postfix_look()

    def held() -> int:
        return len(world.postfix.queued("hold"))

    def send_as(subject: str, headers: Sequence[str] = (), domain: str = "hotmail.com") -> None:
        world.serial += 1
        title, recipient = f"{subject} {world.serial}", f"r{world.serial}@{domain}"
        sent = swaks(world.postfix.submission_port, recipient, user=doubtful, subject=title,
                     headers=headers)
        assert sent, sent.transcript
        world.sent[title] = recipient

    # What nobody waits for comes first, and finds no room.
    world.send("hotmail.com", 1, subject="Weiterleitung", **FORWARD)
    world.send("hotmail.com", 2, **MAILING)
    world.send("hotmail.com", 1, subject="Weiterleitung", **FORWARD)
    # Who is in doubt waits with all of it, whatever it is.
    send_as("Rundbrief in doubt", headers=["List-Id: <news.c.test>"])
    send_as("Hallo in doubt")
    send_as("Ihre Rechnung")
    send_as("Hallo in doubt")
    send_as("Ihre Buchung")
    wait_until(lambda: held() == 9, f"all on hold: {world.postfix.queue()}", 60, 0.5)
    assert world.sink.mails == []

    # The detour has room: mailings first, forwards behind them, and none of who is in doubt.
    world.set_config(cap=400)
    wait_until(lambda: len(world.sink.mails) >= 4, f"four of them: {kinds(world)}", 90, 0.2)
    assert kinds(world) == ["Rundbrief", "Rundbrief", "Weiterleitung", "Weiterleitung"]
    assert held() == 5, world.postfix.queue()
    assert {mail.client for mail in world.sink.mails} == {world.postfix.egress2_address}

    # Over: by the usual way, what somebody waits for first.
    assert world.leumundd.leumund("detour", PROVIDER, "--end").returncode == 0
    world.check_nothing_lost()
    order = kinds(world)[4:]
    assert sorted(order[:2]) == ["Ihre Buchung", "Ihre Rechnung"], order
    assert order[2:] == ["Hallo in doubt", "Hallo in doubt", "Rundbrief in doubt"], order
    assert {mail.client for mail in world.sink.mails[4:]} == {world.postfix.egress_address}
    world.wait_for_an_empty_queue()
