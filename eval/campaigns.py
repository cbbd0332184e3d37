#!/usr/bin/env python3
"""Measures detector B on real mail with injected campaigns, and fits its constants.

  campaigns.py [--seeds 1-15] [--days 90] [--few 1] [--part 1/2] [--replay PROGRAM] [--work DIR]
               [--ablation-seeds 932,935] [--without curve,ablation,words,evasions,rspamd] [--write]
  campaigns.py --fit [--fit-seeds 901-906]
  campaigns.py --fit-odds [--fit-seeds 902,905,908,911,914]

A stream has seven campaigns of 50, 100, 200, 500, 1,000, 2,000 and 5,000 accounts; its seed says
how they are rewritten, from which clients they come, and which spam they send. Measures on one half
of accounts and campaigns (--part 1/2) and fits on the other (0/2). Streams are kept in the work
folder by their arguments, and what was measured on each by this program: a run that was ended goes
on where it was. --write puts the figures into docs/detection.md and docs/figures/. The
data folder is LEUMUND_DATA (default ../shared).
"""
import argparse
import concurrent.futures
import datetime
import json
import os
import re
import subprocess
import time

import bursts
import campaign_fit
import campaign_outcomes as outcomes
import campaign_tables as rows
import evasions
import figure
import outcomes as bounds
import paraphrase
import rspamd_beside
import streams

CONSTANTS = os.path.join(bursts.PROJECT, "data", "detection", "campaign.toml")
FIT_PART, TEST_PART = "0/2", "1/2"
CAMPAIGNS = 7
KINDS = [(r, c) for c in ("botnet", "home") for r in ("light", "heavy", "none")]
# Budgets of false campaigns a day, from strict to loose; the shipped one is among them.
BUDGETS = {b: {"allowed_per_day": b} for b in (0.0005, 0.005, rows.SHIPPED_BUDGET, 0.5, 5.0)}
BUDGETS[rows.SHIPPED_BUDGET] = {}  # that is measured already
LIMITS = [200, 50]
# What is left out for the ablation table: constants set to nothing.
ABLATION = {
    "similar text": {"text_counts": 0},
    "phrases": {"phrases_count": 0},
    "links, contacts, attachments": {"links_count": 0},
    "subject": {"subject_counts": 0},
    "client addresses that join": {"clients_count": 0, "weights.5": 0, "weights.6": 0},
    "membership": {"membership_counts": 0},
    "recipients out of character": {"weights.0": 0, "weights.1": 0, "weights.2": 0},
    "networks out of character": {"weights.3": 0, "weights.4": 0},
    "links new to the house": {"weights.7": 0},
    "sending program": {"weights.9": 0, "weights.10": 0},
    "hour": {"weights.11": 0},
    "odds of a thief against the owner": {"odds_count": 0},
}
say = bursts.say


def numbers(text):
    out = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        out += range(int(first), int(last or first) + 1)
    return out


def stream_of(data, work, seed, part, days):
    rewrite, clients = KINDS[(seed - 1) % len(KINDS)]
    # Seeds 1-30, 31-60 and 61-90 give every mailing each of the three rewritings.
    mailings = (seed - 1 + (seed - 1) // 30) % 15
    made = streams.make(
        data,
        work,
        say,
        seed=seed,
        part=part,
        days=days,
        bursts=CAMPAIGNS * mailings,
        clients=clients,
        rewrite=rewrite,
        campaigns=CAMPAIGNS,
    )
    made.kind = (rewrite, clients)
    return made


def each(jobs, work, items):
    """work(item) for all, as many at a time as there are jobs; in order."""
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(work, items))


def one(data, replay, stream, name, settings=None):
    began = time.monotonic()
    path = outcomes.kept_at(replay, stream, settings)
    if os.path.exists(path):
        with open(path) as f:
            measured = outcomes.from_json(json.load(f))
    else:
        run = outcomes.replay(replay, stream, name, settings)
        measured = outcomes.measure(data, run)
        outcomes.forget(run)
        with open(path + ".part", "w") as f:
            json.dump(measured, f)
        os.replace(path + ".part", path)
    brief = outcomes.summary(measured)
    say(
        f"{name} {stream.arguments}: {brief['found']} of {brief['n']}, "
        f"{brief['leaked']} leaked, {brief['touched_b']} honest held, "
        f"{brief['hard_b']} hard negatives held ({time.monotonic() - began:.0f} s)"
    )
    return measured


