#!/usr/bin/env python3
"""Lists the public items whose documentation has no example: `.ci/examples.py FILE.json...`.

The files are rustdoc's JSON, which a nightly compiler makes:

    cargo +nightly rustdoc --lib --all-features -- -Z unstable-options --output-format json

An item is a module, type, trait, function, method, macro or constant that a user can name. Each has an example of its own,
or, if it is a method, is called in an example on the page of its type; `serialize` and `deserialize` of a module for serde's
`with` are shown by the module's. Variants, fields and the methods of trait impls are
shown by their type. A block of code is an example unless it is `text` or `ignore`.
"""
import json
import re
import sys

KINDS = ('module', 'struct', 'enum', 'union', 'trait', 'type_alias', 'function', 'macro', 'proc_macro', 'constant', 'static')
NO_EXAMPLE = {'text', 'ignore', 'toml', 'sh', 'python', 'json'}


def examples(docs):
    """The code of the examples in a documentation comment, joined."""
    blocks = re.findall(r'(?m)^ *```([^\n]*)\n((?:.*\n)*?) *```', docs or '')
    return '\n'.join(code for language, code in blocks if not NO_EXAMPLE & set(re.split(r'[,\s]+', language)))


class Crate:
    def __init__(self, path):
        with open(path, encoding='utf-8') as file:
            data = json.load(file)
        self.index, self.root, self.items = data['index'], data['root'], []
        self.seen = set()
        self.visit(self.root, '')

    def visit(self, identity, prefix):
        item = self.index.get(str(identity))
        if item is None:  # of another crate
            return
        (kind, inner), = item['inner'].items()
        if kind == 'use':
            if inner['id'] is not None:
                target = self.index.get(str(inner['id']))
                if target is not None and inner['is_glob']:
                    for child in next(iter(target['inner'].values())).get('items', ()):
                        self.visit(child, prefix)
                elif target is not None:
                    self.visit(inner['id'], prefix)
            return
        if identity in self.seen or kind not in KINDS:
            return
        if kind == 'module' and item['name'] == 'guide' and prefix:  # pages of prose, some of which need none
            return
        if item['visibility'] != 'public' and not prefix.endswith('::'):
            return
        self.seen.add(identity)
        path = (prefix + item['name']) if prefix else item['name']
        line = item['span'] and '%s:%d' % (item['span']['filename'], item['span']['begin'][0])
        before = len(self.items)
        self.items.append((path, kind, line, examples(item['docs'])))
        below = path + '::'
        if kind == 'module':
            for child in inner['items']:
                if self.public(child):
                    self.visit(child, below)
            if self.items[before][3]:
                self.items[before:] = [
                    (path, kind, line, own or path in (below + 'serialize', below + 'deserialize'))
                    for path, kind, line, own in self.items[before:]]
        elif kind == 'trait':
            for child in inner['items']:
                self.visit(child, below)
            self.shown_by_page(len(self.items) - before)
        elif kind in ('struct', 'enum', 'union'):
            for block in inner['impls']:
                block = self.index[str(block)]
                (_, impl), = block['inner'].items()
                if impl['trait'] is None:
                    for child in impl['items']:
                        if self.public(child):
                            self.visit(child, below)
            self.shown_by_page(len(self.items) - before)

    def shown_by_page(self, count):
        """Methods among the last `count` items, a type and what is on its page, are shown by any example of them."""
        page = self.items[-count:]
        code = '\n'.join(item[3] for item in page)
        self.items[-count:] = [page[0]] + [
            (path, kind, line, own or re.search(r'(?:\.|::)%s\b' % re.escape(path.rsplit('::', 1)[1]), code))
            for path, kind, line, own in page[1:]]

    def public(self, identity):
        item = self.index.get(str(identity))
        return item is not None and item['visibility'] == 'public'


def main():
    missing = count = 0
    for path in sys.argv[1:]:
        for name, kind, line, shown in Crate(path).items:
            count += 1
            if not shown:
                missing += 1
                print('%s: %s %s' % (line, kind, name))
    print('%d public items, %d without an example' % (count, missing))
    sys.exit(bool(missing))


if __name__ == '__main__':
    main()
