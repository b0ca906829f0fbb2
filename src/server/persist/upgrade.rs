//! The append-only file of servers before Redis 7.0 was one file. It becomes the base in a directory of its own.
use super::super::node::Node;
use super::job::Job;
use super::orders::Front;
use super::start::{Kind, Next, Start};
use crate::persist::aof::manifest::Manifest;
use crate::persist::disk::{DiskError, Op};

impl Node {
    /// There is no manifest, or one that names nothing but the old file, which is not there: is it where it was?
    pub(super) fn look_for_old(&mut self, mut start: Start) {
        start.open(Kind::Old, self.storage_text("appendfilename"));
        self.storage.start = Some(start);
    }

    /// Whether a manifest is what an upgrade writes first.
    pub(super) fn is_upgrading(&self, manifest: &Manifest) -> bool {
        let name = self.storage_text("appendfilename");
        let base = manifest.base.as_ref();
        manifest.increments.is_empty() && base.is_some_and(|base| base.name == name.as_bytes())
    }

    /// The old file is there: a manifest names it, then it is moved.
    pub(super) fn upgrade(&mut self, mut start: Start) {
        let (name, dir) = (
            self.storage_text("appendfilename"),
            self.storage_text("appenddirname"),
        );
        start.manifest = Manifest::of_old(&name);
        let mut ops = vec![
            Op::MakeDir { dir: dir.clone() },
            Op::SyncDir { dir: String::new() },
        ];
        ops.extend(self.manifest_ops(&start.manifest));
        let to = self.aof_path(&name);
        ops.push(Op::Rename { from: name, to });
        ops.extend([Op::SyncDir { dir: String::new() }, Op::SyncDir { dir }]);
        start.next = Next::Wait;
        self.storage.start = Some(start);
        self.run_front(Job::of(ops), Front::Upgraded);
    }

    pub(super) fn upgraded(&mut self, result: Result<(), DiskError>) {
        let Some(start) = self.storage.start.take() else {
            return;
        };
        let (name, dir) = (
            self.storage_text("appendfilename"),
            self.storage_text("appenddirname"),
        );
        if let Err(error) = result {
            return self.give_up(&[
                "Error trying to move the old AOF file ",
                &name,
                " into dir ",
                &dir,
                ": ",
                error.text(),
            ]);
        }
        self.say(
            false,
            &[
                "Successfully migrated an old-style AOF configuration (",
                &name,
                ") into the AOF directory (",
                &dir,
                ").",
            ],
        );
        self.read_files(start);
    }
}
