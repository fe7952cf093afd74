//! Writes the module: types with serde's attributes, and a test that reads the samples.

use std::fmt::Write as _;

use serde_pickle::tools::one_line;

use super::place::Natural;
use super::resolve::{Body, FieldDef, Model, Ty};

/// The types of dates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Dates {
    /// Those of serde_pickle::python, which hold whatever Python's do.
    #[default]
    Python,
    /// Those of chrono.
    Chrono,
    /// Those of jiff.
    Jiff,
    /// Text.
    Text,
}

/// The type of maps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Maps {
    /// BTreeMap.
    #[default]
    Btree,
    /// HashMap.
    Hash,
}

/// The settings of a module.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) root: String,
    pub(crate) dates: Dates,
    pub(crate) maps: Maps,
    /// The number of files that were looked at.
    pub(crate) files: usize,
    /// The samples, as the test is to open them; whether the pickles in it share a memo, and
    /// whether raw arrays of joblib lie in them.
    pub(crate) samples: Vec<(String, bool, bool)>,
    /// Lines about what could not be read.
    pub(crate) notes: Vec<String>,
    /// False for a module without a test.
    pub(crate) test: bool,
}

/// The text of the module.
///
/// # Errors
/// The text is no Rust, which is a fault of this program.
pub(crate) fn module(model: &Model, settings: &Settings) -> Result<String, String> {
    let mut writer = Writer { model, settings, out: String::new() };
    writer.module();
    let file = syn::parse_file(&writer.out).map_err(|error| error.to_string())?;
    Ok(spaced(&prettyplease::unparse(&file)))
}

struct Writer<'m> {
    model: &'m Model,
    settings: &'m Settings,
    out: String,
}

/// Text that may be a line of documentation.
fn doc_line(text: &str) -> String {
    // Links and code are for those who know what they write.
    one_line(text).to_string().replace('[', "\\[").replace(']', "\\]").replace('<', "\\<")
}

