//! The layers of the crate: docs/DESIGN.md lists which module may use which, and every path in
//! `src/` is compared with the list.
//!
//! A module may use only modules that stand above it in the list, so there is no cycle. The list
//! holds no arrow that the code does not have.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Where one module names another.
type Arrows = BTreeMap<(String, String), Vec<String>>;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The layers in the order of the list: the modules of each, and those that they may use.
fn allowed() -> Vec<(Vec<String>, BTreeSet<String>)> {
    let design = fs::read_to_string(root().join("docs/DESIGN.md")).unwrap();
    let list = design.split("```layers\n").nth(1).expect("a block of layers in docs/DESIGN.md");
    let list = list.split("```").next().unwrap();
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let lines = list.lines().map(|line| line.split_once(':').expect("a colon behind each layer"));
    lines.map(|(layer, used)| (words(layer), words(used).into_iter().collect())).collect()
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.extension() {
            None => files(&path, found),
            Some(_) => found.push(path),
        }
    }
}

/// Rust without its comments and without the tests at the end of a file. Line breaks stay.
fn code(source: &str) -> String {
    let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let (mut code, mut rest) = (String::new(), source);
    while let Some(at) = rest.find(['/', '"', '\'']) {
        let (before, tail) = rest.split_at(at);
        code.push_str(before);
        let len = if tail.starts_with("//") {
            tail.find('\n').unwrap_or(tail.len())
        } else if tail.starts_with("/*") {
            tail.find("*/").map_or(tail.len(), |end| end + 2)
        } else if tail.starts_with('"') {
            string_len(tail)
        } else if let Some(len) = char_len(tail) {
            len
        } else {
            code.push(tail.chars().next().unwrap());
            1
        };
        code.extend(tail[..len].chars().filter(|&c| c == '\n'));
        rest = &tail[len..];
    }
    code + rest
}

/// The length of a character in quotes; a lifetime is none.
fn char_len(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('\'')?;
    let start = 1 + inner.chars().next()?.len_utf8() + usize::from(inner.starts_with('\\'));
    match text.get(start..)?.find('\'')? {
        0 => Some(start + 1),
        end if inner.starts_with("\\u") => Some(start + end + 1),
        _ => None,
    }
}

fn string_len(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The first names behind a `crate::`: one, or those of a group in braces.
fn names(path: &str) -> Vec<&str> {
    let name = |text| {
        let text: &str = text;
        let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
        &text[..end]
    };
    let Some(group) = path.strip_prefix('{') else { return vec![name(path)] };
    let (mut names, mut depth, mut begins) = (Vec::new(), 0, true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => begins = true,
            c if begins && !c.is_whitespace() => {
                names.push(name(&group[at..]));
                begins = false;
            }
            _ => {}
        }
    }
    names
}

/// The modules of the crate, and which one each name at its root comes from.
fn root_names() -> (BTreeSet<String>, BTreeMap<String, String>) {
    let lib = code(&fs::read_to_string(root().join("src/lib.rs")).unwrap());
    let (mut modules, mut from) = (BTreeSet::new(), BTreeMap::new());
    for statement in lib.split(';').map(str::trim) {
        let statement = statement.rsplit(']').next().unwrap().trim();
        let statement = statement.strip_prefix("pub ").unwrap_or(statement);
        if let Some(module) = statement.strip_prefix("mod ") {
            modules.insert(module.to_owned());
        } else if let Some((module, items)) =
            statement.strip_prefix("use ").and_then(|path| path.split_once("::"))
        {
            // A name outside of a group may come from a module within the module.
            let items =
                if items.contains('{') { items } else { items.rsplit("::").next().unwrap() };
            for name in names(items) {
                from.insert(name.to_owned(), module.to_owned());
            }
        }
    }
    // A macro is at the root wherever it stands.
    from.insert("pickle".to_owned(), "value".to_owned());
    (modules, from)
}

/// No path leaves its module by `super::`, round the comparison.
fn check_supers(code: &str, depth: usize, place: &Path) {
    // For each open brace, true if it belongs to a module.
    let mut open: Vec<bool> = Vec::new();
    for (at, c) in code.char_indices() {
        match c {
            '{' => {
                let head = code[..at].trim_end().rsplit([';', '{', '}']).next().unwrap();
                open.push(head.split_whitespace().rev().nth(1) == Some("mod"));
            }
            '}' => drop(open.pop()),
            's' if code[at..].starts_with("super::") => {
                let tail = &code[at..];
                let supers = tail.split("super::").take_while(|between| between.is_empty()).count();
                let inner = open.iter().filter(|module| **module).count();
                assert!(supers < depth + inner, "{} leaves its module by super", place.display());
            }
            _ => {}
        }
    }
}

/// Every arrow in `src/`.
fn arrows() -> Arrows {
    let (modules, from) = root_names();
    let src = root().join("src");
    let mut paths = Vec::new();
    files(&src, &mut paths);
    let mut arrows = Arrows::new();
    for path in paths {
        let place = path.strip_prefix(&src).unwrap();
        let parts: Vec<String> = place
            .with_extension("")
            .components()
            .map(|part| part.as_os_str().to_string_lossy().into_owned())
            .filter(|part| part != "mod")
            .collect();
        let module = parts.first().unwrap();
        if module == "lib" {
            continue;
        }
        let code = code(&fs::read_to_string(&path).unwrap());
        check_supers(&code, parts.len(), place);
        for (at, _) in code.match_indices("crate::") {
            let line = code[..at].matches('\n').count() + 1;
            for name in names(&code[at + "crate::".len()..]) {
                let target = from.get(name).map_or(name, String::as_str);
                // A fragment of a macro has no name here.
                if target.is_empty() || target == module {
                    continue;
                }
                assert!(modules.contains(target), "{}:{line}: {target}?", place.display());
                let place = format!("src/{}:{line}", place.display());
                arrows.entry((module.clone(), target.to_owned())).or_default().push(place);
            }
        }
    }
    arrows
}

