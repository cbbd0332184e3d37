#!/usr/bin/env python3
"""How alike the fingerprints of one campaign's mails are, and those of strangers.

  fingerprints.py [--campaigns 60] [--mails 14] [--honest 6000] [--seed 1] [--program PATH]
                  [--write]

Takes spam campaigns of the given data, rewrites each as the stream mixer does (none, light, heavy),
and further by putting another word for one word in N of every sentence (paraphrase); compares with
honest mail of different accounts. Nothing is fitted here. --write puts the table into
docs/fingerprints.md. The data folder is LEUMUND_DATA (default ../shared).
"""
import argparse
import collections
import json
import os
import random
import re
import subprocess
import sys

PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DATA = os.environ.get("LEUMUND_DATA", os.path.join(PROJECT, "..", "shared"))
PAGE = os.path.join(PROJECT, "docs", "fingerprints.md")
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"


def mixer():
    """The stream mixer of the data folder, for its way of rewriting."""
    tool = os.path.join(DATA, "tools", "mix.py")
    if not os.path.exists(tool):
        print(f"skipped: no evaluation data in {DATA}; say where by LEUMUND_DATA", file=sys.stderr)
        raise SystemExit(0)
    sys.path.insert(0, os.path.dirname(tool))
    import mix
    return mix


def program(given):
    folder = os.environ.get("LEUMUND_BIN", os.path.join(PROJECT, "build", "release", "bin"))
    path = given or os.path.join(folder, "leumund-fingerprint")
    if not os.access(path, os.X_OK):
        raise SystemExit(f"no {path}: run ./dev build, or name one with --program")
    return path


def campaigns(mix, wanted):
    groups = collections.defaultdict(list)
    for raw in mix.lines(os.path.join(DATA, "data", "mail", "spam.jsonl.zst")):
        r = json.loads(raw)
        r["body"] = mix.plain(r.get("body") or "")
        if len(r["body"].split()) >= 25:
            groups[r["campaign"]].append(r)
    ordered = sorted(groups.values(), key=lambda g: (-len(g), g[0]["campaign"]))
    return ordered[:wanted]


def honest(mix, wanted):
    mails = []
    for name in ("legit-misc", "legit-lists", "legit-enron"):
        taken = 0
        for i, raw in enumerate(mix.lines(os.path.join(DATA, "data", "mail", name + ".jsonl.zst"))):
            if taken == wanted // 3:
                break
            if i % 3 == 0:
                r = json.loads(raw)
                mails.append((r["account"], r.get("subject") or "", mix.plain(r.get("body") or "")))
                taken += 1
    return mails


def paraphrase(text, one_in, rng, words):
    """Another word for one word in `one_in`, anywhere; as a thesaurus without end would do."""
    def other(m):
        return rng.choice(words) if rng.random() < 1 / one_in else m.group()
    return re.sub(r"[A-Za-z]{3,}", other, text)


def prints_of(path, mails):
    events = "".join(json.dumps({
        "type": "submission", "at": 1_600_000_000, "id": str(i), "account": account, "client": None,
        "envelope_sender": account, "recipients": ["r@d.example"],
        "headers": [["Subject", subject]], "body": body}) + "\n"
        for i, (account, subject, body) in enumerate(mails))
    run = subprocess.run([path], input=events.encode(), stdout=subprocess.PIPE, check=True)
    out = [json.loads(line) for line in run.stdout.decode().splitlines()]
    if len(out) != len(mails):
        raise SystemExit(f"{path} read {len(out)} of {len(mails)} mails")
    for p in out:
        p["phrases"] = set(p["phrases"])
        p["bands"] = {(i, *p["sketch"][i:i + 4]) for i in range(0, len(p["sketch"]), 4)}
        p["links"] = {x for kind, x in p["facets"]
                      if kind in ("url_domain", "redirector", "contact")}
    return out


def similarity(a, b):
    if not a["sketch"] or not b["sketch"]:
        return 0.0
    return sum(x == y for x, y in zip(a["sketch"], b["sketch"])) / len(a["sketch"])


