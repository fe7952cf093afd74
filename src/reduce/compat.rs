//! The names that Python 3 changed, for `fix_imports`.
//!
//! Pickles of protocols 0 to 2 are shared by Python 2 and 3, and name things as Python 2 does:
//! `__builtin__.set`, `copy_reg._reconstructor`. CPython translates on reading such a stream and on
//! writing one, by the four tables of `Lib/_compat_pickle.py`; these are all entries of Python
//! 3.13's, sorted so that a lookup is a binary search.
//!
//! The two directions are not inverses. Python 3 has exceptions that Python 2 lacks
//! (`ModuleNotFoundError` is written as `ImportError`) and merged modules (`StringIO` and
//! `cStringIO` are both `io`).
//!
//! To bring the tables up to a newer Python, print its dictionaries in sorted order and renew
//! `fixtures/compat_pickle.json`, with which a test below compares every entry.

use crate::packed::{Packed, packed};

/// The tables of one direction.
struct Tables {
    /// Module and name, and what they become.
    names: Packed<4>,
    modules: Packed<2>,
}

static TO_3: Tables = Tables { names: packed!(NAMES_TO_3; 4), modules: packed!(MODULES_TO_3; 2) };
static TO_2: Tables = Tables { names: packed!(NAMES_TO_2; 4), modules: packed!(MODULES_TO_2; 2) };

/// Maps `module.name` of a stream of protocol 0 to 2 to Python 3's names.
///
/// The table of names comes first; the table of modules is used only for names that are not in it:
/// `find_class` in `Lib/pickle.py` and `Modules/_pickle.c`.
pub(crate) fn to_python3<'a>(module: &'a str, name: &'a str) -> (&'a str, &'a str) {
    translate(&TO_3, module, name)
}

/// Maps `module.name` to Python 2's names, for writing protocols 0 to 2.
///
/// CPython translates the name at the top level of the module; a nested name is written as
/// `getattr` of that one, so hand in `Outer` for `Outer.Inner`. Source: `_save_toplevel_by_name` in
/// `Lib/pickle.py`.
pub(crate) fn to_python2<'a>(module: &'a str, name: &'a str) -> (&'a str, &'a str) {
    translate(&TO_2, module, name)
}

fn translate<'a>(tables: &'static Tables, module: &'a str, name: &'a str) -> (&'a str, &'a str) {
    if let Some([_, _, module, name]) = tables.names.find([module, name]) {
        return (module, name);
    }
    match tables.modules.find([module]) {
        Some([_, renamed]) => (renamed, name),
        None => (module, name),
    }
}

/// `IMPORT_MAPPING`: modules that were renamed.
const MODULES_TO_3: &[[&str; 2]] = &[
    ["BaseHTTPServer", "http.server"],
    ["CGIHTTPServer", "http.server"],
    ["ConfigParser", "configparser"],
    ["Cookie", "http.cookies"],
    ["Dialog", "tkinter.dialog"],
    ["DocXMLRPCServer", "xmlrpc.server"],
    ["FileDialog", "tkinter.filedialog"],
    ["HTMLParser", "html.parser"],
    ["Queue", "queue"],
    ["ScrolledText", "tkinter.scrolledtext"],
    ["SimpleDialog", "tkinter.simpledialog"],
    ["SimpleHTTPServer", "http.server"],
    ["SimpleXMLRPCServer", "xmlrpc.server"],
    ["SocketServer", "socketserver"],
    ["StringIO", "io"],
    ["Tkconstants", "tkinter.constants"],
    ["Tkdnd", "tkinter.dnd"],
    ["Tkinter", "tkinter"],
    ["UserDict", "collections"],
    ["UserList", "collections"],
    ["UserString", "collections"],
    ["__builtin__", "builtins"],
    ["_abcoll", "collections.abc"],
    ["_elementtree", "xml.etree.ElementTree"],
    ["_winreg", "winreg"],
    ["anydbm", "dbm"],
    ["cPickle", "pickle"],
    ["cStringIO", "io"],
    ["commands", "subprocess"],
    ["cookielib", "http.cookiejar"],
    ["copy_reg", "copyreg"],
    ["dbhash", "dbm.bsd"],
    ["dbm", "dbm.ndbm"],
    ["dumbdbm", "dbm.dumb"],
    ["dummy_thread", "_dummy_thread"],
    ["gdbm", "dbm.gnu"],
    ["htmlentitydefs", "html.entities"],
    ["httplib", "http.client"],
    ["markupbase", "_markupbase"],
    ["repr", "reprlib"],
    ["robotparser", "urllib.robotparser"],
    ["test.test_support", "test.support"],
    ["thread", "_thread"],
    ["tkColorChooser", "tkinter.colorchooser"],
    ["tkCommonDialog", "tkinter.commondialog"],
    ["tkFileDialog", "tkinter.filedialog"],
    ["tkFont", "tkinter.font"],
    ["tkMessageBox", "tkinter.messagebox"],
    ["tkSimpleDialog", "tkinter.simpledialog"],
    ["ttk", "tkinter.ttk"],
    ["urllib2", "urllib.request"],
    ["urlparse", "urllib.parse"],
    ["whichdb", "dbm"],
    ["xmlrpclib", "xmlrpc.client"],
];

