//! Access control lists: who may run which commands, on which keys and channels.
//!
//! ```text
//!  user ── passwords (digests)
//!       ├─ the root selector:  commands + keys + channels
//!       └─ more selectors:     commands + keys + channels      any one of them that allows a call is enough
//! ```
//!
//! `rules` reads the words of ACL SETUSER and prints them back, `check` judges a call, `log` keeps what was denied. A
//! connection whose user may do everything never comes here: its `guarded` flag is off.
mod check;
mod file;
mod log;
mod rules;
mod selector;

pub use check::{Denied, channels};
pub use file::{AclFile, parse};
pub use log::{Context, Entry, Log};
pub use rules::{hex, merge_selectors};
pub use selector::Selector;

use super::{Client, Config, Registry};
use crate::base::sha256::sha256;

/// The name of the user that every connection begins as.
pub const DEFAULT_USER: &[u8] = b"default";

/// Why a rule was refused, in the real server's words.
pub type Refusal = &'static str;

/// One user.
#[derive(Clone)]
pub struct User {
    pub name: Vec<u8>,
    pub enabled: bool,
    /// Any password will do.
    pub nopass: bool,
    /// Payloads of RESTORE are trusted.
    pub skip_sanitize: bool,
    /// SHA-256 of each password, in the order they were given in.
    pub passwords: Vec<[u8; 32]>,
    /// What the rules outside of parentheses say.
    pub root: Selector,
    pub selectors: Vec<Selector>,
}

impl User {
    /// A user who may do nothing; `open`: whether new selectors allow all channels (`acl-pubsub-default`).
    fn new(name: &[u8], registry: &Registry, open: bool) -> User {
        User {
            name: name.to_vec(),
            enabled: false,
            nopass: false,
            skip_sanitize: false,
            passwords: Vec::new(),
            root: Selector::new(registry, open),
            selectors: Vec::new(),
        }
    }

    /// All selectors, the root first.
    pub fn all_selectors(&self) -> impl Iterator<Item = &Selector> {
        std::iter::once(&self.root).chain(&self.selectors)
    }

    /// Whether the user may listen to a channel or a pattern.
    pub fn hears(&self, channel: &[u8], pattern: bool) -> bool {
        self.all_selectors()
            .any(|s| s.allows_channel(channel, pattern))
    }

    /// Whether nothing is denied to this user.
    pub fn is_unlimited(&self) -> bool {
        self.all_selectors().any(Selector::is_unlimited)
    }

    /// Whether the password opens the door. Takes the same time wherever a digest differs.
    fn accepts(&self, password: &[u8]) -> bool {
        let digest = sha256(password);
        let same = |known: &[u8; 32]| {
            let pairs = known.iter().zip(&digest);
            pairs.fold(0, |differing, (a, b)| differing | (a ^ b)) == 0
        };
        self.enabled && (self.nopass || self.passwords.iter().any(same))
    }
}

/// All users of a node, and what was denied to them.
#[derive(Clone)]
pub struct Acl {
    /// By name.
    users: Vec<User>,
    pub log: Log,
}

impl Acl {
    /// The default user alone, who may do everything; with the password of the configuration, if there is one.
    pub fn new(registry: &Registry, config: &Config) -> Acl {
        let mut user = User::new(DEFAULT_USER, registry, true);
        user.enabled = true;
        user.nopass = true;
        user.root.allow_all();
        let mut acl = Acl {
            users: vec![user],
            log: Log::default(),
        };
        acl.set_default_password(&config.requirepass);
        acl
    }

    fn place(&self, name: &[u8]) -> Result<usize, usize> {
        self.users
            .binary_search_by(|user| user.name.as_slice().cmp(name))
    }

    /// The user with this name. O(log users).
    pub fn user(&self, name: &[u8]) -> Option<&User> {
        self.place(name).ok().map(|at| &self.users[at])
    }

    /// Takes the users of another list; what was denied stays.
    pub fn replace(&mut self, other: Acl) {
        self.users = other.users;
    }

    /// All users, by name.
    pub fn users(&self) -> &[User] {
        &self.users
    }

    /// A copy of the user to change, a fresh one if there is none; [`Acl::put`] makes the changes count.
    pub fn draft(&self, name: &[u8], registry: &Registry, config: &Config) -> User {
        let known = self.user(name).cloned();
        known.unwrap_or_else(|| self.fresh(name, registry, config))
    }

    /// A user who may do nothing yet.
    pub fn fresh(&self, name: &[u8], registry: &Registry, config: &Config) -> User {
        User::new(name, registry, opens_channels(config))
    }

    /// Adds a user, or puts it in the place of the one with its name.
    pub fn put(&mut self, user: User) {
        match self.place(&user.name) {
            Ok(at) => self.users[at] = user,
            Err(at) => self.users.insert(at, user),
        }
    }

    /// Takes a user away; whether there was one.
    pub fn remove(&mut self, name: &[u8]) -> bool {
        self.place(name).map(|at| self.users.remove(at)).is_ok()
    }

    /// What `requirepass` does: the default user has this password and no other, or needs none if it is empty.
    pub fn set_default_password(&mut self, password: &[u8]) {
        if let Ok(at) = self.place(DEFAULT_USER) {
            let user = &mut self.users[at];
            user.nopass = password.is_empty();
            user.passwords.clear();
            if !user.nopass {
                user.passwords.push(sha256(password));
            }
        }
    }

    /// Whether a connection may work as the default user without any password.
    pub fn is_open(&self) -> bool {
        self.default_needs_no_password() && self.user(DEFAULT_USER).is_some_and(|u| u.enabled)
    }

    /// Whether AUTH with one argument makes no sense, and nobody outside must come in (`protected-mode`).
    pub fn default_needs_no_password(&self) -> bool {
        self.user(DEFAULT_USER).is_some_and(|u| u.nopass)
    }

    /// Whether name and password belong together.
    pub fn accepts(&self, name: &[u8], password: &[u8]) -> bool {
        self.user(name).is_some_and(|u| u.accepts(password))
    }

    /// Whether the client must log in before anything else.
    pub fn is_stranger(&self, client: &Client) -> bool {
        !client.authenticated && !self.is_open()
    }

    /// Whether the client's commands have to be judged at all.
    pub fn guards(&self, client: &Client) -> bool {
        let unlimited = || self.user(&client.user).is_some_and(User::is_unlimited);
        !client.obeyed && (self.is_stranger(client) || !unlimited())
    }
}

/// Whether selectors begin with all channels.
fn opens_channels(config: &Config) -> bool {
    config.text("acl-pubsub-default") == b"allchannels"
}
