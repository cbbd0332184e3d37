#!/usr/bin/env python3
"""Measures detector A on real mail with injected bursts, and fits its constants.

  bursts.py [--seeds 1,2,3] [--days 365] [--replay PROGRAM] [--work DIR] [--write]
  bursts.py --fit [--fit-seeds 101,102,103] [--sweeps 2]

Measures on one half of accounts and campaigns (--part 1/2) and fits on the other (0/2). Streams are
kept in the work folder by their arguments. --write puts the figures into docs/detection.md and
docs/figures/. The data folder is LEUMUND_DATA (default ../shared).
"""
import argparse
import datetime
import json
import os
import re
import subprocess
import sys

import figure
import fit
import outcomes
import streams

PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CONSTANTS = os.path.join(PROJECT, "data", "detection", "burst.toml")
PAGE = os.path.join(PROJECT, "docs", "detection.md")
FIGURES = os.path.join(PROJECT, "docs", "figures")
FIT_PART, TEST_PART = "0/2", "1/2"
OFFSETS = [-6, -5, -4, -3, -2, -1, 0, 1, 2, 4, 6, 8]
LIMITS = [200, 50]


def say(text):
    print(text, file=sys.stderr, flush=True)


def program(given):
    """The command that replays: named, or as ./dev eval built it."""
    folder = os.environ.get("LEUMUND_BIN", os.path.join(PROJECT, "build", "release", "bin"))
    if given:
        return [given]
    for command in (["leumund-replay"], ["leumund", "replay"]):
        path = os.path.join(folder, command[0])
        if os.access(path, os.X_OK):
            return [path, *command[1:]]
    raise SystemExit(f"no leumund-replay in {folder}: run ./dev build, or name one with --replay")


def read_constants():
    out = {}
    with open(CONSTANTS) as f:
        for line in f:
            m = re.match(r"(\w+) = (-?[0-9.e+-]+)\s*$", line)
            if m:
                out[m[1]] = float(m[2])
    return out


def write_constants(fitted, provenance):
    with open(CONSTANTS) as f:
        text = f.read()
    for name, value in fitted.items():
        text = re.sub(rf"(?m)^{name} = .*$", f"{name} = {value:g}", text)
    lines = "\n".join(f'{k} = "{v}"' for k, v in provenance.items())
    text = text.split("\n[provenance]")[0].rstrip("\n") + f"\n\n[provenance]\n{lines}\n"
    with open(CONSTANTS, "w") as f:
        f.write(text)


def commit():
    got = subprocess.run(
        ["git", "-C", PROJECT, "rev-parse", "--short", "HEAD"], stdout=subprocess.PIPE, text=True
    )
    return got.stdout.strip() or "unknown"


def run_fit(a, data, work, replay):
    seeds = [int(s) for s in a.fit_seeds.split(",")]
    made = [
        streams.make(
            data,
            work,
            say,
            seed=s,
            part=FIT_PART,
            days=a.days,
            bursts=150,
            clients="home" if i % 3 == 2 else "botnet",
        )
        for i, s in enumerate(seeds)
    ]
    constants = read_constants()
    start = {name: constants[name] for name in fit.SEARCHED}
    best, _ = fit.search(replay, made, start, say, a.sweeps)
    budget = constants.get("allowed_false_alarms_per_account_day", 1e-4)
    best, measures = fit.calibrate(replay, made, best, budget, say)
    write_constants(
        best,
        {
            "command": f"./dev eval bursts --fit --fit-seeds {a.fit_seeds} --sweeps {a.sweeps}",
            "days": str(a.days),
            "part": FIT_PART,
            "data": "legit-lists, legit-enron, legit-misc, spam",
            "streams": "150 bursts each, every third with --clients home",
            "date": datetime.date.today().isoformat(),
            "commit": commit(),
            "on_training": fit.brief(measures),
        },
    )
    say(f"wrote {CONSTANTS}: build again, then measure")


def variants(a):
    """What is measured: plain seeds, and what must not change the outcome much."""
    out = [("botnet", dict(seed=s)) for s in a.seeds]
    out += [("home", dict(seed=s, clients="home")) for s in a.seeds[:2]]
    out += [("heavy rewriting", dict(seed=a.seeds[0], rewrite="heavy"))]
    return out