/// `NAME_MAPPING`: classes and functions that were renamed or moved, the built-in exceptions among
/// them.
const NAMES_TO_3: &[[&str; 4]] = &[
    ["UserDict", "IterableUserDict", "collections", "UserDict"],
    ["UserDict", "UserDict", "collections", "UserDict"],
    ["UserList", "UserList", "collections", "UserList"],
    ["UserString", "UserString", "collections", "UserString"],
    ["__builtin__", "basestring", "builtins", "str"],
    ["__builtin__", "intern", "sys", "intern"],
    ["__builtin__", "long", "builtins", "int"],
    ["__builtin__", "reduce", "functools", "reduce"],
    ["__builtin__", "unichr", "builtins", "chr"],
    ["__builtin__", "unicode", "builtins", "str"],
    ["__builtin__", "xrange", "builtins", "range"],
    ["_multiprocessing", "Connection", "multiprocessing.connection", "Connection"],
    ["_socket", "fromfd", "socket", "fromfd"],
    ["exceptions", "ArithmeticError", "builtins", "ArithmeticError"],
    ["exceptions", "AssertionError", "builtins", "AssertionError"],
    ["exceptions", "AttributeError", "builtins", "AttributeError"],
    ["exceptions", "BaseException", "builtins", "BaseException"],
    ["exceptions", "BufferError", "builtins", "BufferError"],
    ["exceptions", "BytesWarning", "builtins", "BytesWarning"],
    ["exceptions", "DeprecationWarning", "builtins", "DeprecationWarning"],
    ["exceptions", "EOFError", "builtins", "EOFError"],
    ["exceptions", "EnvironmentError", "builtins", "EnvironmentError"],
    ["exceptions", "Exception", "builtins", "Exception"],
    ["exceptions", "FloatingPointError", "builtins", "FloatingPointError"],
    ["exceptions", "FutureWarning", "builtins", "FutureWarning"],
    ["exceptions", "GeneratorExit", "builtins", "GeneratorExit"],
    ["exceptions", "IOError", "builtins", "IOError"],
    ["exceptions", "ImportError", "builtins", "ImportError"],
    ["exceptions", "ImportWarning", "builtins", "ImportWarning"],
    ["exceptions", "IndentationError", "builtins", "IndentationError"],
    ["exceptions", "IndexError", "builtins", "IndexError"],
    ["exceptions", "KeyError", "builtins", "KeyError"],
    ["exceptions", "KeyboardInterrupt", "builtins", "KeyboardInterrupt"],
    ["exceptions", "LookupError", "builtins", "LookupError"],
    ["exceptions", "MemoryError", "builtins", "MemoryError"],
    ["exceptions", "NameError", "builtins", "NameError"],
    ["exceptions", "NotImplementedError", "builtins", "NotImplementedError"],
    ["exceptions", "OSError", "builtins", "OSError"],
    ["exceptions", "OverflowError", "builtins", "OverflowError"],
    ["exceptions", "PendingDeprecationWarning", "builtins", "PendingDeprecationWarning"],
    ["exceptions", "ReferenceError", "builtins", "ReferenceError"],
    ["exceptions", "RuntimeError", "builtins", "RuntimeError"],
    ["exceptions", "RuntimeWarning", "builtins", "RuntimeWarning"],
    ["exceptions", "StandardError", "builtins", "Exception"],
    ["exceptions", "StopIteration", "builtins", "StopIteration"],
    ["exceptions", "SyntaxError", "builtins", "SyntaxError"],
    ["exceptions", "SyntaxWarning", "builtins", "SyntaxWarning"],
    ["exceptions", "SystemError", "builtins", "SystemError"],
    ["exceptions", "SystemExit", "builtins", "SystemExit"],
    ["exceptions", "TabError", "builtins", "TabError"],
    ["exceptions", "TypeError", "builtins", "TypeError"],
    ["exceptions", "UnboundLocalError", "builtins", "UnboundLocalError"],
    ["exceptions", "UnicodeDecodeError", "builtins", "UnicodeDecodeError"],
    ["exceptions", "UnicodeEncodeError", "builtins", "UnicodeEncodeError"],
    ["exceptions", "UnicodeError", "builtins", "UnicodeError"],
    ["exceptions", "UnicodeTranslateError", "builtins", "UnicodeTranslateError"],
    ["exceptions", "UnicodeWarning", "builtins", "UnicodeWarning"],
    ["exceptions", "UserWarning", "builtins", "UserWarning"],
    ["exceptions", "ValueError", "builtins", "ValueError"],
    ["exceptions", "Warning", "builtins", "Warning"],
    ["exceptions", "ZeroDivisionError", "builtins", "ZeroDivisionError"],
    ["itertools", "ifilter", "builtins", "filter"],
    ["itertools", "ifilterfalse", "itertools", "filterfalse"],
    ["itertools", "imap", "builtins", "map"],
    ["itertools", "izip", "builtins", "zip"],
    ["itertools", "izip_longest", "itertools", "zip_longest"],
    ["multiprocessing", "AuthenticationError", "multiprocessing.context", "AuthenticationError"],
    ["multiprocessing", "BufferTooShort", "multiprocessing.context", "BufferTooShort"],
    ["multiprocessing", "ProcessError", "multiprocessing.context", "ProcessError"],
    ["multiprocessing", "TimeoutError", "multiprocessing.context", "TimeoutError"],
    ["multiprocessing.forking", "Popen", "multiprocessing.popen_fork", "Popen"],
    ["multiprocessing.process", "Process", "multiprocessing.context", "Process"],
    ["socket", "_socketobject", "socket", "SocketType"],
    ["urllib", "ContentTooShortError", "urllib.error", "ContentTooShortError"],
    ["urllib", "getproxies", "urllib.request", "getproxies"],
    ["urllib", "pathname2url", "urllib.request", "pathname2url"],
    ["urllib", "quote", "urllib.parse", "quote"],
    ["urllib", "quote_plus", "urllib.parse", "quote_plus"],
    ["urllib", "unquote", "urllib.parse", "unquote"],
    ["urllib", "unquote_plus", "urllib.parse", "unquote_plus"],
    ["urllib", "url2pathname", "urllib.request", "url2pathname"],
    ["urllib", "urlcleanup", "urllib.request", "urlcleanup"],
    ["urllib", "urlencode", "urllib.parse", "urlencode"],
    ["urllib", "urlopen", "urllib.request", "urlopen"],
    ["urllib", "urlretrieve", "urllib.request", "urlretrieve"],
    ["urllib2", "HTTPError", "urllib.error", "HTTPError"],
    ["urllib2", "URLError", "urllib.error", "URLError"],
    ["whichdb", "whichdb", "dbm", "whichdb"],
];

