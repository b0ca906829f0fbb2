//! Where names lead and files end, on either side: for whoever keeps account of what a power cut would leave.
use super::Disk;
use super::file::File;

/// As programs see it, or as a power cut leaves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Cache,
    Platter,
}

impl Disk {
    /// A number that is another one whenever names have changed, on either side.
    pub fn renamed(&self) -> u64 {
        self.renamed
    }

    /// The number of the file that a name leads to.
    pub fn number_on(&self, side: Side, path: &str) -> Option<u64> {
        let names = match side {
            Side::Cache => &self.names,
            Side::Platter => &self.kept_names,
        };
        names.get(path).copied()
    }

    /// The bytes of a file by its number. On the platter: the beginning that it shares with the cache.
    pub fn bytes_on(&self, side: Side, number: u64) -> Option<&[u8]> {
        let file = self.files.get(&number)?;
        Some(match side {
            Side::Cache => file.bytes(),
            Side::Platter => &file.bytes()[..file.synced()],
        })
    }

    /// Whether there is a file with this number still.
    pub fn has(&self, number: u64) -> bool {
        self.files.contains_key(&number)
    }

    /// How far the cache of a file and the platter are one.
    pub fn synced(&self, number: u64) -> usize {
        self.files.get(&number).map_or(0, File::synced)
    }
}