impl Writer<'_> {
    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a String does not fail.
        let _ = self.out.write_fmt(text);
    }

    fn doc(&mut self, text: &str) {
        self.put(format_args!("/// {}\n", doc_line(text)));
    }

    fn module(&mut self) {
        let samples = self.settings.files;
        let samples = if samples == 1 { "one file".to_owned() } else { format!("{samples} files") };
        self.put(format_args!(
            "//! Types for Python's pickles, made by `pickle types` of {samples}.\n"
        ));
        if !self.settings.notes.is_empty() {
            self.put(format_args!("//!\n"));
        }
        for note in &self.settings.notes {
            self.put(format_args!("//! - {}\n", doc_line(note)));
        }
        if self.model.structs.iter().any(|it| !it.opaque) || !self.model.enums.is_empty() {
            self.put(format_args!("use serde::{{Deserialize, Serialize}};\n"));
        }
        self.root();
        for at in 0..self.model.structs.len() {
            self.structure(at);
        }
        for at in 0..self.model.enums.len() {
            self.enumeration(at);
        }
        if self.settings.test {
            self.test();
        }
    }

    /// The name of the type of the whole.
    fn root_name(&self) -> (String, bool) {
        let name = &self.settings.root;
        let own = match self.model.root {
            Ty::Struct(at) => self.model.structs.get(at).filter(|it| !it.opaque).map(|it| &it.name),
            Ty::Enum(at) => self.model.enums.get(at).map(|it| &it.name),
            _ => None,
        };
        if own == Some(name) {
            return (name.clone(), false);
        }
        let structs = self.model.structs.iter().filter(|it| !it.opaque).map(|it| &it.name);
        let taken = structs.chain(self.model.enums.iter().map(|it| &it.name)).any(|it| it == name);
        (if taken { format!("{name}Pickle") } else { name.clone() }, true)
    }

    fn root(&mut self) {
        let (name, is_alias) = self.root_name();
        if is_alias {
            let ty = self.text(&self.model.root, false);
            self.doc(&format!("The pickled object, {}.", self.model.root_doc));
            self.put(format_args!("pub type {name} = {ty};\n"));
        }
    }

    fn structure(&mut self, at: usize) {
        let Some(it) = self.model.structs.get(at).filter(|it| !it.opaque) else { return };
        for line in &it.doc {
            self.doc(line);
        }
        if let Body::Named(fields) = &it.body {
            for field in fields.iter().filter(|field| field.omitted) {
                self.put(format_args!("///\n"));
                self.doc(&format!("`{}` is left out: it cannot be read as a tree.", field.key));
            }
        }
        self.put(format_args!("#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]\n"));
        if it.is_class {
            self.put(format_args!("#[serde(rename = {:?})]\n", it.rename));
        }
        match &it.body {
            Body::Unit => self.put(format_args!("pub struct {};\n", it.name)),
            Body::Tuple(items) => {
                let items: Vec<String> = items
                    .iter()
                    .map(|item| {
                        let with = self.with(item).map_or(String::new(), |it| format!("{it}\n"));
                        format!("{with}pub {}", self.text(item, true))
                    })
                    .collect();
                self.put(format_args!("pub struct {}({});\n", it.name, items.join(", ")));
            }
            Body::Named(fields) => {
                self.put(format_args!("pub struct {} {{\n", it.name));
                for field in fields.iter().filter(|field| !field.omitted) {
                    self.field(field);
                }
                self.put(format_args!("}}\n"));
            }
        }
    }

    fn field(&mut self, field: &FieldDef) {
        let mut doc = field.doc.clone();
        if let Some(first) = doc.get(..1).map(str::to_uppercase) {
            doc.replace_range(..1, &first);
        }
        self.doc(&format!("{doc}."));
        let mut attributes = Vec::new();
        if field.name.trim_start_matches("r#") != field.key {
            attributes.push(format!("rename = {:?}", field.key));
        }
        if field.missing {
            attributes.push("default".to_owned());
            attributes.push("skip_serializing_if = \"Option::is_none\"".to_owned());
        }
        if !attributes.is_empty() {
            self.put(format_args!("#[serde({})]\n", attributes.join(", ")));
        }
        if let Some(with) = self.with(&field.ty) {
            self.put(format_args!("{with}\n"));
        }
        let ty = self.text(&field.ty, true);
        self.put(format_args!("pub {}: {ty},\n", field.name));
    }

    fn enumeration(&mut self, at: usize) {
        let Some(it) = self.model.enums.get(at) else { return };
        for line in &it.doc {
            self.doc(line);
        }
        self.put(format_args!("#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]\n"));
        self.put(format_args!("pub enum {} {{\n", it.name));
        for (name, class, ty) in &it.variants {
            let ty = self.text(ty, false);
            self.put(format_args!("#[serde(rename = {class:?})]\n{name}({ty}),\n"));
        }
        self.put(format_args!("}}\n"));
    }

    /// The attribute by which a field of another crate's type is written as Python's.
    fn with(&self, ty: &Ty) -> Option<String> {
        let natural = with_natural(ty)?;
        let dates = match self.settings.dates {
            Dates::Chrono => "chrono",
            Dates::Jiff => "jiff",
            Dates::Python | Dates::Text => return None,
        };
        let fits = matches!(
            natural,
            Natural::Date
                | Natural::Time
                | Natural::DateTime
                | Natural::Moment
                | Natural::TimeDelta
        ) || natural == Natural::Zoned && dates == "jiff";
        fits.then(|| format!("#[serde(with = \"serde_pickle::python::{dates}\")]"))
    }

    /// A type; `alone` says that an attribute may stand before it.
    fn text(&self, ty: &Ty, alone: bool) -> String {
        let with = alone && self.with(ty).is_some();
        self.inner(ty, with)
    }

    fn inner(&self, ty: &Ty, with: bool) -> String {
        let of = |inner: &Ty| self.inner(inner, with);
        match ty {
            Ty::Bool => "bool".to_owned(),
            Ty::Int(name) => (*name).to_owned(),
            Ty::F64 => "f64".to_owned(),
            Ty::Text => "String".to_owned(),
            Ty::Bytes => "serde_bytes::ByteBuf".to_owned(),
            Ty::ByteArray => "serde_pickle::python::ByteArray".to_owned(),
            Ty::Value => "serde_pickle::Value".to_owned(),
            Ty::Dict => "serde_pickle::Dict".to_owned(),
            Ty::Global => "serde_pickle::reduce::Global".to_owned(),
            Ty::PersistentId => {
                "serde_pickle::reduce::PersistentId<serde_pickle::Value>".to_owned()
            }
            Ty::Natural(natural) => self.natural(*natural, with).to_owned(),
            Ty::Option(inner) => format!("Option<{}>", of(inner)),
            Ty::Vec(item) => format!("Vec<{}>", of(item)),
            Ty::Set(item) => format!("serde_pickle::python::Set<Vec<{}>>", of(item)),
            Ty::FrozenSet(item) => format!("serde_pickle::python::FrozenSet<Vec<{}>>", of(item)),
            Ty::Deque(item) => format!("std::collections::VecDeque<{}>", of(item)),
            Ty::AnyTuple(item) => format!("serde_pickle::python::Tuple<Vec<{}>>", of(item)),
            Ty::Tuple(items) => {
                let items: Vec<String> = items.iter().map(of).collect();
                match &items[..] {
                    [only] => format!("({only},)"),
                    items => format!("({})", items.join(", ")),
                }
            }
            Ty::Map(key, value) => {
                let map = match self.settings.maps {
                    Maps::Btree => "std::collections::BTreeMap",
                    Maps::Hash => "std::collections::HashMap",
                };
                format!("{map}<{}, {}>", of(key), of(value))
            }
            Ty::OrderedDict(key, value) => {
                format!("serde_pickle::python::OrderedDict<{}, {}>", of(key), of(value))
            }
            Ty::Counter(key) => format!("serde_pickle::python::Counter<{}>", of(key)),
            Ty::Box(inner) => format!("Box<{}>", of(inner)),
            Ty::Struct(at) => match self.model.structs.get(*at).filter(|it| !it.opaque) {
                Some(it) => it.name.clone(),
                None => "serde_pickle::Value".to_owned(),
            },
            Ty::Enum(at) => self
                .model
                .enums
                .get(*at)
                .map_or("serde_pickle::Value".to_owned(), |it| it.name.clone()),
        }
    }

    fn natural(&self, natural: Natural, with: bool) -> &'static str {
        match (natural, self.settings.dates) {
            (Natural::Date, Dates::Chrono) => "chrono::NaiveDate",
            (Natural::Date, Dates::Jiff) => "jiff::civil::Date",
            (Natural::Date, Dates::Text) => "String",
            (Natural::Date, Dates::Python) => "serde_pickle::python::Date",
            (Natural::Time, Dates::Chrono) => "chrono::NaiveTime",
            (Natural::Time, Dates::Jiff) => "jiff::civil::Time",
            (Natural::Time, Dates::Text) => "String",
            (Natural::Time, Dates::Python) => "serde_pickle::python::Time",
            (Natural::DateTime, Dates::Chrono) => "chrono::NaiveDateTime",
            (Natural::DateTime, Dates::Jiff) => "jiff::civil::DateTime",
            (Natural::Moment, Dates::Chrono) => "chrono::DateTime<chrono::FixedOffset>",
            (Natural::Moment, Dates::Jiff) => "jiff::Timestamp",
            (Natural::Zoned, Dates::Jiff) if with => "jiff::Zoned",
            (Natural::DateTime | Natural::Moment | Natural::Zoned, Dates::Text) => "String",
            (Natural::DateTime | Natural::Moment | Natural::Zoned, _) => {
                "serde_pickle::python::DateTime"
            }
            (Natural::TimeDelta, Dates::Chrono) if with => "chrono::TimeDelta",
            (Natural::TimeDelta, Dates::Jiff) if with => "jiff::SignedDuration",
            (Natural::TimeDelta, _) => "serde_pickle::python::TimeDelta",
            (Natural::TimeZone, _) => "serde_pickle::python::TimeZone",
            (Natural::Decimal, _) => "serde_pickle::python::Decimal",
            (Natural::Fraction, _) => "serde_pickle::python::Fraction",
            (Natural::Uuid, _) => "serde_pickle::python::Uuid",
            (Natural::Path, _) => "serde_pickle::python::Path",
            (Natural::IpAddress, _) => "serde_pickle::python::IpAddress",
            (Natural::Complex, _) => "serde_pickle::value::Complex",
            (Natural::Array, _) => "serde_pickle::python::numpy::OwnedNdArray",
            (Natural::Range, _) => "serde_pickle::python::Range",
        }
    }

    fn test(&mut self) {
        let (root, _) = self.root_name();
        let of = |(sample, one_memo, _): &(String, bool, bool)| format!("({sample:?}, {one_memo})");
        let samples: Vec<String> = self.settings.samples.iter().map(of).collect();
        if samples.is_empty() {
            return;
        }
        // Other pickles are read by these options as well.
        let options = match self.settings.samples.iter().any(|(_, _, joblib)| *joblib) {
            true => ".with_options(serde_pickle::DeOptions::new().joblib(true))",
            false => "",
        };
        self.put(format_args!(
            "#[cfg(test)]\nmod tests {{\n\
             /// Each file, and whether its pickles share a memo.\n\
             const SAMPLES: &[(&str, bool)] = &[{}];\n\
             #[test]\nfn every_sample_is_read() {{\n\
             for &(sample, one_memo) in SAMPLES {{\n\
             let bytes = std::fs::read(sample).unwrap();\n\
             let pickles = serde_pickle::Deserializer::from_slice(&bytes){options}\
             .keep_memo(one_memo);\n\
             for pickle in pickles.into_iter::<super::{root}>() {{\n\
             pickle.unwrap_or_else(|error| panic!(\"{{sample}}: {{error}}\"));\n\
             }}\n}}\n}}\n}}\n",
            samples.join(", ")
        ));
    }
}

/// The natural form that a field holds, by itself, as an option or in a list.
fn with_natural(ty: &Ty) -> Option<Natural> {
    match ty {
        Ty::Natural(natural) => Some(*natural),
        Ty::Option(inner) | Ty::Vec(inner) => match **inner {
            Ty::Natural(natural) => Some(natural),
            _ => None,
        },
        _ => None,
    }
}

/// Puts blank lines between items.
fn spaced(text: &str) -> String {
    let (mut out, mut before) = (String::new(), "");
    for line in text.lines() {
        let begins = !line.starts_with([' ', '}', ')']) && !line.is_empty();
        let ended = before.starts_with('}') || before.ends_with(';') && !before.starts_with(' ');
        let head = before.starts_with("//!") && !line.starts_with("//!");
        let uses = before.starts_with("use ") && line.starts_with("use ");
        if begins && (ended || head) && !uses {
            out.push('\n');
        }
        out.push_str(line);
        out.push('\n');
        before = line;
    }
    out
}
