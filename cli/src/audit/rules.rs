//! Which names are harmless, and which are not.
//!
//! A list of harmful names is never whole: that is why a name on no list is a finding as well. A
//! name is harmless only if it cannot run anything that the pickle chooses, whatever it is called
//! with.

/// The verdict on a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Harmless,
    Dangerous,
    Unknown,
}

/// Modules of which every name is dangerous, their submodules included.
const DANGEROUS_MODULES: &[&str] = &[
    "_aix_support",
    "_ctypes",
    "_io",
    "_osx_support",
    "_pickle",
    "_posixsubprocess",
    "_pyrepl",
    "_socket",
    "_thread",
    "_winapi",
    "_xxsubinterpreters",
    "aiohttp",
    "ast",
    "asyncio",
    "atexit",
    "bdb",
    "builtins.exec",
    "cProfile",
    "cffi",
    "cgi",
    "cgitb",
    "cloudpickle",
    "cmd",
    "code",
    "codeop",
    "commands",
    "compileall",
    "concurrent",
    "contextlib",
    "cPickle",
    "ctypes",
    "curses",
    "dbm",
    "dill",
    "distutils",
    "doctest",
    "ensurepip",
    "faulthandler",
    "fcntl",
    "fileinput",
    "filecmp",
    "ftplib",
    "gc",
    "getpass",
    "glob",
    "http",
    "httplib",
    "httpx",
    "idlelib",
    "imaplib",
    "imp",
    "importlib",
    "inspect",
    "io",
    "joblib.memory",
    "lib2to3",
    "linecache",
    "logging.config",
    "logging.handlers",
    "mailcap",
    "marshal",
    "mmap",
    "modulefinder",
    "msilib",
    "multiprocessing",
    "nntplib",
    "nt",
    "ntpath",
    "numexpr",
    "numpy.distutils",
    "numpy.f2py",
    "numpy.testing",
    "os",
    "paramiko",
    "pdb",
    "pickle",
    "pickletools",
    "pip",
    "pipes",
    "pkg_resources",
    "pkgutil",
    "platform",
    "poplib",
    "popen2",
    "posix",
    "posixpath",
    "profile",
    "pstats",
    "pty",
    "py_compile",
    "pyclbr",
    "pydoc",
    "readline",
    "requests",
    "requests_toolbelt",
    "resource",
    "rlcompleter",
    "runpy",
    "sched",
    "selectors",
    "setuptools",
    "shelve",
    "shutil",
    "signal",
    "site",
    "smtplib",
    "socket",
    "socketserver",
    "sqlite3",
    "ssl",
    "subprocess",
    "symtable",
    "sys",
    "sysconfig",
    "syslog",
    "tarfile",
    "telnetlib",
    "tempfile",
    "test",
    "threading",
    "timeit",
    "tkinter",
    "torch._inductor",
    "torch._dynamo",
    "torch.distributed",
    "torch.hub",
    "torch.jit",
    "torch.multiprocessing",
    "torch.package",
    "torch.serialization",
    "torch.testing",
    "torch.utils",
    "trace",
    "traceback",
    "turtle",
    "turtledemo",
    "unittest",
    "urllib",
    "urllib2",
    "urllib3",
    "venv",
    "webbrowser",
    "winreg",
    "wsgiref",
    "xmlrpc",
    "zipapp",
    "zipfile",
    "zipimport",
];

