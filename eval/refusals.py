#!/usr/bin/env python3
"""Scores `leumund diagnose --replies --json` on the refusal texts of the evaluation data.

usage: refusals.py [--program PROGRAM] [--show WHAT] [--rounds N] [--leave-out] [--texts FILE]

The texts are read from LEUMUND_DATA (default ../shared), folder data/replies. A part of them,
chosen by hash of whole groups of similar texts, is kept back: nobody looked at it while the
registries were
written, and no error of it is ever shown. Every text is read once as it stands and once with the
provider told, as the daemon knows it from the recipient's MX. It is also read again with addresses,
host names and numbers replaced at random, and in other case, broken into lines or within another
program's words: kind, list and our address must not change.

--leave-out looks at the part worked on alone, and also reads it provider by provider, each as if
nobody had ever told us that provider's replies: what the words alone give for a provider that
comes new. Then once more, each group of similar texts (and all of one provider) without the words
and codes that only they show, neither another text nor one of our own wordings: what is left is no
memory. Last, each text that names a list, with the names of all lists replaced by invented ones:
is the list, which nobody knows, still named by what stands in the text?

--texts FILE scores labelled texts of your own instead (columns as in data/replies/README.md), and
once more those among them that are worded like none of the given texts and none of our own.
"""
import argparse
import collections
import csv
import hashlib
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import tomllib

import alternatives

ABOUT_ADDRESS = {"ip-blocklist-public", "ip-blocklist-private", "ip-reputation-throttle",
                 "domain-reputation"}
# It was 0.3 until 2026-11-23; the half between was opened then and read.
KEPT_BACK_SHARE = 0.15


def data_folder():
    root = os.environ.get("LEUMUND_DATA", os.path.join(os.path.dirname(__file__), "..", "..",
                                                       "shared"))
    folder = os.path.join(root, "data")
    if not os.path.exists(os.path.join(folder, "replies", "replies.tsv")):
        sys.exit(f"eval refusals: no {folder}/replies/replies.tsv; "
                 "set LEUMUND_DATA to the data folder")
    return folder


def word_pairs(text):
    words = re.findall(r"[^\W\d_]+", re.sub(r"[\d.:]*\d[\d.:]*", " ", text.lower()))
    return set(zip(words, words[1:])) or set(words)


def similar_groups(rows):
    """Groups of indices of rows that are worded alike."""
    pairs = [word_pairs(row["reply"]) for row in rows]
    parent = list(range(len(rows)))

    def root(i):
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i in range(len(rows)):
        for j in range(i):
            union = len(pairs[i] | pairs[j])
            if union and len(pairs[i] & pairs[j]) / union >= 0.5:
                parent[root(i)] = root(j)
    groups = collections.defaultdict(list)
    for i in range(len(rows)):
        groups[root(i)].append(i)
    return list(groups.values())


def kept_back(rows):
    """Indices of the rows nobody looked at: whole groups of similar texts, chosen by hash."""
    held = set()
    for members in similar_groups(rows):
        key = min(hashlib.sha256(b"leumund" + rows[i]["id"].encode()).hexdigest() for i in members)
        if int(key[:8], 16) / 2**32 < KEPT_BACK_SHARE:
            held |= set(members)
    return held


def diagnose(program, texts, provider=None, registry=None, more=()):
    told = ["--provider", provider] if provider else []
    told += ["--registry", registry] if registry else []
    done = subprocess.run([program, "diagnose", "--replies", "--json", *more] + told,
                          input="\n".join(texts) + "\n", capture_output=True, text=True,
                          encoding="utf-8", check=False)
    if done.returncode != 0:
        sys.exit(f"eval refusals: {program} failed: {done.stderr.strip()}")
    out = [json.loads(line) for line in done.stdout.splitlines()]
    if len(out) != len(texts):
        sys.exit(f"eval refusals: {len(texts)} replies went in, {len(out)} came out")
    return out


def registry_ids():
    """Label of a provider in the data -> id in the registry: the id, the list it runs, or its
    beginning."""
    path = os.path.join(os.path.dirname(__file__), "..", "data", "registry", "providers.toml")
    with open(path, "rb") as file:
        providers = tomllib.load(file)["provider"]
    ids = {}
    for key in (lambda p: p["id"], lambda p: p.get("private_list"),
                lambda p: p["id"].split("-")[0]):
        for provider in providers:
            if key(provider):
                ids.setdefault(key(provider), provider["id"])
    ids["microsoft"] = "microsoft-365"  # of the two the one that refuses in more ways
    return ids


