//! A Sentinel's state on its way to the disk. Everything waits for that, as for the fsync of a real one's only thread: no vote,
//! and nothing else that follows from a new epoch, leaves before it is on the platter.
use super::super::node::Node;
use super::super::persist::{Front, Job};
use crate::command::acl::User;
use crate::command::persistence::Order;
use crate::persist::disk::{DiskError, Op};

impl Node {
    /// Orders that the state is saved, if it has changed.
    pub(super) fn order_save_watch(&mut self) {
        let watch = self.server.watch.as_ref();
        let wants = watch.is_some_and(|watch| watch.sentinel.wants_save());
        if wants && !self.server.persist.stalled {
            self.server.persist.order(Order::SaveWatch);
        }
    }

    /// Writes the file anew beside the old one, and then puts it in its place.
    pub(in crate::server) fn begin_save_watch(&mut self) {
        let mut users = Vec::new();
        if self.server.acl_file.is_none() {
            users.extend(self.server.acl.users().iter().map(User::describe));
        }
        let Some(watch) = &mut self.server.watch else {
            return;
        };
        let text = self.config.rewrite(watch.sentinel.text(), users);
        let bytes = watch.sentinel.rewrite(&text);
        let path = self.server.config_file.clone();
        let dir = path.rsplit_once('/').map_or("", |(dir, _)| dir).to_string();
        let beside = format!("{path}.tmp-{}", self.server.pid);
        let ops = [
            Op::Create {
                path: beside.clone(),
            },
            Op::Append {
                path: beside.clone(),
                bytes,
            },
            Op::Sync {
                path: beside.clone(),
            },
            Op::Rename {
                from: beside.clone(),
                to: path,
            },
            Op::SyncDir { dir },
        ];
        let mut job = Job::of(ops);
        job.temporary = Some(beside);
        self.run_front(job, Front::Watch);
    }

    /// What became of it.
    pub(in crate::server) fn watch_saved(&mut self, result: Result<(), DiskError>) {
        match result {
            Ok(()) => self.say(false, &["Sentinel new configuration saved on disk"]),
            Err(error) => self.say(
                true,
                &[
                    "WARNING: Sentinel was not able to save the new configuration on disk!!!: ",
                    error.text(),
                ],
            ),
        }
        let good = result.is_ok();
        if let Some(watch) = &mut self.server.watch {
            watch.sentinel.saved(good);
        }
        self.answer_held(good);
        self.watch_turn();
    }

    /// Answers those who have waited for it.
    fn answer_held(&mut self, saved: bool) {
        let Some(watch) = &mut self.server.watch else {
            return;
        };
        for (id, held) in std::mem::take(&mut watch.held) {
            self.server.tell(id, &|out| held.write(saved, out));
        }
    }
}
