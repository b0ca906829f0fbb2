//! Where a server listens: by the name that it was given with, and by its address.
use super::Sentinel;

/// See the head of this file. The two texts are the same where there is no name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub host: String,
    pub ip: String,
    pub port: u16,
}

impl Address {
    /// Whether it is the same place, by whatever name.
    pub fn is(&self, other: &Address) -> bool {
        self.port == other.port && self.ip == other.ip
    }
}

/// Finds addresses by names: the host's part.
pub trait Resolve {
    /// The address that a name stands for; `None` if it stands for none.
    fn resolve(&self, name: &str) -> Option<String>;

    /// The same once more.
    fn copied(&self) -> Box<dyn Resolve>;
}

impl Clone for Box<dyn Resolve> {
    fn clone(&self) -> Self {
        self.copied()
    }
}

/// Names with their addresses, as a file of hosts has them.
#[derive(Clone, Debug, Default)]
pub struct Names(pub Vec<(String, String)>);

impl Resolve for Names {
    fn resolve(&self, name: &str) -> Option<String> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, ip)| ip.clone())
    }

    fn copied(&self) -> Box<dyn Resolve> {
        Box::new(self.clone())
    }
}

/// Whether a text is an address and no name.
fn is_address(text: &str) -> bool {
    text.parse::<std::net::IpAddr>().is_ok()
}

impl Sentinel {
    /// The address of a host; `None` if it is a name that stands for none, or may not be asked for.
    pub(super) fn resolve(&self, host: &str) -> Option<String> {
        if is_address(host) {
            return Some(host.into());
        }
        let names = self
            .names
            .as_ref()
            .filter(|_| self.settings.resolve_hostnames);
        names?.resolve(host)
    }

    /// An address by what somebody says it is; `None` where it cannot be found.
    pub fn address(&self, host: &str, port: u16) -> Option<Address> {
        let ip = self.resolve(host)?;
        let host = host.into();
        Some(Address { host, ip, port })
    }

    /// The same for what was known once: a name that cannot be found now is kept as it is.
    pub(super) fn known_address(&self, host: &str, port: u16) -> Address {
        self.address(host, port).unwrap_or_else(|| Address {
            host: host.into(),
            ip: host.into(),
            port,
        })
    }

    /// Whether a host and port are this place.
    pub(super) fn is_at(&self, address: &Address, host: &str, port: u16) -> bool {
        address.port == port
            && match self.resolve(host) {
                Some(ip) => ip == address.ip,
                None => address.host.eq_ignore_ascii_case(host),
            }
    }

    /// The host of an address as it is shown to others (`announce-hostnames`).
    pub fn shown<'a>(&self, address: &'a Address) -> &'a str {
        match self.settings.announce_hostnames {
            true => &address.host,
            false => &address.ip,
        }
    }
}
