#!/usr/bin/env python3
"""Simulates senders that are reported, and what our own list does with them.

  pools.py [--seed 1] [--fit] [--write]

Kinds of addresses: bots, hacked servers among honest ones, snowshoe ranges, small honest servers
with a mistaken complaint now and then, forwarders, newsletters with subscribers who complain, and
shared pools of large providers. Of each it is known what was spam; the list sees the reports, and a
part of the mail. --fit tries constants on four seeds of its own and prints which list no honest
address and find most of the others soonest; nothing is written. --write puts the table of the
shipped constants into docs/detection.md. The kinds are assumptions: they stand in KINDS.
"""
import argparse
import datetime
import os
import random
import statistics
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = os.path.join(PROJECT, "docs", "detection.md")
BEGIN, END = "<!-- begin: ./dev eval pools -->", "<!-- end: ./dev eval pools -->"
START, DAYS = 1_800_000_000, 28
WARM_UP = 7  # days in which the list is asked, and nobody reports yet
REPORTERS = 3000
FIT_SEEDS = [901, 902, 903, 904]


class Kind(NamedTuple):
    name: str
    count: int
    honest: tuple  # mails a day: lowest, highest; drawn evenly on a logarithmic scale
    spam: tuple  # a day, while it sends spam
    spam_days: tuple  # how long it does, from a day in the first week on
    share_known: tuple  # part of the mail that the list knows of
    reported: float  # chance that a spam mail is reported by a person
    trapped: float  # ... hits a trap
    mistaken: float  # chance that an honest mail is reported
    to_be_listed: bool


KINDS = [
    Kind("bot", 400, (0, 0), (50, 3000), (2, 20), (0.0, 0.3), 0.01, 0.005, 0, True),
    Kind("hacked server", 200, (50, 3000), (1000, 40000), (1, 5), (0.05, 0.5), 0.01, 0.003, 2e-5,
         True),
    Kind("snowshoe", 200, (0, 0), (100, 2000), (5, 20), (0.0, 0.3), 0.01, 0.001, 0, True),
    Kind("small honest server", 1000, (5, 2000), (0, 0), (0, 0), (0.0, 0.5), 0, 0, 2e-5, False),
    Kind("forwarder", 100, (100, 3000), (1, 20), (28, 28), (0.05, 0.5), 0.01, 0, 2e-5, False),
    Kind("newsletters", 60, (5000, 300000), (0, 0), (0, 0), (0.02, 0.3), 0, 0, 3e-4, False),
    Kind("shared pool", 60, (50000, 2000000), (100, 4000), (28, 28), (0.02, 0.3), 0.01, 0.003,
         2e-5, False),
]


def drawn(rng, span):
    low, high = span
    return low if low == high else (low + 1) * ((high + 1) / (low + 1)) ** rng.random() - 1


def some(rng, mean):
    """Poisson."""
    if mean > 50:
        return max(0, round(rng.gauss(mean, mean**0.5)))
    limit, n, product = 2.718281828459045**-mean, 0, rng.random()
    while product > limit:
        n, product = n + 1, product * rng.random()
    return n


class Sender:
    def __init__(self, kind, number):
        self.kind = kind
        self.address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        self.began = None  # seconds of the first spam mail
        self.spam = self.honest = 0
        self.spam_times = []


def reports(rng, sender, day, mails, chance, kind, lines):
    for _ in range(some(rng, mails * chance)):
        sent = START + (day + rng.random()) * 86400
        told = sent + (rng.expovariate(1 / 21600) if kind == "complaint" else 1)
        if kind == "complaint":
            # Few report much, many once: Zipf.
            who = f"p{int(REPORTERS ** rng.random())}"
        else:
            who = f"t{rng.randrange(40)}"
        lines.append(
            (told, f"{told:.0f}\treport\t{sender.address}\t{kind}\t{who}\t{sent:.0f}\n")
        )


def stream(seed):
    """Event lines in order, and the senders."""
    rng = random.Random(f"pools {seed}")
    lines, senders = [], []
    for kind in KINDS:
        for _ in range(kind.count):
            sender = Sender(kind, len(senders) + 1)
            senders.append(sender)
            honest, spam = drawn(rng, kind.honest), drawn(rng, kind.spam)
            known = rng.uniform(*kind.share_known)
            first = 0 if kind.spam_days[0] == DAYS else rng.randrange(7)
            last = first + round(drawn(rng, kind.spam_days))
            for day in range(-WARM_UP, DAYS):
                good, bad = some(rng, honest), some(rng, spam) if first <= day < last else 0
                seen = some(rng, (good + bad) * known)
                for part in range(4):  # the queries come over the day
                    at = START + day * 86400 + (part + 1) * 21600 - 1
                    if seen // 4:
                        lines.append((at, f"{at}\tqueries\t{sender.address}\t{seen // 4}\n"))
                if day < 0:
                    continue
                sender.honest += good
                sender.spam += bad
                if bad and sender.began is None:
                    sender.began = START + day * 86400
                reports(rng, sender, day, bad, kind.reported, "complaint", lines)
                reports(rng, sender, day, bad, kind.trapped, "pristine_trap", lines)
                reports(rng, sender, day, good, kind.mistaken, "complaint", lines)
    lines.sort()
    return "".join(line for _, line in lines), senders


