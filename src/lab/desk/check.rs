//! The check tools at the desk.
use super::{BROUGHT, Desk};
use crate::base::time::Millis;
use crate::command::Config;
use crate::persist::tools::{self, QUESTION, Repair};
use crate::server::file_limits;
use crate::sim::disk::Disk;
use std::borrow::Cow;

/// What a tool has said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    pub text: String,
    pub good: bool,
    /// The file that was cut.
    pub cut: Option<String>,
}

impl Desk {
    /// Runs the tool that fits a file, of which the end of its path is enough; questions are answered with yes. O(bytes).
    pub fn check(
        &mut self,
        mut disk: Option<&mut Disk>,
        name: &str,
        repair: Repair,
        config: &Config,
        now_ms: Millis,
    ) -> Checked {
        let limits = file_limits(config);
        let files = self.files(disk.as_deref());
        let path = files.find(name).unwrap_or(name).to_string();
        let read = |path: &str| {
            let bytes = files.read(path).map(Cow::Borrowed);
            bytes.ok_or_else(|| "No such file or directory".to_string())
        };
        let first = files.read(&path).unwrap_or_default();
        let verdict = match tools::is_rdb(&path, first) {
            true => tools::check_rdb(&path, &read, &limits, now_ms),
            false => tools::check_aof(&path, &read, repair, &limits, now_ms),
        };
        let mut text = String::from_utf8_lossy(&verdict.text).into_owned();
        let cut = verdict.cut.map(|cut| {
            if cut.asks {
                text.push_str(QUESTION);
                text.push_str("y\n");
            }
            text.push_str(&cut.done);
            self.cut(disk.take(), &cut.path, cut.len);
            cut.path
        });
        // The learner's file, not the desk's.
        let text = text.replace(BROUGHT, "");
        Checked {
            text,
            good: verdict.good,
            cut,
        }
    }
}
