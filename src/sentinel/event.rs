//! What a Sentinel wants of its host, and what it tells: events, each published under its name and logged.
use super::{Place, Sentinel};
use crate::base::quote;

/// A connection's number, counted up from 1.
pub type Wire = u64;

/// How grave an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Debug,
    Verbose,
    Notice,
    Warning,
}

/// Something that the host must do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Out {
    /// A connection is wanted: [`Sentinel::stands`] or [`Sentinel::lost`] tell what became of it.
    Dial {
        wire: Wire,
        host: String,
        port: u16,
    },
    /// The connection is to be closed; nothing more is heard of it.
    Hang(Wire),
    Send(Wire, Vec<u8>),
    /// To be published on the channel of this name, and logged.
    Event {
        level: Level,
        name: &'static str,
        text: String,
    },
    /// A line for the log alone.
    Log(Level, String),
    /// The process ends (SENTINEL SIMULATE-FAILURE).
    Exit,
}

impl Sentinel {
    pub(super) fn log(&mut self, level: Level, line: String) {
        self.out.push(Out::Log(level, line));
    }

    /// Tells of a server: what it is, where, and of which group; then `more`.
    pub(super) fn event(&mut self, level: Level, name: &'static str, of: Place, more: &str) {
        let group = &self.groups[of.group];
        let instance = group.part(of.part);
        let shown = |instance: &super::Instance| {
            let host = self.shown(&instance.addr);
            [
                &instance.name,
                " ",
                host,
                " ",
                &instance.addr.port.to_string(),
            ]
            .concat()
        };
        let mut text = [instance.kind.word(), " ", &shown(instance)].concat();
        if of != Place::primary(of.group) {
            text = [&text, " @ ", &shown(&group.primary)].concat();
        }
        if !more.is_empty() {
            text = [&text, " ", more].concat();
        }
        self.say(level, name, text, Some(of.group));
    }

    /// Tells something that needs no server's name; grave things go to the group's notification script, too.
    pub(super) fn say(
        &mut self,
        level: Level,
        name: &'static str,
        text: String,
        group: Option<usize>,
    ) {
        if level == Level::Warning
            && let Some(group) = group
            && let script = &self.groups[group].options.notification_script
            && !script.is_empty()
        {
            let words = [script.as_str(), name, &text].map(String::from);
            self.tell_script("notification-script", &words);
        }
        self.out.push(Out::Event { level, name, text });
    }

    /// What a script would be run for. None ever is: a simulated machine has no programs, and a server that is a model
    /// should not start any.
    pub(super) fn tell_script(&mut self, which: &str, words: &[String]) {
        let mut line = [which, " is not run, but would be: "].concat().into_bytes();
        for (at, word) in words.iter().enumerate() {
            if at > 0 {
                line.push(b' ');
            }
            match word.contains(' ') {
                true => quote::quoted(&mut line, word.as_bytes()),
                false => line.extend_from_slice(word.as_bytes()),
            }
        }
        let line = String::from_utf8_lossy(&line).into_owned();
        self.log(Level::Notice, line);
    }
}