def diagnose_told(program, rows):
    """As the daemon reads: the recipient's provider is known from its MX."""
    ids = registry_ids()
    groups = collections.defaultdict(list)
    for i, row in enumerate(rows):
        groups[ids.get(row["provider"])].append(i)
    found = [None] * len(rows)
    for provider, members in groups.items():
        texts = [rows[i]["reply"] for i in members]
        for i, one in zip(members, diagnose(program, texts, provider)):
            found[i] = one
    return found


def diagnose_left_out(program, rows):
    """The rows of registered providers, each read without the replies and marks of its own."""
    ids = registry_ids()
    groups = collections.defaultdict(list)
    for row in rows:
        if row["provider"] in ids:
            groups[ids[row["provider"]]].append(row)
    read, found = [], []
    for provider, members in groups.items():
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(f'[[provider]]\nid = "{provider}"\nreplaces_replies = true\n')
            file.flush()
            read += members
            found += diagnose(program, [row["reply"] for row in members], provider, file.name)
    return read, found


def own_wordings():
    path = os.path.join(os.path.dirname(__file__), "..", "tests", "golden", "refusals",
                        "wordings.tsv")
    with open(path, encoding="utf-8") as file:
        return [line.rstrip("\n").split("\t")[-1] for line in file if not line.startswith("#")]


def one_house(rows):
    """Groups of rows: worded alike, or of one provider."""
    groups = []
    for members in similar_groups(rows):
        names = {rows[i]["provider"] for i in members} - {"-"}
        joined = [group for group in groups if group[0] & names]
        groups = [group for group in groups if not group[0] & names]
        groups.append((names.union(*(group[0] for group in joined)),
                       members + [i for group in joined for i in group[1]]))
    return [[rows[i] for i in members] for _, members in groups]


def diagnose_without_memory(program, rows):
    """Every group without the alternatives and codes that nothing else shows."""
    apart = alternatives.TakenApart()

    def shown(texts):
        with apart.file() as file:
            return [set(one["patterns"]) for one in
                    diagnose(program, texts, registry=file.name, more=["--patterns"])]

    by_wordings = set().union(*shown(own_wordings()))
    groups = one_house(rows)
    by_group = [set().union(*shown([row["reply"] for row in group])) for group in groups]
    read, found, dropped = [], [], 0
    for i, group in enumerate(groups):
        others = by_wordings.union(*(one for k, one in enumerate(by_group) if k != i))
        own = by_group[i] - others
        dropped += len(own)
        with apart.file(own) as file:
            read += group
            found += diagnose(program, [row["reply"] for row in group], registry=file.name)
    print(f"{len(groups)} groups, {dropped / len(groups):.1f} alternatives and codes taken from "
          "each")
    return read, found


def print_confusions(rows, found):
    wrong = collections.Counter((row["kind"], f["kind"]) for row, f in zip(rows, found)
                                if not kind_right(row, f))
    for (truth, said), n in wrong.most_common():
        print(f"    {n} x {truth} read as {said}")


def known_names():
    """What texts call the lists that we know, the longest first."""
    hosts, words = set(), set()
    for name, kind in (("blocklists.toml", "list"), ("list_names.toml", "list_name")):
        with open(os.path.join(alternatives.FOLDER, name), "rb") as file:
            for table in tomllib.load(file)[kind]:
                hosts.update(table.get("hosts", []))
                zone = table.get("zone", "")
                hosts.update([zone] if zone and "{" not in zone else [])
    domains = {".".join(host.split(".")[-2:]) for host in hosts}
    words.update(domain.split(".")[0] for domain in domains)
    return {word for word in words if len(word) > 3 and word != "mail"}


def with_unknown_lists(rows):
    """The texts that name a list by its zone or page, as if it were one nobody knows."""
    names = sorted(known_names(), key=len, reverse=True)
    pattern = re.compile("(" + "|".join(map(re.escape, names)) + r")(?=\.[a-z])", re.IGNORECASE)
    out = []
    for row in rows:
        if row["kind"] != "ip-blocklist-public" or not pattern.search(row["reply"]):
            continue
        text = pattern.sub("oakharbor", row["reply"])
        out.append(dict(row, reply=text))
    return out


def in_new_words(rows, known):
    """The rows that are worded like none of the known texts."""
    known = [word_pairs(text) for text in known]
    out = []
    for row in rows:
        pairs = word_pairs(row["reply"])
        if all(len(pairs & one) < 0.5 * len(pairs | one) for one in known):
            out.append(row)
    return out


def print_unknown_lists(program, rows, show):
    changed = with_unknown_lists(rows)
    found = diagnose(program, [row["reply"] for row in changed])
    kind = sum(kind_right(row, f) for row, f in zip(changed, found))
    named = [len(f["lists"]) == 1 and "oakharbor" in f["lists"][0] for f in found]
    print(f"lists as if nobody knew them: {len(changed)} texts")
    print(f"  kind right                      {share(kind, len(changed))}")
    print(f"  named by zone or page           {share(sum(named), len(changed))}")
    for row, f, good in zip(changed, found, named):
        if show in ("list", "all") and not good:
            print(f"    {row['reply']}\n -> {f['kind']} {f['meaning']} {f['lists']} {f['zone']}")


