//! Cases: a workload, a task and a contender, as closures to check and to measure.
//!
//! A case's data is loaded when it is built, its result is made in a section of a probe, kept until
//! the section is over, and dropped then. `check` compares one result with the truth.

use std::borrow::Cow;
use std::hint::black_box;
use std::path::Path;
use std::rc::Rc;

use crate::contender::{Borrow, Dynamic, DynamicWrite, Format};
use crate::data::{Input, Source};
use crate::limits;
use crate::measure::Probe;
use crate::ours;
use crate::peers::*;
use crate::same::Same;
use crate::workload::{Records, Workload};

/// The task of a contender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Task {
    /// Bytes to the owned type.
    Decode,
    /// Bytes to the type that borrows from them.
    Borrow,
    /// Bytes to the contender's dynamic value, or graph.
    Value,
    /// The owned type to bytes.
    Encode,
    /// The dynamic value to bytes.
    EncodeValue,
    /// `records` against sixteen times as many, both within one round.
    Scale,
}

impl Task {
    pub const ALL: [Task; 6] =
        [Task::Decode, Task::Borrow, Task::Value, Task::Encode, Task::EncodeValue, Task::Scale];

    pub fn name(self) -> &'static str {
        match self {
            Task::Decode => "decode",
            Task::Borrow => "borrow",
            Task::Value => "value",
            Task::Encode => "encode",
            Task::EncodeValue => "encode-value",
            Task::Scale => "scale",
        }
    }
}

type Run = Box<dyn Fn(&mut dyn Probe, usize) -> Result<(), String>>;
type Check = Box<dyn Fn() -> Result<usize, String>>;
type Encode = Rc<dyn Fn() -> Result<Vec<u8>, String>>;

/// One workload x task x contender.
pub struct Case {
    pub workload: &'static str,
    pub task: Task,
    pub contender: String,
    /// The least number of results that a section makes.
    pub batch: usize,
    run: Run,
    check: Check,
    bytes: Option<Encode>,
}

impl Case {
    /// Makes `batch` results within one section of `probe`, and drops them after it.
    pub fn run(&self, probe: &mut dyn Probe, batch: usize) -> Result<(), String> {
        (self.run)(probe, batch)
    }

    /// Compares a result with the truth and returns the size of the encoded form: what is read by a
    /// reader, what is written by a writer.
    pub fn check(&self) -> Result<usize, String> {
        (self.check)()
    }

    /// The output of a writer; `None` for readers.
    pub fn encoded(&self) -> Option<Result<Vec<u8>, String>> {
        self.bytes.as_ref().map(|bytes| bytes())
    }
}

/// Which contenders are wanted, by name.
pub type Wanted<'w> = &'w dyn Fn(&str) -> bool;

/// Collects the cases of one workload and task.
pub struct Builder<'w, W: Workload> {
    source: Source<W>,
    task: Task,
    wanted: Wanted<'w>,
    cases: Vec<Case>,
    failed: Vec<(String, String)>,
}

/// The cases of one workload and task, and the contenders whose cases could not be made, with the
/// reason.
pub struct Cases {
    pub cases: Vec<Case>,
    pub failed: Vec<(String, String)>,
}

/// Builds the cases of workload `W` and `task` for the contenders `wanted`.
pub fn build<W: Workload>(folder: &Path, task: Task, wanted: Wanted<'_>) -> Cases {
    let source = Source::new(folder);
    let mut b = Builder::<W> { source, task, wanted, cases: Vec::new(), failed: Vec::new() };
    if applies::<W>(task) {
        if b.source.available() {
            b.add_all(folder);
        } else {
            b.failed.push(("all".to_owned(), "no data".to_owned()));
        }
    }
    Cases { cases: b.cases, failed: b.failed }
}

/// Returns true if a workload has this task.
pub fn applies<W: Workload>(task: Task) -> bool {
    match task {
        // A workload that only serves to show growth is not measured a second time.
        Task::Decode => W::NAME != "records16",
        Task::Borrow => W::BORROWS,
        Task::Value => W::DYNAMIC,
        Task::Encode => W::ENCODES,
        Task::EncodeValue => W::DYNAMIC && W::ENCODES,
        Task::Scale => W::NAME == "records16",
    }
}

