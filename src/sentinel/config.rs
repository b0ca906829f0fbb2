//! `sentinel.conf`: the lines that begin with `sentinel`, read and written. The file is the Sentinel's memory: whom it watches,
//! whom it has met, and what it has promised.
use super::instance::{Group, Kind, Part};
use super::{Place, Sentinel};
use crate::base::quote;
use crate::resp::parse::split_args;

/// Why a line was refused, in the real server's words, with the number of the line and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub line: usize,
    pub text: String,
    pub why: &'static str,
}

const UNKNOWN: &str = "Unrecognized sentinel configuration statement.";
const UNRESOLVED: &str = "Can't resolve instance hostname.";
const NO_SUCH: &str = "No such master with specified name.";

/// When an option is read: those of the Sentinel, then the groups, then what belongs to them; whatever order the file has.
fn turn(option: &str) -> u8 {
    match option {
        "monitor" => 1,
        "myid"
        | "current-epoch"
        | "announce-ip"
        | "announce-port"
        | "deny-scripts-reconfig"
        | "sentinel-user"
        | "sentinel-pass"
        | "resolve-hostnames"
        | "announce-hostnames" => 0,
        _ => 2,
    }
}

/// The number that a text begins with; 0 if with none, as the C library reads it.
fn leading_number(text: &str) -> i64 {
    let text = text.trim_start();
    let sign = usize::from(text.starts_with(['-', '+']));
    let digits = text[sign..].bytes().take_while(u8::is_ascii_digit).count();
    text[..sign + digits].parse().unwrap_or(0)
}

fn epoch(text: &str) -> u64 {
    u64::try_from(leading_number(text)).unwrap_or(0)
}

/// The words of a line that is the Sentinel's; without the first.
fn sentinel_words(line: &[u8]) -> Option<Vec<String>> {
    let line = line.trim_ascii();
    if line.first() == Some(&b'#') {
        return None;
    }
    let words = split_args(line)?;
    let (first, rest) = words.split_first()?;
    let text = |word: &Vec<u8>| String::from_utf8_lossy(word).into_owned();
    first
        .eq_ignore_ascii_case(b"sentinel")
        .then(|| rest.iter().map(text).collect())
}

impl Sentinel {
    /// Reads the Sentinel's lines of a configuration file; the rest is its host's. O(lines * groups).
    pub fn load(&mut self, text: &[u8]) -> Result<(), Refused> {
        self.text = text.to_vec();
        for now in 0..3 {
            for (at, line) in text.split(|b| *b == b'\n').enumerate() {
                let Some(mut words) = sentinel_words(line) else {
                    continue;
                };
                let Some(option) = words.first_mut() else {
                    continue;
                };
                option.make_ascii_lowercase();
                if turn(option) == now {
                    let words: Vec<&str> = words.iter().map(String::as_str).collect();
                    self.directive(&words)
                        .map_err(|why| refused(at, line, why))?;
                }
            }
        }
        Ok(())
    }