def kind_right(row, found):
    return found["kind"] in (row["kind"], row["also_accepted"])


def about_address(row):
    return row["kind"] in ABOUT_ADDRESS


def lists_of(row):
    return set() if row["blocklist"] == "-" else set(row["blocklist"].split(","))


def same_list(label, name):
    return label == name or name.startswith(label + "-") or label.startswith(name + "-")


def lists_right(row, found):
    labels, names = lists_of(row), set(found["lists"])
    if len(labels) != len(names):
        return False
    return all(any(same_list(label, name) for name in names) for label in labels)


def score(rows, found):
    n = collections.Counter()
    for row, f in zip(rows, found):
        n["texts"] += 1
        n["kind"] += kind_right(row, f)
        said = f["kind"] in ABOUT_ADDRESS
        truth = about_address(row)
        accepted = truth or row["also_accepted"] in ABOUT_ADDRESS
        n["about"] += truth
        n["about_found"] += truth and (said or kind_right(row, f))
        n["about_said"] += said
        n["about_said_right"] += said and accepted
        named = row["blocklist"] != "-"
        n["list_named"] += named
        n["list_right"] += named and lists_right(row, f)
        n["list_none"] += not named
        n["list_none_right"] += not named and not f["lists"]
        n["address"] += row["ip"] != "-"
        n["address_right"] += row["ip"] != "-" and f["listed_address"] == row["ip"]
        n["no_address"] += row["ip"] == "-"
        n["no_address_right"] += row["ip"] == "-" and not f["listed_address"]
    return n


def share(part, whole):
    return f"{part}/{whole} = {part / whole:.3f}" if whole else "none"


def print_score(title, n):
    print(f"{title}: {n['texts']} texts")
    print(f"  kind right                      {share(n['kind'], n['texts'])}")
    print(f"  about address or repute: recall {share(n['about_found'], n['about'])}")
    print(f"                        precision {share(n['about_said_right'], n['about_said'])}")
    print(f"  right list named                {share(n['list_right'], n['list_named'])}")
    print(f"  none where none is named        {share(n['list_none_right'], n['list_none'])}")
    print(f"  our address right               {share(n['address_right'], n['address'])}")
    print(f"  nothing called ours that is not {share(n['no_address_right'], n['no_address'])}")


def show_errors(rows, found, what):
    for row, f in zip(rows, found):
        wrong = {"kind": not kind_right(row, f), "list": not (lists_right(row, f)),
                 "address": (f["listed_address"] or "-") != row["ip"],
                 "provider": row["provider"] != "-" and not f["provider"]}
        names = [key for key, bad in wrong.items() if bad and what in (key, "all")]
        if names:
            print(f"--- {','.join(names)} | {row['kind']}/{row['also_accepted']} {row['detail']} "
                  f"{row['provider']} {row['blocklist']} {row['ip']}\n    {row['reply']}\n"
                  f" -> {f['kind']} {f['detail']} [{f['meaning']}] {f['lists']} {f['zone']} "
                  f"{f['listed_address']} {f['provider']} | {f['evidence']}")


def replaced(row, rng):
    """The text with other addresses, host names and numbers, and what our address is now."""
    def address(match, pool):
        if match.group(0) not in pool:
            pool[match.group(0)] = ".".join(str(rng.randint(1, 254)) for _ in range(4))
            while pool[match.group(0)].split(".")[0] in ("10", "127", "172", "192", "169", "224"):
                pool[match.group(0)] = ".".join(str(rng.randint(1, 223)) for _ in range(4))
        return pool[match.group(0)]

    pool = {}
    text = re.sub(r"\b(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+\b", lambda m: address(m, pool),
                  row["reply"])
    ours = pool.get(row["ip"], row["ip"])
    if row["ip"].startswith("2001:db8"):
        ours = (f"2a0{rng.randint(1, 9)}:{rng.randint(100, 999)}:{rng.randint(1, 9)}::"
                f"{rng.randint(1, 9999)}")
        text = text.replace(row["ip"], ours)
    word = "".join(rng.choice("abcdefghklmnoprstuvw") for _ in range(rng.randint(3, 9)))
    top = rng.choice(["com", "net", "de", "org", "co.uk", "fr"])
    text = re.sub(r"\bexample\.(com|org|net)\b", f"{word}.{top}", text)
    text = re.sub(r"\[[0-9a-f]{16}\]|(?<![\d.:#-])\b\d{6,}\b(?!\.\d)",
                  lambda m: re.sub(r"\d", lambda d: str(rng.randint(1, 9)), m.group(0)), text)
    return text, ours


