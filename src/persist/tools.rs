//! The stock check tools, for a snapshot file and for an append-only file with its manifest: their words, their verdicts,
//! and what they would cut off. Reading files and changing them is the host's.
use super::aof::check::{Problem, Rewind, check, cut_at_timestamp};
use super::aof::manifest::Manifest;
use super::rdb::{self, Limits};
use crate::base::time::Millis;
use std::borrow::Cow;

/// What is done to an append-only file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    Nothing,
    Fix,
    /// Not a repair: the file is cut to what it held at this second since 1970.
    Timestamp(i64),
}

/// What a tool has to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What it prints, before it changes anything. It may hold a byte of the file as it is.
    pub text: Vec<u8>,
    /// Whether it ends well; with a cut, once that is made.
    pub good: bool,
    pub cut: Option<Cut>,
}

/// What is to be cut off a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    pub path: String,
    /// Bytes that are left.
    pub len: usize,
    /// The user is asked first ([`QUESTION`]).
    pub asks: bool,
    /// What is printed once it is done, and if it cannot be done.
    pub done: String,
    pub failed: String,
}

/// What is asked before a file is repaired, and said if the answer is no.
pub const QUESTION: &str = "Continue? [y/N]: ";
pub const ABORTED: &str = "Aborting...\n";

/// How a file is read, by its path: the words of the C library if it cannot be.
pub type ReadFile<'a> = dyn Fn(&str) -> Result<Cow<'a, [u8]>, String> + 'a;

/// A tool at work; `Err`: it has said why it ends.
struct Tool<'a, 'f> {
    read: &'a ReadFile<'f>,
    limits: &'a Limits,
    now_ms: Millis,
    repair: Repair,
    verdict: Verdict,
    /// Lines of the files before: the tool goes on counting.
    lines: usize,
}

type Ended = Result<(), ()>;

/// Checks a snapshot file. O(bytes).
pub fn check_rdb(path: &str, read: &ReadFile<'_>, limits: &Limits, now_ms: Millis) -> Verdict {
    let Ok(bytes) = read(path) else {
        let text = format!("[offset 0] Checking RDB file {path}\n").into_bytes();
        return Verdict {
            text,
            ..Verdict::default()
        };
    };
    let report = rdb::check::check(path, &bytes, limits, now_ms);
    Verdict {
        text: report.text.into_bytes(),
        good: report.is_sound,
        cut: None,
    }
}

/// Checks an append-only file, or all files of a manifest. O(bytes).
pub fn check_aof(
    path: &str,
    read: &ReadFile<'_>,
    repair: Repair,
    limits: &Limits,
    now_ms: Millis,
) -> Verdict {
    let mut tool = Tool {
        read,
        limits,
        now_ms,
        repair,
        verdict: Verdict::default(),
        lines: 0,
    };
    tool.verdict.good = tool.run(path).is_ok();
    tool.verdict
}

/// Whether the tool for snapshots is the one for a file, by its name and its first bytes.
pub fn is_rdb(path: &str, bytes: &[u8]) -> bool {
    path.ends_with(".rdb") || (bytes.starts_with(b"REDIS") && !path.ends_with(".aof"))
}

/// Whether a file begins as a snapshot does; the tool asks that only of those that have room for a head.
fn has_snapshot(bytes: &[u8]) -> bool {
    bytes.len() >= 8 && bytes.starts_with(b"REDIS")
}

/// A file on its way through the tool.
struct File<'a> {
    path: &'a str,
    /// What stands for it in the messages.
    shown: &'a str,
    /// The same where the tool says it by its path.
    placed: String,
    /// `BASE ` or `INCR ` in a directory.
    kind: &'a str,
    /// Only the last one may be changed.
    last: bool,
}

impl Tool<'_, '_> {
    fn say(&mut self, text: &str) {
        self.verdict.text.extend_from_slice(text.as_bytes());
        self.verdict.text.push(b'\n');
    }

    fn fail(&mut self, text: &str) -> Ended {
        self.say(text);
        Err(())
    }

    fn run(&mut self, path: &str) -> Ended {
        let bytes = match (self.read)(path) {
            Ok(bytes) => bytes,
            Err(why) => return self.fail(&format!("Cannot open file {path}: {why}")),
        };
        if bytes.starts_with(b"file ") {
            return self.manifest(path, &bytes);
        }
        self.say("Start checking Old-Style AOF");
        self.file(&File {
            path,
            shown: path,
            placed: path.to_string(),
            kind: "",
            last: true,
        })
    }

