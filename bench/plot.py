"""Small charts as SVG text (Python standard library only): bars in groups, lines, and panels of curves. All take plain numbers."""
import math
from xml.sax.saxutils import escape

COLOURS = ("#2563a8", "#d9822b", "#4c9a5b", "#b0413e", "#7a5ea8", "#6b7280", "#b58db6", "#2f9e9e")
WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 78, 24, 78, 62


def number(value):
    """1234.5 → 1,234; 12.3 → 12.3."""
    return "{:,.0f}".format(value) if value >= 100 else "{:.3g}".format(value)


class Axis:
    """Values to pixels between `begin` and `end`, linear from 0 or logarithmic."""

    def __init__(self, values, begin, end, log):
        self.begin, self.end, self.log = begin, end, log
        most, least = max(values), min(v for v in values if v > 0)
        if log:
            self.low = 10 ** math.floor(math.log10(least))
            self.high = 10 ** math.ceil(math.log10(most * 1.01))
            self.ticks = [10 ** e for e in range(round(math.log10(self.low)), round(math.log10(self.high)) + 1)]
        else:
            step = 10 ** math.floor(math.log10(most))
            step = next(s for s in (step / 5, step / 2, step, 2 * step) if most / s <= 6)
            self.low, self.high = 0, step * math.ceil(most * 1.02 / step)
            self.ticks = [step * i for i in range(round(self.high / step) + 1)]

    def __call__(self, value):
        if self.log:
            share = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        else:
            share = value / self.high
        return self.begin + share * (self.end - self.begin)


class Canvas:
    def __init__(self, title, subtitle, height=HEIGHT):
        self.parts = [
            '<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" '
            'font-family="system-ui, sans-serif" font-size="12" fill="#1f2933">' % (WIDTH, height, WIDTH, height),
            '<rect width="100%" height="100%" fill="#ffffff"/>']
        self.text(LEFT, 22, title, size=15, weight="bold")
        self.text(LEFT, 40, subtitle, colour="#52606d")

    def text(self, x, y, text, anchor="start", size=12, weight="normal", colour="#1f2933", turn=None):
        turned = ' transform="rotate(%d %.1f %.1f)"' % (turn, x, y) if turn else ""
        self.parts.append('<text x="%.1f" y="%.1f" text-anchor="%s" font-size="%d" font-weight="%s" fill="%s"%s>%s</text>' % (
            x, y, anchor, size, weight, colour, turned, escape(text)))

    def line(self, x1, y1, x2, y2, colour="#d5dbe1", width=1.0):
        self.parts.append('<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="%g"/>' % (
            x1, y1, x2, y2, colour, width))

    def box(self, x, y, width, height, colour):
        self.parts.append('<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>' % (
            x, y, width, max(height, 0.5), colour))

    def value_axis(self, axis, label):
        for tick in axis.ticks:
            self.line(LEFT, axis(tick), WIDTH - RIGHT, axis(tick))
            self.text(LEFT - 8, axis(tick) + 4, number(tick), anchor="end")
        self.text(18, (TOP + HEIGHT - BOTTOM) / 2, label, anchor="middle", turn=-90)

    def legend(self, names):
        x = LEFT
        for i, name in enumerate(names):
            self.box(x, 52, 11, 11, COLOURS[i % len(COLOURS)])
            self.text(x + 16, 62, name)
            x += 34 + 6.6 * len(name)

    def finish(self, x_label):
        self.line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, "#52606d", 1.2)
        self.text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 16, x_label, anchor="middle")
        return "\n".join(self.parts + ["</svg>"]) + "\n"


def bars(title, subtitle, groups, series, x_label, y_label, log=False):
    """`series`: {name: [a value for each group, or None]}."""
    values = [v for row in series.values() for v in row if v]
    axis = Axis(values, HEIGHT - BOTTOM, TOP, log)
    canvas = Canvas(title, subtitle)
    canvas.value_axis(axis, y_label)
    canvas.legend(series)
    room = (WIDTH - LEFT - RIGHT) / len(groups)
    bar = room * 0.8 / len(series)
    for g, group in enumerate(groups):
        start = LEFT + g * room + room * 0.1
        canvas.text(start + room * 0.4, HEIGHT - BOTTOM + 18, group, anchor="middle")
        for s, row in enumerate(series.values()):
            if row[g] is None:
                continue
            top = axis(row[g])
            canvas.box(start + s * bar, top, bar * 0.92, axis.begin - top, COLOURS[s % len(COLOURS)])
            canvas.text(start + (s + 0.46) * bar, top - 4, number(row[g]), anchor="middle", size=10 if bar > 24 else 8)
    return canvas.finish(x_label)