impl<W: Workload> Builder<'_, W> {
    fn add_all(&mut self, folder: &Path) {
        ours::add(self, folder);
        match self.task {
            Task::Decode => {
                self.decode::<SerdePickle12>();
                self.decode::<Pickled>();
                self.decode::<DeserPickle>();
                self.decode::<RmpSerde>();
                self.decode::<SerdeJson>();
                self.decode::<Bincode>();
                limits::add(self);
            }
            Task::Borrow => {
                self.borrow::<DeserPickle>();
                self.borrow::<RmpSerde>();
                self.borrow::<SerdeJson>();
                self.borrow::<Bincode>();
                limits::add(self);
            }
            Task::Value => {
                self.value::<SerdePickle12Value>();
                self.value::<PickledValue>();
                self.value::<DeserPickleValue>();
                self.value::<RmpvValue>();
                self.value::<RmpvValueRef>();
                self.value::<SerdeJsonValue>();
            }
            Task::Encode => {
                self.encode::<SerdePickle12>();
                self.encode::<Pickled>();
                self.encode::<DeserPickle>();
                self.encode::<RmpSerde>();
                self.encode::<SerdeJson>();
                self.encode::<Bincode>();
            }
            Task::EncodeValue => {
                self.encode_value::<SerdePickle12Value>();
                self.encode_value::<PickledValue>();
                self.encode_value::<DeserPickleValue>();
                self.encode_value::<RmpvValue>();
                self.encode_value::<SerdeJsonValue>();
            }
            Task::Scale => {
                self.scale::<SerdePickle12>(folder);
                self.scale::<RmpSerde>(folder);
            }
        }
    }

    /// The task that cases are wanted for.
    pub fn task(&self) -> Task {
        self.task
    }

    /// The workload's data.
    pub fn source(&self) -> &Source<W> {
        &self.source
    }

    fn skips(&self, name: &str, input: Input) -> bool {
        !(self.wanted)(name) || (input == Input::Json && !W::JSON)
    }

    /// Adds a case: `prepare` loads and gives what to measure, and how to check a result, which
    /// returns the size of the encoded form.
    pub fn add<T: 'static, Op, Verify>(
        &mut self,
        name: &str,
        prepare: impl FnOnce(&Source<W>) -> Result<(Op, Verify), String>,
    ) where
        Op: Fn() -> Result<T, String> + 'static,
        Verify: Fn(T) -> Result<usize, String> + 'static,
    {
        if !(self.wanted)(name) {
            return;
        }
        match prepare(&self.source) {
            Ok((op, verify)) => {
                let op = Rc::new(op);
                let again = op.clone();
                self.cases.push(Case {
                    workload: W::NAME,
                    task: self.task,
                    contender: name.to_owned(),
                    batch: 1,
                    run: Box::new(move |probe, batch| run(&*op, probe, batch)),
                    check: Box::new(move || verify(again()?)),
                    bytes: None,
                });
            }
            Err(error) => self.failed.push((name.to_owned(), error)),
        }
    }

    /// Adds the reading of the owned type.
    pub fn decode<F: Format>(&mut self) {
        self.decode_from::<F>(F::NAME, |input| Ok(Cow::Borrowed(input)));
    }

    /// Adds the reading of the owned type from what the format itself writes for it, under another
    /// name.
    pub fn decode_own<F: Format>(&mut self, name: &str) {
        self.decode_from::<F>(name, |input| {
            F::encode::<W>(&F::decode::<W>(input)?).map(Cow::Owned)
        });
    }

    fn decode_from<F: Format>(
        &mut self,
        name: &str,
        make: impl Fn(&[u8]) -> Result<Cow<'_, [u8]>, String>,
    ) {
        if self.skips(name, F::INPUT) {
            return;
        }
        self.add(name, |source| {
            let bytes = make(source.input(F::INPUT)?)?;
            let (truth, size) = (late_truth::<W>(source), bytes.len());
            Ok((
                move || F::decode::<W>(black_box(&bytes)),
                move |result: W::Owned| same(&result, &*truth()?, F::ULPS, size),
            ))
        });
    }

    /// Adds the reading of the borrowed type.
    pub fn borrow<F: Borrow>(&mut self) {
        if self.skips(F::NAME, F::INPUT) {
            return;
        }
        self.add(F::NAME, |source| {
            let bytes: &'static [u8] = source.input(F::INPUT)?;
            let truth = late_truth::<W>(source);
            Ok((
                move || F::borrow::<W>(black_box(bytes)),
                move |result: W::Borrowed<'static>| same(&result, &*truth()?, F::ULPS, bytes.len()),
            ))
        });
    }

    /// Adds the reading of a dynamic value.
    pub fn value<D: Dynamic>(&mut self) {
        if self.skips(D::NAME, D::INPUT) {
            return;
        }
        self.add(D::NAME, |source| {
            let bytes: &'static [u8] = source.input(D::INPUT)?;
            let truth = late_truth::<W>(source);
            Ok((
                move || D::read(black_box(bytes)),
                move |value: D::Value<'static>| {
                    same(&D::typed::<W>(value)?, &*truth()?, D::ULPS, bytes.len())
                },
            ))
        });
    }

    /// Adds the writing of the owned type. The check reads it back.
    pub fn encode<F: Format>(&mut self) {
        self.encode_with::<F>(F::NAME, F::encode::<W>);
    }

    /// The same under another name and with another function, for options.
    pub fn encode_with<F: Format>(
        &mut self,
        name: &str,
        encode: impl Fn(&W::Owned) -> Result<Vec<u8>, String> + 'static,
    ) {
        if self.skips(name, F::INPUT) {
            return;
        }
        let encode = Rc::new(encode);
        let again = encode.clone();
        let before = self.cases.len();
        self.add(name, move |source| {
            let value = source.truth()?;
            let truth = value.clone();
            Ok((
                move || encode(black_box(&value)),
                move |bytes: Vec<u8>| same(&F::decode::<W>(&bytes)?, &*truth, F::ULPS, bytes.len()),
            ))
        });
        if let (Some(case), Ok(value)) = (self.cases.get_mut(before), self.source.truth()) {
            case.bytes = Some(Rc::new(move || again(&value)));
        }
    }

    /// Adds the writing of a dynamic value. The check reads it back.
    pub fn encode_value<D: DynamicWrite>(&mut self) {
        if self.skips(D::NAME, D::INPUT) {
            return;
        }
        self.add(D::NAME, |source| {
            let value = D::read(source.input(D::INPUT)?)?;
            let truth = late_truth::<W>(source);
            Ok((
                move || D::write(black_box(&value)),
                move |bytes: Vec<u8>| {
                    same(&D::typed::<W>(D::read(&bytes)?)?, &*truth()?, D::ULPS, bytes.len())
                },
            ))
        });
    }

    /// Adds the reading of `records` and of this workload. A section reads the small one as often
    /// as it goes into the large one and keeps the results, so that both make as many objects.
    pub fn scale<F: Format>(&mut self, folder: &Path) {
        let (small, large) = (format!("{} 1x", F::NAME), format!("{} 16x", F::NAME));
        let records = Source::<Records>::new(folder);
        let before = self.cases.len();
        self.add(&small, |_| {
            let bytes = records.input(F::INPUT)?;
            let truth = late_truth::<Records>(&records);
            Ok((
                move || F::decode::<Records>(black_box(bytes)),
                move |result| same(&result, &*truth()?, F::ULPS, bytes.len()),
            ))
        });
        if let Some(case) = self.cases.get_mut(before) {
            case.batch = 16;
        }
        self.add(&large, |source| {
            let bytes = source.input(F::INPUT)?;
            let truth = late_truth::<W>(source);
            Ok((
                move || F::decode::<W>(black_box(bytes)),
                move |result: W::Owned| same(&result, &*truth()?, F::ULPS, bytes.len()),
            ))
        });
    }
}

/// The truth, loaded when it is asked for: a process that only measures never has it in memory.
fn late_truth<W: Workload>(
    source: &Source<W>,
) -> impl Fn() -> Result<Rc<W::Owned>, String> + use<W> {
    let source = source.clone();
    move || source.truth()
}

/// The check of all results.
pub fn same<A: Same<B>, B>(
    result: &A,
    truth: &B,
    ulps: u64,
    bytes: usize,
) -> Result<usize, String> {
    if result.same(truth, ulps) {
        Ok(bytes)
    } else {
        Err("the result differs from the truth".to_owned())
    }
}

fn run<T>(
    op: &impl Fn() -> Result<T, String>,
    probe: &mut dyn Probe,
    batch: usize,
) -> Result<(), String> {
    // Room for the results is made outside the section.
    let mut kept = Vec::with_capacity(batch);
    probe.section(&mut || {
        for _ in 0..batch {
            kept.push(black_box(op()));
        }
    });
    kept.into_iter().try_for_each(|result| result.map(drop))
}