def program(given):
    folder = os.environ.get("LEUMUND_BIN", os.path.join(PROJECT, "build", "release", "bin"))
    path = given or os.path.join(folder, "leumund-list-replay")
    if not os.path.exists(path):
        raise SystemExit(f"{path} is not built: ./dev eval builds it")
    return path


def listings(replay, lines, constants):
    """Of each address the times at which it was listed."""
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in constants.items()]
    done = subprocess.run([replay, *arguments], input=lines, text=True, capture_output=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    out = {}
    for line in done.stdout.splitlines():
        at, move, prefix, *_ = line.split("\t")
        address = prefix.partition("/")[0]
        if move == "listed":
            out.setdefault(address, []).append(int(at))
    return out


def measured(senders, found):
    rows = {}
    for kind in KINDS:
        mine = [s for s in senders if s.kind is kind]
        hit = [s for s in mine if s.address in found]
        delays = [
            (found[s.address][0] - s.began) / 3600 for s in hit if s.began is not None
        ]
        rows[kind.name] = {
            "addresses": len(mine),
            "listed": len(hit),
            "delay": statistics.median(delays) if delays else None,
        }
    return rows


def share(part, whole):
    return f"{100 * part / max(1, whole):.1f} %"


def table(all_rows):
    lines = [
        "| sender | to be listed | addresses | listed | hours of spam before it, median |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for kind in KINDS:
        rows = [r[kind.name] for r in all_rows]
        n, hit = sum(r["addresses"] for r in rows), sum(r["listed"] for r in rows)
        delays = [r["delay"] for r in rows if r["delay"] is not None]
        delay = f"{statistics.median(delays):.1f}" if delays and kind.to_be_listed else ""
        lines.append(
            f"| {kind.name} | {'yes' if kind.to_be_listed else 'no'} | {n:,} | "
            f"{hit:,} = {share(hit, n)} | {delay} |"
        )
    return "\n".join(lines)


def fit(replay):
    streams = [stream(seed) for seed in FIT_SEEDS]
    tried = [
        {"threshold": t, "prior_spam": 0.5, "prior_mail": b, "collateral": c}
        for t in (0.01, 0.02, 0.05)
        for b in (20, 50, 200)
        for c in (0, 60, 120, 240)
    ]

    def one(constants):
        all_rows = [measured(s, listings(replay, lines, constants)) for lines, s in streams]
        wrong = sum(r[k.name]["listed"] for r in all_rows for k in KINDS if not k.to_be_listed)
        right = sum(r[k.name]["listed"] for r in all_rows for k in KINDS if k.to_be_listed)
        late = statistics.median(
            r[k.name]["delay"] or 999 for r in all_rows for k in KINDS if k.to_be_listed
        )
        return wrong, -right, late, constants

    with ThreadPoolExecutor(2) as pool:
        for wrong, right, late, constants in sorted(
            pool.map(one, tried), key=lambda x: (x[0], x[1], x[2])
        ):
            print(f"{wrong:5} honest, {-right:5} others listed, {late:6.1f} h  {constants}")


def commit():
    return subprocess.run(
        ["git", "-C", PROJECT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True
    ).stdout.strip()


def main():
    ap = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    ap.add_argument("--seed", type=int, default=1, help="the first of four")
    ap.add_argument("--replay", help="the program leumund-list-replay")
    ap.add_argument("--fit", action="store_true")
    ap.add_argument("--write", action="store_true")
    a = ap.parse_args()
    replay = program(a.replay)
    if a.fit:
        return fit(replay)
    rows = []
    for seed in range(a.seed, a.seed + 4):
        lines, senders = stream(seed)
        rows.append(measured(senders, listings(replay, lines, {})))
    text = (
        f"Measured on {datetime.date.today().isoformat()} at commit {commit()}, seeds {a.seed} to "
        f"{a.seed + 3}, {DAYS} days each: `./dev eval pools --write`.\n\n{table(rows)}"
    )
    print(text)
    if a.write:
        with open(PAGE) as f:
            page = f.read()
        if BEGIN not in page:
            raise SystemExit(f"{PAGE} lacks the mark {BEGIN}")
        with open(PAGE, "w") as f:
            f.write(page.split(BEGIN)[0] + f"{BEGIN}\n{text}\n{END}" + page.split(END)[1])


if __name__ == "__main__":
    main()
