//! The node's data as an RDB file, and back.
use super::node::Node;
use crate::command::Config;
use crate::commands::generic::value_limits;
use crate::commands::server::snapshot;
use crate::persist::rdb::load::Loaded;
use crate::persist::rdb::save;
use crate::persist::rdb::{Fault, Limits};

/// What values of a file become under a configuration.
pub fn file_limits(config: &Config) -> Limits {
    value_limits(config, (0, 0), usize::MAX)
}

impl Node {
    /// The data as it is now. O(bytes).
    pub fn save_rdb(&self) -> Vec<u8> {
        save::save(&self.ks, snapshot::save_options(&self.ks, &self.config))
    }

    /// Reads a file into a node without data. After a fault the node has what came before it. O(bytes).
    pub fn load_rdb(&mut self, bytes: &[u8]) -> Result<Loaded, Fault> {
        let room = usize::try_from(self.server.memory_ceiling).unwrap_or(usize::MAX);
        snapshot::load(&mut self.ks, &self.config, bytes, room, false)
    }
}
