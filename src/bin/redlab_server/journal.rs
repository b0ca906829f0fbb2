//! The server's log: lines as a real server writes them, to standard output or to a file.
use redlab::base::time::{MONTHS, date};
use redlab::command::LogLevel;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};

/// The character that says how grave a line is.
fn mark(level: LogLevel) -> char {
    match level {
        LogLevel::Debug => '.',
        LogLevel::Verbose => '-',
        LogLevel::Notice => '*',
        LogLevel::Warning => '#',
    }
}

/// Where lines go.
pub struct Journal {
    file: Option<File>,
    least: Option<LogLevel>,
    role: char,
}

impl Journal {
    /// An empty path means standard output. `role` stands beside the number of the process: `M` for a server of data, `X` for
    /// a Sentinel.
    pub fn open(path: &str, loglevel: &str, role: char) -> io::Result<Journal> {
        let file = if path.is_empty() {
            None
        } else {
            Some(OpenOptions::new().create(true).append(true).open(path)?)
        };
        Ok(Journal {
            file,
            least: LogLevel::least(loglevel.as_bytes()),
            role,
        })
    }

    /// Writes one line, if `loglevel` lets it through.
    fn line(&mut self, level: LogLevel, text: &str) {
        if self.least.is_some_and(|least| level >= least) {
            self.write(level, text);
        }
    }

    /// Writes one line. A log that cannot be written must not end the server.
    pub fn write(&mut self, level: LogLevel, text: &str) {
        let line = format!(
            "{}:{} {} {} {text}\n",
            std::process::id(),
            self.role,
            stamp(now_us()),
            mark(level)
        );
        let _ = match &mut self.file {
            Some(file) => file.write_all(line.as_bytes()),
            None => io::stdout().lock().write_all(line.as_bytes()),
        };
    }

    /// A line that is always worth reading.
    pub fn notice(&mut self, text: &str) {
        self.line(LogLevel::Notice, text);
    }

    /// A line that somebody should act upon.
    pub fn warning(&mut self, text: &str) {
        self.line(LogLevel::Warning, text);
    }
}

/// The wall clock in µs since 1970.
pub fn now_us() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| d.as_micros() as i64)
}

/// `21 Nov 2026 03:21:19.366`, in UTC.
fn stamp(us: i64) -> String {
    let ms = us / 1000;
    let (days, in_day) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000));
    let (year, month, day) = date(days);
    format!(
        "{day:02} {} {year} {:02}:{:02}:{:02}.{:03}",
        MONTHS[month - 1],
        in_day / 3_600_000,
        in_day / 60_000 % 60,
        in_day / 1000 % 60,
        in_day % 1000
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps() {
        assert_eq!(stamp(0), "01 Jan 1970 00:00:00.000");
        assert_eq!(stamp(951_782_400_123_456), "29 Feb 2000 00:00:00.123");
        assert_eq!(stamp(1_795_231_279_366_000), "21 Nov 2026 03:21:19.366");
    }
}