def compare(groups):
    """Pairs within each group, and the ninth mail of each against the eight before."""
    likes, band, one, two, link, late, pairs = [], 0, 0, 0, 0, [0, 0, 0], 0
    for group in groups:
        for i, a in enumerate(group):
            met = [(bool(a["bands"] & b["bands"]), len(a["phrases"] & b["phrases"]),
                    bool(a["links"] & b["links"])) for b in group[:i]]
            likes += [similarity(a, b) for b in group[:i]]
            pairs += len(met)
            band += sum(m[0] for m in met)
            one += sum(m[1] >= 1 for m in met)
            two += sum(m[1] >= 2 for m in met)
            link += sum(m[2] for m in met)
            if i == 8:
                late[0] += any(m[0] for m in met)
                late[1] += any(m[1] >= 2 for m in met)
                late[2] += any(m[0] or m[1] >= 2 or m[2] for m in met)
    likes.sort()
    return [likes[len(likes) // 2], band / pairs, one / pairs, two / pairs, link / pairs,
            *(x / len(groups) for x in late)]


def strangers(prints, accounts):
    """Shares of pairs of different accounts' mails that meet, by indexes: all pairs count."""
    def rate(keys_of, least=1):
        index, met = collections.defaultdict(list), collections.Counter()
        for i, p in enumerate(prints):
            for key in keys_of(p):
                for j in index[key]:
                    if accounts[i] != accounts[j]:
                        met[i, j] += 1
                index[key].append(i)
        return sum(n >= least for n in met.values())
    pairs = len(prints) * (len(prints) - 1) / 2
    return [rate(lambda p: p["bands"]) / pairs, rate(lambda p: p["phrases"]) / pairs,
            rate(lambda p: p["phrases"], 2) / pairs, rate(lambda p: p["links"]) / pairs]


def write_page(text):
    with open(PAGE) as f:
        page = f.read()
    head, rest = page.split(BEGIN)
    with open(PAGE, "w") as f:
        f.write(head + BEGIN + "\n" + text + END + rest.split(END)[1])


def main():
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--campaigns", type=int, default=60)
    ap.add_argument("--mails", type=int, default=14)
    ap.add_argument("--honest", type=int, default=6000)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--program")
    ap.add_argument("--write", action="store_true")
    a = ap.parse_args()
    mix, path, rng = mixer(), program(a.program), random.Random(a.seed)
    groups, others = campaigns(mix, a.campaigns), honest(mix, a.honest)
    filler = [s for _, _, body in others for s in mix.sentences(body)]
    words = sorted({w for s in filler for w in re.findall(r"[A-Za-z]{4,}", s)})
    levels = {name: (lambda t, name=name: mix.rewrite(t, name, rng, filler))
              for name in ("none", "light", "heavy")}
    for n in (8, 4):
        levels[f"paraphrase 1/{n}"] = lambda t, n=n: paraphrase(
            mix.rewrite(t, "heavy", rng, filler), n, rng, words)
    out = ("| rewriting | similarity, median | a band | 1 phrase | 2 phrases | a link or contact | "
           "9th mail: band | 2 phrases | any |\n"
           "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n")
    for name, change in levels.items():
        mails = [(f"u{i}@t{i % 7}.example", base.get("subject") or "", change(base["body"]))
                 for group in groups for i in range(a.mails) for base in [rng.choice(group)]]
        prints = prints_of(path, mails)
        found = compare([prints[i:i + a.mails] for i in range(0, len(prints), a.mails)])
        out += f"| {name} | {found[0]:.2f} | " + " | ".join(f"{x:.0%}" for x in found[1:]) + " |\n"
    met = strangers(prints_of(path, others), [account for account, _, _ in others])
    out += (f"\nOf pairs of {len(others)} honest mails of different accounts {met[0]:.1e} "
            f"share a band, {met[1]:.1e} a phrase, {met[2]:.1e} two, "
            f"{met[3]:.1e} a link or contact.\n"
            f"{len(groups)} campaigns of {a.mails} mails, seed {a.seed}.\n")
    print(out, end="")
    if a.write:
        write_page(out)


if __name__ == "__main__":
    main()