    fn directive(&mut self, words: &[&str]) -> Result<(), &'static str> {
        match *words {
            ["monitor", name, host, port, quorum] => self.monitor_line(name, host, port, quorum),
            ["myid", id] if id.len() == 40 => {
                self.id = id.into();
                Ok(())
            }
            ["myid", _] => Err("Malformed Sentinel id in myid option."),
            ["current-epoch", n] => {
                self.current_epoch = self.current_epoch.max(epoch(n));
                Ok(())
            }
            [option, value] if turn(option) == 0 => self.global_line(option, value),
            [option, name, ref rest @ ..] if turn(option) == 2 => {
                self.group_line(option, name, rest)
            }
            _ => Err(UNKNOWN),
        }
    }

    fn monitor_line(
        &mut self,
        name: &str,
        host: &str,
        port: &str,
        quorum: &str,
    ) -> Result<(), &'static str> {
        let quorum = u32::try_from(leading_number(quorum)).unwrap_or(0);
        if quorum == 0 {
            return Err("Quorum must be 1 or greater.");
        }
        let port = u16::try_from(leading_number(port)).map_err(|_| "Invalid port number.")?;
        if self.group_named(name).is_some() {
            return Err("Duplicate master name.");
        }
        let addr = self.address(host, port).ok_or(UNRESOLVED)?;
        let group = self.new_group(name, addr, quorum);
        self.groups.push(group);
        Ok(())
    }

    fn global_line(&mut self, option: &str, value: &str) -> Result<(), &'static str> {
        if option == "announce-port" {
            self.settings.announce_port = u16::try_from(leading_number(value)).unwrap_or(0);
            return Ok(());
        }
        let refusal = match option {
            "deny-scripts-reconfig" => {
                "Please specify yes or no for the deny-scripts-reconfig options."
            }
            "resolve-hostnames" => "Please specify yes or no for the resolve-hostnames option.",
            "announce-hostnames" => "Please specify yes or no for the announce-hostnames option.",
            _ => UNKNOWN,
        };
        self.settings.set(option, value).ok_or(refusal)
    }

    /// A line about one group.
    fn group_line(&mut self, option: &str, name: &str, rest: &[&str]) -> Result<(), &'static str> {
        let known = [
            ("down-after-milliseconds", 1),
            ("failover-timeout", 1),
            ("parallel-syncs", 1),
            ("notification-script", 1),
            ("client-reconfig-script", 1),
            ("auth-pass", 1),
            ("auth-user", 1),
            ("master-reboot-down-after-period", 1),
            ("primary-reboot-down-after-period", 1),
            ("config-epoch", 1),
            ("leader-epoch", 1),
            ("rename-command", 2),
            ("known-replica", 2),
            ("known-slave", 2),
            ("known-sentinel", 3),
            ("known-sentinel", 2),
        ];
        if !known.contains(&(option, rest.len())) {
            return Err(UNKNOWN);
        }
        let at = self.group_named(name).ok_or(NO_SUCH)?;
        if option.starts_with("known-") {
            return self.known_line(at, option, rest);
        }
        let value = rest[0];
        let number = leading_number(value).min(super::settings::MS_MOST);
        let current = self.current_epoch;
        let group = &mut self.groups[at];
        let options = &mut group.options;
        match option {
            "down-after-milliseconds" | "failover-timeout" if number <= 0 => {
                return Err("negative or zero time parameter.");
            }
            "down-after-milliseconds" => options.down_after_ms = number,
            "failover-timeout" => options.failover_timeout_ms = number,
            "parallel-syncs" => options.parallel_syncs = number,
            "notification-script" => options.notification_script = value.into(),
            "client-reconfig-script" => options.reconfig_script = value.into(),
            "auth-pass" => options.auth_pass = value.into(),
            "auth-user" => options.auth_user = value.into(),
            "config-epoch" => {
                group.config_epoch = epoch(value);
                self.current_epoch = current.max(epoch(value));
            }
            "leader-epoch" => group.leader_epoch = epoch(value),
            "rename-command" => {
                let renames = &mut options.renames;
                if renames
                    .iter()
                    .any(|(old, _)| old.eq_ignore_ascii_case(value))
                {
                    return Err("Same command renamed multiple times with rename-command.");
                }
                renames.push((value.into(), rest[1].into()));
            }
            _ if number < 0 => return Err("negative time parameter."),
            _ => options.reboot_down_after_ms = number,
        }
        Ok(())
    }

    /// A replica or Sentinel that was met before.
    fn known_line(
        &mut self,
        group: usize,
        option: &str,
        rest: &[&str],
    ) -> Result<(), &'static str> {
        let port = u16::try_from(leading_number(rest[1])).map_err(|_| "Invalid port number.")?;
        // A name that nobody knows now may be known later; but where names are not looked up, it is none.
        if !self.settings.resolve_hostnames && self.address(rest[0], port).is_none() {
            return Err(UNRESOLVED);
        }
        let addr = self.known_address(rest[0], port);
        if option != "known-sentinel" {
            return match self.add_replica(group, addr) {
                true => Ok(()),
                false => Err("Duplicate hostname and port for replica."),
            };
        }
        let Some(run_id) = rest.get(2) else {
            return Ok(()); // very old files do not say who it was: it will be met again
        };
        if self.groups[group]
            .sentinels
            .iter()
            .any(|s| s.run_id == *run_id)
        {
            return Err("Duplicate runid for sentinel.");
        }
        self.add_sentinel(group, run_id, addr);
        Ok(())
    }

    /// The file's text as it was last read or written.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Brings the Sentinel's lines of a file's text up to date: each stays where it was, what is no longer so goes, what is new
    /// comes at the end. O(lines²), which are few.
    pub fn rewrite(&mut self, old: &[u8]) -> Vec<u8> {
        let mut wanted = self.wanted();
        let mut lines: Vec<Vec<u8>> = Vec::new();
        for line in old.split(|b| *b == b'\n') {
            if line.starts_with(b"save ") {
                continue; // a Sentinel has no data
            }
            let Some(words) = sentinel_words(line) else {
                lines.push(line.to_vec());
                continue;
            };
            let key = key(&words);
            if let Some(at) = wanted.iter().position(|line| line.0 == key) {
                lines.push(wanted.remove(at).1);
            }
        }
        while lines.last().is_some_and(Vec::is_empty) {
            lines.pop();
        }
        lines.extend(wanted.into_iter().map(|line| line.1));
        lines.push(Vec::new());
        self.text = lines.join(&b'\n');
        self.text.clone()
    }

    /// The lines that the file should have, each with what it is about.
    fn wanted(&self) -> Vec<(String, Vec<u8>)> {
        let mut lines = Lines::default();
        let (s, defaults) = (&self.settings, super::Settings::default());
        lines.add(&["myid", &self.id]);
        let flags = [
            (
                "deny-scripts-reconfig",
                s.deny_scripts,
                defaults.deny_scripts,
            ),
            (
                "resolve-hostnames",
                s.resolve_hostnames,
                defaults.resolve_hostnames,
            ),
            (
                "announce-hostnames",
                s.announce_hostnames,
                defaults.announce_hostnames,
            ),
        ];
        for (name, on, _) in flags.into_iter().filter(|(_, on, default)| on != default) {
            lines.add(&[name, if on { "yes" } else { "no" }]);
        }
        for group in 0..self.groups.len() {
            self.group_lines(group, &mut lines);
        }
        lines.add(&["current-epoch", &self.current_epoch.to_string()]);
        lines.add_set(&["announce-ip"], &s.announce_ip);
        if s.announce_port != 0 {
            lines.add(&["announce-port", &s.announce_port.to_string()]);
        }
        lines.add_set(&["sentinel-user"], &s.user);
        lines.add_set(&["sentinel-pass"], &s.pass);
        lines.0
    }

    fn group_lines(&self, at: usize, lines: &mut Lines) {
        let group = &self.groups[at];
        let name = group.name.as_str();
        let options = &group.options;
        let current = self.current_address(at);
        let place = |host: &str, port: u16| (host.to_string(), port.to_string());
        let (host, port) = place(self.shown(&current), current.port);
        lines.add(&["monitor", name, &host, &port, &options.quorum.to_string()]);
        let numbers = [
            ("down-after-milliseconds", options.down_after_ms, 30_000),
            ("failover-timeout", options.failover_timeout_ms, 180_000),
            ("parallel-syncs", options.parallel_syncs, 1),
            (
                "master-reboot-down-after-period",
                options.reboot_down_after_ms,
                0,
            ),
        ];
        for (option, value, _) in numbers
            .into_iter()
            .filter(|(_, value, default)| value != default)
        {
            lines.add(&[option, name, &value.to_string()]);
        }
        lines.add_set(&["notification-script", name], &options.notification_script);
        lines.add_set(&["client-reconfig-script", name], &options.reconfig_script);
        lines.add_set(&["auth-pass", name], &options.auth_pass);
        lines.add_set(&["auth-user", name], &options.auth_user);
        for (old, new) in &options.renames {
            lines.add(&["rename-command", name, old, new]);
        }
        lines.add(&["config-epoch", name, &group.config_epoch.to_string()]);
        lines.add(&["leader-epoch", name, &group.leader_epoch.to_string()]);
        self.known_lines(at, group, lines);
    }

    /// Whom the group has been met with. While a promoted replica stands for the primary, the primary stands for it.
    fn known_lines(&self, at: usize, group: &Group, lines: &mut Lines) {
        let current = self.current_address(at);
        for part in group.parts() {
            let instance = self.at(Place { group: at, part });
            let addr = match part {
                Part::Primary => continue,
                Part::Replica(_) if instance.addr.is(&current) => &group.primary.addr,
                _ => &instance.addr,
            };
            let (host, port) = (self.shown(addr), addr.port.to_string());
            match instance.kind {
                Kind::Sentinel => {
                    lines.add(&["known-sentinel", &group.name, host, &port, &instance.run_id]);
                }
                _ => lines.add(&["known-replica", &group.name, host, &port]),
            }
        }
    }
}