def row(*cells):
    return "| " + " | ".join(str(c) for c in cells) + " |"


def table(head, align, rows):
    return [row(*head), row(*align), *(row(*r) for r in rows)]


def result(name, s):
    return (
        name,
        f"{s['found']} of {s['n']} = {100 * s['recall']:.1f} % (≥ {100 * s['recall_low']:.1f})",
        s["median"],
        s["p95"],
        f"{s['leaked']:,} of {s['injected']:,}",
        f"{s['false']} in {s['account_days']:,} = {s['per_10k']:.2f} (≤ {s['per_10k_high']:.2f})",
        f"{s['touched']:,} of {s['honest']:,}",
        s["hard_touched"],
    )


def measure_all(a, data, work, replay):
    groups, limits, official = {}, {n: [] for n in LIMITS}, []
    plain = []
    for name, arguments in variants(a):
        stream = streams.make(data, work, say, part=TEST_PART, days=a.days, bursts=60, **arguments)
        say(f"measuring {stream.arguments}")
        answers, decisions = outcomes.replay(replay, stream)
        m = outcomes.measure(stream, answers, decisions)
        say(f"  {fit.brief([m])}")
        groups.setdefault(name, []).append(m)
        if name == "botnet":
            plain.append(stream)
            answers_path = os.path.join(stream.folder, "answers.jsonl")
            with open(answers_path, "w") as f:
                subprocess.run([*replay, "--json", stream.events], stdout=f, check=True)
            official.append((arguments["seed"], outcomes.official(data, stream, answers_path)))
            for n in LIMITS:
                limits[n].append(outcomes.measure(stream, *outcomes.fixed_limit(stream, n)))
    curve = []
    base = read_constants()["threshold_offset"]
    for offset in OFFSETS:
        say(f"threshold {offset:+d}")
        ms = [
            outcomes.measure(s, *outcomes.replay(replay, s, {"threshold_offset": base + offset}))
            for s in plain
        ]
        curve.append((offset, outcomes.summary(outcomes.together(ms))))
    return groups, limits, official, curve


def draw(curve, limits):
    os.makedirs(FIGURES, exist_ok=True)

    def per_burst(s):
        return s["leaked"] / max(1, s["n"])

    points = [
        (
            per_burst(s),
            s["per_10k"],
            f"threshold {o:+d}: {s['found']} of {s['n']} stopped, {s['false']} false",
        )
        for o, s in curve
    ]
    series = [("Leumund, by threshold", points)]
    for n, s in limits.items():
        series.append(
            (
                f"fixed limit {n}/hour",
                [
                    (
                        per_burst(s),
                        s["per_10k"],
                        f"{s['found']} of {s['n']} stopped, {s['false']} false",
                    )
                ],
            )
        )
    figure.plot(
        os.path.join(FIGURES, "bursts-curve.svg"),
        "Spam that got out against honest subjects restricted",
        "recipients leaked per burst",
        "honest subjects restricted per 10,000 account-days",
        series,
        x_log=True,
    )
    figure.plot(
        os.path.join(FIGURES, "bursts-threshold.svg"),
        "Recipients before the stop, by threshold",
        "threshold, relative to the shipped one",
        "recipients",
        [
            (
                "median",
                [(o - OFFSETS[0], s["median"] or 0, f"{o:+d}: {s['median']}") for o, s in curve],
            ),
            (
                "95th percentile",
                [(o - OFFSETS[0], s["p95"] or 0, f"{o:+d}: {s['p95']}") for o, s in curve],
            ),
        ],
    )


