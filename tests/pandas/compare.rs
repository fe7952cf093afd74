//! Cells against pandas' own export.

use serde::Deserialize;
use serde_pickle::Value;
use serde_pickle::python::numpy::Unit;
use serde_pickle::python::pandas::{Column, Datetimes, Frame, Frequency, Index, Labels, Series};
use serde_pickle::python::{Date, Decimal};

use crate::fixtures::{Case, records};

/// The text that stands for a missing value.
const NA: &str = "NA!";

/// The result of reading an object.
pub(crate) enum Read {
    Frame(Frame),
    Series(Series),
    Index(Index),
}

impl Read {
    pub(crate) fn of(what: &str, pickle: &[u8]) -> serde_pickle::Result<Self> {
        Ok(match what {
            "frame" => Self::Frame(serde_pickle::from_slice(pickle)?),
            "series" => Self::Series(serde_pickle::from_slice(pickle)?),
            "index" => Self::Index(serde_pickle::from_slice(pickle)?),
            other => panic!("{other}"),
        })
    }

    pub(crate) fn columns(&self) -> Vec<&Column> {
        match self {
            Self::Frame(frame) => frame.columns().iter().collect(),
            Self::Series(series) => vec![series.values()],
            Self::Index(_) => Vec::new(),
        }
    }

    pub(crate) fn index(&self) -> &Index {
        match self {
            Self::Frame(frame) => frame.index(),
            Self::Series(series) => series.index(),
            Self::Index(index) => index,
        }
    }
}

/// Compares everything; the number of cells.
pub(crate) fn compare(read: &Read, case: &Case) -> Result<usize, String> {
    let columns = read.columns();
    let dtypes: Vec<String> = match (read, read.index().labels()) {
        (Read::Index(_), Labels::Plain(column)) => vec![column.dtype()],
        (Read::Index(_), Labels::Range { .. }) => vec!["int64".to_owned()],
        (Read::Index(_), Labels::Multi(levels)) => levels.levels().iter().map(dtype_of).collect(),
        _ => columns.iter().map(|column| column.dtype()).collect(),
    };
    let same = dtypes.len() == case.dtypes.len()
        && dtypes.iter().zip(&case.dtypes).all(|(found, expected)| same_dtype(found, expected));
    if !same {
        return Err(format!("dtypes {dtypes:?}, expected {:?}", case.dtypes));
    }
    let mut records = records(&case.csv);
    let index = read.index();
    let header = match read {
        Read::Frame(frame) => match frame.labels().labels() {
            Labels::Multi(levels) => levels.levels().len(),
            _ => 1,
        },
        // A name that is a tuple has a line an item.
        Read::Series(series) => series.name().as_tuple().map_or(1, <[_]>::len),
        Read::Index(_) => 1,
    };
    let rows = records.split_off(header);
    if let (Read::Index(_), Labels::Plain(_) | Labels::Range { .. }) = (read, index.labels()) {
        // It is the column `k` of a series.
        for (place, row) in rows.iter().enumerate() {
            label(&row[1], index, 0, place).map_err(|e| format!("label {place}: {e}"))?;
        }
        return if rows.len() == index.len() { Ok(rows.len()) } else { Err("rows".to_owned()) };
    }
    if rows.len() != index.len() {
        return Err(format!("{} rows, expected {}", index.len(), rows.len()));
    }
    let levels = match index.labels() {
        Labels::Multi(levels) => levels.levels().len(),
        _ => 1,
    };
    if let Read::Frame(frame) = read {
        for (level, record) in records.iter().enumerate() {
            for (place, text) in record[levels..].iter().enumerate().take(columns.len()) {
                label(text, frame.labels(), level, place)?;
            }
        }
    }
    for (place, row) in rows.iter().enumerate() {
        let (labels, cells) = row.split_at(levels);
        for (level, text) in labels.iter().enumerate() {
            label(text, index, level, place).map_err(|e| format!("label {place}: {e}"))?;
        }
        if cells.len() != columns.len() {
            return Err(format!("{} columns, expected {}", columns.len(), cells.len()));
        }
        for (at, (text, column)) in cells.iter().zip(&columns).enumerate() {
            cell(text, column, place).map_err(|e| format!("column {at}, row {place}: {e}"))?;
        }
    }
    Ok(rows.len() * (columns.len() + levels))
}

