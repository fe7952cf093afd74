"""The bar chart of docs/PERFORMANCE.md, as SVG by hand."""

from xml.sax.saxutils import escape

# Shapes of data that differ; a chart of all workloads would say no more.
GROUPS = ["records", "instances", "strings", "tuples", "ints", "floats"]
COLOURS = ["#c2410c", "#9ca3af", "#3b82f6", "#10b981"]

BAR, GAP, GROUP_GAP = 14, 3, 16
LEFT, WIDTH, RIGHT, TOP = 96, 520, 64, 76

STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #1f2937; }
  .title { font-size: 15px; font-weight: 600; }
  .small { font-size: 11px; fill: #6b7280; }
  line { stroke: #d1d5db; }
  @media (prefers-color-scheme: dark) { text { fill: #e5e7eb; } .small { fill: #9ca3af; } line { stroke: #4b5563; } }
"""


def chart(title, note, series):
    """`series` is a list of (name, {workload: time}); the times are drawn as they are, 1.0 has a line."""
    groups = [group for group in GROUPS if any(values.get(group) for _, values in series)]
    longest = max([value for _, values in series for value in values.values() if value] + [1.0])
    scale = WIDTH / longest
    height = TOP + len(groups) * (len(series) * (BAR + GAP) + GROUP_GAP) + 8
    out = [
        '<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img">'
        % (LEFT + WIDTH + RIGHT, height, LEFT + WIDTH + RIGHT, height),
        "<title>%s</title>" % escape(title),
        "<style>%s</style>" % STYLE,
        '<text class="title" x="8" y="20">%s</text>' % escape(title),
        '<text class="small" x="8" y="38">%s</text>' % escape(note),
    ]
    x = 8
    for (name, _), colour in zip(series, COLOURS):
        out.append('<rect x="%d" y="50" width="10" height="10" fill="%s"/>' % (x, colour))
        out.append('<text x="%d" y="60">%s</text>' % (x + 15, escape(name)))
        x += 34 + 7 * len(name)
    out.append(
        '<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke-dasharray="3 3"/>'
        % (LEFT + scale, TOP - 6, LEFT + scale, height - 8)
    )
    y = TOP
    for group in groups:
        middle = y + len(series) * (BAR + GAP) / 2 + 2
        out.append('<text x="%d" y="%.1f" text-anchor="end">%s</text>' % (LEFT - 8, middle, escape(group)))
        for (name, values), colour in zip(series, COLOURS):
            value = values.get(group)
            if value:
                length = max(value * scale, 1)
                out.append(
                    '<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"><title>%s: %.2f</title></rect>'
                    % (LEFT, y, length, BAR, colour, escape(name), value)
                )
                out.append(
                    '<text class="small" x="%.1f" y="%d">%.2g</text>' % (LEFT + length + 4, y + BAR - 3, value)
                    if value < 10
                    else '<text class="small" x="%.1f" y="%d">%.0f</text>' % (LEFT + length + 4, y + BAR - 3, value)
                )
            y += BAR + GAP
        y += GROUP_GAP
    out.append("</svg>\n")
    return "\n".join(out)
