//! [`Frequency`]: how long a period is, and the text of one.
//!
//! A period is the number of spans since that of 1970-01-01. Sources: `FreqGroup` and
//! `period_format` in pandas' `_libs/tslibs/period.pyx`; `prefix_mapping` in `offsets.pyx`.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use crate::error::{Error, Result, quoted};
use crate::python::numpy::time::{push_day, push_year};
use crate::stdlib::calendar::push_number;

/// The length of a period: so many of a unit.
///
/// `Display` and [`FromStr`] are pandas' aliases, `M`, `Q-DEC`, `15min`; those of older versions
/// are parsed too.
///
/// ```
/// use serde_pickle::python::pandas::{Frequency, Span};
///
/// let quarters: Frequency = "Q-MAR".parse()?;
/// assert_eq!(quarters.span(), Span::Quarter { end: 3 });
/// assert_eq!("A-DEC".parse::<Frequency>()?.to_string(), "Y-DEC");
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Frequency {
    pub(super) span: Span,
    pub(super) multiple: u32,
}

/// The unit of a [`Frequency`].
///
/// ```
/// use serde_pickle::python::pandas::{Frequency, Span};
///
/// assert_eq!("W-SUN".parse::<Frequency>()?.span(), Span::Week { end: 6 });
/// # Ok::<(), serde_pickle::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Span {
    /// A year that ends with a month, 1 to 12.
    Year {
        /// The month.
        end: u8,
    },
    /// A quarter of such a year.
    Quarter {
        /// The month.
        end: u8,
    },
    /// A month.
    Month,
    /// A week that ends on a day, 0 for Monday to 6.
    Week {
        /// The day.
        end: u8,
    },
    /// A day from Monday to Friday.
    BusinessDay,
    /// A day.
    Day,
    /// An hour.
    Hour,
    /// A minute.
    Minute,
    /// A second.
    Second,
    /// A millisecond.
    Millisecond,
    /// A microsecond.
    Microsecond,
    /// A nanosecond.
    Nanosecond,
}

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: [&str; 7] = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];

/// Aliases of the spans without an end: the newest name, and older ones.
const ALIASES: [(Span, &[&str]); 9] = [
    (Span::Month, &["M", "ME"]),
    (Span::BusinessDay, &["B"]),
    (Span::Day, &["D"]),
    (Span::Hour, &["h", "H"]),
    (Span::Minute, &["min", "T"]),
    (Span::Second, &["s", "S"]),
    (Span::Millisecond, &["ms", "L"]),
    (Span::Microsecond, &["us", "U"]),
    (Span::Nanosecond, &["ns", "N"]),
];

impl Frequency {
    /// One of a unit.
    ///
    /// # Errors
    /// A month beyond 12 or a day of the week beyond 6.
    pub fn new(span: Span) -> Result<Self> {
        Self::multiple_of(span, 1)
    }

    /// So many of a unit.
    ///
    /// ```
    /// use serde_pickle::python::pandas::{Frequency, Span};
    ///
    /// let quarter_hours = Frequency::multiple_of(Span::Minute, 15)?;
    /// assert_eq!((quarter_hours.to_string().as_str(), quarter_hours.multiple()), ("15min", 15));
    /// assert_eq!(Frequency::new(Span::Day)?.to_string(), "D");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`new`](Self::new); none of the unit.
    pub fn multiple_of(span: Span, multiple: u32) -> Result<Self> {
        let fits = match span {
            Span::Year { end } | Span::Quarter { end } => (1..=12).contains(&end),
            Span::Week { end } => end < 7,
            _ => true,
        };
        match fits && multiple > 0 {
            true => Ok(Self { span, multiple }),
            false => Err(Error::data(format!("no frequency of pandas: {multiple} {span:?}"))),
        }
    }

    /// The unit. Periods are counted in it, also where one is several of them.
    pub fn span(self) -> Span {
        self.span
    }

    /// The number of units in one period.
    pub fn multiple(self) -> u32 {
        self.multiple
    }

