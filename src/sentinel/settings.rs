//! What can be set: for a group (SENTINEL SET), for this Sentinel (SENTINEL CONFIG), and the periods that it goes by (SENTINEL
//! DEBUG).
use super::instance::Options;
use super::{Level, Place, Sentinel};
use crate::base::num;
use crate::base::time::Millis;

/// What concerns this Sentinel and no group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub resolve_hostnames: bool,
    pub announce_hostnames: bool,
    /// Empty and 0: as connections have it.
    pub announce_ip: String,
    pub announce_port: u16,
    /// What it logs in with at other Sentinels.
    pub user: String,
    pub pass: String,
    /// SENTINEL SET may not name scripts.
    pub deny_scripts: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            resolve_hostnames: false,
            announce_hostnames: false,
            announce_ip: String::new(),
            announce_port: 0,
            user: String::new(),
            pass: String::new(),
            deny_scripts: true,
        }
    }
}

/// The parameters of SENTINEL CONFIG that are kept here, in the order of its answer.
pub const CONFIG_NAMES: [&str; 6] = [
    "resolve-hostnames",
    "announce-hostnames",
    "announce-ip",
    "announce-port",
    "sentinel-user",
    "sentinel-pass",
];

fn yes_or_no(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

impl Settings {
    /// The value of a parameter as SENTINEL CONFIG GET shows it.
    pub fn text(&self, name: &str) -> String {
        let flag = |on: bool| if on { "yes" } else { "no" };
        match name {
            "resolve-hostnames" => flag(self.resolve_hostnames).into(),
            "announce-hostnames" => flag(self.announce_hostnames).into(),
            "announce-ip" => self.announce_ip.clone(),
            "announce-port" => self.announce_port.to_string(),
            "sentinel-user" => self.user.clone(),
            "sentinel-pass" => self.pass.clone(),
            _ => String::new(),
        }
    }

    /// Sets a parameter; `None` if it cannot have this value.
    pub fn set(&mut self, name: &str, value: &str) -> Option<()> {
        match name {
            "resolve-hostnames" => self.resolve_hostnames = yes_or_no(value)?,
            "announce-hostnames" => self.announce_hostnames = yes_or_no(value)?,
            "announce-ip" => self.announce_ip = value.into(),
            "announce-port" => self.announce_port = value.parse().ok()?,
            "sentinel-user" => self.user = value.into(),
            "sentinel-pass" => self.pass = value.into(),
            "deny-scripts-reconfig" => self.deny_scripts = yes_or_no(value)?,
            _ => return None,
        }
        Some(())
    }
}

macro_rules! periods {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $ms:literal;)*) => {
        /// The periods and timeouts that a Sentinel goes by, ms.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Periods {
            $($(#[$doc])* pub $name: Millis,)*
        }

        impl Default for Periods {
            fn default() -> Periods {
                Periods { $($name: $ms,)* }
            }
        }

        impl Periods {
            /// Names and values, in the order of SENTINEL DEBUG.
            pub fn all(&self) -> Vec<(&'static str, Millis)> {
                vec![$(($word, self.$name)),*]
            }

            /// Changes the period of this name, in any case; `None` if there is none.
            pub fn set(&mut self, name: &str, ms: Millis) -> Option<()> {
                $(if name.eq_ignore_ascii_case($word) {
                    self.$name = ms.min(MS_MOST);
                    return Some(());
                })*
                None
            }
        }
    };
}

periods! {
    info = "INFO-PERIOD", 10_000;
    ping = "PING-PERIOD", 1000;
    /// Between two questions whether a primary is down.
    ask = "ASK-PERIOD", 1000;
    /// Between two hellos.
    publish = "PUBLISH-PERIOD", 2000;
    default_down_after = "DEFAULT-DOWN-AFTER", 30_000;
    default_failover_timeout = "DEFAULT-FAILOVER-TIMEOUT", 180_000;
    /// More time than this between two ticks is a jump.
    tilt_trigger = "TILT-TRIGGER", 2000;
    tilt_period = "TILT-PERIOD", 30_000;
    /// How long a replica may take to follow.
    reconf = "SLAVE-RECONF-TIMEOUT", 10_000;
    /// No connection is replaced before it has had so much time.
    reconnect = "MIN-LINK-RECONNECT-PERIOD", 15_000;
    election = "ELECTION-TIMEOUT", 10_000;
    script_most = "SCRIPT-MAX-RUNTIME", 60_000;
    script_retry = "SCRIPT-RETRY-DELAY", 30_000;
}

