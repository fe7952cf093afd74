//! Paths of `pathlib` as `str()` of them in Python.
//!
//! The class joins the texts that it is given and normalises them. Source: `PurePath._parse_path`
//! in Python's `Lib/pathlib`, and `join` and `splitroot` in `Lib/posixpath.py` and `Lib/ntpath.py`.
//! Nothing is looked up in a file system.

use std::borrow::Cow;

/// One text as `str(PurePosixPath(text))`.
pub(crate) fn normal_posix(text: &str) -> String {
    join_posix(&[text.into()])
}

/// One text as `str(PureWindowsPath(text))`.
pub(crate) fn normal_windows(text: &str) -> String {
    join_windows(&[text.into()])
}

/// `str(PurePosixPath(*segments))`.
pub(crate) fn join_posix(segments: &[Cow<'_, str>]) -> String {
    // An absolute segment replaces everything before it.
    let start = segments.iter().rposition(|segment| segment.starts_with('/')).unwrap_or(0);
    let segments = segments.get(start..).unwrap_or_default();
    let root = match segments.first() {
        // Exactly two slashes are kept: POSIX leaves their meaning open.
        Some(first) if first.starts_with("//") && !first.starts_with("///") => "//",
        Some(first) if first.starts_with('/') => "/",
        _ => "",
    };
    let mut path = root.to_owned();
    let mut first = true;
    for segment in segments {
        push_names(&mut path, &mut first, segment, '/');
    }
    or_dot(path)
}

/// Adds the names in `text` that are neither empty nor a dot, with separators between.
#[inline(never)]
fn push_names(path: &mut String, first: &mut bool, text: &str, separator: char) {
    for name in text.split(separator).filter(|name| !matches!(*name, "" | ".")) {
        if !std::mem::replace(first, false) {
            path.push(separator);
        }
        path.push_str(name);
    }
}

fn or_dot(path: String) -> String {
    if path.is_empty() { ".".to_owned() } else { path }
}

/// `str(PureWindowsPath(*segments))`.
pub(crate) fn join_windows(segments: &[Cow<'_, str>]) -> String {
    let (mut drive, mut root, mut rest) = (String::new(), false, String::new());
    for segment in segments {
        let segment = segment.replace('/', "\\");
        let (d, r, tail) = split_root(&segment);
        if r {
            // Absolute on its drive, or on the one before.
            if !d.is_empty() || drive.is_empty() {
                drive = d.to_owned();
            }
            (root, rest) = (true, tail.to_owned());
            continue;
        }
        if !d.is_empty() && !d.eq_ignore_ascii_case(&drive) {
            (drive, root, rest) = (d.to_owned(), false, tail.to_owned());
            continue;
        }
        if !d.is_empty() {
            d.clone_into(&mut drive);
        }
        if !rest.is_empty() && !tail.is_empty() {
            rest.push('\\');
        }
        rest.push_str(tail);
    }
    // A share has a root of its own.
    if drive.starts_with("\\\\") && !drive.ends_with('\\') && drive.split('\\').count() == 4 {
        root = true;
    }
    let mut path = drive;
    if root {
        path.push('\\');
    }
    let bare = path.is_empty();
    push_names(&mut path, &mut true, &rest, '\\');
    // A name that only looks like a drive keeps its dot: `.\c:name`.
    if bare && !split_root(&path).0.is_empty() {
        path.insert_str(0, ".\\");
    }
    or_dot(path)
}

/// `PurePosixPath(text).parts`, of a path as [`normal_posix`] gives it.
pub(crate) fn parts_posix(path: &str) -> Vec<&str> {
    let root = path.len() - path.trim_start_matches('/').len();
    parts(path, root, '/')
}

/// `PureWindowsPath(text).parts`, of a path as [`normal_windows`] gives it.
pub(crate) fn parts_windows(path: &str) -> Vec<&str> {
    let (drive, root, _) = split_root(path);
    parts(path, drive.len() + usize::from(root), '\\')
}

/// The root, which ends at `root`, and the names behind it.
fn parts(path: &str, root: usize, separator: char) -> Vec<&str> {
    let (root, names) = path.split_at_checked(root).unwrap_or(("", path));
    let names = names.split(separator).filter(|name| !matches!(*name, "" | "."));
    std::iter::once(root).filter(|root| !root.is_empty()).chain(names).collect()
}

/// Drive (or share), whether a root follows, and the rest.
#[inline(never)]
fn split_root(path: &str) -> (&str, bool, &str) {
    let rooted = |at: usize| match (path.get(..at), path.get(at..)) {
        (Some(drive), Some(rest)) => match rest.strip_prefix('\\') {
            Some(rest) => (drive, true, rest),
            None => (drive, false, rest),
        },
        _ => ("", false, path),
    };
    if let Some(share) = path.strip_prefix("\\\\") {
        // `\\server\share`, `\\?\UNC\server\share`, `\\?\C:`, `\\.\device`.
        let skip = if share.get(..6).is_some_and(|prefix| prefix.eq_ignore_ascii_case("?\\unc\\")) {
            8
        } else {
            2
        };
        let name = path.get(skip..).unwrap_or_default();
        let Some(server) = name.find('\\') else { return (path, false, "") };
        let server = skip + server;
        return match path.get(server + 1..).and_then(|share| share.find('\\')) {
            Some(share) => rooted(server + 1 + share),
            None => (path, false, ""),
        };
    }
    match path.as_bytes() {
        [b'\\', ..] => rooted(0),
        [_, b':', ..] => rooted(2),
        _ => ("", false, path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cows<'a>(segments: &[&'a str]) -> Vec<Cow<'a, str>> {
        segments.iter().map(|segment| Cow::Borrowed(*segment)).collect()
    }

    // The texts are what Python 3.13 gives for `str(PurePosixPath(*segments))`, and for
    // PureWindowsPath below.
    #[test]
    fn posix_segments_join_as_in_python() {
        for (segments, joined) in [
            (&["/", "usr", "lib"][..], "/usr/lib"),
            (&["a", "b"], "a/b"),
            (&["a//b/./c/"], "a/b/c"),
            (&["a/../b"], "a/../b"),
            (&["a", "/b", "c"], "/b/c"),
            (&["//a", "b"], "//a/b"),
            (&["///a"], "/a"),
            (&["."], "."),
            (&[], "."),
            (&["/"], "/"),
            (&[""], "."),
        ] {
            assert_eq!(join_posix(&cows(segments)), joined, "{segments:?}");
        }
    }

    // The same for `parts` of Python 3.8, 3.12 and 3.13.
    #[test]
    fn parts_are_those_of_python() {
        for (path, parts) in [
            ("/usr/lib", &["/", "usr", "lib"][..]),
            ("a/../b", &["a", "..", "b"]),
            ("//a/b", &["//", "a", "b"]),
            ("/", &["/"]),
            (".", &[]),
        ] {
            assert_eq!(parts_posix(path), parts, "{path}");
        }
        for (path, parts) in [
            ("C:\\Users\\x", &["C:\\", "Users", "x"][..]),
            ("\\\\server\\share\\dir", &["\\\\server\\share\\", "dir"]),
            ("\\\\server\\share\\", &["\\\\server\\share\\"]),
            ("c:a\\b", &["c:", "a", "b"]),
            ("a\\b", &["a", "b"]),
            ("\\a", &["\\", "a"]),
            (".", &[]),
        ] {
            assert_eq!(parts_windows(path), parts, "{path}");
        }
    }

    #[test]
    fn windows_segments_join_as_in_python() {
        for (segments, joined) in [
            (&["C:\\", "Users", "x"][..], "C:\\Users\\x"),
            (&["C:/Users//x/./y.txt"], "C:\\Users\\x\\y.txt"),
            (&["//server/share/dir"], "\\\\server\\share\\dir"),
            (&["//server/share"], "\\\\server\\share\\"),
            (&["\\\\server\\share\\", "dir"], "\\\\server\\share\\dir"),
            (&["c:a", "b"], "c:a\\b"),
            (&["c:a", "d:b"], "d:b"),
            (&["c:\\a", "\\b"], "c:\\b"),
            (&["c:/a", "C:b"], "C:\\a\\b"),
            (&["a", "b/c"], "a\\b\\c"),
            (&["./c:a"], ".\\c:a"),
            (&["c:"], "c:"),
            (&["c:", "a"], "c:a"),
            (&["a", "c:"], "c:"),
            (&["c:/", "c:/b"], "c:\\b"),
            (&["//server"], "\\\\server"),
            (&["//?/C:/x"], "\\\\?\\C:\\x"),
            (&["//?/UNC/s/sh/x"], "\\\\?\\UNC\\s\\sh\\x"),
            (&["//./dev/x"], "\\\\.\\dev\\x"),
            (&["/"], "\\"),
            (&[], "."),
        ] {
            assert_eq!(join_windows(&cows(segments)), joined, "{segments:?}");
        }
    }
}
