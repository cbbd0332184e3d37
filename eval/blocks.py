#!/usr/bin/env python3
"""Error rates of the block matrix by simulation, on the program that people run.

usage: blocks.py [--program PROGRAM] [--cells N] [--days N] [--seed N]

Mail of many egresses to one provider is made up by a seeded generator and fed to `leumund replay
--json`. First without any block: every provider_refuses is false. The background has what usual
days have: single refusals for the address, mail put off for repute, and now and then some minutes
in which nearly all mail is put off. Then with blocks of nearly all mail, half of it and one in ten,
which begin after a month and last two weeks: how many mails went out before it was found, and how
many were accepted afterwards before it was called open again.
"""
import argparse
import collections
import json
import os
import random
import statistics
import subprocess
import sys
import threading

START = 1_600_000_000
DAY = 86400
REMOTE = "hotmail-com.olc.protection.outlook.com[203.0.113.9]"
BLOCKED = ("550 5.7.1 Unfortunately, messages from [192.0.2.25] weren't sent. Please contact your "
           "Internet service provider since part of their network is on our block list (S3140).")
SLOWED = ("421 4.7.0 [TSS04] Messages from 192.0.2.25 temporarily deferred due to unexpected "
          "volume or user complaints - 4.16.55.1; see https://postmaster.yahooinc.com/error-codes")
USUAL_BLOCKED, USUAL_SLOWED = 0.001, 0.005
INCIDENTS_A_MONTH, INCIDENT_SECONDS, INCIDENT_SHARE = 2, 240, 0.8


class Cell:
    """One egress: when its mail goes out, and what meets it."""

    def __init__(self, name, mails_a_day, dice, block=None):
        self.name, self.mails_a_day, self.dice, self.block = name, mails_a_day, dice, block
        self.number = 0
        self.incident_until = 0
        self.next_incident = START + dice.expovariate(INCIDENTS_A_MONTH / (30 * DAY))

    def day(self, day):
        """(time, line) of one day; three quarters of the mail goes out in working hours."""
        dice = self.dice
        count = min(5000, int(dice.gammavariate(4, self.mails_a_day / 4) + 0.5))
        begin = START + day * DAY
        times = sorted(begin + (dice.uniform(8, 18) if dice.random() < .75
                                else dice.uniform(0, 24)) * 3600 for _ in range(count))
        for at in times:
            yield at, self.mail(at)

    def mail(self, at):
        self.number += 1
        status, reply = "sent", "250 2.6.0 Queued mail for delivery"
        fate = self.fate(at)
        if fate != "sent":
            status, reply = ("bounced", BLOCKED) if fate == "blocked" else ("deferred", SLOWED)
        return json.dumps({"type": "delivery", "at": round(at, 3),
                           "id": f"{self.name}-{self.number}", "egress": self.name,
                           "recipient": f"r{self.number % 997}@hotmail.com", "remote": REMOTE,
                           "status": status, "stage": "rcpt", "reply": reply})

    def fate(self, at):
        dice = self.dice
        if self.block and self.block.now(at):
            return "blocked" if dice.random() < self.block.share else "sent"
        if at > self.next_incident:
            self.incident_until = self.next_incident + INCIDENT_SECONDS
            self.next_incident += dice.expovariate(INCIDENTS_A_MONTH / (30 * DAY))
        if at < self.incident_until:
            return "slowed" if dice.random() < INCIDENT_SHARE else "sent"
        chance = dice.random()
        if chance < USUAL_BLOCKED:
            return "blocked"
        return "slowed" if chance < USUAL_BLOCKED + USUAL_SLOWED else "sent"


class Block:
    def __init__(self, share, begin, end):
        self.share, self.begin, self.end = share, begin, end

    def now(self, at):
        return self.begin <= at < self.end


def replay(program, cells, days, progress):
    """Feeds the cells; the decisions, and the times of every cell's mail."""
    child = subprocess.Popen([program, "replay", "--json", "-"], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)
    times = collections.defaultdict(list)

    def write():
        for day in range(days):
            lines = []
            for cell in cells:
                for at, line in cell.day(day):
                    times[cell.name].append(at)
                    lines.append((at, line))
            lines.sort()
            child.stdin.write("".join(line + "\n" for _, line in lines))
            if progress and day % 10 == 0:
                print(f"\r{progress}: day {day} of {days}", end="", file=sys.stderr)
        child.stdin.close()

    writer = threading.Thread(target=write)
    writer.start()
    decisions = [json.loads(line) for line in child.stdout if '"decision"' in line]
    writer.join()
    if progress:
        print(file=sys.stderr)
    if child.wait() != 0:
        sys.exit("eval blocks: leumund replay failed")
    return decisions, times