    fn manifest(&mut self, path: &str, bytes: &[u8]) -> Ended {
        self.say("Start checking Multi Part AOF");
        let manifest = match Manifest::parse(bytes) {
            Ok(manifest) => manifest,
            Err(error) => {
                self.say("\n*** FATAL AOF MANIFEST FILE ERROR ***");
                if let Some((number, line)) = &error.line {
                    let line = String::from_utf8_lossy(line);
                    self.say(&format!(
                        "Reading the manifest file, at line {number}\n>>> '{line}'"
                    ));
                }
                return self.fail(error.text);
            }
        };
        let dir = path.rfind('/').map_or("", |end| &path[..=end]);
        let bases = usize::from(manifest.base.is_some());
        let files: Vec<_> = manifest.files().collect();
        for (number, entry) in files.iter().enumerate() {
            let name = String::from_utf8_lossy(&entry.name).into_owned();
            let file = [dir, &name].concat();
            if number < bases {
                let rdb = (self.read)(&file).is_ok_and(|bytes| has_snapshot(&bytes));
                let format = if rdb { "RDB" } else { "RESP" };
                self.say(&format!("Start to check BASE AOF ({format} format)."));
            } else if number == bases {
                self.say("Start to check INCR files.");
            }
            let kind = if number < bases { "BASE " } else { "INCR " };
            let folder = if dir.is_empty() { "./" } else { "" };
            self.file(&File {
                path: &file,
                shown: &name,
                placed: [folder, &file].concat(),
                kind,
                last: number + 1 == files.len(),
            })?;
        }
        const VALID: &str = "All AOF files and manifest are valid";
        match &mut self.verdict.cut {
            Some(cut) => cut.done.extend([VALID, "\n"]),
            None => self.say(VALID),
        }
        Ok(())
    }

    fn file(&mut self, file: &File<'_>) -> Ended {
        let File {
            path, shown, kind, ..
        } = file;
        let bytes = match (self.read)(path) {
            Ok(bytes) => bytes,
            Err(why) => {
                let placed = &file.placed;
                return self.fail(&format!("Cannot open file {placed}: {why}, aborting..."));
            }
        };
        let mut start = 0;
        if has_snapshot(&bytes) {
            let report = rdb::check::check(path, &bytes, self.limits, self.now_ms);
            self.verdict.text.extend_from_slice(report.text.as_bytes());
            if !report.is_sound {
                return self.fail("RDB preamble of AOF file is not sane, aborting.");
            }
            self.say("RDB preamble is OK, proceeding with AOF tail...");
            start = report.end;
        }
        let mut found = check(&bytes[start..], shown);
        found.line += self.lines;
        self.lines = found.line - 1;
        if let Repair::Timestamp(second) = self.repair {
            match cut_at_timestamp(&bytes[start..], second) {
                Rewind::Damaged => {}
                Rewind::NoMoment => return self.fail("Invalid timestamp annotation"),
                Rewind::At(at) => return self.rewind(file, at + start, second),
                Rewind::Nothing => {
                    self.say(&format!(
                        "Truncate nothing in AOF {shown} to timestamp {second}\n{kind}AOF {shown} is valid"
                    ));
                    return Ok(());
                }
            }
        }
        found.ok_up_to += start;
        if let Some(Problem::At(at, _)) = &mut found.problem {
            *at += start;
        }
        let mut report = found.report(shown, bytes.len());
        if found.is_valid() {
            // In a directory the verdict says what the file is for.
            let plain = format!("AOF {shown} is valid\n");
            let whole = String::from_utf8_lossy(&report).replace(&plain, &format!("{kind}{plain}"));
            self.verdict.text.extend_from_slice(whole.as_bytes());
            return Ok(());
        }
        if self.repair == Repair::Fix {
            // The tool asks in place of its advice.
            let advice =
                format!("AOF {shown} is not valid. Use the --fix option to try fixing it.\n");
            report.truncate(report.len().saturating_sub(advice.len()));
        }
        self.verdict.text.extend_from_slice(&report);
        if self.repair != Repair::Fix {
            return Err(());
        }
        self.fix(path, shown, bytes.len(), found.ok_up_to, file.last)
    }

    fn fix(&mut self, path: &str, shown: &str, size: usize, ok: usize, last: bool) -> Ended {
        if !last {
            return self.fail(&format!(
                "Failed to truncate AOF {shown} because it is not the last file"
            ));
        }
        let diff = size - ok;
        self.say(&format!(
            "This will shrink the AOF {shown} from {size} bytes, with {diff} bytes, to {ok} bytes"
        ));
        let done = format!("Successfully truncated AOF {shown}\n");
        self.cut(path, shown, ok, true, done)
    }

    fn rewind(&mut self, file: &File<'_>, at: usize, second: i64) -> Ended {
        let (path, placed) = (file.path, &file.placed);
        if at == 0 {
            return self.fail(&format!(
                "AOF {placed} has nothing before timestamp {second}, aborting..."
            ));
        }
        if !file.last {
            return self.fail(&format!(
                "Failed to truncate AOF {placed} to timestamp {second} to offset {at} because it is not the last file."
            ));
        }
        let done = format!(
            "Successfully truncated AOF {} to timestamp {second}\n",
            file.shown
        );
        self.cut(path, file.shown, at, false, done)
    }

    fn cut(&mut self, path: &str, shown: &str, len: usize, asks: bool, done: String) -> Ended {
        self.verdict.cut = Some(Cut {
            path: path.to_string(),
            len,
            asks,
            done,
            failed: format!("Failed to truncate AOF {shown}\n"),
        });
        Ok(())
    }
}
