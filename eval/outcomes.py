"""What a replay's answers were worth, against the truth of a stream."""
import json
import math
import os
import statistics
import subprocess
import sys

BIG = 12  # a burst of fewer recipients in all may fairly be missed
ROUNDING = 0.001  # mix.py rounds times of events but not those of its truth
REVIEW = {"unannounced-newsletter"}


def replay(program, stream, constants=None, extra=()):
    """Runs the replay; returns its answers (id -> (answer, score)) and decisions."""
    command = [*program, "--json", *extra, stream.events]
    path = None
    if constants:
        path = os.path.join(stream.folder, f"constants-{os.getpid()}")
        with open(path, "w") as f:
            f.writelines(f"{name} = {value!r}\n" for name, value in sorted(constants.items()))
        command[len(program) + 1 : len(program) + 1] = ["--detector-settings", path]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if path:
        os.unlink(path)
    if run.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed: {run.stderr.strip()}")
    answers, decisions = {}, []
    for line in run.stdout.splitlines():
        o = json.loads(line)
        if "decision" in o:
            decisions.append(o)
        else:
            answers[o["id"]] = (o["answer"], o["score"])
    return answers, decisions


def fixed_limit(stream, limit):
    """Answers of a fixed limit of recipients an hour, and subjects it touched."""
    recent, answers = {}, {}
    for i, (subject, at, n) in stream.submissions.items():
        q = [x for x in recent.get(subject, []) if x[0] > at - 3600]
        ok = sum(k for _, k in q) + n <= limit
        if ok:
            q.append((at, n))
        recent[subject] = q
        answers[i] = ("pass" if ok else "reject", 0.0)
    return answers, []


def stop_index(flags):
    stopped, best = 0, None
    for i in range(len(flags) - 1, -1, -1):
        stopped += flags[i]
        if flags[i] and stopped >= 0.9 * (len(flags) - i):
            best = i
    return best


def measure(stream, answers, decisions):
    """Counts, with lists of what went wrong; the definitions are those of score.py."""
    truth, subs = stream.truth, stream.submissions
    since = {b["subject"]: b["from"] for b in truth["bursts"]}
    excused = {s for g in truth["negatives"] if g["kind"] in REVIEW for s in g["subjects"]}

    def guilty(who, at):
        return at >= since.get(who, 9e18) - ROUNDING

    def stopped(i):
        return answers.get(i, ("pass", 0))[0] != "pass"

    bursts, leaked = [], 0
    for b in truth["bursts"]:
        flags, sizes = [stopped(i) for i in b["ids"]], [subs[i][2] for i in b["ids"]]
        at = stop_index(flags)
        leaked += sum(n for n, s in zip(sizes, flags) if not s)
        bursts.append(
            {
                "subject": b["subject"],
                "total": sum(sizes),
                "per_mail": b["per_mail"],
                "before": None
                if at is None
                else sum(n for n, s in zip(sizes[:at], flags[:at]) if not s),
            }
        )
    big = [b for b in bursts if b["total"] > BIG]
    injected = {i for b in truth["bursts"] for i in b["ids"]}
    negative = {i for g in truth["negatives"] for i in g["ids"]}
    honest, touched, days, worst, false = 0, 0, set(), {}, set()
    for i, (who, at, _) in subs.items():
        if i in injected or guilty(who, at):
            continue
        if who not in excused:
            worst[who] = max(worst.get(who, 0), answers.get(i, ("pass", 0))[1])
        if i in negative or at < truth["test_from"]:
            continue
        honest += 1
        if "@" in who:
            days.add((who, int(at // 86400)))
        if stopped(i):
            touched += 1
            false.add(who)
    for d in decisions:
        kind, _, who = d["subject"].partition(":")
        if (
            d["decision"] == "restricted"
            and kind in ("account", "script")
            and not guilty(who, d["at"])
            and who not in excused
        ):
            false.add(who)
    hard = {}
    for g in truth["negatives"]:
        ids = [i for i in g["ids"] if not guilty(subs[i][0], subs[i][1])]
        levels = {answers.get(i, ("pass", 0))[0] for i in ids} - {"pass"}
        k = hard.setdefault(g["kind"], {"groups": 0, "touched": 0, "rejected": 0})
        k["groups"] += 1
        k["touched"] += bool(levels)
        k["rejected"] += bool(levels - {"hold", "throttle"})
    return {
        "bursts": big,
        "tiny": len(bursts) - len(big),
        "leaked": leaked,
        "injected": sum(b["total"] for b in bursts),
        "honest": honest,
        "touched": touched,
        "account_days": len(days),
        "false": sorted(false),
        "worst": worst,
        "hard": hard,
    }


def together(measures):
    """One measure of several streams."""
    out = {"bursts": [], "false": [], "hard": {}}
    for m in measures:
        out["bursts"] += m["bursts"]
        out["false"] += m["false"]
        for key in ("tiny", "leaked", "injected", "honest", "touched", "account_days"):
            out[key] = out.get(key, 0) + m[key]
        for kind, counts in m["hard"].items():
            k = out["hard"].setdefault(kind, dict.fromkeys(counts, 0))
            for name, value in counts.items():
                k[name] += value
    return out


def summary(m):
    before = sorted(b["before"] for b in m["bursts"] if b["before"] is not None)
    found, n = len(before), len(m["bursts"])
    return {
        "n": n,
        "found": found,
        "recall": found / n if n else 0,
        "recall_low": binomial_low(found, n),
        "median": statistics.median(before) if before else None,
        "p95": before[int(0.95 * (found - 1))] if before else None,
        "leaked": m["leaked"],
        "injected": m["injected"],
        "false": len(m["false"]),
        "account_days": m["account_days"],
        "per_10k": 1e4 * len(m["false"]) / max(1, m["account_days"]),
        "per_10k_high": 1e4 * poisson_high(len(m["false"])) / max(1, m["account_days"]),
        "honest": m["honest"],
        "touched": m["touched"],
        "hard_touched": sum(v["touched"] for k, v in m["hard"].items() if k not in REVIEW),
        "review_rejected": sum(v["rejected"] for k, v in m["hard"].items() if k in REVIEW),
    }


def bisect(low, high, below):
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) else (low, middle)
    return (low + high) / 2


def poisson_high(count):
    """95 % upper bound of the mean behind a count."""

    def tail(mean):
        return sum(
            math.exp(-mean + k * math.log(mean) - math.lgamma(k + 1)) for k in range(count + 1)
        )

    return bisect(1e-9, count + 10 * math.sqrt(count + 1) + 10, lambda mean: tail(mean) > 0.05)


def binomial_low(found, n):
    """95 % lower bound of a share (Clopper and Pearson)."""
    if found == 0 or n == 0:
        return 0.0

    def tail(p):
        return sum(
            math.exp(
                math.lgamma(n + 1)
                - math.lgamma(k + 1)
                - math.lgamma(n - k + 1)
                + k * math.log(p)
                + (n - k) * (math.log1p(-p) if p < 1 else -1e9)
            )
            for k in range(found, n + 1)
        )

    return bisect(1e-9, 1 - 1e-12, lambda p: tail(p) < 0.05)


def official(data, stream, answers_path=None, limit=None):
    """What score.py says of the same stream."""
    command = [sys.executable, os.path.join(data, "tools", "score.py"), stream.folder]
    command += ["--fixed-limit", str(limit)] if limit else [answers_path]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
