//! What clients did: a bounded record of the commands that ran, for the grader of lessons.
use super::node::Node;
use crate::base::time::Micros;
use crate::command::{Args, ClientId, Command};
use std::collections::VecDeque;

/// Bytes of arguments, and of the reply, that are kept of one command.
const KEPT_BYTES: usize = 4096;
/// Commands that are kept until somebody takes them.
const KEPT_COMMANDS: usize = 16_384;

/// One command that ran.
#[derive(Clone)]
pub struct Observed {
    pub client: ClientId,
    pub db: usize,
    pub at_us: Micros,
    /// The record of the command or subcommand; `None` if there is none.
    pub command: Option<&'static Command>,
    /// The arguments with the command's name; those beyond 4096 bytes are left out.
    pub argv: Vec<Vec<u8>>,
    /// Whether `argv` is all of them.
    pub whole: bool,
    /// The reply as it was sent; `None` if it is longer than 4096 bytes.
    pub reply: Option<Vec<u8>>,
    /// Whether the reply is an error.
    pub failed: bool,
}

/// The commands that nobody took yet, the oldest first.
#[derive(Clone, Default)]
pub(super) struct Observer {
    events: VecDeque<Observed>,
    lost: u64,
}

impl Node {
    /// Records from now on which commands run; [`Node::take_observed`] hands them out.
    pub fn observe(&mut self) {
        self.observer.get_or_insert_default();
    }

    /// The commands since the last call, and how many more had to be dropped. Empty unless [`Node::observe`] was called.
    pub fn take_observed(&mut self) -> (VecDeque<Observed>, u64) {
        let taken = self.observer.as_mut().map(std::mem::take);
        taken.map(|o| (o.events, o.lost)).unwrap_or_default()
    }

    /// Remembers a command that ran. O(its arguments, at most 4096 bytes).
    pub(super) fn observed(
        &mut self,
        (client, db): (ClientId, usize),
        command: Option<&'static Command>,
        args: Args<'_>,
        reply: &[u8],
        failed: bool,
    ) {
        let at_us = self.server.now_us;
        let Some(observer) = &mut self.observer else {
            return;
        };
        let mut room = KEPT_BYTES;
        let mut argv = Vec::new();
        for arg in args.from(0) {
            let Some(left) = room.checked_sub(arg.len() + 1) else {
                break;
            };
            room = left;
            argv.push(arg.to_vec());
        }
        if observer.events.len() == KEPT_COMMANDS {
            observer.events.pop_front();
            observer.lost += 1;
        }
        observer.events.push_back(Observed {
            client,
            db,
            at_us,
            command,
            whole: argv.len() == args.len(),
            argv,
            reply: (reply.len() <= KEPT_BYTES).then(|| reply.to_vec()),
            failed,
        });
    }
}