# --- fitting --------------------------------------------------------------------------------------


def write_constants(fitted, provenance):
    with open(CONSTANTS) as f:
        text = f.read()
    for name, values in fitted.items():
        listed = ", ".join(f"{v:g}" for v in values)
        text = re.sub(rf"(?m)^{name} = \[.*\]$", f"{name} = [{listed}]", text)
    lines = "\n".join(f'{k} = "{v}"' for k, v in provenance.items())
    text = text.split("\n[provenance]")[0].rstrip("\n") + f"\n\n[provenance]\n{lines}\n"
    with open(CONSTANTS, "w") as f:
        f.write(text)


def run_fit(a, data, replay):
    seeds = a.fit_seeds or "901-906"
    made = each(a.jobs, lambda s: stream_of(data, a.work, s, FIT_PART, a.days), numbers(seeds))
    runs = each(a.jobs, lambda s: outcomes.replay(replay, s, "fit"), made)
    fitted, info = campaign_fit.fit([(r.features, r.stream.truth) for r in runs])
    for run in runs:
        outcomes.forget(run)
    write_constants(
        fitted,
        {
            "command": f"./dev eval campaigns --fit --fit-seeds {seeds}",
            "days": a.days,
            "part": FIT_PART,
            "data": "legit-lists, legit-enron, legit-misc, spam",
            "mails": f"{info['honest']} honest, {info['spam']} of campaigns",
            "date": datetime.date.today().isoformat(),
            "commit": bursts.commit(),
        },
    )
    say(f"wrote {CONSTANTS}: build again, then measure")


def run_fit_odds(a, data, replay):
    seeds = a.fit_seeds or "902,905,908,911,914"
    made = each(a.jobs, lambda s: stream_of(data, a.work, s, FIT_PART, a.days), numbers(seeds))
    runs = each(a.jobs, lambda s: outcomes.replay(replay, s, "odds"), made)
    fitted, info = campaign_fit.fit_odds([(r.features, r.stream.truth) for r in runs])
    for run in runs:
        outcomes.forget(run)
    with open(CONSTANTS) as f:
        text = f.read()
    for name, values in fitted.items():
        listed = ", ".join(f"{v:g}" for v in values)
        text = re.sub(rf"(?m)^{name} = \[.*\]$", f"{name} = [{listed}]", text)
        say(f"{name} = [{listed}]")
    source = f"./dev eval campaigns --fit-odds --fit-seeds {seeds}, part {FIT_PART}, "
    source += f"{info['honest']} honest, {info['spam']} of campaigns"
    text = re.sub(r"(?m)^odds = .*\n", "", text).rstrip("\n") + f'\nodds = "{source}"\n'
    with open(CONSTANTS, "w") as f:
        f.write(text)
    say(f"wrote {CONSTANTS}: build again, then measure")


# --- measuring ------------------------------------------------------------------------------------


def fixed_limit(data, stream, limit):
    score = bounds.official(data, stream, limit=limit)
    campaigns = score["campaigns"]
    return {
        "found": campaigns["found"],
        "n": campaigns["n"],
        "leaked": campaigns["leaked"],
        "mails": campaigns["total"],
        "touched": score["honest"]["touched"],
        "honest": score["honest"]["messages"],
    }


def added(parts):
    return {k: sum(p[k] for p in parts) for k in parts[0]}


def with_settings(a, data, replay, made, name, settings):
    measures = [one(data, replay, s, name, settings) for s in made]
    return outcomes.summary(outcomes.together(measures))


