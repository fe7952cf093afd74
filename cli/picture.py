#!/usr/bin/env python3
"""Draws picture.svg: what the program prints, on a terminal of 80 columns.

    python3 picture.py ../target/debug/pickle [FILE]
"""
import html
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
FIXTURES = os.path.join(HERE, '..', 'fixtures')
COMMANDS = [
    ['show', 'wild/celery/task_body.pkl'],
    ['audit', 'audit/getattr_of_a_module.pkl'],
    ['types', '--no-test', '--name', 'Task', 'wild/celery/result.pkl'],
]
COLORS = {'31': '#e5534b', '32': '#57ab5a', '33': '#c69026', '35': '#b083f0', '36': '#39c5cf'}
WIDTH, LINE, CHAR = 80, 18, 8.4


def spans(line):
    """The pieces of a line, each with its color, weight and opacity."""
    color, bold, faint = '#adbac7', False, False
    for part in re.split(r'(\x1b\[[0-9;]*m)', line):
        code = re.fullmatch(r'\x1b\[([0-9;]*)m', part)
        if code is None:
            if part:
                yield part, color, bold, faint
            continue
        for number in code.group(1).split(';'):
            if number in ('', '0'):
                color, bold, faint = '#adbac7', False, False
            elif number == '1':
                bold = True
            elif number == '2':
                faint = True
            else:
                color = COLORS.get(number, color)


def main():
    program = os.path.abspath(sys.argv[1])
    lines = []
    for command in COMMANDS:
        lines.append('\x1b[1m$ pickle ' + ' '.join(command) + '\x1b[0m')
        run = subprocess.run([program, '--color', 'always', *command], cwd=FIXTURES, capture_output=True,
                             text=True, env={**os.environ, 'COLUMNS': str(WIDTH)})
        lines += run.stdout.rstrip('\n').split('\n') + ['']
    lines.pop()
    height = LINE * len(lines) + 32
    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="monospace" font-size="14">'
           % (WIDTH * CHAR + 32, height),
           '<rect width="100%" height="100%" rx="8" fill="#22272e"/>']
    for number, line in enumerate(lines):
        pieces = []
        for text, color, bold, faint in spans(line):
            style = ' fill="%s"' % color
            style += ' font-weight="bold"' if bold else ''
            style += ' opacity="0.6"' if faint else ''
            pieces.append('<tspan%s>%s</tspan>' % (style, html.escape(text, quote=False)))
        out.append('<text x="16" y="%d" xml:space="preserve">%s</text>' % (30 + LINE * number, ''.join(pieces)))
    out.append('</svg>')
    path = sys.argv[2] if len(sys.argv) > 2 else os.path.join(HERE, 'picture.svg')
    with open(path, 'w') as file:
        file.write('\n'.join(out) + '\n')


main()
