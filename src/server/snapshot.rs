//! The node's data as an RDB file, and back.
use super::node::Node;
use crate::commands::server::snapshot;
use crate::persist::rdb::load::Loaded;
use crate::persist::rdb::save;
use crate::persist::rdb::{Fault, Why};
use crate::script::library::Policy;

impl Node {
    /// The data as it is now. O(bytes).
    pub fn save_rdb(&self) -> Vec<u8> {
        let mut options = snapshot::save_options(&self.ks, &self.config);
        let libraries = self.server.libraries.all();
        options.functions = libraries.map(|library| library.code.clone()).collect();
        save::save(&self.ks, options)
    }

    /// Reads a file into a node without data. After a fault the node has what came before it. O(bytes).
    pub fn load_rdb(&mut self, bytes: &[u8]) -> Result<Loaded, Fault> {
        let room = usize::try_from(self.server.memory_ceiling).unwrap_or(usize::MAX);
        let loaded = snapshot::load(&mut self.ks, &self.config, bytes, room)?;
        let libraries = &mut self.server.libraries;
        let restored = libraries.restore(&loaded.functions, Policy::Append);
        restored.map_err(|why| Fault {
            at: 0,
            why: Why::Text(String::from_utf8_lossy(&why).into_owned().into()),
        })?;
        Ok(loaded)
    }
}
