"""Tables of what detector B did, as Markdown."""
import bursts
import campaign_outcomes as outcomes
import rspamd_beside

SHIPPED_BUDGET = 0.05
table = bursts.table


def share(part, whole, digits=1):
    return f"{100 * part / max(1, whole):.{digits}f} %"


def found(s):
    return f"{s['found']} of {s['n']} = {share(s['found'], s['n'])} (≥ {100 * s['recall_low']:.1f})"


def by_kind(m):
    kinds = {}
    for stream, measured in zip(m["streams"], m["measures"]):
        kinds.setdefault(stream.kind, []).append(measured)
    rows = []
    everything = outcomes.summary(outcomes.together(m["measures"]))
    for (rewrite, clients), measures in sorted(kinds.items()):
        s = outcomes.summary(outcomes.together(measures))
        rows.append((f"{rewrite}, {clients}", s))
    rows.append(("**all together**", everything))
    head = ("rewriting, clients", "stopped (95 % bound)", "accounts before the stop: median")
    head += ("95th percentile", "mail leaked", "honest mail held by B")
    return table(
        head,
        ("---", "---", "---:", "---:", "---", "---"),
        [
            (
                name,
                found(s),
                s["median"],
                s["p95"],
                f"{s['leaked']:,} of {s['mails']:,} = {share(s['leaked'], s['mails'])}",
                f"{s['touched_b']} of {s['honest']:,}",
            )
            for name, s in rows
        ],
    )


def by_size(s):
    return table(
        ("accounts", "campaigns", "stopped", "mail leaked", "share", "median share"),
        ("---:", "---:", "---:", "---", "---:", "---:"),
        [
            (f"{k:,}", n, f, f"{lost:,} of {all_:,}", share(lost, all_, 2), share(mid, 1, 2))
            for k, (n, f, lost, all_, mid) in s["sizes"].items()
        ],
    )


def by_duration(m):
    rows = {}
    for c in outcomes.together(m["measures"])["campaigns"]:
        row = rows.setdefault(round(c["hours"]), [0, 0, 0, 0])
        for i, value in enumerate((1, c["found"], c["leaked"], c["mails"])):
            row[i] += value
    return table(
        ("sent over", "campaigns", "stopped", "mail leaked", "share"),
        ("---:", "---:", "---:", "---", "---:"),
        [
            (f"{hours} h", n, f, f"{lost:,} of {all_:,}", share(lost, all_, 2))
            for hours, (n, f, lost, all_) in sorted(rows.items())
        ],
    )


def held_list(m, kept=40):
    held = [h for measured in m["measures"] for h in measured["held"] + measured["hard"] if h[4]]
    if not held:
        return ["No honest mail and no hard negative was held by detector B."]
    lines = [f"Every honest mail and hard negative held by detector B ({len(held)}):", ""]
    rows = [(f"`{i}`", kind, why) for i, kind, _, why, _ in held[:kept]]
    lines += table(("mail", "kind", "why"), ("---", "---", "---"), rows)
    if len(held) > kept:
        lines += ["", f"... and {len(held) - kept} more, in `campaigns.json` of the work folder."]
    return lines


def negatives(m):
    kinds = outcomes.together(m["measures"])["negatives"]
    return table(
        ("kind", "groups", "touched, by whichever detector", "mails", "touched"),
        ("---", "---:", "---:", "---:", "---:"),
        [
            (k, v["groups"], v["groups_touched"], f"{v['messages']:,}", v["messages_touched"])
            for k, v in sorted(kinds.items())
        ],
    )


def curve_rows(m):
    rows = [
        (
            f"B, {b:g} false campaigns a day" + (" (shipped)" if b == SHIPPED_BUDGET else ""),
            f"{s['found']} of {s['n']}",
            s["median"],
            share(s["leaked"], s["mails"], 2),
            f"{s['touched_b']} of {s['honest']:,}",
        )
        for b, s in m["curve"]
    ]
    for name, p in ((m["rspamd"] or {}).get("passes") or {}).items():
        rows.append(
            (
                f"rspamd, {name} (campaigns up to {rspamd_beside.ACCOUNTS_MOST})",
                "-",
                "-",
                share(p["leaked"], p["mails"], 2),
                f"{p['touched']} of {p['honest']:,}",
            )
        )
    for limit, s in m["limits"].items():
        rows.append(
            (
                f"fixed limit {limit} recipients an hour",
                f"{s['found']} of {s['n']}",
                "-",
                share(s["leaked"], s["mails"], 2),
                f"{s['touched']} of {s['honest']:,}",
            )
        )
    return table(
        ("", "stopped", "accounts before the stop", "mail leaked", "honest mail held"),
        ("---", "---", "---:", "---:", "---"),
        rows,
    )


def short_rows(results, first):
    return table(
        (first, "stopped", "accounts before the stop", "mail leaked", "honest mail held by B")
        + ("hard negatives held by B",),
        ("---", "---", "---:", "---:", "---:", "---:"),
        [
            (
                name,
                f"{s['found']} of {s['n']}",
                s["median"] if s["median"] is not None else "-",
                share(s["leaked"], s["mails"], 2),
                s["touched_b"],
                s["hard_b"],
            )
            for name, s in results.items()
        ],
    )