/// `REVERSE_IMPORT_MAPPING`: more than the inverse, for modules that Python 3 merged or added.
const MODULES_TO_2: &[[&str; 2]] = &[
    ["_bz2", "bz2"],
    ["_dbm", "dbm"],
    ["_dummy_thread", "dummy_thread"],
    ["_functools", "functools"],
    ["_gdbm", "gdbm"],
    ["_markupbase", "markupbase"],
    ["_pickle", "pickle"],
    ["_thread", "thread"],
    ["builtins", "__builtin__"],
    ["collections.abc", "_abcoll"],
    ["configparser", "ConfigParser"],
    ["copyreg", "copy_reg"],
    ["dbm", "anydbm"],
    ["dbm.bsd", "dbhash"],
    ["dbm.dumb", "dumbdbm"],
    ["dbm.gnu", "gdbm"],
    ["dbm.ndbm", "dbm"],
    ["html.entities", "htmlentitydefs"],
    ["html.parser", "HTMLParser"],
    ["http.client", "httplib"],
    ["http.cookiejar", "cookielib"],
    ["http.cookies", "Cookie"],
    ["http.server", "BaseHTTPServer"],
    ["queue", "Queue"],
    ["reprlib", "repr"],
    ["socketserver", "SocketServer"],
    ["subprocess", "commands"],
    ["test.support", "test.test_support"],
    ["tkinter", "Tkinter"],
    ["tkinter.colorchooser", "tkColorChooser"],
    ["tkinter.commondialog", "tkCommonDialog"],
    ["tkinter.constants", "Tkconstants"],
    ["tkinter.dialog", "Dialog"],
    ["tkinter.dnd", "Tkdnd"],
    ["tkinter.filedialog", "tkFileDialog"],
    ["tkinter.font", "tkFont"],
    ["tkinter.messagebox", "tkMessageBox"],
    ["tkinter.scrolledtext", "ScrolledText"],
    ["tkinter.simpledialog", "tkSimpleDialog"],
    ["tkinter.ttk", "ttk"],
    ["urllib.parse", "urlparse"],
    ["urllib.request", "urllib2"],
    ["urllib.robotparser", "robotparser"],
    ["winreg", "_winreg"],
    ["xmlrpc.client", "xmlrpclib"],
    ["xmlrpc.server", "SimpleXMLRPCServer"],
];

