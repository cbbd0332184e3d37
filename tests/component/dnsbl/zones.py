"""Zone files of every type and questions about them, from a seed."""
import ipaddress
import random

from component.dnsbl.messages import ANY_CLASS, RECURSION, TYPES, Query, wire_name

HEAD = """$SOA 3600 ns1.lists.example hostmaster.lists.example 7 2h 30m 1w 20m
$NS 1d ns1.lists.example
$TTL 25m
$1 See http://lists.example/
# a comment
"""

VALUES = ["", "", "", " :4", " :127.0.0.9:own text", " :6:", " only a text about $",
          " :127.0.1:$1$ and $$ and $2", " ; a comment", " # another", " =no base for $",
          " :127.0.0.3 : blanks around ", " :0:zero is no value", " :300:nor this",
          " :5 stray words", " " + "long text $ " * 30]


def _value(dice: random.Random) -> str:
    return dice.choice(VALUES)


def _address4(dice: random.Random) -> str:
    """Few networks, so that entries meet each other and queries meet entries."""
    return (f"{dice.choice((10, 127, 192))}.{dice.randrange(3)}.{dice.randrange(4)}"
            f".{dice.randrange(256)}")


def _entry4(dice: random.Random) -> str:
    a, b, c, d = _address4(dice).split(".")
    return dice.choice([
        f"{a}.{b}.{c}.{d}", f"{a}.{b}.{c}.{d}", f"{a}.{b}.{c}", f"{a}.{b}.{c}.0/24",
        f"{a}.{b}.{c}.{int(d) & 0xf0}/28", f"{a}.{b}.{c}.{d}/31", f"{a}.{b}.{c}/23",
        f"{a}.{b}.{int(c) & 2}/23", f"{a}.{b}.0.0/16"])


def ip4set(dice: random.Random) -> str:
    lines = [HEAD, ":127.0.0.2:Listed $, $1\n"]
    for _ in range(400):
        entry = _entry4(dice)
        if dice.random() < 0.2:
            a, b, c, d = _address4(dice).split(".")
            entry = dice.choice([f"{a}.{b}.{c}.{d}-{dice.randrange(256)}", f"{a}.{b}-{b}.{c}",
                                 f"{a}.{b}.{c}.{d}-{a}.{b}.{c}.255", f"{a}.{b}-{dice.randrange(9)}",
                                 f"{a}.{b}.{c}-{dice.randrange(5)}"])
        exclusion = dice.choice(["!", "! "]) if dice.random() < 0.15 else ""
        lines.append(f"{exclusion}{entry}{_value(dice)}\n")
        if dice.random() < 0.02:
            lines.append(dice.choice([":8:\n", ":9\n", ":127.0.0.10:other default $\n",
                                      "$= base $= for $\n", "$2 second\n"]))
    # What is wrong must be left out by both.
    lines += ["300.1.1.1\n", "10\n", "1.2.3.4.5\n", "1.2.3.4/33\n", "1.2.3.4x\n", "10.0.0.0/0\n",
              "$NOSUCH thing\n", "10.1.1.9-10.1.1.3\n", "10.1-10.1.1.1\n", "-5\n", "!\n"]
    return "".join(lines)


def ip4trie(dice: random.Random) -> str:
    lines = [HEAD, ":2:Listed $\n"]
    for _ in range(400):
        exclusion = "!" if dice.random() < 0.15 else ""
        bits = dice.choice([9, 12, 15, 20, 22, 25, 30, 31, 32])
        network = ipaddress.ip_network(f"{_address4(dice)}/{bits}", strict=False)
        entry = dice.choice([str(network), str(network), _entry4(dice)])
        lines.append(f"{exclusion}{entry}{_value(dice)}\n")
    return "".join(lines)


def ip4tset(dice: random.Random) -> str:
    lines = [HEAD] + [f"{_address4(dice)}{_value(dice)}\n" for _ in range(300)]
    lines += [":7:the one value of $\n", f"{_address4(dice)}\n", ":8:never used\n", "10.1.1\n"]
    return "".join(lines)


