# SPDX-License-Identifier: GPL-2.0
"""Charts of the benchmark and of leaks, as SVG."""

import math

WIDTH, HEIGHT = 900, 430
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 70, 60
# The range of the logarithmic scale.
LOW, HIGH = 0.04, 4.0


def height_of(value):
    part = math.log(min(max(value, LOW), HIGH) / LOW) / math.log(HIGH / LOW)
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - part)


def text(x, y, content, anchor="middle", size=12):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{content}</text>'


def rectangle(x, y, width, height, colour):
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'


def line(x1, x2, y, style):
    return f'<line x1="{x1:.1f}" x2="{x2:.1f}" y1="{y:.1f}" y2="{y:.1f}" {style}/>'


def bars(title, series, columns, find, remark=""):
    """A chart of Rust/C on a logarithmic scale, with goals as ticks.

    `series` has name, colour and key of each, `columns` lines of text and key of each.
    find(series, column) returns the row with "ratio" and perhaps "goal", or None.
    """
    out = [text(LEFT, 24, title, "start", 16), text(LEFT, HEIGHT - 12, remark, "start")]
    for i, (name, colour, _) in enumerate(series):
        out += [rectangle(LEFT + i * 200, 38, 12, 12, colour), text(LEFT + i * 200 + 17, 48, name, "start")]
    for value in (0.05, 0.1, 0.2, 0.5, 1, 2, 4):
        y = height_of(value)
        out.append(line(LEFT, WIDTH - RIGHT, y, 'stroke="black"' if value == 1 else 'stroke="#ddd"'))
        out.append(text(LEFT - 8, y + 4, f"{value:g}", "end"))
    step = (WIDTH - RIGHT - LEFT) / len(columns)
    width = step * 0.8 / len(series)
    for i, (lines, column) in enumerate(columns):
        start = LEFT + i * step + step * 0.1
        for j, content in enumerate(reversed(lines)):
            out.append(text(start + step * 0.4, HEIGHT - 28 - 13 * j, content, size=12 if j == 0 else 10))
        for j, (_, colour, key) in enumerate(series):
            x, row = start + j * width, find(key, column)
            if not row or not row["ratio"]:
                out.append(text(x + width / 2, height_of(LOW) - 4, "?"))
                continue
            y = height_of(row["ratio"])
            out.append(rectangle(x, y, width - 3, height_of(LOW) - y, colour))
            out.append(text(x + width / 2 - 1.5, y - 4, f"{row['ratio']:.2f}", size=10))
            if "goal" in row:
                out.append(line(x - 1, x + width - 2, height_of(row["goal"]), 'stroke="#c00" stroke-width="2"'))
    return out


def lines(title, series):
    """A chart of numbers by round. `series` has name, colour and numbers of each; equal ones are side by side."""
    rounds = max((len(numbers) for _, _, numbers in series), default=0) or 1
    top = max((max(numbers) for _, _, numbers in series if numbers), default=0) or 1
    out = [text(LEFT, 24, title, "start", 16), text(WIDTH - RIGHT, HEIGHT - 12, f"{rounds} rounds", "end")]
    for value in (0, top):
        y = HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM)
        out += [line(LEFT, WIDTH - RIGHT, y, 'stroke="#ddd"'), text(LEFT - 8, y + 4, f"{value}", "end")]
    for i, (name, colour, numbers) in enumerate(series):
        out += [rectangle(LEFT + i * 160, 38, 12, 12, colour), text(LEFT + i * 160 + 17, 48, name, "start", 10)]
        points = [
            f"{LEFT + (x + 1) / rounds * (WIDTH - LEFT - RIGHT):.1f},"
            f"{HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM) - 3 * i:.1f}"
            for x, value in enumerate(numbers)
        ]
        out.append(f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="2"/>')
    return out


def svg(charts):
    """The charts, one below the other."""
    height = HEIGHT * len(charts)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
        "<!-- SPDX-License-Identifier: GPL-2.0 -->",
        rectangle(0, 0, WIDTH, height, "white"),
    ]
    for i, lines in enumerate(charts):
        out += [f'<g transform="translate(0 {i * HEIGHT})">', *lines, "</g>"]
    return "\n".join([*out, "</svg>"]) + "\n"