fn refused(at: usize, line: &[u8], why: &'static str) -> Refused {
    Refused {
        line: at + 1,
        text: String::from_utf8_lossy(line.trim_ascii()).into_owned(),
        why,
    }
}

/// What a line is about: two lines with the same are the same setting.
fn key<S: AsRef<str>>(words: &[S]) -> String {
    let option = words.first().map_or("", AsRef::as_ref).to_ascii_lowercase();
    let option = match option.as_str() {
        "known-slave" => "known-replica",
        "primary-reboot-down-after-period" => "master-reboot-down-after-period",
        option => option,
    };
    let name = words.get(1).filter(|_| turn(option) != 0);
    [option, " ", name.map_or("", AsRef::as_ref)].concat()
}

/// Lines with what they are about.
#[derive(Default)]
struct Lines(Vec<(String, Vec<u8>)>);

impl Lines {
    fn add(&mut self, words: &[&str]) {
        let mut line = b"sentinel".to_vec();
        for word in words {
            line.push(b' ');
            let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '\\' | '#');
            match !word.is_empty() && word.chars().all(plain) {
                true => line.extend_from_slice(word.as_bytes()),
                false => quote::quoted(&mut line, word.as_bytes()),
            }
        }
        self.0.push((key(words), line));
    }

    /// A line whose last word is a value; none for one that is empty.
    fn add_set(&mut self, words: &[&str], value: &str) {
        if !value.is_empty() {
            self.add(&[words, &[value]].concat());
        }
    }
}