def measure_all(a, data, replay):
    made = each(
        a.jobs, lambda s: stream_of(data, a.work, s, a.part, a.days), numbers(a.seeds)
    )
    measures = each(a.jobs, lambda s: one(data, replay, s, "shipped"), made)
    out = {"streams": made, "measures": measures, "curve": [], "limits": {}, "ablation": {}}
    out |= {"words": {}, "evasions": {}, "rspamd": None, "rspamd_beside": None}
    few = made[1 : 1 + a.few] or made[:1]  # the second stream is one that is rewritten heavily
    if "curve" not in a.without:
        out["curve"] = each(
            a.jobs,
            lambda b: (b, with_settings(a, data, replay, few, "curve", BUDGETS[b])),
            BUDGETS,
        )
        for limit in LIMITS:
            out["limits"][limit] = added([fixed_limit(data, s, limit) for s in few])
    if "ablation" not in a.without:
        seeds = numbers(a.ablation_seeds)
        hard = [stream_of(data, a.work, s, FIT_PART, a.days) for s in seeds]
        results = each(
            a.jobs,
            lambda x: with_settings(a, data, replay, hard, "ablation", x),
            [{}, *ABLATION.values()],
        )
        out["ablation"] = dict(zip(["nothing", *ABLATION], results))
    if "words" not in a.without:
        base = made[min(2, len(made) - 1)]
        results = each(
            a.jobs,
            lambda n: one(data, replay, paraphrase.make(base, n), "words"),
            paraphrase.LEVELS,
        )
        out["words"] = {
            name: outcomes.summary(r)
            for name, r in zip(
                ["as sent", *paraphrase.LEVELS], [measures[made.index(base)], *results]
            )
        }
    if "evasions" not in a.without:
        # Worked on, like those of the ablation: what they show was mended while looking at them.
        base = stream_of(data, a.work, numbers(a.ablation_seeds)[0], FIT_PART, a.days)
        results = each(
            a.jobs,
            lambda n: one(data, replay, evasions.make(base, n), "evasions"),
            evasions.NAMES,
        )
        plain = one(data, replay, base, "shipped")
        out["evasions"] = {
            name: outcomes.summary(r)
            for name, r in zip(["as it was", *evasions.NAMES], [plain, *results])
        }
    if "rspamd" not in a.without:
        # On the stream of the curve: its points are drawn into it.
        out["rspamd"] = rspamd_beside.compare(a.work, few[0], say)
        out["rspamd_beside"] = measures[made.index(few[0])]
    return out


def tables(a, m):
    everything = outcomes.summary(outcomes.together(m["measures"]))
    machine = f"{os.cpu_count()} cores"
    lines = [
        f"Measured on {datetime.date.today().isoformat()} at commit {bursts.commit()} on a machine "
        f"with {machine}, part {a.part},",
        f"{a.days} days: `./dev eval campaigns --seeds {a.seeds} --write`.",
        "",
        *rows.by_kind(m),
        "",
        f"Honest mail held by B: {everything['touched_b']} of {everything['honest']:,} "
        f"(95 % bound {everything['touched_b_high']:.1f}); by any detector "
        f"{everything['touched']}.",
        "",
        *rows.by_size(everything),
        "",
        *rows.by_duration(m),
        "",
        "Why mail of campaigns got out:",
        "",
        *bursts.table(
            ("cause", "mails"),
            ("---", "---:"),
            sorted(everything["causes"].items(), key=lambda x: -x[1]),
        ),
        "",
        *rows.held_list(m),
        "",
        *rows.negatives(m),
    ]
    if m["curve"]:
        title = f"By the budget of false campaigns ({a.few} stream(s), from the second on):"
        lines += ["", title, ""]
        lines += rows.curve_rows(m)
    if m["ablation"]:
        which = f"part {FIT_PART}, `--ablation-seeds {a.ablation_seeds}`"
        lines += ["", f"Without one kind of evidence ({which}):", ""]
        lines += rows.short_rows(m["ablation"], "left out")
    if m["words"]:
        lines += ["", "Sentences made from word lists (one stream):", ""]
        lines += rows.short_rows(m["words"], "words changed")
    if m["evasions"]:
        first = numbers(a.ablation_seeds)[0]
        lines += ["", f"What who knows the rules may try (part {FIT_PART}, seed {first}):", ""]
        lines += rows.short_rows(m["evasions"], "how the campaigns are sent")
    if m["rspamd"]:
        lines += ["", *rspamd_beside.rows(m["rspamd"], m["rspamd_beside"], bursts.table)]
    return "\n".join(lines)