/// Why SENTINEL SET refused a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetError {
    /// This value does not go with the option before it.
    BadValue(String),
    Unknown,
    ScriptsDenied,
}

/// The longest time that can be set, ms (36,000 years): sums of some of them never overflow.
pub(super) const MS_MOST: Millis = 1 << 50;

/// A whole number above zero.
fn positive(value: &str) -> Result<i64, SetError> {
    let n = num::parse_i64(value.as_bytes()).filter(|n| *n > 0);
    let n = n.ok_or_else(|| SetError::BadValue(value.into()))?;
    Ok(n.min(MS_MOST))
}

impl Sentinel {
    /// SENTINEL SET of one option, whose value or values are the first of `values`; how many of them it took. What is set has
    /// to be saved at the end, also if a later option is refused.
    pub fn set(&mut self, group: usize, option: &str, values: &[&str]) -> Result<usize, SetError> {
        let name = option.to_ascii_lowercase();
        if name == "rename-command" && values.len() > 1 {
            return self.set_rename(group, option, values[0], values[1]);
        }
        let value = *values.first().ok_or(SetError::Unknown)?;
        let scripts_denied = self.settings.deny_scripts;
        let options = &mut self.groups[group].options;
        let bad = || SetError::BadValue(value.into());
        match name.as_str() {
            "down-after-milliseconds" => options.down_after_ms = positive(value)?,
            "failover-timeout" => options.failover_timeout_ms = positive(value)?,
            "parallel-syncs" => options.parallel_syncs = positive(value)?,
            "quorum" => {
                options.quorum = u32::try_from(positive(value)?).map_err(|_| bad())?;
            }
            "notification-script" | "client-reconfig-script" if scripts_denied => {
                return Err(SetError::ScriptsDenied);
            }
            "notification-script" => options.notification_script = value.into(),
            "client-reconfig-script" => options.reconfig_script = value.into(),
            "auth-pass" => options.auth_pass = value.into(),
            "auth-user" => options.auth_user = value.into(),
            "master-reboot-down-after-period" | "primary-reboot-down-after-period" => {
                let ms = num::parse_i64(value.as_bytes()).filter(|ms| *ms >= 0);
                options.reboot_down_after_ms = ms.ok_or_else(bad)?.min(MS_MOST);
            }
            _ => return Err(SetError::Unknown),
        }
        let shown = if name == "auth-pass" { "******" } else { value };
        self.tell_set(group, &[option, shown].join(" "));
        Ok(1)
    }

    fn set_rename(
        &mut self,
        group: usize,
        option: &str,
        old: &str,
        new: &str,
    ) -> Result<usize, SetError> {
        if let Some(empty) = [old, new].into_iter().find(|word| word.is_empty()) {
            return Err(SetError::BadValue(empty.into()));
        }
        let renames = &mut self.groups[group].options.renames;
        renames.retain(|(known, _)| !known.eq_ignore_ascii_case(old));
        // A command that has its own name again needs no entry.
        if !old.eq_ignore_ascii_case(new) {
            renames.push((old.into(), new.into()));
        }
        self.tell_set(group, &[option, old, new].join(" "));
        Ok(2)
    }

    fn tell_set(&mut self, group: usize, text: &str) {
        self.changed();
        self.event(Level::Warning, "+set", Place::primary(group), text);
    }

    /// The options of a new group, by the periods that SENTINEL DEBUG may have changed.
    pub(super) fn default_options(&self, quorum: u32) -> Options {
        Options {
            down_after_ms: self.periods.default_down_after,
            failover_timeout_ms: self.periods.default_failover_timeout,
            ..Options::with_quorum(quorum)
        }
    }
}