def _address6(dice: random.Random) -> ipaddress.IPv6Address:
    return ipaddress.IPv6Address((0x20010db8 << 96) | (dice.randrange(3) << 80) |
                                 (dice.randrange(4) << 64) | (dice.randrange(4) << 32) |
                                 dice.randrange(16))


def ip6trie(dice: random.Random) -> str:
    lines = [HEAD, ":2:Listed $\n", "::1\n", "2001:db8:ffff\n", "2002:0a01:0203::/48 six to four\n"]
    for _ in range(300):
        exclusion = "!" if dice.random() < 0.15 else ""
        bits = dice.choice([33, 47, 48, 49, 62, 64, 65, 96, 127, 128])
        network = ipaddress.ip_network((_address6(dice), bits), strict=False)
        entry = dice.choice([str(network), network.exploded, str(_address6(dice)),
                             f"{_address6(dice)}/{bits}"])
        lines.append(f"{exclusion}{entry}{_value(dice)}\n")
    lines += ["2001\n", "1:2:3:4:5:6:7:8:9\n", "1::2::3\n", "20010:1::\n", "x::1\n"]
    return "".join(lines)


def ip6tset(dice: random.Random) -> str:
    lines = [HEAD, ":5:one value $\n"]
    for _ in range(60):
        groups = _address6(dice).exploded.split(":")
        lines.append(":".join(groups[:4]) + "\n")
        if dice.random() < 0.5:
            lines.append(f"!{_address6(dice)}\n")
    lines += ["2001:db8::1\n", "2001:db8:1\n", "!2001:db8:0:1\n"]
    return "".join(lines)


_WORDS = ["a", "b", "mail", "spam", "WWW", "x-y", "example"]
_TOPS = ["com", "net", "org.test"]


def _domain(dice: random.Random) -> str:
    return ".".join(dice.choice(_WORDS) for _ in range(dice.choice((1, 1, 2, 3)))) + \
        "." + dice.choice(_TOPS)


def dnset(dice: random.Random) -> str:
    lines = [HEAD, ":3:Domain $\n"]
    for _ in range(120):
        exclusion = "!" if dice.random() < 0.15 else ""
        below = dice.choice(["", "", ".", "*."])
        lines.append(f"{exclusion}{below}{_domain(dice)}{_value(dice)}\n")
    lines += [".\n", "*.\n", "!\n", "a" * 64 + ".com\n", "trailing.example.com.\n",
              "esc\\097ped.com\n"]
    return "".join(lines)


def generic(dice: random.Random) -> str:
    lines = [HEAD, "@ A 127.0.0.8\n", "@ MX 10 mx.lists.example\n", "@ TXT apex\n",
             "www 3000 IN A 127.0.0.1\n", "www A 127.0.0.2\n", "deep.er.name TXT \"quoted text\"\n"]
    for _ in range(60):
        name = dice.choice(_WORDS) + dice.choice(["", ".sub", ".sub.below"])
        ttl = dice.choice(["", "", "90 ", "2h ", "0 "])
        record = dice.choice([f"A 127.0.0.{dice.randrange(1, 250)}", f"TXT text {dice.random()}",
                              f"mx {dice.randrange(70)} mx{dice.randrange(3)}.lists.example",
                              "AAAA ::1", "A", "NS ns.lists.example"])
        lines.append(f"{name} {ttl}{record}\n")
    return "".join(lines)


def combined(dice: random.Random) -> str:
    def part(text: str) -> str:
        return text.replace(HEAD, "")
    return (HEAD + "$DATASET ip4set:first open @\n" + part(ip4set(dice)) +
            "$DATASET ip4trie two.open other\n" + part(ip4trie(dice)) +
            "$DATASET dnset:names names\n$TTL 90\n" + part(dnset(dice)) +
            "$DATASET ip6trie open\n" + part(ip6trie(dice)) +
            "$DATASET generic:common open other @\n@ A 127.0.0.8\nwww A 127.0.0.8\n")


