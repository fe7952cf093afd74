//! The options of `DeOptions`, and their verbs.

use std::fmt;
use std::io::{BufRead, Read};
use std::sync::Arc;

use serde::de::{Deserialize, DeserializeOwned};

use crate::error::Result;
use crate::lent::Lent;
use crate::limits::{self, Allowance};
use crate::machine;
use crate::read::source::Collector;
use crate::reduce::{ExtensionRegistry, Resolver};
use crate::settings::{DecodeErrors, Encoding, Plain, Settings};
use crate::value::Buffer;

/// The options for reading a pickle.
///
/// ```
/// use serde_pickle::{DeOptions, Encoding};
///
/// // Python 2: pickle.dumps('caf\xe9')
/// let options = DeOptions::new().encoding(Encoding::Latin1);
/// let text: String = options.from_slice(b"U\x04caf\xe9q\x01.")?;
/// assert_eq!(text, "café");
/// # Ok::<(), serde_pickle::Error>(())
/// ```
///
/// The lifetime is that of out-of-band buffers, from which what is read may borrow; without
/// [`buffers`](Self::buffers) it can be `'static`, or left to the compiler.
///
/// Options own what they ask while reading, cost little to clone, and can be used from many threads
/// at once: make them once, and keep them in a `static` or in the state of a service.
///
/// ```
/// use std::sync::LazyLock;
/// use serde_pickle::{AllowList, DeOptions, Value};
///
/// static OPTIONS: LazyLock<DeOptions<'static>> = LazyLock::new(|| {
///     DeOptions::new().max_nodes(100_000).resolver(AllowList::new().allow_module("datetime"))
/// });
///
/// let values = std::thread::scope(|scope| {
///     let read = |n| OPTIONS.from_slice::<Value>(&[b'K', n, b'.']);
///     let threads = [1, 2].map(|n| scope.spawn(move || read(n)));
///     threads.map(|thread| thread.join().unwrap().unwrap())
/// });
/// assert_eq!(values, [1, 2].map(Value::from));
/// ```
#[derive(Clone)]
#[must_use]
pub struct DeOptions<'b> {
    pub(crate) plain: Plain,
    resolver: Option<Arc<dyn Resolver>>,
    extensions: Option<Arc<ExtensionRegistry>>,
    pub(crate) buffers: Option<Vec<Buffer<'b>>>,
}

impl fmt::Debug for DeOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeOptions")
            .field("plain", &self.plain)
            .field("resolver", &self.resolver.is_some())
            .field("extensions", &self.extensions)
            .field("buffers", &self.buffers)
            .finish()
    }
}

impl Default for DeOptions<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'b> DeOptions<'b> {
    /// The defaults, which are those of [`from_slice`](crate::from_slice).
    pub fn new() -> Self {
        Self { plain: Plain::default(), resolver: None, extensions: None, buffers: None }
    }

    /// Sets the encoding by which 8-bit strings of Python 2 become text. Default:
    /// [`Encoding::Utf8`].
    pub fn encoding(mut self, encoding: Encoding) -> Self {
        crate::walk::lenient::bind();
        self.plain.encoding = encoding;
        self
    }

