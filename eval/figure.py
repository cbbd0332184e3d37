"""Plots as SVG, without any library: lines with points, linear or logarithmic axes."""
import math

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 420, 70, 200, 40, 60
COLOURS = ["#0b6e8a", "#c2410c", "#4d7c0f", "#7e22ce", "#525252"]


def escape(text):
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class Axis:
    def __init__(self, values, low, high, log=False):
        self.log = log
        values = [v for v in values if v is not None and (not log or v > 0)]
        self.least, self.most = min(values), max(values)
        if log:
            self.least, self.most = 10 ** math.floor(math.log10(self.least)), 10 ** math.ceil(
                math.log10(self.most)
            )
            if self.least == self.most:
                self.most *= 10
        else:
            self.least = min(0, self.least)
            self.most = self.most * 1.05 or 1
        self.low, self.high = low, high

    def place(self, value):
        if self.log:
            share = (math.log10(max(value, self.least)) - math.log10(self.least)) / (
                math.log10(self.most) - math.log10(self.least)
            )
        else:
            share = (value - self.least) / (self.most - self.least)
        return self.low + share * (self.high - self.low)

    def ticks(self):
        if self.log:
            v = self.least
            while v <= self.most * 1.001:
                yield v
                v *= 10
        else:
            step = 10 ** math.floor(math.log10(self.most - self.least))
            while (self.most - self.least) / step > 6:
                step *= 2
            v = self.least
            while v <= self.most:
                yield round(v, 10)
                v += step


def label(value):
    return f"{value:,.0f}" if value >= 1 or value == 0 else f"{value:g}"


def plot(path, title, x_title, y_title, series, x_log=False, y_log=False):
    """series: list of (name, [(x, y, note)]); a note shows when the pointer rests on its point."""
    xs = [p[0] for _, points in series for p in points]
    ys = [p[1] for _, points in series for p in points]
    x = Axis(xs, LEFT, WIDTH - RIGHT, x_log)
    y = Axis(ys, HEIGHT - BOTTOM, TOP, y_log)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="22" font-size="15">{escape(title)}</text>',
    ]
    for v in x.ticks():
        px = x.place(v)
        out.append(
            f'<line x1="{px:.1f}" y1="{TOP}" x2="{px:.1f}" y2="{HEIGHT - BOTTOM}" '
            'stroke="#e5e5e5"/>'
        )
        out.append(
            f'<text x="{px:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{label(v)}</text>'
        )
    for v in y.ticks():
        py = y.place(v)
        out.append(
            f'<line x1="{LEFT}" y1="{py:.1f}" x2="{WIDTH - RIGHT}" y2="{py:.1f}" stroke="#e5e5e5"/>'
        )
        out.append(f'<text x="{LEFT - 6}" y="{py + 4:.1f}" text-anchor="end">{label(v)}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    out.append(
        f'<text x="{middle}" y="{HEIGHT - 16}" text-anchor="middle">{escape(x_title)}</text>'
    )
    out.append(
        f'<text transform="translate(18 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" '
        f'text-anchor="middle">{escape(y_title)}</text>'
    )
    for n, (name, points) in enumerate(series):
        colour = COLOURS[n % len(COLOURS)]
        places = [(x.place(px), y.place(py), note) for px, py, note in points]
        if len(places) > 1:
            line = " ".join(f"{px:.1f},{py:.1f}" for px, py, _ in places)
            out.append(
                f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
            )
        for px, py, note in places:
            out.append(
                f'<circle cx="{px:.1f}" cy="{py:.1f}" r="4" fill="{colour}">'
                f"<title>{escape(note)}</title></circle>"
            )
        ly = TOP + 14 + 20 * n
        out.append(f'<circle cx="{WIDTH - RIGHT + 16}" cy="{ly - 4}" r="4" fill="{colour}"/>')
        out.append(f'<text x="{WIDTH - RIGHT + 26}" y="{ly}">{escape(name)}</text>')
    out.append("</svg>")
    with open(path, "w") as f:
        f.write("\n".join(out) + "\n")