/// Single names that are dangerous: module and qualified name.
const DANGEROUS_NAMES: &[(&str, &str)] = &[
    ("_collections_abc", "__import__"),
    ("_frozen_importlib", "*"),
    ("_frozen_importlib_external", "*"),
    ("_operator", "*"),
    ("_functools", "*"),
    ("builtins", "__build_class__"),
    ("builtins", "__import__"),
    ("builtins", "__loader__"),
    ("builtins", "apply"),
    ("builtins", "breakpoint"),
    ("builtins", "classmethod"),
    ("builtins", "compile"),
    ("builtins", "copyright"),
    ("builtins", "credits"),
    ("builtins", "delattr"),
    ("builtins", "dir"),
    ("builtins", "eval"),
    ("builtins", "exec"),
    ("builtins", "execfile"),
    ("builtins", "exit"),
    ("builtins", "file"),
    ("builtins", "filter"),
    ("builtins", "getattr"),
    ("builtins", "globals"),
    ("builtins", "help"),
    ("builtins", "input"),
    ("builtins", "license"),
    ("builtins", "locals"),
    ("builtins", "map"),
    ("builtins", "open"),
    ("builtins", "property"),
    ("builtins", "quit"),
    ("builtins", "raw_input"),
    ("builtins", "reduce"),
    ("builtins", "reload"),
    ("builtins", "setattr"),
    ("builtins", "staticmethod"),
    ("builtins", "super"),
    ("builtins", "type"),
    ("builtins", "vars"),
    ("codecs", "open"),
    ("functools", "*"),
    ("itertools", "starmap"),
    ("joblib", "load"),
    ("joblib.numpy_pickle", "load"),
    ("numpy", "load"),
    ("numpy", "fromfile"),
    ("numpy", "memmap"),
    ("numpy.lib.npyio", "*"),
    ("operator", "*"),
    ("pandas", "eval"),
    ("pandas", "read_pickle"),
    ("pandas.io.pickle", "*"),
    ("pandas.core.computation.eval", "*"),
    ("torch", "load"),
    ("torch", "compile"),
    ("types", "CodeType"),
    ("types", "FunctionType"),
    ("types", "LambdaType"),
    ("types", "MethodType"),
    ("types", "ModuleType"),
    ("types", "new_class"),
    ("uuid", "_get_command_stdout"),
    ("uuid", "_popen"),
    ("weakref", "finalize"),
];

/// Attributes that lead from any object to all of Python.
const DUNDERS: &[&str] = &[
    "__base__",
    "__bases__",
    "__builtins__",
    "__call__",
    "__class__",
    "__closure__",
    "__code__",
    "__dict__",
    "__func__",
    "__getattribute__",
    "__globals__",
    "__import__",
    "__init__",
    "__loader__",
    "__mro__",
    "__reduce__",
    "__reduce_ex__",
    "__self__",
    "__spec__",
    "__subclasses__",
];

/// Modules that do harm also as names within other modules that have imported them.
const REACHED: &[&str] = &[
    "builtins",
    "ctypes",
    "importlib",
    "nt",
    "os",
    "pickle",
    "posix",
    "pty",
    "shutil",
    "socket",
    "subprocess",
    "sys",
];

