#!/usr/bin/env python3
"""Looks at a pickle that is longer than memory should be: `pickle`, pickletools, picklescan.

    cargo build --release -p serde_pickle_cli
    python3 -m venv VENV && VENV/bin/pip install picklescan==1.0.5
    VENV/bin/python cli/tests/large.py [--gigabytes 1.0] [--folder FOLDER] [--tenth]

Writes a list of records by CPython's pickler (protocol 4, its memo kept: an entry for each record
and each text), runs every command in a process of its own, and prints a table in Markdown: seconds
and peak memory. The limit on ours is 64 MB and 8 bytes for each memo entry; the exit status is 1
where one of ours is beyond it. With --tenth the programs in Python get a tenth of the records and
their seconds are multiplied by ten, which the table says.
"""
import argparse
import os
import pickle
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PICKLE = os.environ.get('PICKLE', os.path.join(ROOT, 'target', 'release', 'pickle'))
MIB = 1 << 20


def records(first, count):
    return [
        {
            'id': number,
            'name': f'user {number}',
            'email': f'user.{number}@example.org',
            'score': number * 0.25,
            'tags': ['a', 'b', f'tag {number % 97}'],
            'active': number % 3 == 0,
            'parent': None if number % 5 else number // 5,
        }
        for number in range(first, first + count)
    ]


def write(path, size):
    """A list that is never in memory: batches as `pickle.dump` writes them, and one memo."""
    with open(path, 'wb') as file:
        pickler = pickle._Pickler(file, 4)
        pickler.framer.start_framing()
        file.write(b'\x80\x04')
        pickler.write(pickle.EMPTY_LIST)
        rows = []
        pickler.memoize(rows)
        count, held = 0, []
        while file.tell() < size:
            held = records(count, 1000)
            count += len(held)
            pickler.write(pickle.MARK)
            for record in held:
                pickler.save(record)
            pickler.write(pickle.APPENDS)
            # Numbers go on; ids of what is freed may come again. Texts that are constants stay.
            kept = {id(it): pickler.memo[id(it)] for it in held[0] if id(it) in pickler.memo}
            spare = len(pickler.memo) - len(kept)
            pickler.memo = Numbered(kept, pickler.memo, spare)
        pickler.write(pickle.STOP)
        pickler.framer.end_framing()
        return count, len(pickler.memo)


class Numbered(dict):
    """A memo that counts entries that it has let go."""

    def __init__(self, kept, before, spare):
        super().__init__(kept)
        self.spare = spare

    def __len__(self):
        return super().__len__() + self.spare


def run(arguments, timeout):
    start = time.time()
    with open(os.devnull, 'w') as null:
        child = subprocess.Popen(arguments, stdout=null, stderr=subprocess.PIPE)
        try:
            # The children's peak, of which there is one.
            _, status, usage = wait(child, start + timeout)
        except TimeoutError:
            child.kill()
            _, status, usage = os.wait4(child.pid, 0)
            return None, usage.ru_maxrss * 1024, 'stopped'
    return time.time() - start, usage.ru_maxrss * 1024, os.waitstatus_to_exitcode(status)


def wait(child, end):
    while time.time() < end:
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            return pid, status, usage
        time.sleep(0.05)
    raise TimeoutError


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--gigabytes', type=float, default=1.0)
    parser.add_argument('--folder', default=tempfile.gettempdir())
    parser.add_argument('--tenth', action='store_true')
    parser.add_argument('--timeout', type=float, default=3600)
    arguments = parser.parse_args()
    size = int(arguments.gigabytes * 1e9)
    whole = os.path.join(arguments.folder, 'large-records.pkl')
    count, entries = write(whole, size)
    small = whole
    if arguments.tenth:
        small = os.path.join(arguments.folder, 'large-records-tenth.pkl')
        write(small, size // 10)
    limit = 64 * MIB + 8 * entries
    print(f'{os.path.getsize(whole):,} bytes, {count:,} records, {entries:,} memo entries; '
          f'limit {limit // MIB} MiB\n')
    print('| program | seconds | peak memory | exit status |')
    print('|---|---:|---:|---:|')
    beyond = False
    ours = [['info'], ['audit'], ['json', '--lines'], ['dis']]
    for command in ours:
        seconds, peak, status = run([PICKLE, *command, whole], arguments.timeout)
        beyond |= peak > limit
        row('pickle ' + ' '.join(command), seconds, peak, status, '')
    note, factor = (', a tenth times ten', 10) if arguments.tenth else ('', 1)
    theirs = [
        ('python -m pickletools', [sys.executable, '-m', 'pickletools', small]),
        ('picklescan', [sys.executable, '-m', 'picklescan', '-p', small]),
        ('pickle.load', [sys.executable, '-c',
                         f'import pickle; pickle.load(open({small!r}, "rb"))']),
    ]
    for name, command in theirs:
        if name == 'picklescan' and subprocess.run(
                [sys.executable, '-c', 'import picklescan']).returncode:
            continue
        seconds, peak, status = run(command, arguments.timeout)
        row(name, seconds and seconds * factor, peak, status, note)
    os.remove(whole)
    if small != whole:
        os.remove(small)
    sys.exit(beyond)


def row(name, seconds, peak, status, note):
    time = 'stopped' if seconds is None else f'{seconds:.1f}{note}'
    print(f'| {name} | {time} | {peak // MIB:,} MiB{note.replace(" times ten", "")} | {status} |',
          flush=True)


if __name__ == '__main__':
    main()