#[test]
fn every_path_in_src_is_an_arrow_that_the_design_allows() {
    let (allowed, arrows) = (allowed(), arrows());
    let mut wrong = Vec::new();
    for (layer, uses) in &allowed {
        let mut unused = uses.clone();
        for ((module, used), places) in
            arrows.iter().filter(|((module, _), _)| layer.contains(module))
        {
            unused.remove(used);
            if !uses.contains(used) && !layer.contains(used) {
                wrong.push(format!("{module} uses {used}: {places:?}"));
            }
        }
        wrong.extend(unused.iter().map(|used| format!("{layer:?} may use {used}, and does not")));
    }
    assert!(wrong.is_empty(), "not as docs/DESIGN.md says:\n{}", wrong.join("\n"));
    println!("{} arrows between {} layers, and no cycle", arrows.len(), allowed.len());
}

#[test]
fn a_layer_uses_only_layers_above_it_in_the_list() {
    let mut above = BTreeSet::new();
    for (layer, uses) in allowed() {
        let up: Vec<_> = uses.difference(&above).collect();
        assert!(up.is_empty(), "{layer:?} stands above {up:?} in the list");
        above.extend(layer);
    }
    assert_eq!(above, root_names().0, "the list has every module");
}

/// The exports of a file by `pub use`: the path, and the name that it gets.
fn exports(code: &str) -> Vec<(String, String)> {
    let mut exports = Vec::new();
    for statement in code.split(';') {
        let Some((_, path)) = statement.split_once("pub use ") else { continue };
        let (head, items) = match path.split_once('{') {
            Some((head, items)) => (head, items.trim_end().trim_end_matches('}')),
            None => path
                .rsplit_once("::")
                .map_or(("", path), |(head, _)| (&path[..head.len() + 2], &path[head.len() + 2..])),
        };
        for item in items.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            let (name, alias) = item.split_once(" as ").unwrap_or((item, item));
            exports.push((format!("{head}{name}"), alias.to_owned()));
        }
    }
    exports
}

/// The names that most programs use. Everything else is in a module.
const AT_THE_ROOT: &str = "\
    AllowList DeOptions DecodeErrors Deserializer Dict Elements Encoding Error ErrorKind Graph \
    Node Protocol ReaderSource Resolver Result Scanner SerOptions Serializer Set SliceSource \
    StreamDeserializer Value from_buf_reader from_reader from_slice from_value num_bigint to_value \
    to_vec to_writer update";

#[test]
fn a_public_item_has_one_path() {
    let read = |path: &str| code(&fs::read_to_string(root().join("src").join(path)).unwrap());
    let lib = read("lib.rs");
    let at_root: BTreeSet<_> =
        exports(&lib).into_iter().map(|(_, name)| name).filter(|name| name != "__units").collect();
    let at_root = at_root.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
    assert_eq!(at_root, AT_THE_ROOT, "what stands at the root is argued for");

    let modules: Vec<&str> =
        lib.split("pub mod ").skip(1).map(|rest| rest.split(';').next().unwrap()).collect();
    // Each item, as module, file and name in there, with the public paths that lead to it.
    let mut paths: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut add = |module: &str, code: &str| {
        for (path, name) in exports(code) {
            let item = match path.strip_prefix("crate::") {
                Some(path) => path.to_owned(),
                None if module.is_empty() => path,
                None => format!("{module}::{}", path.trim_start_matches("self::")),
            };
            let parts: Vec<&str> = item.split("::").collect();
            assert!(parts.len() > 2 || !modules.contains(&parts[0]), "{item} is public already");
            paths.entry(item).or_default().push(format!("{module}::{name}"));
        }
    };
    add("", &lib);
    for module in &modules {
        let file = format!("{module}.rs");
        let there = root().join("src").join(&file).exists();
        add(module, &read(&if there { file } else { format!("{module}/mod.rs") }));
    }
    assert!(paths.len() > 80 && modules.len() > 8, "{paths:?}");
    let twice: Vec<_> = paths.iter().filter(|(_, paths)| paths.len() > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[test]
fn the_map_of_files_in_the_design_has_the_name_of_every_file() {
    let design = fs::read_to_string(root().join("docs/DESIGN.md")).unwrap();
    let map = design.split("```text\nsrc/").nth(1).expect("a map of files in docs/DESIGN.md");
    let map = map.split("```").next().unwrap();
    let map: BTreeSet<&str> = map.split([' ', '\n', ',', ';', ':', '(', ')']).collect();
    let mut paths = Vec::new();
    files(&root().join("src"), &mut paths);
    paths.retain(|path| {
        let name = path.file_name().unwrap().to_string_lossy();
        let folder = path.parent().unwrap().file_name().unwrap().to_string_lossy();
        match &*name {
            "mod.rs" => !map.contains(&*format!("{folder}/")),
            name => !map.contains(name),
        }
    });
    assert!(paths.is_empty(), "not in the map of files: {paths:?}");
}

#[test]
fn paths_are_found_in_all_their_forms() {
    let source = [
        "use crate::{a::B, c::{D, E}, f}; // crate::comment",
        "/* crate::g */ let s = \"crate::text\";",
        "let c = '\"'; crate::h::i()",
        "#[cfg(test)]\nmod tests { crate::j }",
    ];
    let source = &source.join("\n");
    let code = code(source);
    let found: Vec<&str> =
        code.match_indices("crate::").flat_map(|(at, _)| names(&code[at + 7..])).collect();
    assert_eq!(found, ["a", "c", "f", "h"]);
}