/// Names that are harmless: module and qualified name; `*` for all of a module's.
const HARMLESS: &[(&str, &str)] = &[
    ("_codecs", "encode"),
    ("_decimal", "Decimal"),
    ("array", "_array_reconstructor"),
    ("array", "array"),
    ("builtins", "Ellipsis"),
    ("builtins", "NotImplemented"),
    ("builtins", "bool"),
    ("builtins", "bytearray"),
    ("builtins", "bytes"),
    ("builtins", "complex"),
    ("builtins", "dict"),
    ("builtins", "float"),
    ("builtins", "frozenset"),
    ("builtins", "int"),
    ("builtins", "list"),
    ("builtins", "object"),
    ("builtins", "range"),
    ("builtins", "set"),
    ("builtins", "slice"),
    ("builtins", "str"),
    ("builtins", "tuple"),
    ("collections", "ChainMap"),
    ("collections", "Counter"),
    ("collections", "OrderedDict"),
    ("collections", "UserDict"),
    ("collections", "UserList"),
    ("collections", "UserString"),
    ("collections", "defaultdict"),
    ("collections", "deque"),
    ("copyreg", "__newobj__"),
    ("copyreg", "__newobj_ex__"),
    ("copyreg", "_reconstructor"),
    ("datetime", "*"),
    ("decimal", "Decimal"),
    ("fractions", "Fraction"),
    ("ipaddress", "*"),
    ("joblib.numpy_pickle", "NumpyArrayWrapper"),
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy.core.numeric", "_frombuffer"),
    ("numpy.dtypes", "*"),
    ("numpy.ma.core", "MaskedArray"),
    ("numpy.ma.core", "_mareconstruct"),
    ("numpy.random", "__RandomState_ctor"),
    ("numpy.random._pickle", "__bit_generator_ctor"),
    ("numpy.random._pickle", "__generator_ctor"),
    ("numpy.random._pickle", "__randomstate_ctor"),
    ("pandas", "DataFrame"),
    ("pandas", "Series"),
    ("pandas._libs.internals", "_unpickle_block"),
    ("pandas._libs.tslibs.nattype", "_nat_unpickle"),
    ("pandas._libs.tslibs.timedeltas", "_timedelta_unpickle"),
    ("pandas._libs.tslibs.timestamps", "_unpickle_timestamp"),
    ("pandas.core.frame", "DataFrame"),
    ("pandas.core.indexes.base", "Index"),
    ("pandas.core.indexes.base", "_new_Index"),
    ("pandas.core.indexes.datetimes", "DatetimeIndex"),
    ("pandas.core.indexes.datetimes", "_new_DatetimeIndex"),
    ("pandas.core.indexes.range", "RangeIndex"),
    ("pandas.core.internals.blocks", "new_block"),
    ("pandas.core.internals.managers", "BlockManager"),
    ("pandas.core.internals.managers", "SingleBlockManager"),
    ("pandas.core.series", "Series"),
    ("pathlib", "PosixPath"),
    ("pathlib", "PurePath"),
    ("pathlib", "PurePosixPath"),
    ("pathlib", "PureWindowsPath"),
    ("pathlib", "WindowsPath"),
    ("torch", "Size"),
    ("torch", "Tensor"),
    ("torch", "device"),
    ("torch", "dtype"),
    ("torch._utils", "_rebuild_parameter"),
    ("torch._utils", "_rebuild_parameter_with_state"),
    ("torch._utils", "_rebuild_qtensor"),
    ("torch._utils", "_rebuild_sparse_tensor"),
    ("torch._utils", "_rebuild_tensor"),
    ("torch._utils", "_rebuild_tensor_v2"),
    ("torch._utils", "_rebuild_tensor_v3"),
    ("torch.nn.parameter", "Parameter"),
    ("torch.storage", "TypedStorage"),
    ("torch.storage", "UntypedStorage"),
    ("types", "SimpleNamespace"),
    ("uuid", "SafeUUID"),
    ("uuid", "UUID"),
    ("zoneinfo", "ZoneInfo"),
    ("zoneinfo", "ZoneInfo._unpickle"),
];

/// The types of elements, which torch names as `torch.float32` and `torch.FloatStorage`.
fn is_torch_type(name: &str) -> bool {
    let digits = name.trim_end_matches(|c: char| c.is_ascii_digit());
    name.ends_with("Storage") && name.bytes().all(|byte| byte.is_ascii_alphabetic())
        || matches!(digits, "float" | "bfloat" | "int" | "uint" | "complex" | "qint" | "quint")
        || matches!(name, "bool" | "double" | "half" | "long" | "short")
}

/// Exceptions of Python: data, made by a call with data.
fn is_exception(name: &str) -> bool {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain
        && (name.ends_with("Error")
            || name.ends_with("Warning")
            || matches!(
                name,
                "Exception" | "BaseException" | "StopIteration" | "KeyboardInterrupt"
            ))
}