FRAMES = [
    "host mx3.remote-mail.example[198.51.100.77] said: {} (in reply to RCPT TO command)",
    "SMTP error from remote mail server after RCPT TO:<someone@remote-mail.example>: {}",
    "Connected to 198.51.100.77 but sender was rejected. Remote host said: {}",
    "Die Antwort des Servers lautete: {}",
    "La réponse du serveur distant était: {}",
    "El servidor remoto respondió: {}",
    "Diagnostic-Code: smtp; {}",
]


def reworded(row, rng):
    """The same refusal in other case, in several lines, or handed on by another program."""
    text = row["reply"]
    bare = row["form"] == "smtp" and re.match(r"[45]\d\d[ -]", text)
    ways = ["case"] + (["lines", "frame"] if bare else [])
    way = rng.choice(ways)
    if way == "case":
        text = rng.choice([str.upper, str.lower])(text)
    if way == "lines" and not re.search(r"\d\d\d-", text):
        words = text.split(" ")
        for i in sorted(rng.sample(range(2, max(3, len(words))), min(2, max(1, len(words) - 2))),
                        reverse=True):
            words.insert(i, words[0] + rng.choice("- "))
        text = words[0] + "-" + " ".join(words[1:])
    if way == "frame":
        text = rng.choice(FRAMES).format(text)
    return text, row["ip"]


def invariance(program, rows, base, rounds, change):
    rng = random.Random(5)
    n = collections.Counter()
    for _ in range(rounds):
        texts, expected = zip(*(change(row, rng) for row in rows))
        for row, before, after, ours in zip(rows, base, diagnose(program, list(texts)), expected):
            n["texts"] += 1
            n["kind"] += before["kind"] == after["kind"]
            n["lists"] += before["lists"] == after["lists"]
            n["address"] += (after["listed_address"] or "-").lower() == ours.lower()
            n["not_ours"] += ours == "-" and bool(after["listed_address"])
    return n


CHANGES = {"other addresses, hosts, numbers": replaced,
           "other case, lines, frame": reworded}


def leave_out(arguments, part):
    print_score("each provider without its own replies",
                score(*diagnose_left_out(arguments.program, part)))
    read, found = diagnose_without_memory(arguments.program, part)
    print_score("each group without what only it shows", score(read, found))
    print_confusions(read, found)
    if arguments.show:
        show_errors(read, found, arguments.show)
    print_unknown_lists(arguments.program, part, arguments.show)


def read_rows(path):
    with open(path, encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def print_parts(arguments, parts, shown):
    """Each part as it stands, told the provider, and changed; errors of the part `shown` alone."""
    for title, part in parts.items():
        found = diagnose(arguments.program, [r["reply"] for r in part])
        print_score(title, score(part, found))
        print_score(f"{title}, provider told", score(part, diagnose_told(arguments.program, part)))
        if arguments.leave_out and title == shown:
            leave_out(arguments, part)
        for name, change in CHANGES.items() if arguments.rounds else ():
            n = invariance(arguments.program, part, found, arguments.rounds, change)
            print(f"  {name}: kind same {share(n['kind'], n['texts'])}, "
                  f"lists same {share(n['lists'], n['texts'])}, "
                  f"our address right {share(n['address'], n['texts'])}, "
                  f"called ours that is not {n['not_ours']}")
        if arguments.show and title == shown:
            show_errors(part, found, arguments.show)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=os.path.join(
        os.environ.get("LEUMUND_BIN", "build/release/bin"), "leumund"))
    parser.add_argument("--show", choices=["kind", "list", "address", "provider", "all"],
                        help="print errors of the part that is not kept back")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--leave-out", action="store_true",
                        help="read each provider without its own replies, too; only the part "
                        "worked on")
    parser.add_argument("--texts", metavar="FILE", help="score these labelled texts instead")
    arguments = parser.parse_args()
    if arguments.texts:
        rows = read_rows(arguments.texts)
        given = os.path.join(data_folder(), "replies", "replies.tsv")
        known = own_wordings() + [row["reply"] for row in read_rows(given)]
        parts = {arguments.texts: rows, "in words of their own": in_new_words(rows, known)}
        print_parts(arguments, parts, arguments.texts)
        return
    rows = read_rows(os.path.join(data_folder(), "replies", "replies.tsv"))
    held = kept_back(rows)
    parts = {"worked on": [r for i, r in enumerate(rows) if i not in held],
             "kept back": [r for i, r in enumerate(rows) if i in held]}
    if arguments.leave_out:
        del parts["kept back"]  # looked at when the work is done, not while it goes on
    print_parts(arguments, parts, "worked on")


if __name__ == "__main__":
    main()
