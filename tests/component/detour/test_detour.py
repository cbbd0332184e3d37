"""One egress of a real Postfix is refused by one provider: mail for exactly its domains leaves by
the second, capped, once the cause is stopped; probes find out when the first is taken again. No
mail bounces, none arrives twice, whatever becomes of the daemon or of the second egress."""
import time

from component.detour.world import OTHER, PROVIDER, World
from peers.ground import wait_until
from peers.swaks import swaks

def test_detour_opens_is_capped_probes_and_returns(peers):
    world = World(peers, cap=6)
    first, second = world.postfix.egress_address, world.postfix.egress2_address
    world.send(OTHER, 1)
    world.block_first_egress()

    # Discovery opens it by itself, since nobody is suspected; the deferred mail leaves at once, and
    # no more than the cap.
    opened = wait_until(lambda: world.detour()["phase"] in ("open", "capped") and world.detour(),
                        "the detour", 60, 0.3)
    assert opened["home"] == "default" and opened["via"] == "egress2", opened
    capped = world.wait_for_phase("capped")
    assert 6 <= capped["delivered"] <= 8, capped  # what left before Postfix saw the table
    world.let_postfix_look()  # it has
    world.check_put_off()
    told = world.leumundd.leumund("detour")
    assert "egress2" in told.stdout and told.returncode == 0, told.stdout
    why = world.leumundd.leumund("--lang", "de", "explain", f"provider:{PROVIDER}")
    assert "Umweg" in why.stdout or "üblicher Weg" in why.stdout, why.stdout
    world.set_config(cap=400)
    world.wait_for_phase("open")
    world.check_nothing_lost()
    assert world.ways("hotmail.com") == world.ways("club.example") == {second}

    # Other providers' mail never left the usual way, and programs are told the same.
    world.send(OTHER, 2)
    world.check_nothing_lost()
    assert world.ways(OTHER) == {first}
    route = world.leumundd.get("/v1/route?recipient=x@club.example")
    assert route["target"] == "egress2:" and route["provider"] == PROVIDER, route
    assert world.leumundd.get("/v1/route?recipient=x@firma.example")["target"] == ""
    plain = (world.leumundd.state / "tables" / "detours.txt").read_text()
    assert "club.example egress2:" in plain and "firma" not in plain, plain

    # Who is suspended takes no way at all.
    assert world.leumundd.leumund("suspend", "u11@c.test", "--reason", "test").returncode == 0
    assert not swaks(world.postfix.submission_port, "x@hotmail.com", user="u11@c.test")

    # A probe that is refused is not lost: it arrives by the detour.
    def probed(what: str) -> bool:
        # Postfix goes by the table of the cap for up to ten seconds more and puts people off.
        if not world.send_unless_put_off("hotmail.com"):
            return False
        time.sleep(1)
        return world.detour().get(what, 0) > 0

    wait_until(lambda: probed("probes_refused"), "a refused probe", 60, 0.5)
    world.check_nothing_lost()
    assert first not in world.ways("hotmail.com")

    # The provider takes the first egress again: accepted probes bring the mail back.
    world.sink.refusals.clear()

    def returned() -> bool:
        world.send("hotmail.com", 1)
        time.sleep(1.5)
        return world.detour()["phase"] == "none"

    wait_until(returned, "the return", 150, 0.5)
    assert world.cell("default") == "open"
    world.let_postfix_look()
    before = len(world.sink.mails)
    world.send("hotmail.com", 2)
    world.check_nothing_lost()
    assert {mail.client for mail in world.sink.mails[before:]} == {first}
    kinds = [one["detour"]["phase"] for one in world.leumundd.get("/v1/events")["decisions"]
             if one["decision"] == "detour"]
    assert kinds[0] == "open" and "capped" in kinds and kinds[-1] == "none", kinds
    subjects = [mail.header("Subject") for mail in world.mailbox.mails]
    assert any("leaves by egress2" in subject for subject in subjects), subjects


def test_nothing_changes_while_the_daemon_is_dead_or_frozen_and_the_second_egress_fails(peers):
    world = World(peers)
    second = world.postfix.egress2_address
    # The mail that waits longest has trouble of its own, and will tell nothing when it is asked.
    world.sink.replies["r1@hotmail.com"] = "452 4.2.2 <r1@hotmail.com>: Mailbox full"
    world.send("hotmail.com", 1)
    world.sent.clear()
    world.block_first_egress()
    world.wait_for_phase("open")
    world.check_nothing_lost()
    time.sleep(2)
    world.leumundd.kill()
    world.send("hotmail.com", 2)
    world.check_nothing_lost()
    world.leumundd.start()
    assert world.detour()["phase"] == "open", world.detour()
    world.leumundd.freeze()
    world.send("club.example", 2)
    world.check_nothing_lost()
    world.leumundd.thaw()
    assert world.ways("hotmail.com") == world.ways("club.example") == {second}

    # Everything refused: mail waits, nothing bounces.
    world.refuse(second)
    world.send("hotmail.com", 2)
    world.wait_for_phase("deferred")
    world.let_postfix_look()
    world.check_put_off()
    wait_until(lambda: len(world.postfix.queued("deferred")) >= 2, "two mails that wait", 60, 0.5)
    assert "status=bounced" not in world.postfix.log()
    wait_until(lambda: any("waits for a way" in recipient.get("delay_reason", "")
                           for entry in world.postfix.queue()
                           for recipient in entry["recipients"]), "the reason of the delay", 60)

    # A waiting mail that tries the usual way is refused and waits on; nobody else is let out.
    refused = wait_until(lambda: world.detour()["probes_refused"] and world.detour(),
                         "a refused probe", 60, 0.3)
    assert refused["phase"] == "deferred", refused
    assert world.leumundd.get("/v1/route?recipient=x@hotmail.com")["target"].startswith("retry:")

    # They take our mail again, of which no more than those two wait: it ends by itself.
    world.sink.refusals.clear()

    def returned() -> bool:
        world.send_unless_put_off("hotmail.com")
        time.sleep(1.5)
        return world.detour()["phase"] == "none"

    wait_until(returned, "the return", 150, 0.5)
    world.check_nothing_lost()
    assert "@" not in (world.leumundd.state / "tables" / "detours.txt").read_text()
    told = [(one["detour"]["phase"], one["detour"]["via"])
            for one in world.leumundd.get("/v1/events")["decisions"] if one.get("detour")]
    assert ("open", "default") in told[told.index(("deferred", "")):], told