/// Judges a name.
pub(crate) fn verdict(module: &str, qualname: &str) -> Verdict {
    // Python 3 has no `__builtin__`; where a name was not mapped it is meant all the same.
    let module = if module == "__builtin__" { "builtins" } else { module };
    let within = |outer: &str| {
        module.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let listed = |list: &[(&str, &str)]| {
        list.iter().any(|(m, name)| *m == module && (*name == "*" || *name == qualname))
    };
    // A name behind a dot leads out of what is before it: `a.b.c` of a harmless `a` is another
    // thing. And a name with a dot that begins with a dangerous one is that.
    let first = qualname.split('.').next().unwrap_or_default();
    let first_is_dangerous =
        DANGEROUS_NAMES.iter().any(|(m, name)| *m == module && (*name == "*" || *name == first));
    let dunder = qualname.split('.').any(|part| DUNDERS.contains(&part));
    if DANGEROUS_MODULES.iter().any(|outer| within(outer)) || first_is_dangerous || dunder {
        return Verdict::Dangerous;
    }
    // `pathlib.Path.write_text`, `datetime.sys.modules`.
    if qualname.contains('.') && qualname != "ZoneInfo._unpickle" {
        let sub = qualname.split('.').any(|part| {
            REACHED.contains(&part.trim_start_matches('_'))
                || DANGEROUS_NAMES.contains(&("builtins", part))
        });
        let method = module == "pathlib" || module.starts_with("pathlib.");
        return if sub || method { Verdict::Dangerous } else { Verdict::Unknown };
    }
    // A module that another one imports is reached through it.
    if REACHED.contains(&qualname.trim_start_matches('_')) {
        return Verdict::Dangerous;
    }
    let pathlib = module.starts_with("pathlib.") && listed_in("pathlib", qualname);
    let harmless = listed(HARMLESS)
        || pathlib
        || module == "torch" && is_torch_type(qualname)
        || module == "builtins" && is_exception(qualname);
    if harmless { Verdict::Harmless } else { Verdict::Unknown }
}

fn listed_in(module: &str, qualname: &str) -> bool {
    HARMLESS.contains(&(module, qualname))
}

/// Lists of the user: names with `*` for any text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Patterns(pub(crate) Vec<String>);

impl Patterns {
    pub(crate) fn contain(&self, name: &str) -> bool {
        self.0.iter().any(|pattern| fits(pattern, name))
    }
}

/// Returns true if `*` in the pattern can stand for something so that it is the name.
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harm_is_seen_however_it_is_spelled() {
        for (module, name) in [
            ("os", "system"),
            ("posix", "system"),
            ("builtins", "eval"),
            ("__builtin__", "eval"),
            ("builtins", "getattr"),
            ("importlib.machinery", "SourceFileLoader"),
            ("datetime", "sys.modules"),
            ("collections", "_sys.modules"),
            ("pathlib", "Path.write_text"),
            ("logging", "os"),
            ("numpy.testing._private.utils", "runstring"),
            ("collections", "OrderedDict.__class__"),
            ("torch", "load"),
        ] {
            let found = verdict(module, name);
            assert_eq!(found, Verdict::Dangerous, "{module}.{name}");
        }
    }

    #[test]
    fn data_is_harmless_and_all_else_unknown() {
        for (module, name) in [
            ("collections", "OrderedDict"),
            ("datetime", "datetime"),
            ("builtins", "ValueError"),
            ("torch", "FloatStorage"),
            ("torch", "bfloat16"),
            ("pathlib._local", "PosixPath"),
        ] {
            assert_eq!(verdict(module, name), Verdict::Harmless, "{module}.{name}");
        }
        for (module, name) in
            [("shop", "User"), ("osmium", "x"), ("torch.nn.modules.linear", "Linear")]
        {
            assert_eq!(verdict(module, name), Verdict::Unknown, "{module}.{name}");
        }
    }

    #[test]
    fn patterns_have_stars() {
        for (pattern, name, fit) in [
            ("shop.User", "shop.User", true),
            ("shop.User", "shop.Users", false),
            ("shop.*", "shop.models.User", true),
            ("*.User", "shop.models.User", true),
            ("s*p.*r", "shop.User", true),
            ("shop.*", "shopping.User", false),
        ] {
            assert_eq!(fits(pattern, name), fit, "{pattern} {name}");
        }
    }
}