def lines(title, subtitle, xs, series, x_label, y_label, log_x=False, log_y=False):
    """`series`: {name: [a value for each x, or None]}."""
    values = [v for row in series.values() for v in row if v]
    axis = Axis(values, HEIGHT - BOTTOM, TOP, log_y)
    canvas = Canvas(title, subtitle)
    canvas.value_axis(axis, y_label)
    canvas.legend(series)
    low, high = (math.log(xs[0]), math.log(xs[-1])) if log_x else (xs[0], xs[-1])
    inner = WIDTH - LEFT - RIGHT - 60

    def across(x):
        return LEFT + 30 + ((math.log(x) if log_x else x) - low) / (high - low or 1) * inner

    for x in xs:
        canvas.line(across(x), HEIGHT - BOTTOM, across(x), HEIGHT - BOTTOM + 5, "#52606d")
        canvas.text(across(x), HEIGHT - BOTTOM + 18, number(x), anchor="middle")
    for s, row in enumerate(series.values()):
        colour = COLOURS[s % len(COLOURS)]
        points = [(across(x), axis(v), v) for x, v in zip(xs, row) if v is not None]
        for (x1, y1, _), (x2, y2, _) in zip(points, points[1:]):
            canvas.line(x1, y1, x2, y2, colour, 2.2)
        for x, y, value in points:
            canvas.parts.append('<circle cx="%.1f" cy="%.1f" r="3.5" fill="%s"/>' % (x, y, colour))
            canvas.text(x, y - 9 if s == 0 else y + 18, number(value), anchor="middle", size=10, colour=colour)
    return canvas.finish(x_label)


def panels(title, subtitle, xs, rows, x_label, marks=()):
    """Curves below each other over the same x. `rows`: {label: {name: [a value for each x]}}; `marks`: x of vertical lines."""
    room = 130
    bottom = TOP - 20 + room * len(rows)
    canvas = Canvas(title, subtitle, bottom + 50)

    def across(x):
        return LEFT + (x - xs[0]) / (xs[-1] - xs[0] or 1) * (WIDTH - LEFT - RIGHT)

    for mark in marks:
        canvas.line(across(mark), TOP - 20, across(mark), bottom, "#f3d9b8")
    for at, (label, series) in enumerate(rows.items()):
        begin, end = TOP - 20 + room * (at + 1) - 14, TOP - 20 + room * at + 24
        axis = Axis([value for row in series.values() for value in row] + [1e-9], begin, end, log=False)
        canvas.text(LEFT, end - 8, "%s: %s" % (label, ", ".join(series)) if len(series) > 1 else label, size=11, weight="bold")
        for tick in axis.ticks:
            canvas.line(LEFT, axis(tick), WIDTH - RIGHT, axis(tick))
            canvas.text(LEFT - 8, axis(tick) + 4, number(tick), anchor="end", size=10)
        for colour, row in zip(COLOURS, series.values()):
            points = " ".join("%.1f,%.1f" % (across(x), axis(value)) for x, value in zip(xs, row))
            canvas.parts.append('<polyline points="%s" fill="none" stroke="%s" stroke-width="1.3"/>' % (points, colour))
    for x in (xs[0], (xs[0] + xs[-1]) / 2, xs[-1]):
        canvas.text(across(x), bottom + 10, number(x), anchor="middle")
    canvas.text((LEFT + WIDTH - RIGHT) / 2, bottom + 34, x_label, anchor="middle")
    return "\n".join(canvas.parts + ["</svg>"]) + "\n"


def histogram(title, subtitle, series, x_label, y_label):
    """`series`: {name: [(a bucket's upper bound, its share)]}; the bounds on a logarithmic scale."""
    bounds = [bound for buckets in series.values() for bound, _ in buckets]
    across = Axis(bounds, LEFT, WIDTH - RIGHT, log=True)
    axis = Axis([share for buckets in series.values() for _, share in buckets], HEIGHT - BOTTOM, TOP, log=False)
    canvas = Canvas(title, subtitle)
    canvas.value_axis(axis, y_label)
    canvas.legend(series)
    for tick in across.ticks:
        canvas.line(across(tick), TOP, across(tick), HEIGHT - BOTTOM)
        canvas.text(across(tick), HEIGHT - BOTTOM + 18, number(tick), anchor="middle")
    for colour, buckets in zip(COLOURS, series.values()):
        points = " ".join("%.1f,%.1f" % (across(bound), axis(share)) for bound, share in buckets)
        canvas.parts.append('<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>' % (points, colour))
    return canvas.finish(x_label)