def burst(world: World) -> None:
    """A cracked account: many strangers, from many networks, most of them not there."""
    now = time.time()
    events = []
    for n in range(150):
        recipient = f"v{n}@d{n}.example"
        events.append({"type": "submission", "at": now - 90 + n * 0.2, "id": f"b{n}",
                       "account": "bad@c.test", "client": f"198.51.{n % 40}.77",
                       "envelope_sender": "bad@c.test", "recipients": [recipient]})
        events.append({"type": "delivery", "at": now - 89.9 + n * 0.2, "id": f"b{n}",
                       "recipient": recipient, "remote": f"mx.d{n}.example[203.0.113.9]",
                       "status": "bounced", "stage": "rcpt",
                       "reply": "550 5.1.1 User unknown"})
    world.leumundd.events(events)
    about = world.leumundd.get("/v1/explain?subject=bad@c.test")
    assert about["score"] >= about["threshold"], about


def test_the_first_mail_to_a_domain_of_the_provider_follows_its_detour(peers):
    # Nothing but the detour tries deferred mail again.
    world = World(peers, minimal_backoff_time="2000s", maximal_backoff_time="4000s")
    world.refuse(world.postfix.egress_address)
    done = world.leumundd.leumund("detour", PROVIDER, "--via", "egress2")
    assert done.returncode == 0, done.stdout + done.stderr
    world.let_postfix_look()
    # Nobody knows yet that it is served there: it is refused, and led from then on.
    world.send("club.example", 1)
    wait_until(lambda: world.postfix.queued("deferred"), "it to be deferred", 60, 0.2)
    world.check_nothing_lost()
    assert world.ways("club.example") == {world.postfix.egress2_address}


def test_it_waits_until_the_cause_is_stopped(peers):
    world = World(peers, virtual_alias_domains="hosted.test",
                  virtual_alias_maps="inline:{{@hosted.test=x@hotmail.com}}")
    world.send("hosted.test", 1)
    burst(world)
    world.block_first_egress()
    waiting = world.wait_for_phase("waiting")
    assert "bad@c.test" in waiting["reason"], waiting
    assert (world.leumundd.state / "tables" / "detours.txt").read_text() == ""
    assert world.leumundd.leumund("suspend", "bad@c.test", "--reason", "cracked").returncode == 0
    world.wait_for_phase("open")
    world.check_nothing_lost()
    # Microsoft answered for mail to a domain of ours too, behind an alias: that one never moves.
    assert "hosted.test" not in (world.leumundd.state / "tables" / "detours.txt").read_text()


def test_observe_mode_writes_a_plan_and_changes_nothing(peers):
    world = World(peers, mode="observe")
    world.block_first_egress()
    detour = world.wait_for_phase("open")
    assert detour["planned"] is True and detour["via"] == "egress2", detour
    assert (world.leumundd.state / "tables" / "detours.txt").read_text() == ""

    def kinds() -> list[str]:
        return [one["decision"] for one in world.leumundd.get("/v1/events")["decisions"]]

    wait_until(lambda: "would_detour" in kinds(), "the plan to be told")
    assert "detour" not in kinds(), kinds()
    assert world.leumundd.get("/v1/route?recipient=x@hotmail.com")["target"] == ""


def test_postfix_asks_by_socketmap_where_that_is_chosen(peers):
    port = peers.ground.ports.free()
    world = World(peers, socketmap=f"inet:127.0.0.1:{port}")
    table = f"socketmap:inet:127.0.0.1:{port}:detours"

    def asked(key: str) -> str:
        return world.postfix.command("postmap", "-q", key, table).stdout.strip()

    assert table in world.postfix.command("postconf", "-h", "transport_maps").stdout
    assert asked("hotmail.com") == ""
    done = world.leumundd.leumund("detour", PROVIDER, "--via", "egress2")
    assert done.returncode == 0, done.stdout + done.stderr
    wait_until(lambda: asked("hotmail.com") == "egress2:", "the detour")
    assert asked("x@hotmail.com") == "egress2:" and asked("x@firma.example") == ""
    world.send("hotmail.com", 1)
    world.check_nothing_lost()
    assert world.ways("hotmail.com") == {world.postfix.egress2_address}
    _, metrics = world.leumundd.request("GET", "/metrics")
    assert 'leumund_socketmap_answers_total{answer="found"}' in metrics

    # A dead socketmap puts mail off, which is why it is no default; nothing bounces.
    world.leumundd.kill()
    put_off = swaks(world.postfix.submission_port, "x@hotmail.com", user="u1@c.test")
    assert not put_off and "451 4.3.0" in put_off.refusal, put_off
    assert "status=bounced" not in world.postfix.log()
