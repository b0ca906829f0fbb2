//! The server's log: lines for people, which the host prints.
use super::{Config, Effect, Server};

/// How grave a line is; `loglevel` says from where on lines are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    Debug,
    Verbose,
    Notice,
    Warning,
}

impl LogLevel {
    const ALL: [(LogLevel, &[u8]); 4] = [
        (LogLevel::Debug, b"debug"),
        (LogLevel::Verbose, b"verbose"),
        (LogLevel::Notice, b"notice"),
        (LogLevel::Warning, b"warning"),
    ];

    /// What `loglevel` calls it.
    pub fn name(self) -> &'static str {
        match self {
            LogLevel::Debug => "debug",
            LogLevel::Verbose => "verbose",
            LogLevel::Notice => "notice",
            LogLevel::Warning => "warning",
        }
    }

    /// The level that scripts know by this number.
    pub fn numbered(number: u8) -> LogLevel {
        LogLevel::ALL
            .get(usize::from(number))
            .map_or(LogLevel::Warning, |(level, _)| *level)
    }

    /// From which level on `loglevel` lets lines through; `nothing` keeps them all back.
    pub fn least(loglevel: &[u8]) -> Option<LogLevel> {
        let named = LogLevel::ALL.iter().find(|(_, name)| *name == loglevel);
        named.map(|(level, _)| *level)
    }
}

impl Server {
    /// Hands a line to the host, unless `loglevel` keeps it back.
    pub fn log(&mut self, config: &Config, level: LogLevel, line: String) {
        if LogLevel::least(&config.text("loglevel")).is_some_and(|least| level >= least) {
            self.effects.push(Effect::Log(level, line));
        }
    }

    /// Hands on what scripts and functions have logged since the last call (`redis.log`).
    #[cold]
    pub fn log_of_script(&mut self, config: &Config, lines: Vec<(u8, Vec<u8>)>) {
        for (level, text) in lines {
            let text = String::from_utf8_lossy(&text).into_owned();
            self.log(config, LogLevel::numbered(level), text);
        }
    }
}
