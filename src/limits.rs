//! Every budget of the crate: its unit, its default, and where the number comes from.
//!
//! A pickle is a program for a small stack machine, and short programs can stand for huge values.
//! The machine itself needs no budget: it stores at most a small constant times its input. What
//! needs one is everything that *expands* what was read: recursion through serde's visitors, values
//! that are referred to many times, and the conversion of long ints between binary and decimal.

/// A limit that may grow with the input: a fixed number of bytes, and a number for each byte of
/// input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    pub(crate) fixed: u64,
    pub(crate) per_byte: u64,
}

impl Allowance {
    /// The limit that a caller has set, whatever the input.
    pub(crate) fn fixed(bytes: u64) -> Self {
        Self { fixed: bytes, per_byte: 0 }
    }

    /// The limit for an input of `span` bytes.
    pub(crate) fn of(self, span: u64) -> u64 {
        self.fixed.saturating_add(self.per_byte.saturating_mul(span))
    }
}

/// Bytes of text for each reference to it that the default limits cover by themselves: two bytes of
/// input have twice the share of [`MEMORY`], of which a value takes less than half.
pub(crate) const COVERED: usize = 192;

/// Levels of nesting handed to the visitors of a Rust type.
///
/// Each level is a few frames of code that the user's types generate. A struct of 25
/// `Option<String>` and one recursive field overflows a thread of 2 MiB in a debug build at about
/// 128 levels.
pub(crate) const TYPED_DEPTH: usize = 100;

/// Levels of nesting of a [`Value`](crate::Value).
///
/// Values are built without recursion; what recurses is dropping, cloning, comparing, hashing and
/// printing them. CPython's own recursion limit is the same 1,000. An object counts as two levels:
/// itself, and the tuple, list or dict that its parts are in. A debug build writes that deep a
/// value within a thread of 2 MiB.
pub(crate) const VALUE_DEPTH: usize = 1_000;

/// Bytes that shared references may add when a graph is expanded into a tree or a Rust type: 4 Mi
/// values, and 16 more for each byte of input.
///
/// Twenty lists of two references to the one before are 100 bytes that stand for a million values.
/// Every value handed out counts [`EXPANSION_PER_VALUE`] bytes, text and bytes that are copied or
/// decoded count their length. What the pickle holds itself is free where a caller has set the
/// limit. It bounds the work of a walk: at most one unit (a value, a look at an object, 16 bytes
/// decoded) for each 16 bytes here.
pub(crate) const EXPANSION: Allowance = Allowance { fixed: 64 << 20, per_byte: 256 };

/// Bytes of memory that the Rust values of one walk may take, as [`crate::walk::cost`] reckons
/// them.
///
/// The share of the input is what the most wasteful pickle without shared references takes: a byte
/// that is `None` becomes a JSON value of 72 bytes in a `Vec` that grows by doubling, which holds
/// it three times for a moment. With the nodes beside it that keeps within 64 MiB and 300 bytes for
/// each byte of input.
pub(crate) const MEMORY: Allowance = Allowance { fixed: 48 << 20, per_byte: 240 };

/// Bytes that may be written in the place of references while two images of a type are compared;
/// four more for each byte of an image. Names of fields take less than that, and beyond it the
/// images are compared in another way.
pub(crate) const SPELLED_OUT: usize = 64 << 10;

/// The charge of one value against the expansion budget, in bytes: about the smallest size of a
/// Rust value in a container.
pub(crate) const EXPANSION_PER_VALUE: u64 = 16;

/// Digits of an int in decimal, read from text or made from binary.
///
/// The conversion is not linear. CPython has the same limit: `sys.int_info.default_max_str_digits`.
pub(crate) const INT_DIGITS: usize = 4_300;

/// Bytes of one pickle, or of one stream whose dumps share a memo: what a handle's 40 bits of
/// offset can name.
pub(crate) const INPUT: u64 = (1 << 40) - 1;

/// Containers, instances and other nodes with identity in one graph: what 32 bits can number.
pub(crate) const OBJECTS: usize = u32::MAX as usize - 1;

/// Characters of a caller's own error message, or of an operand quoted in one, that are kept.
///
/// Messages end up in logs, and an operand may be megabytes of somebody's data.
pub(crate) const QUOTED: usize = 80;

/// Bytes asked of a reader at a time while a counted payload arrives.
///
/// A claimed length is never allocated before the bytes are there.
pub(crate) const READ_CHUNK: usize = 64 << 10;

/// Bytes from which on a pickle of a reader is lent to arrays that keep most of it.
pub(crate) const LENT: usize = 1 << 20;

/// Values that a graph may write a second time, because a tuple or call that is not finished is
/// reached through itself.
///
/// Such a tuple is begun again inside itself, and what the outer one has pushed is popped later, as
/// CPython does; nested in one another they take time and output without end. CPython gives up
/// where its stack does, at a few hundred levels. Beyond this number, four times the size of the
/// graph is granted too.
pub(crate) const REOPENED: u64 = 1 << 16;

/// Bytes of a module's name, and of a qualified name.
///
/// A name can be used again for two or three bytes of input, and is looked at each time. CPython
/// has no limit, but it has to import what is named, and no file system has a module of such a
/// name.
pub(crate) const NAME: usize = 1_000;

/// Bytes of a line of protocol 0 in which such a name may be: `\u005c` is one character.
pub(crate) const ESCAPED_NAME: usize = 6 * NAME;

/// Arguments of one object, or items of a tuple in it, that are looked through for free each time
/// its natural form is made: the parts of a path, the kinds of time of a zone.
pub(crate) const SCANNED_FREE: usize = 32;

/// Parts of a qualified name that is written below protocol 4, where each but the first is a call
/// of `getattr`.
///
/// Each part is memoized under all the name before it, which is quadratic in a name out of
/// untrusted data. Classes nest a few levels at most.
pub(crate) const NESTED_NAMES: usize = 64;

/// Bytes of a module and a name together from which on STACK_GLOBAL is charged for them: four times
/// the input may be named.
///
/// Python itself limits neither, but names of real classes are far shorter.
pub(crate) const LONG_NAMES: usize = 1_000;

/// Columns by which a line of a disassembly, or of a value that is printed over several lines, is
/// indented at most: 64 marks or containers of 4 columns.
///
/// A mark or a container is one byte, and each line within it is indented by it, so that the text
/// would be quadratic. Picklers leave a mark on the stack for each container they are in; whoever
/// reads the text has lost count long before.
pub(crate) const INDENT: usize = 256;

/// Transparent wrappers (`Some`, newtypes) that one value may get.
///
/// They take no level of depth, yet a type such as `struct Endless(Option<Box<Endless>>)` would
/// wrap forever.
pub(crate) const WRAPS: u32 = 64;

/// The error text for more wrappers than [`WRAPS`].
pub(crate) const WRAPPED: &str = "the type wraps one value more than 64 times";

/// Values that are made of what a few bytes stand for: a range of labels, a sparse array.
#[cfg(feature = "arrow")]
pub(crate) const DENSE: usize = 1 << 26;

/// Columns of a frame or array without rows, where no byte of a pickle stands for one.
///
/// A shape is a few bytes, and each column is a vector.
pub(crate) const EMPTY_COLUMNS: usize = 100_000;
