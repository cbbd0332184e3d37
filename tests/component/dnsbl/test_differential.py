"""The same zone files and the same questions to Debian's rbldnsd and to `leumundd dnsbl`.

Every answer is compared section by section. Where ours is to differ, the difference has a name in
DIFFERENCES, the page docs/operate/dnsbl.md gives the reason, and no other difference passes.
"""
import gzip
import os
import random
from collections import Counter
from pathlib import Path
from typing import Optional

import pytest

from component.dnsbl.messages import Answer, Client, Query, TYPES, ask_by_tcp, parse
from component.dnsbl.zones import ZONES, question
from peers.list_server import leumund, rbldnsd

QUESTIONS = int(os.environ.get("LEUMUND_DNS_QUESTIONS", "100000"))
BATCH = 64
NO_ERROR, FORM_ERROR, SERVER_FAILURE, NO_SUCH_NAME, NOT_IMPLEMENTED, REFUSED = range(6)
RECURSION, TRUNCATED, AUTHORITATIVE = 0x0100, 0x0200, 0x0400
TXT = 16
OPT_BYTES = 11
OUR_SIZE = 1232  # what we offer to take; rbldnsd offers 2048, and only in long answers


def _cut_texts(records: frozenset) -> frozenset:
    """The texts as rbldnsd has them, which ends one byte before the limit."""
    return frozenset((owner, kind, klass, ttl, bytes([254]) + data[1:255])
                     if kind == TXT and len(data) == 256 else (owner, kind, klass, ttl, data)
                     for owner, kind, klass, ttl, data in records)


def _soa_of(answer: Answer) -> Optional[tuple]:
    """The SOA of an answer that says no; None where there is none."""
    one = next(iter(answer.authority), None)
    return one if one and one[1] == TYPES["SOA"] and len(answer.authority) == 1 else None


def difference(query: Query, theirs: Optional[bytes], ours: Optional[bytes]) -> Optional[str]:
    """None: the same. Else the name of a deliberate difference, or what is wrong."""
    if theirs == ours:
        return None
    if theirs is None and ours is not None and query.questions != 1:
        return "question_count" if ours[3] & 0x0f == FORM_ERROR and len(ours) == 12 else "wrong"
    if theirs is None or ours is None:
        return f"wrong: one of them did not answer: {theirs!r} {ours!r}"
    a, b = parse(theirs), parse(ours)
    if a.authority and not b.authority and _has_no_room_beside_opt(query, theirs, a, b):
        a = a._replace(authority=frozenset())
    return _difference_of(query, a, b)


def _has_no_room_beside_opt(query: Query, theirs: bytes, a: Answer, b: Answer) -> bool:
    """Whether the NS records of theirs do not fit beside our OPT, and the byte that they cut."""
    if query.edns is None or a.opt is not None or b.opt is None or not a.answers:
        return False
    return len(theirs) + OPT_BYTES + 1 > max(512, query.edns[0])


def _difference_of(query: Query, a: Answer, b: Answer) -> Optional[str]:
    if a.code == b.code == NOT_IMPLEMENTED:
        kept = 0x7800 | RECURSION
        good = b.flags == 0x8000 | query.flags & kept and not b.answers
        return "header_copied" if good else "wrong: header"
    if query.edns is not None and query.edns[1] >> 16 & 0xff != 0:
        good = b.code == 0 and b.opt is not None and b.opt[1] >> 24 == 1 and not b.answers
        return "edns_version" if good else "wrong: BADVERS"
    if b.opt is not None and b.opt[0] == OUR_SIZE and query.edns is not None and a.opt != b.opt:
        if a.opt is not None and a.opt[1] != b.opt[1]:
            return f"wrong: OPT {a.opt} {b.opt}"
        rest = _difference_of(query, a._replace(opt=None), b._replace(opt=None))
        return "edns" if rest is None else rest
    if a == b:
        return None
    theirs, ours = _soa_of(a), _soa_of(b)
    if theirs and ours and theirs[3] > ours[3] and theirs[:3] == ours[:3]:
        rest = _difference_of(query, a._replace(authority=frozenset({ours})), b)
        return "negative_ttl" if rest is None else rest
    if a.code == NOT_IMPLEMENTED and query.type > TYPES["ANY"]:
        as_others = b.code in (NO_ERROR, SERVER_FAILURE, NO_SUCH_NAME, REFUSED)
        return "unknown_type" if as_others else "wrong: type"
    if b.flags & TRUNCATED:
        return "truncated" if len(a.answers) > 1 and not b.answers else "wrong: truncated"
    if query.type == TYPES["ANY"]:
        return _difference_of_any(query, a, b)
    if (a.code, b.code) == (NO_SUCH_NAME, NO_ERROR):
        same = a._replace(code=0) == b and not b.answers
        return "name_with_names_below" if same else f"wrong: NXDOMAIN or not {a} {b}"
    if a._replace(answers=_cut_texts(a.answers)) == b._replace(answers=_cut_texts(b.answers)):
        return "text_of_255"
    return f"wrong: {a} {b}"


