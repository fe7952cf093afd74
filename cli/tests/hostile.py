#!/usr/bin/env python3
"""Measures commands of `pickle` on every pickle of fixtures/hostile: peak memory, output, seconds.

    cargo build --release -p serde_pickle_cli
    python3 cli/tests/hostile.py [--small] [--commands show,json] [--worst 5]

Prints a table in Markdown: for each command the worst by each measure, and what ended otherwise
than with a result or an error. `PICKLE` names another program than that of the release build.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PICKLE = os.environ.get('PICKLE', os.path.join(ROOT, 'target', 'release', 'pickle'))
HOSTILE = os.path.join(ROOT, 'fixtures', 'hostile')
MIB = 1 << 20


def content(family, size):
    """The bytes of a family, as tests/hostile/recipe.rs makes them."""
    if 'file' in family:
        with open(os.path.join(HOSTILE, family['file']), 'rb') as file:
            return file.read()
    out = []
    for part in family[size]:
        if isinstance(part, str):
            out.append(bytes.fromhex(part))
        elif 'times' in part:
            out.append(bytes.fromhex(part['bytes']) * part['times'])
        else:
            before, after = bytes.fromhex(part['before']), bytes.fromhex(part['after'])
            for index in range(part['count']):
                number = int(part['start']) + index * int(part['step'])
                width = part['width']
                # Only the lowest bytes are written.
                digits = (str(number).encode() if width == 0
                          else (number % (1 << 8 * width)).to_bytes(width, 'little'))
                out.append(before + digits + after)
    return b''.join(out)


def run(arguments, timeout):
    """Seconds, peak memory, bytes of output, exit status."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as error:
        start = time.time()
        child = subprocess.Popen(arguments, stdout=output, stderr=error)
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            if pid:
                status = os.waitstatus_to_exitcode(status)
                break
            if time.time() > start + timeout:
                child.kill()
                _, _, usage = os.wait4(child.pid, 0)
                status = 'stopped'
                break
            time.sleep(0.002)
        seconds = time.time() - start
        error.seek(0)
        panicked = b'panicked' in error.read()
        return seconds, usage.ru_maxrss * 1024, os.fstat(output.fileno()).st_size, (
            'panicked' if panicked else status)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--small', action='store_true')
    parser.add_argument('--commands', default='show,json')
    parser.add_argument('--worst', type=int, default=3)
    parser.add_argument('--timeout', type=float, default=120)
    parser.add_argument('--only', default='')
    arguments = parser.parse_args()
    with open(os.path.join(HOSTILE, 'manifest.json')) as file:
        families = json.load(file)
    rows = {command: [] for command in arguments.commands.split(',')}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'hostile.pkl')
        for family in families:
            name = f"{family['group']}/{family['name']}"
            if arguments.only not in name:
                continue
            data = content(family, 'small' if arguments.small else 'full')
            with open(path, 'wb') as file:
                file.write(data)
            for command in rows:
                files = [path, path] if command == 'diff' else [path]
                measured = run([PICKLE, *command.split(' '), *files], arguments.timeout)
                rows[command].append((name, len(data), *measured))
    print('| command | family | input | seconds | peak memory | output | exit status |')
    print('|---|---|---:|---:|---:|---:|---:|')
    odd = False
    for command, of_command in rows.items():
        shown = set()
        for measure in (2, 3, 4):
            worst = sorted(of_command, key=lambda row: -row[measure])
            shown.update(worst[:arguments.worst])
        bad = {row for row in of_command if row[5] not in (0, 1, 2)}
        odd |= bool(bad)
        for name, size, seconds, peak, output, status in sorted(shown | bad, key=lambda row: -row[3]):
            print(f'| {command} | {name} | {size:,} | {seconds:.2f} | {peak // MIB:,} MiB | {output:,} | {status} |')
    sys.exit(odd)


if __name__ == '__main__':
    main()
