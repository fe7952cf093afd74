//! From opcodes straight to the visitors of a Rust type, without a graph between: the short way for
//! regular pickles.
//!
//! A pickle is a program, and in general nothing can be told of a value before the program has run:
//! a tuple's opcode follows its items, and any opcode may change what an earlier one made. But what
//! picklers write for plain data is regular, and a Rust type says what it expects: where a struct
//! is asked for and `}` is found, its entries follow. So the visitors of the type pull values out
//! of the input, and each method checks that the opcodes are those of the value it is asked for.
//! This saves building and walking the nodes, which is half the time of reading, and their memory.
//!
//! The contract: this way **either gives what the machine and `node` give, or gives up**. It knows
//! no error of its own. Whatever it does not expect, malformed input and data that does not fit the
//! type included, is [`Irregular`], and [`read`] says `None`; then the pickle is read again by the
//! machine, which has the last word and words the error. What makes that sound:
//!
//! - Each value that is read leaves the stack one operand higher, and each opcode that takes
//!   operands (TUPLE2, SETITEMS, BUILD, …) is accepted only where exactly its operands have just
//!   been read. So what is accepted is what the machine's stack would have held.
//! - Of what is fetched from the memo, text and scalars are the same whenever they are read. Dicts
//!   and plain instances are read again where they lie, by structs alone: `again` says why that is
//!   sound. A whole `Value` fetches what nothing changes any more (`kept.rs`). Any other container
//!   that is fetched is irregular.
//! - A guess (is this list in a tuple, or read as one?) only decides whether reading goes on: a
//!   wrong one ends at an opcode that does not fit.
//! - Opcodes carry no lengths: `size_hint` is `None` where `Contents::values` cannot count ahead,
//!   and a hint elsewhere.
//! - The resolver is asked about a global where the pickle spells it out, as by the machine. Any
//!   answer but that it is allowed as it is ends this way, and the machine gets the answers that
//!   were given. Nodes are counted no later than by the machine.
//! - A type may swallow an error and go on. So what gives up also leaves a mark, and at the end
//!   `read` looks for it.
//!
//! `tests/direct/` compares both ways on every fixture and on generated programs. To teach this
//! another shape: add it to `value` (scalars), `contents`, `list`, `tuple`, `dict`, `class`,
//! `made`, `natural` or `numpy`, and a case to that test.

mod again;
mod ahead;
mod calls;
mod class;
mod contents;
mod dict;
mod kept;
mod kinds;
mod list;
mod look;
mod made;
mod memo;
mod natural;
mod numpy;
mod shapes;
mod state;
mod text;
mod tuple;
mod value;
mod whole;

use serde::de::Deserialize;

use super::hooks::Asked;
use super::nesting::Inside;
use super::place::Place;
use crate::error::Result;
use crate::instruction::Opcode;
use crate::limits;
use crate::settings::Settings;

pub(super) use dict::Dict;
pub(super) use list::List;
pub(super) use state::{Direct, bind};
pub(super) use tuple::Fixed;
pub(super) use value::is_ours;

/// The error of data that is not regular. The machine reads again and words its own, so this one
/// holds nothing.
#[derive(Debug)]
pub(super) struct Irregular;

type Outcome<T> = Result<T, Irregular>;

/// Reads a pickle without a graph. Unless `is_whole` becomes true, what is returned says nothing,
/// and the machine has to read.
pub(super) fn read<'de, T: Deserialize<'de>>(
    input: &'de [u8],
    settings: &Settings<'_>,
    budgets: (u64, u64),
    inside: &Inside,
    asked: &mut Asked<'de>,
    is_whole: &mut bool,
) -> Result<T> {
    let mut direct = Direct::new(input, settings, budgets);
    // Where this gives up, that shows at the end.
    let _ = direct.begin();
    // Made by one call, in the place where it is returned: a value may be large.
    let made = T::deserialize(Place::Ahead(&mut direct));
    *is_whole = direct.ends_within(budgets, inside) && made.is_ok();
    if !*is_whole {
        *asked = direct.asked();
    }
    made
}

/// Bytes that may be spent on copies, and on expansion; `None` where the machine has to read.
pub(super) fn budgets(
    input: &[u8],
    settings: &Settings<'_>,
    inside: &Inside,
) -> Option<(u64, u64)> {
    let len = input.len() as u64;
    if len >= memo::INPUT {
        return None;
    }
    // The default memory limit covers values that are not shared, whatever the type. A caller's
    // limit has to be reckoned with for each container, which the machine's way does.
    let own = limits::MEMORY.per_byte.saturating_mul(len);
    let copies = settings.max_memory.of(len).checked_sub(own)?;
    let (expansion, memory) = inside.spent();
    let copies = copies.saturating_sub(memory);
    let expansion = settings.max_expansion.of(len).saturating_sub(expansion);
    Some((expansion.min(copies), expansion))
}

impl Direct<'_> {
    /// Notes what was spent of the budgets, and returns true if a value was read, and no more than
    /// was to be.
    fn ends_within(&mut self, (budget, expansion): (u64, u64), inside: &Inside) -> bool {
        let (copies_left, expansion_left) = self.budgets();
        let copied = budget - copies_left;
        let expanded = (expansion - expansion_left).saturating_add(copied);
        inside.spend((expanded, copied));
        // A type may read nothing; then the machine checks that there is a value.
        expanded <= expansion && !self.is_at_root() && self.ends_with(Opcode::Stop)
    }
}