/// `REVERSE_NAME_MAPPING`: more than the inverse, for exceptions that Python 2 has under another
/// name.
const NAMES_TO_2: &[[&str; 4]] = &[
    ["_functools", "reduce", "__builtin__", "reduce"],
    ["_socket", "socket", "socket", "_socketobject"],
    ["builtins", "ArithmeticError", "exceptions", "ArithmeticError"],
    ["builtins", "AssertionError", "exceptions", "AssertionError"],
    ["builtins", "AttributeError", "exceptions", "AttributeError"],
    ["builtins", "BaseException", "exceptions", "BaseException"],
    ["builtins", "BrokenPipeError", "exceptions", "OSError"],
    ["builtins", "BufferError", "exceptions", "BufferError"],
    ["builtins", "BytesWarning", "exceptions", "BytesWarning"],
    ["builtins", "ChildProcessError", "exceptions", "OSError"],
    ["builtins", "ConnectionAbortedError", "exceptions", "OSError"],
    ["builtins", "ConnectionError", "exceptions", "OSError"],
    ["builtins", "ConnectionRefusedError", "exceptions", "OSError"],
    ["builtins", "ConnectionResetError", "exceptions", "OSError"],
    ["builtins", "DeprecationWarning", "exceptions", "DeprecationWarning"],
    ["builtins", "EOFError", "exceptions", "EOFError"],
    ["builtins", "EnvironmentError", "exceptions", "EnvironmentError"],
    ["builtins", "Exception", "exceptions", "Exception"],
    ["builtins", "FileExistsError", "exceptions", "OSError"],
    ["builtins", "FileNotFoundError", "exceptions", "OSError"],
    ["builtins", "FloatingPointError", "exceptions", "FloatingPointError"],
    ["builtins", "FutureWarning", "exceptions", "FutureWarning"],
    ["builtins", "GeneratorExit", "exceptions", "GeneratorExit"],
    ["builtins", "IOError", "exceptions", "IOError"],
    ["builtins", "ImportError", "exceptions", "ImportError"],
    ["builtins", "ImportWarning", "exceptions", "ImportWarning"],
    ["builtins", "IndentationError", "exceptions", "IndentationError"],
    ["builtins", "IndexError", "exceptions", "IndexError"],
    ["builtins", "InterruptedError", "exceptions", "OSError"],
    ["builtins", "IsADirectoryError", "exceptions", "OSError"],
    ["builtins", "KeyError", "exceptions", "KeyError"],
    ["builtins", "KeyboardInterrupt", "exceptions", "KeyboardInterrupt"],
    ["builtins", "LookupError", "exceptions", "LookupError"],
    ["builtins", "MemoryError", "exceptions", "MemoryError"],
    ["builtins", "ModuleNotFoundError", "exceptions", "ImportError"],
    ["builtins", "NameError", "exceptions", "NameError"],
    ["builtins", "NotADirectoryError", "exceptions", "OSError"],
    ["builtins", "NotImplementedError", "exceptions", "NotImplementedError"],
    ["builtins", "OSError", "exceptions", "OSError"],
    ["builtins", "OverflowError", "exceptions", "OverflowError"],
    ["builtins", "PendingDeprecationWarning", "exceptions", "PendingDeprecationWarning"],
    ["builtins", "PermissionError", "exceptions", "OSError"],
    ["builtins", "ProcessLookupError", "exceptions", "OSError"],
    ["builtins", "ReferenceError", "exceptions", "ReferenceError"],
    ["builtins", "RuntimeError", "exceptions", "RuntimeError"],
    ["builtins", "RuntimeWarning", "exceptions", "RuntimeWarning"],
    ["builtins", "StopIteration", "exceptions", "StopIteration"],
    ["builtins", "SyntaxError", "exceptions", "SyntaxError"],
    ["builtins", "SyntaxWarning", "exceptions", "SyntaxWarning"],
    ["builtins", "SystemError", "exceptions", "SystemError"],
    ["builtins", "SystemExit", "exceptions", "SystemExit"],
    ["builtins", "TabError", "exceptions", "TabError"],
    ["builtins", "TimeoutError", "exceptions", "OSError"],
    ["builtins", "TypeError", "exceptions", "TypeError"],
    ["builtins", "UnboundLocalError", "exceptions", "UnboundLocalError"],
    ["builtins", "UnicodeDecodeError", "exceptions", "UnicodeDecodeError"],
    ["builtins", "UnicodeEncodeError", "exceptions", "UnicodeEncodeError"],
    ["builtins", "UnicodeError", "exceptions", "UnicodeError"],
    ["builtins", "UnicodeTranslateError", "exceptions", "UnicodeTranslateError"],
    ["builtins", "UnicodeWarning", "exceptions", "UnicodeWarning"],
    ["builtins", "UserWarning", "exceptions", "UserWarning"],
    ["builtins", "ValueError", "exceptions", "ValueError"],
    ["builtins", "Warning", "exceptions", "Warning"],
    ["builtins", "ZeroDivisionError", "exceptions", "ZeroDivisionError"],
    ["builtins", "chr", "__builtin__", "unichr"],
    ["builtins", "filter", "itertools", "ifilter"],
    ["builtins", "int", "__builtin__", "long"],
    ["builtins", "map", "itertools", "imap"],
    ["builtins", "range", "__builtin__", "xrange"],
    ["builtins", "str", "__builtin__", "unicode"],
    ["builtins", "zip", "itertools", "izip"],
    ["collections", "UserDict", "UserDict", "IterableUserDict"],
    ["collections", "UserList", "UserList", "UserList"],
    ["collections", "UserString", "UserString", "UserString"],
    ["dbm", "whichdb", "whichdb", "whichdb"],
    ["functools", "reduce", "__builtin__", "reduce"],
    ["http.server", "CGIHTTPRequestHandler", "CGIHTTPServer", "CGIHTTPRequestHandler"],
    ["http.server", "SimpleHTTPRequestHandler", "SimpleHTTPServer", "SimpleHTTPRequestHandler"],
    ["itertools", "filterfalse", "itertools", "ifilterfalse"],
    ["itertools", "zip_longest", "itertools", "izip_longest"],
    ["multiprocessing.connection", "Connection", "_multiprocessing", "Connection"],
    ["multiprocessing.context", "AuthenticationError", "multiprocessing", "AuthenticationError"],
    ["multiprocessing.context", "BufferTooShort", "multiprocessing", "BufferTooShort"],
    ["multiprocessing.context", "Process", "multiprocessing.process", "Process"],
    ["multiprocessing.context", "ProcessError", "multiprocessing", "ProcessError"],
    ["multiprocessing.context", "TimeoutError", "multiprocessing", "TimeoutError"],
    ["multiprocessing.popen_fork", "Popen", "multiprocessing.forking", "Popen"],
    ["socket", "fromfd", "_socket", "fromfd"],
    ["sys", "intern", "__builtin__", "intern"],
    ["tkinter.filedialog", "FileDialog", "FileDialog", "FileDialog"],
    ["tkinter.filedialog", "LoadFileDialog", "FileDialog", "LoadFileDialog"],
    ["tkinter.filedialog", "SaveFileDialog", "FileDialog", "SaveFileDialog"],
    ["tkinter.simpledialog", "SimpleDialog", "SimpleDialog", "SimpleDialog"],
    ["urllib.error", "ContentTooShortError", "urllib", "ContentTooShortError"],
    ["urllib.error", "HTTPError", "urllib2", "HTTPError"],
    ["urllib.error", "URLError", "urllib2", "URLError"],
    ["urllib.parse", "quote", "urllib", "quote"],
    ["urllib.parse", "quote_plus", "urllib", "quote_plus"],
    ["urllib.parse", "unquote", "urllib", "unquote"],
    ["urllib.parse", "unquote_plus", "urllib", "unquote_plus"],
    ["urllib.parse", "urlencode", "urllib", "urlencode"],
    ["urllib.request", "getproxies", "urllib", "getproxies"],
    ["urllib.request", "pathname2url", "urllib", "pathname2url"],
    ["urllib.request", "url2pathname", "urllib", "url2pathname"],
    ["urllib.request", "urlcleanup", "urllib", "urlcleanup"],
    ["urllib.request", "urlopen", "urllib", "urlopen"],
    ["urllib.request", "urlretrieve", "urllib", "urlretrieve"],
    [
        "xmlrpc.server",
        "DocCGIXMLRPCRequestHandler",
        "DocXMLRPCServer",
        "DocCGIXMLRPCRequestHandler",
    ],
    ["xmlrpc.server", "DocXMLRPCRequestHandler", "DocXMLRPCServer", "DocXMLRPCRequestHandler"],
    ["xmlrpc.server", "DocXMLRPCServer", "DocXMLRPCServer", "DocXMLRPCServer"],
    ["xmlrpc.server", "ServerHTMLDoc", "DocXMLRPCServer", "ServerHTMLDoc"],
    ["xmlrpc.server", "XMLRPCDocGenerator", "DocXMLRPCServer", "XMLRPCDocGenerator"],
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;

    type Modules = BTreeMap<String, String>;
    type Names = Vec<((String, String), (String, String))>;

    /// The content of Python 3.13's `_compat_pickle`, dumped by Python.
    #[derive(serde_derive::Deserialize)]
    #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
    struct Dump {
        import_mapping: Modules,
        name_mapping: Names,
        reverse_import_mapping: Modules,
        reverse_name_mapping: Names,
    }

    fn dump() -> Dump {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/compat_pickle.json");
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    #[test]
    fn the_tables_are_those_of_cpython() {
        let dump = dump();
        let modules = |table: &[[&str; 2]]| -> Modules {
            table.iter().map(|&[from, to]| (from.to_owned(), to.to_owned())).collect()
        };
        assert_eq!(modules(MODULES_TO_3), dump.import_mapping);
        assert_eq!(modules(MODULES_TO_2), dump.reverse_import_mapping);
        let names = |table: &[[&str; 4]]| -> Names {
            let owned = |module: &str, name: &str| (module.to_owned(), name.to_owned());
            let rows = table.iter();
            rows.map(|[a, b, c, d]| (owned(a, b), owned(c, d))).collect()
        };
        let sorted = |mut names: Names| {
            names.sort();
            names
        };
        assert_eq!(names(NAMES_TO_3), sorted(dump.name_mapping));
        assert_eq!(names(NAMES_TO_2), sorted(dump.reverse_name_mapping));
    }

    #[test]
    fn every_entry_is_found_by_the_search() {
        for &[module, name, new_module, new_name] in NAMES_TO_3 {
            assert_eq!(to_python3(module, name), (new_module, new_name));
        }
        for &[module, name, new_module, new_name] in NAMES_TO_2 {
            assert_eq!(to_python2(module, name), (new_module, new_name));
        }
        for &[from, to] in MODULES_TO_3 {
            assert_eq!(to_python3(from, "no such name"), (to, "no such name"));
        }
        for &[from, to] in MODULES_TO_2 {
            assert_eq!(to_python2(from, "no such name"), (to, "no such name"));
        }
    }

    #[test]
    fn a_renamed_name_is_not_renamed_again_by_its_new_module() {
        // `dbm` is itself in the table of modules, as Python 2's name of `dbm.ndbm`.
        assert_eq!(to_python3("whichdb", "whichdb"), ("dbm", "whichdb"));
        assert_eq!(to_python3("dbm", "open"), ("dbm.ndbm", "open"));
    }

    #[test]
    fn other_names_stay_as_they_are() {
        assert_eq!(to_python3("geometry", "Point"), ("geometry", "Point"));
        assert_eq!(to_python2("geometry", "Outer.Inner"), ("geometry", "Outer.Inner"));
        assert_eq!(to_python3("", ""), ("", ""));
    }
}