ZONES = {"ip4set": ip4set, "ip4trie": ip4trie, "ip4tset": ip4tset, "ip6trie": ip6trie,
         "ip6tset": ip6tset, "dnset": dnset, "generic": generic, "combined": combined}


def _reversed4(dice: random.Random) -> str:
    octets = _address4(dice).split(".")[::-1]
    roll = dice.random()
    if roll < 0.05:
        octets = octets[dice.randrange(1, 4):]
    elif roll < 0.07:
        octets.insert(0, dice.choice(["x", "1", "*"]))
    elif roll < 0.10:
        octets[dice.randrange(4)] = dice.choice(["256", "007", "00", "999", "1a", "", "-1", "0001"])
    return ".".join(octets)


def _reversed6(dice: random.Random) -> str:
    address = _address6(dice)
    roll = dice.random()
    if roll < 0.05:
        address = ipaddress.IPv6Address("2002::") + (int(ipaddress.IPv4Address(
            _address4(dice))) << 80)
    elif roll < 0.10:
        address = ipaddress.IPv6Address("::ffff:0:0") + int(ipaddress.IPv4Address(_address4(dice)))
    nibbles = list(address.exploded.replace(":", "")[::-1])
    if roll > 0.97:
        nibbles = nibbles[dice.randrange(32):]
    elif roll > 0.95:
        nibbles[dice.randrange(32)] = dice.choice(["g", "F", "10", "x"])
    return ".".join(nibbles)


def _listed_domain(dice: random.Random) -> str:
    name = _domain(dice)
    for _ in range(dice.choice((0, 0, 1, 2, 20))):
        name = dice.choice(_WORDS) + "." + name
    return "com" if dice.random() < 0.02 else name


def _label(dice: random.Random) -> str:
    return dice.choice(_WORDS + ["sub", "below", "sub.below", "deep.er.name", "er.name", "name",
                                 "nothing", ""])


def _subject(kind: str, dice: random.Random) -> str:
    if kind in ("ip4set", "ip4trie", "ip4tset"):
        return _reversed4(dice) if dice.random() < 0.95 else _reversed6(dice)
    if kind in ("ip6trie", "ip6tset"):
        return _reversed6(dice) if dice.random() < 0.97 else _reversed4(dice)
    if kind == "dnset":
        return _listed_domain(dice)
    if kind == "generic":
        return _label(dice) + dice.choice(["", "", ".sub", ".sub.below"])
    zone = dice.choice(["open", "two.open", "other", "names", "", "none"])
    inner = dice.choice(["ip4set", "dnset", "ip6trie", "generic"])
    return f"{_subject(inner, dice)}.{zone}"


def question(kind: str, zone: str, dice: random.Random) -> Query:
    name = f"{_subject(kind, dice)}.{zone}" if dice.random() < 0.98 else zone
    roll = dice.random()
    if roll < 0.02:
        name = "".join(dice.choice((c.upper(), c)) for c in name)
    elif roll < 0.03:
        name = dice.choice(["", "example", "x." + zone + "x", "y" + zone])
    kind_of_record = TYPES["A"]
    roll = dice.random()
    if roll > 0.97:
        kind_of_record = dice.choice([*TYPES.values(), 248, 256, 257, 300, 65535])
    elif roll > 0.6:
        kind_of_record = TYPES["TXT"]
    query = Query(wire_name(name), kind_of_record)
    roll = dice.random()
    if roll < 0.01:
        query = query._replace(klass=dice.choice([0, 2, 3, 4, 254, ANY_CLASS]))
    elif roll < 0.02:
        query = query._replace(flags=dice.randrange(0x8000))
    elif roll < 0.05:
        query = query._replace(edns=(dice.choice([0, 512, 1232, 4096, 65535]),
                                     dice.choice([0, 0, 0x8000, 0x10000, 0x1000000])))
    elif roll < 0.051:
        query = query._replace(questions=dice.choice([0, 2]))
    elif roll < 0.06:
        query = query._replace(flags=dice.choice([0, RECURSION | 0x10, RECURSION | 0x20, 0x0400]))
    return query