def draw(m):
    os.makedirs(bursts.FIGURES, exist_ok=True)
    series = [
        (
            "Leumund, by budget",
            [
                (100 * s["leaked"] / s["mails"], 1e4 * s["touched_b"] / s["honest"], f"{b:g} a day")
                for b, s in m["curve"]
            ],
        )
    ]
    for limit, s in m["limits"].items():
        point = (100 * s["leaked"] / s["mails"], 1e4 * s["touched"] / s["honest"], "")
        series.append((f"fixed limit {limit}/hour", [point]))
    for name, p in ((m["rspamd"] or {}).get("passes") or {}).items():
        point = (100 * p["leaked"] / p["mails"], 1e4 * p["touched"] / max(1, p["honest"]), "")
        series.append((f"rspamd, {name}", [point]))
    figure.plot(
        os.path.join(bursts.FIGURES, "campaigns-curve.svg"),
        "Campaign mail that got out against honest mail held",
        "share of campaign mail leaked, percent",
        "honest mails held per 10,000",
        series,
        x_log=True,
    )


def write_page(text):
    with open(bursts.PAGE) as f:
        page = f.read()
    begin, end = "<!-- begin: ./dev eval campaigns -->", "<!-- end: ./dev eval campaigns -->"
    if begin not in page or end not in page:
        raise SystemExit(f"{bursts.PAGE} lacks the marks {begin} and {end}")
    with open(bursts.PAGE, "w") as f:
        f.write(page.split(begin)[0] + f"{begin}\n{text}\n{end}" + page.split(end)[1])


def main():
    ap = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    ap.add_argument("--seeds", default="1-15")
    ap.add_argument("--days", type=int, default=90)
    ap.add_argument("--part", default=TEST_PART, help=f"{FIT_PART} while working on the rules")
    ap.add_argument("--few", type=int, default=1, help="streams for the curve")
    ap.add_argument("--ablation-seeds", default="932,935", help=f"of part {FIT_PART}")
    ap.add_argument("--replay")
    ap.add_argument("--work", default=os.path.join(bursts.PROJECT, "build", "eval"))
    ap.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    ap.add_argument("--without", type=lambda s: s.split(","), default=[])
    ap.add_argument("--write", action="store_true", help="put the figures into docs/")
    ap.add_argument(
        "--fit", action="store_true", help="fit data/detection/campaign.toml instead of measuring"
    )
    ap.add_argument("--fit-odds", action="store_true", help="fit only odds_even and odds_slope")
    ap.add_argument("--fit-seeds")
    a = ap.parse_args()
    if a.write and a.part != TEST_PART:
        ap.error("what is written into docs/ comes from the half that nobody fitted on")
    try:
        data = streams.data_folder(bursts.PROJECT)
        replay = bursts.program(a.replay)
        os.makedirs(a.work, exist_ok=True)
        if a.fit:
            return run_fit(a, data, replay)
        if a.fit_odds:
            return run_fit_odds(a, data, replay)
        m = measure_all(a, data, replay)
    except (streams.DataMissing, subprocess.SubprocessError) as problem:
        raise SystemExit(str(problem)) from None
    text = tables(a, m)
    print(text)
    with open(os.path.join(a.work, "campaigns.json"), "w") as f:
        kept = {k: v for k, v in m.items() if k != "streams"}
        json.dump(kept | {"streams": [s.arguments for s in m["streams"]]}, f, indent=1)
    if a.write:
        if m["curve"]:
            draw(m)
        write_page(text)
        say(f"wrote {bursts.PAGE} and {bursts.FIGURES}")


if __name__ == "__main__":
    main()
