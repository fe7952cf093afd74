#!/usr/bin/env python3
"""Follows the links of generated documentation: `.ci/links.py [target/doc]`.

Every `href` and `src` in the pages of this repository's crates that is no address elsewhere has to lead to a page that is
there and, where it names an anchor, to an element with that id. rustdoc itself checks only links to items.
"""
import html
import os
import re
import sys
import urllib.parse

CRATES = ('serde_pickle', 'serde_pickle_files')
# Lines of source, and what rustdoc copies from the documentation of a trait to its impls: of serde's, and of ours to the other
# crate, where it names the private module.
MADE_ELSEWHERE = re.compile(r'\d+(-\d+)?$|tymethod\.')
COPIED = 'serde_pickle/reduce/resolver/trait.Resolver.html#'



def pages(folder):
    for crate in CRATES:
        for parent, _, names in os.walk(os.path.join(folder, crate)):
            for name in names:
                if name.endswith('.html'):
                    yield os.path.join(parent, name)


class Page:
    def __init__(self, path):
        with open(path, encoding='utf-8') as file:
            text = file.read()
        self.ids = {html.unescape(i) for i in re.findall(r'\bid="([^"]*)"', text)}
        self.links = {html.unescape(link) for link in re.findall(r'<(?:a|img)\b[^>]*?\b(?:href|src)="([^"]*)"', text)}


def main():
    folder = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else 'target/doc')
    known, broken, count = {}, set(), 0

    def page(path):
        if path not in known:
            known[path] = Page(path) if os.path.exists(path) else None
        return known[path]

    for path in list(pages(folder)):
        for link in page(path).links:
            parts = urllib.parse.urlsplit(link)
            if parts.scheme or link.startswith('//') or 'static.files' in link or COPIED in link:
                continue
            count += 1
            target = os.path.normpath(os.path.join(os.path.dirname(path), urllib.parse.unquote(parts.path))) if parts.path else path
            anchor = parts.fragment
            there = page(os.path.join(target, 'index.html') if os.path.isdir(target) else target)
            if there is None or (anchor and not {anchor, urllib.parse.unquote(anchor)} & there.ids and not MADE_ELSEWHERE.match(anchor)):
                broken.add((os.path.relpath(path, folder), link))
    for where, link in sorted(broken):
        print('%s: %s' % (where, link))
    print('%d pages, %d links, %d of them broken' % (sum(p is not None for p in known.values()), count, len(broken)))
    sys.exit(bool(broken) or not count)


if __name__ == '__main__':
    main()
