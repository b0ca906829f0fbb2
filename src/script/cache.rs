//! The scripts that clients have sent, by their digest.
use super::engine::Engine;
use super::shebang::{self, ScriptFlags};
use crate::base::sha1::sha1_hex;
use std::collections::{BTreeMap, VecDeque};

/// The 40 hexadecimal digits that name a script.
pub type Digest = [u8; 40];

/// Scripts of EVAL that are kept; beyond it the one that was used longest ago goes. Those of SCRIPT LOAD all stay.
const KEPT: usize = 500;

/// A script that a client has sent.
#[derive(Clone, Debug)]
pub struct Script {
    pub body: Box<[u8]>,
    pub flags: ScriptFlags,
    /// Where the machine keeps the function.
    pub kept: usize,
    /// Came with SCRIPT LOAD.
    pub loaded: bool,
}

/// All scripts, and the machine that runs them. The machine is made at the first script.
#[derive(Clone, Debug, Default)]
pub struct Scripts {
    /// Bytes that the machine may use.
    limit: usize,
    pub engine: Option<Box<Engine>>,
    cache: BTreeMap<Digest, Script>,
    /// Those that may go, the one that was used longest ago first.
    old: VecDeque<Digest>,
    bytes: usize,
    /// How many had to go.
    pub evicted: u64,
}

/// What a script takes besides its function.
fn script_bytes(body: &[u8]) -> usize {
    body.len() + 112
}

/// The digest of a script.
pub fn digest(body: &[u8]) -> Digest {
    let mut digest = [0; 40];
    digest.copy_from_slice(sha1_hex(body).as_bytes());
    digest
}

impl Scripts {
    /// No scripts yet; together they may use about `limit` bytes.
    pub fn new(limit: usize) -> Scripts {
        Scripts {
            limit,
            ..Scripts::default()
        }
    }

    /// The machine for scripts.
    pub fn engine(&mut self) -> &mut Engine {
        let limit = self.limit;
        self.engine
            .get_or_insert_with(|| Box::new(Engine::for_scripts(limit)))
    }

    /// The script with this digest.
    pub fn get(&self, digest: &Digest) -> Option<&Script> {
        self.cache.get(digest)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.cache.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.cache.is_empty()
    }

    /// Bytes that the scripts take, as a real server would count them.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a script, or finds it: its digest. `loaded`: it stays until SCRIPT FLUSH. O(length).
    ///
    /// # Errors
    /// What is wrong with its text.
    pub fn add(&mut self, body: &[u8], loaded: bool) -> Result<Digest, Vec<u8>> {
        let digest = digest(body);
        if let Some(script) = self.cache.get_mut(&digest) {
            if !script.loaded && (loaded || self.old.back() != Some(&digest)) {
                self.old.retain(|other| *other != digest);
                if loaded {
                    script.loaded = true;
                } else {
                    self.old.push_back(digest);
                }
            }
            return Ok(digest);
        }
        let (flags, skip) = shebang::of_script(body)?;
        let function = self
            .engine()
            .compile(&body[skip..], b"@user_script")
            .map_err(|message| {
                [
                    b"ERR Error compiling script (new function): ",
                    message.as_slice(),
                ]
                .concat()
            })?;
        let kept = self.engine().keep(function);
        if !loaded {
            while self.old.len() >= KEPT {
                self.evict();
            }
            self.old.push_back(digest);
        }
        let script = Script {
            body: body.into(),
            flags,
            kept,
            loaded,
        };
        self.bytes += script_bytes(body);
        self.cache.insert(digest, script);
        Ok(digest)
    }

    fn evict(&mut self) {
        let Some(digest) = self.old.pop_front() else {
            return;
        };
        if let Some(script) = self.cache.remove(&digest) {
            self.bytes -= script_bytes(&script.body);
            self.engine().release(script.kept);
            self.evicted += 1;
        }
    }

    /// Forgets all scripts, and the machine with them.
    pub fn flush(&mut self) {
        let evicted = self.evicted;
        *self = Scripts::new(self.limit);
        self.evicted = evicted;
    }
}
