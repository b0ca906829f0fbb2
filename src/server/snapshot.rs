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
        let mut reading = self.begin_reading(bytes.to_vec(), false);
        loop {
            self.new_slice();
            if let Some(done) = self.read_slice(&mut reading) {
                return done;
            }
        }
    }
}
