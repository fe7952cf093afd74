#!/usr/bin/env python3
"""Checks that code, comments and prose keep to 100 columns, and that comments begin with a subject.

`python3 .ci/prose.py` lists what is too long and fails; `--write` wraps the paragraphs that can be
wrapped without a person: comments on lines of their own, and Markdown. Tables and lines with a URL
are exempt, and so is code within Markdown that quotes something as it is (`console`, `csv`) or is
read by a test (`layers`).

The second check counts the comments whose first word is What, Whether, Who or How. Such a
comment is usually a clause without a subject; a few are questions that a reader really asks.
"""
import re
import subprocess
import sys

WIDTH = 100
RIDDLES = 20
# Fences of Markdown whose lines are quoted, or are read by a test as they are.
QUOTED = ('console', 'csv', 'layers')

COMMENT = re.compile(r'^(\s*)(//[/!]?)( |$)')
ITEM = re.compile(r'^(\s*)((?:[-*+]|\d+\.)\s+)')
RIDDLE = re.compile(r'^\s*//[/!]? (What|Whether|Who|How) ')
# A word that would begin a list, a heading or a quotation if it began a line.
MARKER = re.compile(r'^([-+*>]|#+|\d+[.)])$')
# Inline code and links stay on one line where they fit.
WORD = re.compile(r'(?:`[^`]+`|\[[^\]]+\]\([^)]*\)|[^\s`]|`)+')


def tracked(*patterns):
    listed = subprocess.run(['git', 'ls-files', '--', *patterns], check=True, stdout=subprocess.PIPE)
    return listed.stdout.decode().splitlines()


def fill(text, width, first, rest):
    """Wraps one paragraph; `first` and `rest` stand before its first and further lines."""
    lines, line = [], first
    empty = True
    for word in WORD.findall(text):
        fits = len(line) + (not empty) + len(word) <= width
        if not empty and not fits and not MARKER.match(word):
            lines.append(line.rstrip())
            line, empty = rest, True
        line += word if empty else ' ' + word
        empty = False
    return lines + [line.rstrip()]


def wrapped(lines, width):
    """Markdown lines, with the paragraphs that are too wide filled anew."""
    out, at, fence = [], 0, None
    if lines and lines[0] == '---' and '---' in lines[1:]:  # a file's front matter is no prose
        at = lines.index('---', 1) + 1
        out = lines[:at]
    while at < len(lines):
        line = lines[at]
        mark = re.match(r'^\s*(```+|~~~+)', line)
        if fence or mark:
            if mark and fence is None:
                fence = mark.group(1)
            elif mark and line.strip() == fence:
                fence = None
            out.append(line)
            at += 1
            continue
        item = ITEM.match(line)
        plain = line.strip() and not re.match(r'^\s*(\||#|\[[^\]]+\]:|<|>)', line)
        if not plain or (not item and re.match(r'^ {4}', line)):
            out.append(line)
            at += 1
            continue
        indent = item.group(1) + ' ' * len(item.group(2)) if item else re.match(r'\s*', line).group()
        first = item.group(0) if item else indent
        end = at + 1
        while end < len(lines):
            following = lines[end]
            if (not following.strip() or ITEM.match(following)
                    or re.match(r'^\s*(\||#|```|~~~|\[[^\]]+\]:|<)', following)):
                break
            # The lines of an item are indented as its text; a paragraph's as its first line.
            if re.match(r'\s*', following).group() != indent:
                break
            end += 1
        block = lines[at:end]
        hard = any(part.endswith('  ') or part.endswith('\\') for part in block)
        drawn = any(re.search(r'\S {2,}\S', part[len(first):]) for part in block)
        if max(map(len, block)) > width and not hard and not drawn:
            text = ' '.join([block[0][len(first):]] + [part.strip() for part in block[1:]])
            out.extend(fill(text, width, first, indent))
        else:
            out.extend(block)
        at = end
    return out


def rewrap_rust(text):
    lines, out, at = text.split('\n'), [], 0
    while at < len(lines):
        match = COMMENT.match(lines[at])
        if not match:
            out.append(lines[at])
            at += 1
            continue
        prefix = match.group(1) + match.group(2)
        end = at
        while end < len(lines) and COMMENT.match(lines[end]) and (
                ''.join(COMMENT.match(lines[end]).groups()[:2]) == prefix):
            end += 1
        body = [line[len(prefix):] for line in lines[at:end]]
        body = [line[1:] if line.startswith(' ') else line for line in body]
        for line in wrapped(body, WIDTH - len(prefix) - 1):
            out.append((prefix + ' ' + line).rstrip() if line else prefix)
        at = end
    return '\n'.join(out)


def exempt(path, line, quoted):
    if 'http://' in line or 'https://' in line:
        return True
    if path.endswith('.md'):
        return line.lstrip().startswith('|') or quoted
    return bool(re.match(r'^\s*//[/!]? \|', line))


def check(paths):
    faults = []
    for path in paths:
        quoted = False
        for number, line in enumerate(open(path, encoding='utf-8'), 1):
            line = line.rstrip('\n')
            mark = re.match(r'^\s*```(\w*)', line)
            if mark:
                quoted = not quoted and mark.group(1) in QUOTED
            if len(line) > WIDTH and not exempt(path, line, quoted):
                faults.append('%s:%d: %d columns' % (path, number, len(line)))
    riddles = []
    for path in tracked('*.rs'):
        before = ''
        for number, line in enumerate(open(path, encoding='utf-8'), 1):
            # Only where a comment begins: further lines continue a sentence.
            if RIDDLE.match(line) and not COMMENT.match(before):
                riddles.append('%s:%d: %s' % (path, number, line.strip()))
            before = line
    return faults, riddles


def main():
    rust, prose = tracked('*.rs'), tracked('*.md')
    if '--write' in sys.argv[1:]:
        for path in rust + prose:
            text = open(path, encoding='utf-8').read()
            new = rewrap_rust(text) if path.endswith('.rs') else '\n'.join(
                wrapped(text.split('\n'), WIDTH))
            if new != text:
                open(path, 'w', encoding='utf-8').write(new)
    faults, riddles = check(rust + prose)
    for fault in faults:
        print(fault)
    if len(riddles) > RIDDLES:
        print('\n'.join(riddles))
    print('%d lines over %d columns; %d comments begin with What, Whether, Who or How (%d may)'
          % (len(faults), WIDTH, len(riddles), RIDDLES))
    sys.exit(bool(faults) or len(riddles) > RIDDLES)


if __name__ == '__main__':
    main()
