"""Fits the constants of detector B: what each trait of a mail weighs, and how often honest mail
scores how much. Spam only sets the direction of the weights; the calibration looks at honest mail
alone."""
import collections
import json
import math
import random

LEVELS = [0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001]
CLASSES = ["stranger", "fleeting", "known"]
# Mails of one subject that the calibration looks at: one busy sender is not a thousand.
PER_SUBJECT = 40
# ... and of one campaign.
PER_CAMPAIGN = 300
# Traits that can only speak against the owner, or only for him: the fit may not turn them round.
SIGN = {"no_link": -1, "same_program": -1}
# What the mixer makes too telling: there everybody writes with one program only, and addresses of
# bots are never seen before. Weights stay within these bounds.
WEIGHT_MOST = {
    "other_program": 1.5,
    "same_program": 0.5,
    "new_sender": 1.0,
    "young_client": 0.7,
    "odd_hour": 0.3,
    "no_link": 0.5,
}


def read(path, truth):
    """Rows of --campaign-features as (id, subject, class, traits, campaign, -ln p), and the names;
    the campaign of honest mail is None."""
    spam = {i: k for k, c in enumerate(truth["campaigns"]) for i in c["ids"]}
    spam |= {i: -1 for b in truth["bursts"] for i in b["ids"]}
    rows = []
    with open(path) as f:
        head = f.readline().rstrip("\n").split("\t")
        first, at_p = head.index("recipients"), head.index("p")
        for line in f:
            cell = line.rstrip("\n").split("\t")
            traits = [float(x) for x in cell[first:]]
            if not any(traits):
                continue  # not looked at: announced, automatic
            message = json.loads(cell[0])
            surprise = -math.log(max(LEVELS[-1], float(cell[at_p])))
            rows.append((message, cell[1], int(cell[3]), traits, spam.get(message), surprise))
    return rows, head[first:]


def capped(rows, rng):
    by_subject = collections.defaultdict(list)
    for row in rows:
        by_subject[row[1]].append(row)
    out = []
    for subject in sorted(by_subject):
        mine = by_subject[subject]
        out += mine if len(mine) <= PER_SUBJECT else rng.sample(mine, PER_SUBJECT)
    return out


def fit_weights(honest, spam, names, rng, epochs=12):
    """Logistic regression with one constant a class, which weighs its spam as its honest mail."""
    weights, constants = [0.0] * len(names), [0.0] * len(CLASSES)
    count = collections.Counter(r[2] for r in honest), collections.Counter(r[2] for r in spam)
    data = []
    for r in honest:
        data.append((r[2], r[3], 0.0, 1.0))
    for r in spam:
        scale = count[0][r[2]] / max(1, count[1][r[2]])
        data.append((r[2], r[3], 1.0, min(5.0, scale)))
    low = [0.0 if SIGN.get(n, 1) > 0 else -WEIGHT_MOST.get(n, 3.0) for n in names]
    high = [0.0 if SIGN.get(n, 1) < 0 else WEIGHT_MOST.get(n, 3.0) for n in names]
    summed, steps = [0.0] * len(names), 0
    for epoch in range(epochs):
        rng.shuffle(data)
        rate = 0.02 / (1 + epoch)
        for which, traits, wanted, scale in data:
            z = constants[which] + sum(w * x for w, x in zip(weights, traits))
            error = (wanted - 1 / (1 + math.exp(-max(-30.0, min(30.0, z))))) * scale
            constants[which] += rate * error
            for i, x in enumerate(traits):
                if x:
                    w = weights[i] + rate * (error * x - 0.002 * weights[i])
                    weights[i] = max(low[i], min(high[i], w))
        if epoch >= epochs // 2:  # the mean of the later half is steadier than the last step
            summed = [a + w for a, w in zip(summed, weights)]
            steps += 1
    weights = [s / max(1, steps) for s in summed]
    return [round(w, 3) for w in weights]


def quantiles(honest, weights):
    out = {}
    for which, name in enumerate(CLASSES):
        scores = sorted(
            sum(w * x for w, x in zip(weights, r[3])) for r in honest if r[2] == which
        )
        table = []
        for level in LEVELS:
            at = min(len(scores) - 1, int(math.ceil((1 - level) * len(scores))))
            table.append(round(scores[at], 3))
        # Ties (many mails show nothing at all) must not make the table fall.
        for i in range(1, len(table)):
            table[i] = max(table[i], round(table[i - 1] + 0.001, 3))
        out[name] = table
    return out


# Odds may not tell more by a unit of -ln p than this: the mixer's bots are easily told apart.
SLOPE_MOST = 1.0


def logistic(honest, spam):
    """(even, slope) of the odds of spam over one number, both kinds weighing the same."""
    constant = slope = 0.0
    for _ in range(60):  # Newton's steps
        g = [0.0, 0.0]
        h = [1e-9, 0.0, 1e-9]
        for values, wanted in ((honest, 0.0), (spam, 1.0)):
            for x in values:
                p = 1 / (1 + math.exp(-max(-30.0, min(30.0, constant + slope * x))))
                error, weight = (wanted - p) / len(values), p * (1 - p) / len(values)
                g = [g[0] + error, g[1] + error * x]
                h = [h[0] + weight, h[1] + weight * x, h[2] + weight * x * x]
        det = h[0] * h[2] - h[1] * h[1]
        constant += (h[2] * g[0] - h[1] * g[1]) / det
        slope += (h[0] * g[1] - h[1] * g[0]) / det
    return -constant / slope, slope


def fit_odds(streams, seed=7):
    """From which -ln p on a mail is likelier of a hacked account than of an honest one."""
    rng = random.Random(seed)
    honest = {k: [] for k in range(len(CLASSES))}
    spam = {k: [] for k in range(len(CLASSES))}
    for path, truth in streams:
        members = {a for c in truth["campaigns"] for a in c["accounts"]}
        rows, _ = read(path, truth)
        by_campaign = collections.defaultdict(list)
        good = []
        for row in rows:
            if row[4] is not None:
                by_campaign[row[4]].append(row)
            elif row[1].partition(":")[2] not in members:
                good.append(row)
        for row in capped(good, rng):
            honest[row[2]].append(row[5])
        for bad in by_campaign.values():
            for row in rng.sample(bad, min(len(bad), PER_CAMPAIGN)):
                spam[row[2]].append(row[5])
    found = [logistic(honest[k], spam[k]) for k in range(len(CLASSES))]
    return {
        "odds_even": [round(even, 2) for even, _ in found],
        "odds_slope": [round(min(SLOPE_MOST, slope), 2) for _, slope in found],
    }, {
        "honest": sum(map(len, honest.values())),
        "spam": sum(map(len, spam.values())),
    }


def fit(streams, seed=7):
    """`streams` are (features file, truth). Returns the lists for the constants' file."""
    rng = random.Random(seed)
    honest, spam, names = [], [], []
    for path, truth in streams:
        rows, names = read(path, truth)
        members = {a for c in truth["campaigns"] for a in c["accounts"]}
        honest += capped(
            [r for r in rows if r[4] is None and r[1].partition(":")[2] not in members], rng
        )
        # The largest campaign is one campaign like the others.
        by_campaign = collections.defaultdict(list)
        for row in rows:
            if row[4] is not None:
                by_campaign[row[4]].append(row)
        for bad in by_campaign.values():
            spam += rng.sample(bad, min(len(bad), PER_CAMPAIGN))
    weights = fit_weights(honest, spam, names, rng)
    return {"weights": weights, **quantiles(honest, weights)}, {
        "honest": len(honest),
        "spam": len(spam),
        "names": names,
    }