def upper_bound(count):
    """95 % upper bound of a Poisson mean, by bisection."""
    import math
    low, high = 0.0, count + 10 * math.sqrt(count + 1) + 10
    for _ in range(60):
        mean = (low + high) / 2
        chance = sum(math.exp(-mean + k * math.log(mean) - math.lgamma(k + 1)) if mean > 0
                     else float(k == 0) for k in range(count + 1))
        low, high = (mean, high) if chance > 0.05 else (low, mean)
    return high


def false_changes(options, progress):
    result = []
    for mails in (20, 140, 1000):
        count = max(1, options.cells if mails < 1000 else options.cells // 8)
        cells = [Cell(f"e{i}", mails, random.Random(f"{options.seed}-{mails}-{i}"))
                 for i in range(count)]
        decisions, times = replay(options.program, cells, options.days,
                                  progress and f"no block, {mails} mails a day")
        wrong = sum(one["decision"] == "provider_refuses" for one in decisions)
        years = count * options.days / 365
        result.append({"mails_a_day": mails, "cell_years": round(years, 1),
                       "mails": sum(map(len, times.values())), "false": wrong,
                       "per_cell_year": round(wrong / years, 4),
                       "at_most": round(upper_bound(wrong) / years, 4)})
    return result


def spread(values):
    values = sorted(values)
    return {"median": statistics.median(values), "p95": values[int(.95 * (len(values) - 1))],
            "most": values[-1]} if values else None


def detection(options, progress):
    result = []
    begin, lasts, after = START + 30 * DAY, 14 * DAY, 14 * DAY
    for share in (1.0, 0.5, 0.1):
        cells = [Cell(f"b{i}", 140, random.Random(f"{options.seed}-{share}-{i}"),
                      Block(share, begin, begin + lasts)) for i in range(options.cells)]
        decisions, times = replay(options.program, cells, (30 * DAY + lasts + after) // DAY,
                                  progress and f"block of {share:.0%}")
        found, opened, early, flutter = [], [], 0, 0
        for cell in cells:
            of_cell = [one for one in decisions if one["egress"] == cell.name]
            refuses = [one["at"] for one in of_cell if one["decision"] == "provider_refuses"]
            accepts = [one["at"] for one in of_cell if one["decision"] == "provider_accepts"]
            early += sum(at < begin for at in refuses)
            inside = [at for at in refuses if begin <= at < begin + lasts]
            flutter += sum(begin <= at < begin + lasts for at in accepts)
            if inside:
                found.append(sum(begin <= at <= inside[0] for at in times[cell.name]))
            late = [at for at in accepts if at >= begin + lasts]
            if late:
                opened.append(sum(begin + lasts <= at <= late[0] for at in times[cell.name]))
        result.append({"share": share, "blocks": len(cells), "found": len(found),
                       "mails_until_found": spread(found), "called_open_too_early": flutter,
                       "opened_again": len(opened), "mails_until_open": spread(opened),
                       "false_before": early})
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--program", default=os.path.join(os.environ.get("LEUMUND_BIN", ""),
                                                          "leumund"))
    parser.add_argument("--cells", type=int, default=100)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    progress = sys.stderr.isatty()
    quiet = false_changes(options, progress)
    blocks = detection(options, progress)
    if options.json:
        print(json.dumps({"false_changes": quiet, "blocks": blocks}))
        return
    print("No block: cells called refused although nothing changed")
    for one in quiet:
        print(f"  {one['mails_a_day']:>5} mails a day: {one['false']} in {one['cell_years']} "
              f"cell-years ({one['mails']:,} mails); {one['per_cell_year']} a cell-year, with 95 % "
              f"certainty at most {one['at_most']}")
    print("Blocks: mails until found, and until called open again")
    for one in blocks:
        print(f"  {one['share']:>4.0%} refused: {one['found']} of {one['blocks']} found, "
              f"{one['mails_until_found']}; open too early {one['called_open_too_early']}; "
              f"{one['opened_again']} opened again, {one['mails_until_open']}; "
              f"false before {one['false_before']}")


if __name__ == "__main__":
    main()