fn dtype_of(index: &Index) -> String {
    match index.labels() {
        Labels::Plain(column) => column.dtype(),
        _ => "int64".to_owned(),
    }
}

/// Names that versions spell differently.
fn same_dtype(found: &str, expected: &str) -> bool {
    let inner =
        |text: &str, head: &str| Some(text.strip_prefix(head)?.strip_suffix(']')?.to_owned());
    if let (Some(a), Some(b)) = (inner(found, "period["), inner(expected, "period[")) {
        return a.parse::<Frequency>().unwrap() == b.parse::<Frequency>().unwrap();
    }
    if let (Some(a), Some(b)) = (inner(found, "interval["), inner(expected, "interval[")) {
        // Before pandas 1.3 the closed side was not said.
        return a == b || (!b.contains(',') && a.split(',').next() == Some(&b));
    }
    if let (Some(a), Some(b)) = (inner(found, "Sparse["), inner(expected, "Sparse[")) {
        // Before pandas 1.4 a fill value was printed as text.
        return a == b || a.replace('\'', "") == b;
    }
    if let (Some(a), Some(b)) = (inner(found, "datetime64["), inner(expected, "datetime64[")) {
        let zones = [
            ("+05:30", "pytz.FixedOffset(330)"),
            ("UTC+05:30", "UTC+05:30"),
            ("Asia/Tokyo", "tzfile('/usr/share/zoneinfo/Asia/Tokyo')"),
        ];
        let (a_unit, a_zone) = a.split_once(", ").unwrap_or((&a, ""));
        let (b_unit, b_zone) = b.split_once(", ").unwrap_or((&b, ""));
        return a_unit == b_unit && (a_zone == b_zone || zones.contains(&(a_zone, b_zone)));
    }
    let plain = match expected {
        ">f8" => "float64",
        ">i4" => "int32",
        other => other,
    };
    found == plain
}

fn label(text: &str, index: &Index, level: usize, place: usize) -> Result<(), String> {
    match index.labels() {
        Labels::Range { .. } => match index.value(place) {
            Some(Value::Int(label)) if label.to_string() == text => Ok(()),
            other => Err(format!("label {other:?}, expected {text}")),
        },
        Labels::Plain(column) => cell(text, column, place),
        Labels::Multi(levels) => match usize::try_from(levels.codes()[level][place]) {
            Ok(code) => label(text, &levels.levels()[level], 0, code),
            Err(_) if text == NA => Ok(()),
            Err(_) => Err(format!("no label, expected {text}")),
        },
        other => panic!("{other:?}"),
    }
}

fn cell(text: &str, column: &Column, place: usize) -> Result<(), String> {
    let wrong = || Err(format!("{:?}, expected `{text}`", column.value(place)));
    let expected_missing = text == NA;
    if column.is_missing(place) != expected_missing {
        return wrong();
    }
    if expected_missing {
        return Ok(());
    }
    let same = match column {
        Column::Float16(values) | Column::Float32(values) => text.parse() == Ok(values[place]),
        // Python 2 prints labels with twelve digits.
        Column::Float64(values) if text.len() == 14 && text.contains('.') => {
            (text.parse::<f64>().unwrap() - values[place]).abs() <= values[place].abs() * 1e-10
        }
        Column::Float64(values) => text.parse() == Ok(values[place]),
        Column::Complex64(values) | Column::Complex128(values) => {
            complex(text) == (values[place].re, values[place].im)
        }
        Column::Object(values) => object(text, &values[place]),
        Column::Datetime(times) => counted(text, times) == Some(times.counts()[place].into()),
        Column::Timedelta(times) => {
            length(text).map(|nanos| nanos / nanos_of(times.unit()))
                == Some(times.counts()[place].into())
        }
        Column::Masked(masked) => return cell(text, masked.values(), place),
        Column::Categorical(categorical) => {
            let code = usize::try_from(categorical.codes()[place]).unwrap();
            return label(text, categorical.categories(), 0, code);
        }
        Column::Sparse(sparse) => match sparse.places().binary_search(&place) {
            Ok(place) => return cell(text, sparse.values(), place),
            Err(_) => object(text, sparse.fill()),
        },
        Column::Text(texts) => texts.values()[place].as_deref() == Some(text),
        Column::Period(periods) => periods.frequency().text(periods.ordinals()[place]) == text,
        // pandas 2 prints the clock at midnight.
        Column::Interval(_) => {
            let text = text.replace(" 00:00:00", "");
            column.value(place).unwrap().as_str() == Some(&text)
        }
        Column::Bool(values) => text == if values[place] { "True" } else { "False" },
        // Ints and bytes, as Python prints them.
        other => format!("{}", other.value(place).unwrap()) == text,
    };
    if same { Ok(()) } else { wrong() }
}