def tables(a, groups, limits, official, curve):
    everything = outcomes.together([m for ms in groups.values() for m in ms])
    seeds = ",".join(map(str, a.seeds))
    rows = [result(name, outcomes.summary(outcomes.together(ms))) for name, ms in groups.items()]
    rows.append(result("**all together**", outcomes.summary(everything)))
    rows += [
        result(f"fixed limit {n} an hour, streams of the first row", s) for n, s in limits.items()
    ]
    lines = [
        f"Measured on {datetime.date.today().isoformat()} at commit {commit()}, part {TEST_PART},",
        f"{a.days} days: `./dev eval bursts --seeds {seeds} --write`.",
        "",
    ]
    lines += table(
        (
            "stream",
            "bursts above 12 recipients stopped (95 % bound)",
            "median before the stop",
            "95th percentile",
            "recipients leaked",
            "honest subjects restricted per 10,000 account-days " "(95 % bound)",
            "honest mails touched",
            "hard negatives touched",
        ),
        ("---", "---", "---:", "---:", "---:", "---", "---:", "---:"),
        rows,
    )
    lines += [
        "",
        "Hard negatives, all streams together; any answer but `pass` counts as touched:",
        "",
    ]
    lines += table(
        ("kind", "groups", "touched", "refused rather than held"),
        ("---", "---:", "---:", "---:"),
        [
            (k, v["groups"], v["touched"], v["rejected"])
            for k, v in sorted(everything["hard"].items())
        ],
    )
    lines += [
        "",
        "What `score.py` itself prints. It counts a stop at the first mail of a burst as false"
        " when",
        "the mail's time was rounded below that of the truth (by less than a millisecond); the",
        "tables above do not.",
        "",
    ]
    lines += table(
        (
            "seed",
            "recall",
            "median",
            "p95",
            "falsely restricted",
            "account-days",
            "hard negatives touched",
        ),
        ("---:",) * 7,
        [
            (
                seed,
                o["bursts"]["recall"],
                o["bursts"]["recipients_before_stop_median"],
                o["bursts"]["recipients_before_stop_p95"],
                o["honest"]["falsely_restricted"],
                f"{o['honest']['account_days']:,}",
                o["hard_negatives_touched"],
            )
            for seed, o in official
        ],
    )
    lines += ["", "By threshold, relative to the shipped one (streams of the first row):", ""]
    lines += table(
        ("threshold", "stopped", "median", "p95", "leaked", "false", "per 10,000 account-days"),
        ("---:",) * 7,
        [
            (
                f"{o:+d}",
                f"{100 * s['recall']:.1f} %",
                s["median"],
                s["p95"],
                f"{s['leaked']:,}",
                s["false"],
                f"{s['per_10k']:.2f}",
            )
            for o, s in curve
        ],
    )
    return "\n".join(lines)


def write_page(text):
    with open(PAGE) as f:
        page = f.read()
    begin, end = "<!-- begin: ./dev eval bursts -->", "<!-- end: ./dev eval bursts -->"
    if begin not in page or end not in page:
        raise SystemExit(f"{PAGE} lacks the marks {begin} and {end}")
    with open(PAGE, "w") as f:
        f.write(page.split(begin)[0] + f"{begin}\n{text}\n{end}" + page.split(end)[1])


def main():
    ap = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    ap.add_argument("--seeds", type=lambda s: [int(x) for x in s.split(",")], default=[1, 2, 3])
    ap.add_argument("--days", type=int, default=365)
    ap.add_argument("--replay")
    ap.add_argument("--work", default=os.path.join(PROJECT, "build", "eval"))
    ap.add_argument("--write", action="store_true", help="put the figures into docs/")
    ap.add_argument(
        "--fit", action="store_true", help="fit data/detection/burst.toml instead of measuring"
    )
    ap.add_argument("--fit-seeds", default="101,102,103")
    ap.add_argument("--sweeps", type=int, default=2)
    a = ap.parse_args()
    try:
        data = streams.data_folder(PROJECT)
        replay = program(a.replay)
        os.makedirs(a.work, exist_ok=True)
        if a.fit:
            return run_fit(a, data, a.work, replay)
        groups, limits, official, curve = measure_all(a, data, a.work, replay)
    except streams.DataMissing as missing:
        raise SystemExit(str(missing)) from None
    summed = {n: outcomes.summary(outcomes.together(ms)) for n, ms in limits.items()}
    text = tables(a, groups, summed, official, curve)
    print(text)
    with open(os.path.join(a.work, "bursts.json"), "w") as f:
        json.dump(
            {
                "groups": {k: outcomes.summary(outcomes.together(v)) for k, v in groups.items()},
                "limits": summed,
                "curve": curve,
                "official": official,
            },
            f,
            indent=1,
        )
    if a.write:
        draw(curve, summed)
        write_page(text)
        say(f"wrote {PAGE} and {FIGURES}")


if __name__ == "__main__":
    main()