    /// Sets the handling of text that cannot be decoded. Default: [`DecodeErrors::Strict`].
    ///
    /// ```
    /// use serde_pickle::{DeOptions, DecodeErrors, Encoding};
    ///
    /// // pickle.dumps('caf\xe9', 2) of Python 2
    /// let options = DeOptions::new().encoding(Encoding::Ascii).errors(DecodeErrors::Replace);
    /// assert_eq!(options.from_slice::<String>(b"\x80\x02U\x04caf\xe9.")?, "caf\u{fffd}");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn errors(mut self, errors: DecodeErrors) -> Self {
        crate::walk::lenient::bind();
        self.plain.errors = errors;
        self
    }

    /// Reads the names of Python 2's modules as Python 3's in pickles of protocols 0 to 2. Default:
    /// true.
    ///
    /// ```
    /// use serde_pickle::{DeOptions, Value};
    ///
    /// // pickle.dumps(str, 2) of Python 2
    /// let options = DeOptions::new().fix_imports(false);
    /// let value: Value = options.from_slice(b"c__builtin__\nunicode\n.")?;
    /// assert_eq!(value, Value::global("__builtin__", "unicode"));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn fix_imports(mut self, fix_imports: bool) -> Self {
        self.plain.fix_imports = fix_imports;
        self
    }

    /// Levels of nesting that a Rust type or a [`Value`](crate::Value) may have. Default: 100 for
    /// types, 1,000 for values.
    ///
    /// The visitors of serde recurse, a few frames a level: raise this only in a thread with a
    /// stack to match.
    ///
    /// ```
    /// use serde_pickle::{DeOptions, ErrorKind, Value};
    ///
    /// // [[[]]]
    /// let pickle = b"]]]aa.";
    /// let read = |depth| DeOptions::new().max_depth(depth).from_slice::<Value>(pickle);
    /// assert!(read(3).is_ok());
    /// assert_eq!(read(2).unwrap_err().kind(), ErrorKind::Limit);
    /// ```
    pub fn max_depth(mut self, levels: usize) -> Self {
        self.plain.typed_depth = levels;
        self.plain.value_depth = levels;
        self
    }

    /// Objects (containers, instances, globals) that one pickle may hold. Default: no limit but
    /// that of 32 bits.
    pub fn max_nodes(mut self, nodes: usize) -> Self {
        self.plain.max_nodes = nodes.min(limits::OBJECTS);
        self
    }

    /// Bytes that shared references may add when they are expanded into a tree: 16 a value, and its
    /// text or bytes where they are copied. Default: 64 MiB, and 256 for each byte of the pickle,
    /// which together is 4 Mi values and 16 for each byte.
    ///
    /// A `Value` refers several times to one dict, set or object where the pickle does; the limit
    /// is that of the tree which it stands for.
    ///
    /// ```
    /// use serde_pickle::{DeOptions, ErrorKind};
    ///
    /// // a = [1, 2, 3, 4]; [a, a]
    /// let pickle = b"](](K\x01K\x02K\x03K\x04eq\0h\0e.";
    /// let read = |bytes| DeOptions::new().max_expansion(bytes).from_slice::<Vec<Vec<u8>>>(pickle);
    /// assert_eq!(read(1000).unwrap()[1], [1, 2, 3, 4]);
    /// assert_eq!(read(10).unwrap_err().kind(), ErrorKind::Limit);
    /// ```
    pub fn max_expansion(mut self, bytes: usize) -> Self {
        self.plain.max_expansion = Allowance::fixed(bytes as u64);
        self
    }

    /// Bytes of memory that what is read may take, as far as it can be reckoned from the types of
    /// items, keys and values. Default: 48 MiB, and 240 for each byte of the pickle, which is
    /// enough for what picklers write without sharing.
    ///
    /// A number that is set here holds for the whole, whatever the pickle's length.
    ///
    /// ```
    /// use serde_pickle::{DeOptions, ErrorKind};
    ///
    /// // One list of 100 floats, twenty times: pickle.dumps([[1.0] * 100] * 20)
    /// let list = [b"](".as_slice(), &b"G\x3f\xf0\0\0\0\0\0\0".repeat(100), b"eq\0"].concat();
    /// let pickle = [b"](".as_slice(), &list, &b"h\0".repeat(19), b"e."].concat();
    /// let read = |bytes| DeOptions::new().max_memory(bytes).from_slice::<Vec<Vec<f64>>>(&pickle);
    /// assert_eq!(read(1 << 20)?.len(), 20);
    /// assert_eq!(read(10_000).unwrap_err().kind(), ErrorKind::Limit);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn max_memory(mut self, bytes: usize) -> Self {
        self.plain.max_memory = Allowance::fixed(bytes as u64);
        self
    }

    /// Decimal digits that an int may have where it is read from text or turned into it. Default:
    /// 4,300, as in Python.
    ///
    /// ```
    /// use serde_pickle::{DeOptions, ErrorKind};
    ///
    /// let options = DeOptions::new().max_int_digits(20);
    /// let pickle = b"L111111111111111111111111111111L\n.";
    /// assert_eq!(options.from_slice::<u128>(pickle).unwrap_err().kind(), ErrorKind::Limit);
    /// ```
    pub fn max_int_digits(mut self, digits: usize) -> Self {
        if digits > limits::INT_DIGITS {
            crate::digits::bind();
        }
        self.plain.max_int_digits = digits;
        self
    }

    /// Reads files of joblib, too: pickles with the bytes of arrays between their instructions.
    /// Default: false.
    ///
    /// Only the caller knows that they are there, so this is an option. An array is then what numpy
    /// itself would have pickled: an [`NdArray`](crate::python::numpy::NdArray), which borrows from
    /// a slice, or a list of its elements. Pickles without such bytes are read as ever, if more
    /// slowly: the short cut for plain data is not taken. A compressed file has to be decompressed
    /// first, and the arrays that joblib before 0.10 wrote beside the file are left to a resolver
    /// (`NDArrayWrapper`); the crate `serde_pickle_files` sees to both.
    ///
    /// ```
    /// use serde::Deserialize;
    /// use serde_pickle::DeOptions;
    /// use serde_pickle::python::numpy::NdArray;
    ///
    /// #[derive(Deserialize)]
    /// struct Model<'a> {
    ///     name: &'a str,
    ///     #[serde(borrow)]
    ///     w: NdArray<'a>,
    /// }
    ///
    /// // joblib.dump({'w': np.array([[0.5, 1.5, -2.25], [1e10, 3.125, 7.75]]), …}, file)
    /// let file = std::fs::read("fixtures/wild/joblib/joblib-1.6.0-dict.bin").unwrap();
    /// let model: Model = DeOptions::new().joblib(true).from_slice(&file)?;
    /// assert_eq!((model.name, model.w.shape()), ("model", &[2, 3][..]));
    /// assert_eq!(model.w.to_vec::<f64>()?, [0.5, 1.5, -2.25, 1e10, 3.125, 7.75]);
    /// assert!(model.w.is_borrowed());
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn joblib(mut self, joblib: bool) -> Self {
        machine::bind_joblib();
        self.plain.joblib = joblib;
        self
    }

    /// Asks `resolver` which globals the pickle may name, and what stands for persistent ids and
    /// objects. Default: every name is allowed and inert, persistent ids and objects are data.
    ///
    /// It is asked while the pickle is read, at the opcode in question and before anything behind
    /// it is looked at. To keep a hand on it, give an [`Arc`] of it: that is a resolver, too.
    ///
    /// ```
    /// use serde_pickle::{AllowList, DeOptions, ErrorKind, Value};
    ///
    /// let list = AllowList::new().allow_module("datetime");
    /// // pickle.dumps(os.system, 0)
    /// let options = DeOptions::new().resolver(list);
    /// let error = options.from_slice::<Value>(b"cposix\nsystem\np0\n.").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Denied);
    /// assert_eq!(error.to_string(), "posix.system is not allowed here, at byte 0");
    /// ```
    pub fn resolver(mut self, resolver: impl Resolver + 'static) -> Self {
        machine::bind_hooks();
        super::construct::bind();
        super::hooks::bind();
        super::direct::bind();
        self.resolver = Some(Arc::new(resolver));
        self
    }

    /// Sets the registry of the pickle's extension codes; an [`Arc`] of one will do. Default: a
    /// code stands for a global without a name.
    ///
    /// With a registry, or a resolver, a code that is not registered is an error, as in Python. The
    /// names pass through the resolver like any other.
    ///
    /// ```
    /// use serde_pickle::reduce::{ExtensionRegistry, Global};
    /// use serde_pickle::DeOptions;
    ///
    /// let mut extensions = ExtensionRegistry::new();
    /// extensions.add("geometry", "Point", 240)?;
    /// let options = DeOptions::new().extensions(extensions);
    /// let class: Global = options.from_slice(b"\x80\x02\x82\xf0.")?;
    /// assert_eq!(class, Global::new("geometry", "Point"));
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn extensions(mut self, extensions: impl Into<Arc<ExtensionRegistry>>) -> Self {
        super::hooks::bind();
        self.extensions = Some(extensions.into());
        self
    }

    /// The out-of-band buffers that belong to the pickle (PEP 574), in the order in which
    /// `buffer_callback` gave them.
    ///
    /// Nothing is copied: `&[u8]` borrows from them. There must be exactly as many as the pickle
    /// takes. Where none are given, it is an error to ask for the content of one, and not that the
    /// pickle has it.
    ///
    /// ```
    /// use serde_pickle::DeOptions;
    ///
    /// let buffers: Vec<Vec<u8>> = vec![b"out of band".to_vec()];
    /// let bytes: &[u8] = DeOptions::new().buffers(&buffers).from_slice(b"\x80\x05\x97.")?;
    /// assert_eq!(bytes.as_ptr(), buffers[0].as_ptr());
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn buffers<I>(mut self, buffers: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Buffer<'b>>,
    {
        self.buffers = Some(buffers.into_iter().map(Into::into).collect());
        self
    }

    /// All options but the buffers, as the readers take them.
    pub(crate) fn settings(&self) -> Settings<'_> {
        Settings {
            plain: self.plain,
            resolver: self.resolver.as_ref(),
            extensions: self.extensions.as_deref(),
        }
    }

    /// Reads a value from a slice without a graph; `None` where that takes one.
    pub(crate) fn read_directly<'de, T: Deserialize<'de>>(&self, bytes: &'de [u8]) -> Option<T> {
        // The resolver is asked by whoever reads next, and would be asked twice.
        if self.resolver.is_some() {
            return None;
        }
        super::read_directly(bytes, &self.settings(), self.buffers.is_some())
    }

    /// Reads a value from a slice; see [`from_slice`](crate::from_slice).
    ///
    /// `T::deserialize` may run twice: first over the opcodes, and again over what a machine built
    /// of them where those are none of plain data, or do not fit the type.
    ///
    /// # Errors
    /// As [`from_slice`](crate::from_slice).
    pub fn from_slice<'de, T: Deserialize<'de>>(&self, bytes: &'de [u8]) -> Result<T>
    where
        'b: 'de,
    {
        super::read_slice(bytes, &self.settings(), self.buffers.as_deref())
    }

    /// Reads a value from a reader; see [`from_reader`](crate::from_reader).
    ///
    /// ```
    /// use serde_pickle::DeOptions;
    ///
    /// let small: u8 = DeOptions::new().max_nodes(10).from_reader(&b"K\x07."[..])?;
    /// assert_eq!(small, 7);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`from_reader`](crate::from_reader).
    pub fn from_reader<R: Read, T: DeserializeOwned>(&self, reader: R) -> Result<T> {
        // The collected bytes are the whole pickle, read as any other in memory.
        let mut collector = Collector::new(reader);
        machine::collect(&mut collector, 0, 0, None, &self.settings().config(false, None))?;
        let pickle = Lent::new(collector.into_bytes());
        super::read_slice(&pickle, &self.settings(), self.buffers.as_deref())
    }

    /// Reads a value from a reader with a buffer; see [`from_buf_reader`](crate::from_buf_reader).
    ///
    /// ```
    /// use serde_pickle::DeOptions;
    ///
    /// let small: u8 = DeOptions::new().max_nodes(10).from_buf_reader(&b"K\x07."[..])?;
    /// assert_eq!(small, 7);
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`from_reader`](crate::from_reader).
    pub fn from_buf_reader<R: BufRead, T: DeserializeOwned>(&self, reader: R) -> Result<T> {
        // Only the machine knows where the bytes of joblib's arrays end.
        if self.plain.joblib {
            return self.from_reader(reader);
        }
        let mut collector = Collector::holding(reader);
        let collected = collector.collect(0, 0);
        // A pickle that is cut short has been taken as far as it goes.
        let bytes = collector.take();
        collected?;
        let pickle = Lent::new(bytes);
        super::read_slice(&pickle, &self.settings(), self.buffers.as_deref())
    }
}