/// `(1+2j)`, `0j`
fn complex(text: &str) -> (f64, f64) {
    let text = text.trim_matches(['(', ')']).strip_suffix('j').unwrap();
    match text.rfind(['+', '-']).filter(|&at| at > 0) {
        Some(at) => (text[..at].parse().unwrap(), text[at..].parse().unwrap()),
        None => (0.0, text.parse().unwrap()),
    }
}

fn object(text: &str, value: &Value) -> bool {
    match value {
        Value::Str(found) => found == text,
        Value::Float(found) => text.parse() == Ok(*found),
        // Python 2 prints bytes as they are.
        Value::Bytes(found) if !text.starts_with("b'") => found == text.as_bytes(),
        Value::Object(object) => match object.class().unwrap().name() {
            "Decimal" => Decimal::deserialize(value).unwrap().to_string() == text,
            "date" => Date::deserialize(value).unwrap().to_string() == text,
            other => panic!("{other}"),
        },
        other => format!("{other}") == text,
    }
}

fn nanos_of(unit: Unit) -> i128 {
    match unit {
        Unit::Day => 86_400_000_000_000,
        Unit::Second => 1_000_000_000,
        Unit::Millisecond => 1_000_000,
        Unit::Microsecond => 1_000,
        Unit::Nanosecond => 1,
        other => panic!("{other:?}"),
    }
}

/// `2020-01-31`, `2020-01-31 10:00:00.5+01:00`, in the unit; with an offset, of UTC.
fn counted(text: &str, times: &Datetimes) -> Option<i128> {
    // Old versions print categories that are times as their count, or as numpy does.
    if let Ok(count) = text.parse() {
        return Some(count);
    }
    let (day, clock) = text.split_once([' ', 'T']).unwrap_or((text, ""));
    let (clock, offset) = match clock.rfind(['+', '-']) {
        Some(at) => clock.split_at(at),
        None => (clock, ""),
    };
    if offset.is_empty() != times.zone().is_none() && !clock.is_empty() {
        return None;
    }
    let day: chrono::NaiveDate = day.parse().ok()?;
    let days = day.signed_duration_since(chrono::NaiveDate::from_ymd_opt(1970, 1, 1)?).num_days();
    let minutes = match offset.split_once(':') {
        Some((hours, minutes)) => {
            let hours: i128 = hours.parse().ok()?;
            hours * 60 + hours.signum() * minutes.parse::<i128>().ok()?
        }
        None => 0,
    };
    let nanos = i128::from(days) * 86_400_000_000_000 + of_clock(clock)? - minutes * 60_000_000_000;
    let unit = nanos_of(times.unit());
    (nanos % unit == 0).then_some(nanos / unit)
}

fn of_clock(clock: &str) -> Option<i128> {
    if clock.is_empty() {
        return Some(0);
    }
    let mut parts = clock.splitn(3, ':');
    let hours: i128 = parts.next()?.parse().ok()?;
    let minutes: i128 = parts.next()?.parse().ok()?;
    let (seconds, fraction) =
        parts.next()?.split_once('.').unwrap_or_else(|| (clock.rsplit(':').next().unwrap(), "0"));
    let seconds: i128 = seconds.parse().ok()?;
    let fraction: i128 = format!("{fraction:0<9}").parse().ok()?;
    Some(((hours * 60 + minutes) * 60 + seconds) * 1_000_000_000 + fraction)
}

/// `-2 days +23:59:59.000000005`
fn length(text: &str) -> Option<i128> {
    let (days, clock) = text.split_once(" days ")?;
    let days: i128 = days.parse().ok()?;
    let clock = clock.trim_start_matches('+');
    Some(days * 86_400_000_000_000 + of_clock(clock)?)
}