def _difference_of_any(query: Query, a: Answer, b: Answer) -> str:
    if (a.code, b.code) == (NO_SUCH_NAME, NO_ERROR) and not b.answers:
        return "name_with_names_below"
    kinds = {record[1] for record in b.answers}
    whole = {record for record in _cut_texts(a.answers) if record[1] in kinds}
    if a.code == REFUSED:  # at the zone's name, without SOA or NS
        return "any" if b.code == NO_ERROR else "wrong: ANY refused"
    good = len(kinds) == 1 and whole == _cut_texts(b.answers) and not b.authority
    return "any" if good and a.code == b.code else f"wrong: {a} {b}"


DIFFERENCES = {"question_count", "edns_version", "edns", "unknown_type", "header_copied", "any",
               "name_with_names_below", "text_of_255", "truncated", "negative_ttl"}


class Names:
    """Which names may have others below them, by the zones' types and texts."""

    def __init__(self, folder: Path, zones: list[str], zone: str) -> None:
        self._zone = zone.split(".")
        self._types = {spec.split(":")[1] for spec in zones}
        self._entries: set[str] = set()
        for spec in zones:
            _, kind, files = spec.split(":")
            if kind in ("dnset", "generic", "combined"):
                for line in (folder / files).read_text().splitlines():
                    self._add(line)

    def _add(self, line: str) -> None:
        name = (line.lstrip("! ").split() or ["#"])[0].lower()  # what is taken out is there too
        if name[0] not in "#$:;@":
            # ".x" and "*.x" list what is below x.
            self._entries.add("*." + name.lstrip("*.") if name[0] in ".*" else name)

    def may_have_below(self, query: Query) -> bool:
        labels, at = [], 0
        while query.name[at]:
            labels.append(query.name[at + 1:at + 1 + query.name[at]].decode("latin1").lower())
            at += 1 + query.name[at]
        if labels[-len(self._zone):] != self._zone:
            return False
        inner = labels[:-len(self._zone)]
        if "combined" not in self._types:
            return self._may_have_below(inner, self._types)
        kinds = {"open": {"ip4", "ip6"}, "two.open": {"ip4"}, "other": {"ip4"}, "names": {"dnset"}}
        return (self._may_have_below(inner, {"ip4"}) or ".".join(inner) in kinds or any(
            ".".join(inner).endswith("." + sub)
            and self._may_have_below(inner[:-len(sub.split("."))], types)
            for sub, types in kinds.items()))

    def _may_have_below(self, labels: list[str], types: set[str]) -> bool:
        if any(kind.startswith("ip4") for kind in types) and len(labels) < 4:
            return True
        nibbles = all(len(one) == 1 and one in "0123456789abcdef" for one in labels)
        if any(kind.startswith("ip6") for kind in types) and len(labels) < 32 and nibbles:
            return True
        if not types & {"dnset", "generic"}:
            return False
        below = "." + ".".join(labels)
        return not labels or any(
            entry.endswith(below) or entry[0] == "*" and below.endswith(entry[1:])
            for entry in self._entries)


def whole_by_tcp(port: int, source: str, query: Query, theirs: bytes) -> bool:
    """Whether TCP has all that rbldnsd found room for, and that is not truncated."""
    a, b = parse(theirs), parse(ask_by_tcp(port, [query.pack(1)], source=source)[0])
    return not b.flags & TRUNCATED and a.code == b.code and \
        _cut_texts(a.answers) <= _cut_texts(b.answers)


