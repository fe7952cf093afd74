#!/usr/bin/env python3
"""Checks that every crate the workspace can depend on is under a licence that this one's users can live with.

Reads `cargo metadata`, and needs no network once the dependencies have been fetched. An expression passes if one of its
alternatives is made of allowed licences alone.
"""
import json
import re
import subprocess
import sys

ALLOWED = {
    'MIT', 'Apache-2.0', 'Apache-2.0 WITH LLVM-exception', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'Zlib', 'Unicode-3.0',
    'Unicode-DFS-2016', 'Unlicense', 'CC0-1.0', '0BSD', 'BSL-1.0', 'MIT-0',
    'bzip2-1.0.6',
}


def passes(expression):
    """Whether an SPDX expression is fulfilled by allowed licences. `/` is the old way to write OR."""
    tokens = re.findall(r'\(|\)|[^\s()]+', expression.replace('/', ' OR '))
    at = 0

    def any_of():
        nonlocal at
        result = all_of()
        while at < len(tokens) and tokens[at] == 'OR':
            at += 1
            result = all_of() or result
        return result

    def all_of():
        nonlocal at
        result = one()
        while at < len(tokens) and tokens[at] == 'AND':
            at += 1
            result = one() and result
        return result

    def one():
        nonlocal at
        token = tokens[at]
        at += 1
        if token == '(':
            result = any_of()
            at += 1
            return result
        if at < len(tokens) and tokens[at] == 'WITH':
            token = ' '.join(tokens[at - 1:at + 2])
            at += 2
        return token in ALLOWED

    return any_of()


def main():
    command = ['cargo', 'metadata', '--format-version', '1', '--all-features', '--locked']
    packages = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)['packages']
    # What has no source is this repository's own.
    packages = [package for package in packages if package['source']]
    refused = [(p['name'], p['version'], p['license']) for p in packages if not passes(p['license'] or 'none')]
    for name, version, licence in refused:
        print('%s %s: %s' % (name, version, licence))
    print('%d packages, %d under a licence that is not allowed' % (len(packages), len(refused)))
    sys.exit(bool(refused))


if __name__ == '__main__':
    main()
