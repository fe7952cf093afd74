//! The standard output, its width and colors, new files, and progress.

use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use anstream::AutoStream;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tempfile::{Builder, NamedTempFile};

use crate::error::{Error, Result};
use crate::fold;

/// Columns where there is no terminal to ask.
const WIDTH: usize = 80;

/// Columns of the terminal, unless asked otherwise.
pub(crate) fn width(asked: Option<usize>) -> usize {
    asked
        .or_else(|| {
            let columns = std::env::var("COLUMNS").ok()?;
            columns.parse().ok()
        })
        .or_else(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)))
        .unwrap_or(WIDTH)
        .clamp(20, 1_000)
}

/// The standard output, buffered; colors are taken out where nobody would see them.
pub(crate) struct Output {
    out: BufWriter<AutoStream<io::Stdout>>,
    /// Columns of a line.
    width: usize,
}

impl Output {
    pub(crate) fn new() -> Self {
        Self { out: BufWriter::with_capacity(1 << 16, anstream::stdout()), width: usize::MAX }
    }

    /// Folds what [`folded`](Self::folded) writes at so many columns.
    pub(crate) fn of_width(width: usize) -> Self {
        Self { width, ..Self::new() }
    }

    pub(crate) fn text(&mut self, text: &str) -> Result<()> {
        self.out.write_all(text.as_bytes()).map_err(|error| Error::writing(&error))
    }

    pub(crate) fn line(&mut self, text: &str) -> Result<()> {
        self.text(text)?;
        self.text("\n")
    }

    /// A line for people: over several where it is too long, those behind the first indented.
    pub(crate) fn folded(&mut self, text: &str, hang: usize) -> Result<()> {
        let folded = fold::folded(text, self.width, hang);
        self.line(&folded)
    }

    /// Bytes as they are, whatever they look like to a terminal.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> Result<()> {
        self.flush()?;
        let mut out = io::stdout().lock();
        out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| Error::writing(&error))
    }

    pub(crate) fn flush(&mut self) -> Result<()> {
        self.out.flush().map_err(|error| Error::writing(&error))
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Bytes to a file, or to the standard output unless that is a terminal.
pub(crate) fn write_bytes(bytes: &[u8], to: Option<&Path>) -> Result<()> {
    match to {
        Some(path) if path.as_os_str() != "-" => write_file(path, bytes),
        None if io::stdout().is_terminal() => {
            Err(Error::new("a pickle is not for a terminal: give a file by -o, or `-o -`"))
        }
        _ => Output::new().raw(bytes),
    }
}

/// Writes a file so that others see the old one or the new one and nothing between; the old one's
/// permissions stay.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let failed = |error: io::Error| Error::new(format!("cannot write {}: {error}", path.display()));
    // A link stays a link.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let permissions = fs::metadata(&target).ok().map(|it| it.permissions());
    let mut builder = Builder::new();
    builder.prefix(".pickle-").suffix(".new");
    let (mut file, _unfinished) = Unfinished::new(&builder, folder).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    match permissions {
        Some(permissions) => file.as_file().set_permissions(permissions).map_err(failed)?,
        None => set_usual_permissions(file.as_file()).map_err(failed)?,
    }
    file.as_file().sync_all().map_err(failed)?;
    file.persist(&target).map_err(|error| failed(error.error))?;
    Ok(())
}

/// The new file that is being written.
static UNFINISHED: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Removes a new file when the program is told to end (SIGINT, SIGTERM, SIGHUP) before it is
/// whole.
struct Unfinished;

impl Unfinished {
    fn new(builder: &Builder<'_, '_>, folder: &Path) -> io::Result<(NamedTempFile, Self)> {
        static HANDLER: Once = Once::new();
        // Without a handler the program ends as it would, and leaves the new file behind.
        HANDLER.call_once(|| drop(ctrlc::set_handler(end)));
        // The handler waits until it is known which file there is.
        let mut path = unfinished();
        let file = builder.tempfile_in(folder)?;
        *path = Some(file.path().to_path_buf());
        Ok((file, Self))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        *unfinished() = None;
    }
}

fn unfinished() -> MutexGuard<'static, Option<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends the program, as shells report it of one that Ctrl-C ended.
fn end() {
    if let Some(path) = unfinished().take() {
        drop(fs::remove_file(path));
    }
    std::process::exit(130);
}

/// A temporary file is for its owner alone; a new file is for whom others are.
#[cfg(unix)]
fn set_usual_permissions(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn set_usual_permissions(_: &File) -> io::Result<()> {
    Ok(())
}

/// Bytes of input below which no progress is shown.
const LONG: u64 = 32 << 20;

/// Shows on a terminal how much of a long input has been read.
pub(crate) struct Progress<R> {
    inner: R,
    bar: ProgressBar,
}

/// Shows how much of `reader`, which has `len` bytes if that is known, has been read.
pub(crate) fn progress<R>(reader: R, len: Option<u64>) -> Progress<R> {
    Progress { inner: reader, bar: bar_of(len.unwrap_or(0)) }
}

/// A bar for so many bytes; hidden where they are few or there is no terminal, and where the output
/// goes to that terminal itself.
pub(crate) fn bar_of(len: u64) -> ProgressBar {
    if io::stdout().is_terminal() { ProgressBar::hidden() } else { bar_over_output(len) }
}

/// As [`bar_of`], for what is done before anything is put out.
pub(crate) fn bar_over_output(len: u64) -> ProgressBar {
    let shown = len >= LONG && io::stderr().is_terminal();
    if shown { bar(len) } else { ProgressBar::hidden() }
}

fn bar(len: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(len), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {eta}");
    style.map_or(bar.clone(), |style| bar.with_style(style))
}

impl<R: Read> Read for Progress<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bar.inc(read as u64);
        Ok(read)
    }
}

impl<R: io::Seek> io::Seek for Progress<R> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

impl<R> Drop for Progress<R> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