def compare(peers, folder: Path, kind: str, zones: list[str], zone: str, count: int,
            options: tuple[str, ...] = (), sources: tuple[str, ...] = ("127.0.0.1",)) -> Counter:
    theirs = peers._keep("rbldnsd", rbldnsd(peers.ground, folder, zones, options))
    ours = peers._keep("leumundd dnsbl", leumund(peers.ground, folder, zones,
                                                 ("--limit", "0", *options)))
    clients = [(Client(theirs.port, one), Client(ours.port, one)) for one in sources]
    dice = random.Random(f"questions {kind}")
    seen: Counter = Counter()
    names = Names(folder, zones, zone)
    for number in range(0, count, BATCH):
        ask_them, ask_us = clients[number // BATCH % len(clients)]
        batch = [question(kind, zone, dice) for _ in range(BATCH)]
        for query, a, b in zip(batch, ask_them.ask(batch), ask_us.ask(batch)):
            found = difference(query, a, b)
            seen[found] += 1
            assert found is None or found in DIFFERENCES, f"{found} {query}"
            if found == "name_with_names_below":
                assert names.may_have_below(query), f"nothing is below {query}"
            if found == "truncated":
                source = sources[number // BATCH % len(sources)]
                assert whole_by_tcp(ours.port, source, query, a), query
    return seen


def place_of(peers, files: dict[str, str | bytes]) -> Path:
    folder = peers.ground.place("zones")
    folder.chmod(0o755)
    for parent in folder.parents:  # both servers give up root's rights
        if parent.stat().st_mode & 0o005 != 0o005 and parent.owner() == folder.owner():
            parent.chmod(0o755)
    for name, text in files.items():
        (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
        (folder / name).chmod(0o644)
    return folder


@pytest.mark.parametrize("kind", ZONES)
def test_answers_are_those_of_rbldnsd_but_for_the_listed_differences(peers, kind):
    text = ZONES[kind](random.Random(f"zone {kind}"))
    folder = place_of(peers, {"zone": text})
    zone = "bl.lists.example"
    seen = compare(peers, folder, kind, [f"{zone}:{kind}:zone"], zone, QUESTIONS)
    print(kind, dict(seen))
    assert sum(seen.values()) >= QUESTIONS
    assert seen[None] > 0.7 * QUESTIONS, "most answers are to be the same"


def test_several_datasets_zones_and_options_give_the_same_answers(peers):
    dice = random.Random("mixed")
    folder = place_of(peers, {"set": ZONES["ip4set"](dice), "trie": ZONES["ip4trie"](dice),
                              "six": ZONES["ip6trie"](dice), "plain": "10.0.0.1\n10.0.0.2 :9\n"})
    zones = ["sub.bl.lists.example:ip4set:plain", "bl.lists.example:ip4set:set",
             "bl.lists.example:ip4trie:trie", "bl.lists.example:ip6trie:six"]
    for options in ((), ("-e",), ("-a",), ("-t", "700:600:900"), ("-v", "-t", "60")):
        seen = compare(peers, folder, "ip4set", zones, "bl.lists.example", QUESTIONS // 10, options)
        assert seen[None] > 0


# Clients that an entry of the access list meets, does not meet, or that are taken out of one.
CLIENTS = ("127.0.0.1", "127.0.1.9", "127.0.2.7", "127.0.2.8", "127.0.3.1", "127.1.0.1")
ACL = """10.0.0.0/8 :ignore
127.0.0.0/16 {rule}
!127.0.1.0/24
127.0.2.7 :pass
127.0.2.0/24 :empty
127.0.3.0/28 :3:for $ alone
::1 :refuse
"""


@pytest.mark.parametrize("rule", [":refuse", ":empty", ":pass", ":7:all of you, $"])
def test_access_rules_act_as_those_of_rbldnsd(peers, rule):
    folder = place_of(peers, {"zone": ZONES["ip4set"](random.Random("acl")),
                              "acl": ACL.format(rule=rule)})
    zone = "bl.lists.example"
    for rules in (f"{zone}:acl:acl", ":acl:acl"):
        seen = compare(peers, folder, "ip4set", [f"{zone}:ip4set:zone", rules], zone,
                       QUESTIONS // 8, sources=CLIENTS)
        assert sum(seen.values()) >= QUESTIONS // 8  # of eight


@pytest.mark.parametrize("largest", ["/24", "/20", "300"])
def test_too_large_ranges_are_left_out_as_by_rbldnsd(peers, largest):
    text = ZONES["ip4set"](random.Random("maxrange"))
    folder = place_of(peers, {"zone": f"$MAXRANGE4 {largest}\n" + text})
    zone = "bl.lists.example"
    seen = compare(peers, folder, "ip4set", [f"{zone}:ip4set:zone"], zone, QUESTIONS // 10)
    assert seen[None] > 0.7 * QUESTIONS // 10


def test_packed_files_and_several_of_one_dataset_are_read_as_by_rbldnsd(peers):
    dice = random.Random("packed")
    parts = [ZONES["ip4set"](dice), ZONES["ip4set"](dice), "10.0.0.1 :9\n!10.0.0.0/30\n"]
    files = {"plain": parts[0], "packed": gzip.compress(parts[1].encode()), "more": parts[2]}
    folder = place_of(peers, files)
    zone = "bl.lists.example"
    for names in ("packed", "plain,packed,more", "more,packed,plain"):
        seen = compare(peers, folder, "ip4set", [f"{zone}:ip4set:{names}"], zone, QUESTIONS // 10)
        assert seen[None] > 0.7 * QUESTIONS // 10, names


@pytest.mark.parametrize("stamp", [
    "2001:02:03:04:05", "20010203", "2001-02-03 2990:01:01", "2001:02:03 +40000d",
    "2001:02:03 2002:01:01", "0 2990-01-01", "0", "nonsense"])
def test_stamped_files_are_served_as_by_rbldnsd(peers, stamp):
    folder = place_of(peers, {"zone": f"$TIMESTAMP {stamp}\n"
                                      + ZONES["ip4set"](random.Random("stamp"))})
    zone = "bl.lists.example"
    compare(peers, folder, "ip4set", [f"{zone}:ip4set:zone"], zone, QUESTIONS // 100)


def test_the_operators_page_gives_a_reason_for_each_difference():
    page = (Path(__file__).parents[3] / "docs/operate/dnsbl.md").read_text()
    for name in DIFFERENCES:
        assert f"`{name}`" in page, f"docs/operate/dnsbl.md says nothing of {name}"