    /// The period as pandas prints it: `2020-03`, `2020Q1`.
    ///
    /// ```
    /// use serde_pickle::python::pandas::Frequency;
    ///
    /// assert_eq!("M".parse::<Frequency>()?.text(602), "2020-03");
    /// # Ok::<(), serde_pickle::Error>(())
    /// ```
    pub fn text(self, ordinal: i64) -> String {
        let count = i128::from(ordinal);
        let mut text = String::with_capacity(24);
        // Writing to a String does not fail.
        match self.span {
            Span::Year { .. } => push_year(&mut text, 1970 + count),
            Span::Quarter { .. } => {
                push_year(&mut text, 1970 + count.div_euclid(4));
                let _ = write!(text, "Q{}", count.rem_euclid(4) + 1);
            }
            Span::Month => {
                push_year(&mut text, 1970 + count.div_euclid(12));
                let _ = write!(text, "-{:02}", count.rem_euclid(12) + 1);
            }
            Span::Week { end } => {
                // Weeks that end on a Sunday are counted from that of 29 December 1969.
                let end = count * 7 + i128::from((end + 1) % 7) - 4;
                push_day(&mut text, end - 6);
                text.push('/');
                push_day(&mut text, end);
            }
            Span::BusinessDay => {
                let day = count + 3;
                push_day(&mut text, day.div_euclid(5) * 7 + day.rem_euclid(5) - 3);
            }
            Span::Day => push_day(&mut text, count),
            Span::Hour => push_clock(&mut text, count * 3_600, 2),
            Span::Minute => push_clock(&mut text, count * 60, 2),
            Span::Second => push_clock(&mut text, count, 3),
            Span::Millisecond => push_fraction(&mut text, count, 3),
            Span::Microsecond => push_fraction(&mut text, count, 6),
            Span::Nanosecond => push_fraction(&mut text, count, 9),
        }
        text
    }
}

/// A day and its clock, in two or three parts.
fn push_clock(text: &mut String, seconds: i128, parts: usize) {
    push_day(text, seconds.div_euclid(86_400));
    // Below a day.
    let second = seconds.rem_euclid(86_400) as u32;
    let clock = [(' ', second / 3_600), (':', second / 60 % 60), (':', second % 60)];
    for (mark, part) in clock.into_iter().take(parts) {
        text.push(mark);
        push_number(text, part, 2);
    }
}

fn push_fraction(text: &mut String, count: i128, places: usize) {
    let second = 10_i128.pow(places as u32);
    push_clock(text, count.div_euclid(second), 3);
    let _ = write!(text, ".{:0places$}", count.rem_euclid(second));
}

impl fmt::Display for Frequency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.multiple != 1 {
            write!(f, "{}", self.multiple)?;
        }
        let name = |names: &[&'static str], at: usize| names.get(at).copied().unwrap_or_default();
        match self.span {
            Span::Year { end } => write!(f, "Y-{}", name(&MONTHS, usize::from(end) - 1)),
            Span::Quarter { end } => write!(f, "Q-{}", name(&MONTHS, usize::from(end) - 1)),
            Span::Week { end } => write!(f, "W-{}", name(&DAYS, usize::from(end))),
            span => {
                let aliases = ALIASES.iter().find(|(known, _)| *known == span);
                f.write_str(aliases.and_then(|(_, names)| names.first()).unwrap_or(&""))
            }
        }
    }
}

impl FromStr for Frequency {
    type Err = Error;

    /// # Errors
    /// Text that is no alias of a frequency that periods have.
    fn from_str(text: &str) -> Result<Self> {
        let unknown = || Error::data(format!("no frequency of pandas: {}", quoted(text)));
        let alias = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = text.strip_suffix(alias).unwrap_or_default();
        let multiple = if digits.is_empty() { 1 } else { digits.parse().map_err(|_| unknown())? };
        let (head, end) = alias.split_once('-').unwrap_or((alias, ""));
        let place = |names: &[&str], default: usize| {
            let found = names.iter().position(|name| *name == end);
            let place = if end.is_empty() { Some(default) } else { found };
            place.and_then(|place| u8::try_from(place).ok()).ok_or_else(unknown)
        };
        let span = match head {
            "A" | "Y" | "YE" => Span::Year { end: place(&MONTHS, 11)? + 1 },
            "Q" | "QE" => Span::Quarter { end: place(&MONTHS, 11)? + 1 },
            "W" => Span::Week { end: place(&DAYS, 6)? },
            _ => {
                let known = ALIASES.iter().find(|(_, names)| names.contains(&alias));
                known.map(|&(span, _)| span).ok_or_else(unknown)?
            }
        };
        Self::multiple_of(span, multiple).map_err(|_| unknown())
    }
}
