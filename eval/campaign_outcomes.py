"""What detector B did with a stream: score.py's counts, and the reason for every mail that got out
or was held by mistake."""
import collections
import hashlib
import json
import os
import statistics
import subprocess
import threading

import outcomes

REVIEW = "unannounced-newsletter"
NO_CLUSTER = "0" * 12


class Run:
    """Files of one replay: answers and decisions, and the features of every mail."""

    def __init__(self, stream, path):
        self.stream = stream
        self.answers, self.features = path + ".answers", path + ".tsv"
        self.answer, self.campaigns, self.restricted = {}, set(), collections.defaultdict(list)
        self.rows = {}

    def read(self):
        with open(self.answers) as f:
            for line in f:
                o = json.loads(line)
                if "decision" not in o:
                    self.answer[o["id"]] = o["answer"]
                elif o["decision"] == "campaign":
                    self.campaigns.add(o["subject"].partition(":")[2])
                elif o["decision"] == "restricted":
                    self.restricted[o["subject"].partition(":")[2]].append(o)
        with open(self.features) as f:
            head = f.readline().rstrip("\n").split("\t")
            at = [head.index(x) for x in ("id", "p", "affinity", "cluster", "honest")]
            for line in f:
                cell = line.rstrip("\n").split("\t")
                self.rows[json.loads(cell[at[0]])] = (
                    float(cell[at[1]]),
                    float(cell[at[2]]),
                    cell[at[3]],
                    cell[at[4]],
                )
        return self

    def passed(self, message):
        return self.answer.get(message, "pass") == "pass"


def replay(program, stream, name, settings=None):
    """Runs the replay with campaigns; `settings` are constants of detector B."""
    # Several settings run on one stream at a time.
    part = f"{name}-{os.getpid()}-{threading.get_ident()}"
    run = Run(stream, os.path.join(stream.folder, part))
    command = [*program, "--json", "--campaigns", "--campaign-features", run.features]
    path = run.answers + ".settings"
    if settings:
        with open(path, "w") as f:
            f.writelines(f"{k} = {v!r}\n" for k, v in sorted(settings.items()))
        command += ["--campaign-settings", path]
    with open(run.answers, "w") as f:
        got = subprocess.run([*command, stream.events], stdout=f, stderr=subprocess.PIPE, text=True)
    if settings:
        os.unlink(path)
    if got.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed: {got.stderr.strip()}")
    return run.read()


def forget(run):
    for path in (run.answers, run.features):
        if os.path.exists(path):
            os.unlink(path)


def leak_causes(run):
    """Of every campaign: why each mail that got out did."""
    out = []
    for campaign in run.stream.truth["campaigns"]:
        causes, held = collections.Counter(), False
        for message in campaign["ids"]:
            if not run.passed(message):
                held = True
                continue
            row = run.rows.get(message)
            if not held:
                causes["before the alarm"] += 1
            elif row is None or row[2] == NO_CLUSTER:
                causes["nothing bound it"] += 1
            elif row[2] in run.campaigns:
                causes["cluster not yet open"] += 1
            elif row[3] != "none":
                causes["cluster taken for honest"] += 1
            else:
                causes["in a cluster too small to judge"] += 1
        out.append(causes)
    return out


def guilty_since(stream):
    since = {}
    for campaign in stream.truth["campaigns"]:
        for account, message in zip(campaign["senders"], campaign["ids"]):
            at = stream.submissions[message][1]
            since[account] = min(since.get(account, 9e18), at)
    return since


def held_by_mistake(run):
    """Honest mails and hard negatives that were not let through: (id, kind, who, reason, by B)."""
    stream = run.stream
    since = guilty_since(stream)
    injected = stream.injected
    kinds = {i: g["kind"] for g in stream.truth["negatives"] for i in g["ids"]}
    out = []
    for message, (who, at, _) in stream.submissions.items():
        if run.passed(message) or message in injected or at >= since.get(who, 9e18):
            continue
        if at < stream.truth["test_from"] and message not in kinds:
            continue
        p, affinity, cluster, _ = run.rows.get(message, (1.0, 0.0, NO_CLUSTER, ""))
        by_terms = [
            t["name"]
            for d in run.restricted.get(who, [])
            if d["at"] <= at
            for t in d.get("terms", [])
        ]
        if cluster in run.campaigns:
            why = f"like campaign {cluster}: affinity {affinity:.1f}, p {p:.3f}"
        elif "campaign" in by_terms:
            why = "its account was restricted, with the campaign's four points"
        else:
            why = "its account was restricted by detector A alone"
        by_b = cluster in run.campaigns or "campaign" in by_terms
        out.append((message, kinds.get(message, "mail"), who, why, by_b))
    return out


def measure(data, run):
    score = outcomes.official(data, run.stream, run.answers)
    held = held_by_mistake(run)
    each = score["campaigns"]["each"]
    for campaign, causes, truth in zip(each, leak_causes(run), run.stream.truth["campaigns"]):
        campaign["causes"] = causes
        campaign["hours"] = (truth["to"] - truth["from"]) / 3600
    return {
        "campaigns": each,
        "honest": score["honest"]["messages"],
        "touched": score["honest"]["touched"],
        "account_days": score["honest"]["account_days"],
        "held": [h for h in held if h[1] == "mail"],
        "hard": [h for h in held if h[1] not in ("mail", REVIEW)],
        "negatives": score["hard_negatives"],
        "score": score,
    }


def kept_at(replay, stream, settings):
    """Where the measures of this program on this stream are kept: a run that was ended goes on."""
    with open(replay[0], "rb") as f:
        key = hashlib.sha256(f.read())
    made_with = [replay[1:], stream.arguments, sorted((settings or {}).items())]
    key.update(json.dumps(made_with).encode())
    return os.path.join(stream.folder, f"measured-{key.hexdigest()[:16]}.json")


def from_json(measured):
    """As measure() made it."""
    for campaign in measured["campaigns"]:
        campaign["causes"] = collections.Counter(campaign["causes"])
    return measured


def together(measures):
    out = {"campaigns": [], "honest": 0, "touched": 0, "account_days": 0, "held": [], "hard": []}
    negatives = {}
    for m in measures:
        for key in out:
            out[key] = out[key] + m[key]
        for kind, counts in m["negatives"].items():
            k = negatives.setdefault(kind, collections.Counter())
            k.update(counts)
    return out | {"negatives": negatives}


def summary(m):
    each = m["campaigns"]
    found = [c for c in each if c["found"]]
    before = [c["accounts_before_stop"] for c in found]
    sizes = {}
    for c in each:
        k = sizes.setdefault(c["accounts"], [0, 0, 0, 0, []])
        k[0] += 1
        k[1] += c["found"]
        k[2] += c["leaked"]
        k[3] += c["mails"]
        k[4].append(c["leaked_share"])
    by_b = [h for h in m["held"] if h[4]]
    return {
        "n": len(each),
        "found": len(found),
        "recall_low": outcomes.binomial_low(len(found), len(each)),
        "median": statistics.median(before) if before else None,
        "p95": sorted(before)[int(0.95 * (len(before) - 1))] if before else None,
        "leaked": sum(c["leaked"] for c in each),
        "mails": sum(c["mails"] for c in each),
        "sizes": {k: v[:4] + [statistics.median(v[4])] for k, v in sorted(sizes.items())},
        "causes": dict(sum((c["causes"] for c in each), collections.Counter())),
        "honest": m["honest"],
        "touched": m["touched"],
        "touched_b": len(by_b),
        "touched_b_high": outcomes.poisson_high(len(by_b)),
        "hard_b": len([h for h in m["hard"] if h[4]]),
    }
