//! The node's data as an RDB file, and back.
use super::node::Node;
use crate::command::Config;
use crate::commands::generic::value_limits;
use crate::commands::server::snapshot;
use crate::persist::rdb::load::Loaded;
use crate::persist::rdb::save;
use crate::persist::rdb::{Fault, Limits, Why};
use crate::script::library::Policy;

/// What values of a file become under a configuration.
pub fn file_limits(config: &Config) -> Limits {
    value_limits(config, (0, 0), usize::MAX)
}

impl Node {
    /// How a snapshot of this node is written now.
    pub(super) fn save_options(&self) -> save::Options {
        let mut options = snapshot::save_options(&self.ks, &self.config);
        let libraries = self.server.libraries.all();
        options.functions = libraries.map(|library| library.code.clone()).collect();
        self.add_history(&mut options);
        options
    }

    /// The data as it is now. O(bytes).
    pub fn save_rdb(&self) -> Vec<u8> {
        save::save(&self.ks, self.save_options())
    }

    /// Reads a file into a node without data. After a fault the node has what came before it. O(bytes).
    pub fn load_rdb(&mut self, bytes: &[u8]) -> Result<Loaded, Fault> {
        self.load_file(bytes, false)
    }

    /// The same; keys that have expired are left out unless `keep_expired`.
    pub(super) fn load_file(&mut self, bytes: &[u8], keep_expired: bool) -> Result<Loaded, Fault> {
        let room = usize::try_from(self.server.memory_ceiling).unwrap_or(usize::MAX);
        let loaded = snapshot::load(&mut self.ks, &self.config, bytes, room, keep_expired)?;
        let libraries = &mut self.server.libraries;
        let restored = libraries.restore(&loaded.functions, Policy::Append);
        restored.map_err(|why| Fault {
            at: 0,
            why: Why::Text(String::from_utf8_lossy(&why).into_owned().into()),
        })?;
        Ok(loaded)
    }
}
