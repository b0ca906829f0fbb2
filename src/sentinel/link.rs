//! The connections to a server: one for commands, and one that listens to hellos, which no other Sentinel needs.
//!
//! Groups that have a Sentinel in common share the link to it.
use super::event::Wire;
use super::{Out, Sentinel};
use crate::base::time::Millis;
use std::collections::VecDeque;

pub(super) type LinkId = u32;

/// One connection.
#[derive(Clone, Debug)]
pub(super) struct Pipe {
    pub wire: Wire,
    pub stands: bool,
    pub since_ms: Millis,
    /// What has come and is no whole reply yet.
    pub buf: Vec<u8>,
    /// What is to be sent once it stands.
    pub early: Vec<u8>,
}

/// What a reply is the answer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Ping,
    Info,
    /// SENTINEL IS-MASTER-DOWN-BY-ADDR.
    Down,
    /// A hello.
    Publish,
    /// Whatever it is.
    Nothing,
}

/// See the head of this file. Moments are ms since 1970; 0: never.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub commands: Option<Pipe>,
    pub hellos: Option<Pipe>,
    /// One of them is missing.
    pub down: bool,
    /// Servers that have it.
    pub users: u32,
    /// Answers that are due, in order, each with the number of the server that it is about.
    pub due: VecDeque<(Asked, u32)>,
    /// When the PING was sent that has no answer yet; 0: there is none.
    pub unanswered_ms: Millis,
    pub pinged_ms: Millis,
    /// The last answer that shows that it works, and the last of any kind.
    pub good_ms: Millis,
    pub pong_ms: Millis,
    pub tried_ms: Millis,
    pub hello_ms: Millis,
    /// The end of the connection on this side.
    pub own_ip: String,
}

impl Link {
    pub fn new(now_ms: Millis) -> Link {
        Link {
            commands: None,
            hellos: None,
            down: true,
            users: 1,
            due: VecDeque::new(),
            unanswered_ms: now_ms,
            pinged_ms: 0,
            good_ms: now_ms,
            pong_ms: now_ms,
            tried_ms: 0,
            hello_ms: 0,
            own_ip: String::new(),
        }
    }
}

impl Sentinel {
    pub(super) fn add_link(&mut self, link: Link) -> LinkId {
        let id = self.next_id();
        self.links.insert(id, link);
        id
    }

    /// The link of a server. Servers in the lists have one.
    pub(super) fn link(&self, id: LinkId) -> &Link {
        &self.links[&id]
    }

    /// The same, to change; `None` once its server is gone.
    pub(super) fn link_mut(&mut self, id: LinkId) -> Option<&mut Link> {
        self.links.get_mut(&id)
    }

    /// A server has no more use for its link; the last one closes it.
    pub(super) fn release_link(&mut self, id: LinkId) {
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        link.users -= 1;
        if link.users == 0 {
            self.hang_up(id, false);
            self.hang_up(id, true);
            self.links.remove(&id);
        }
    }

    /// Closes a connection from this side.
    pub(super) fn hang_up(&mut self, id: LinkId, hellos: bool) {
        if let Some(pipe) = self.forget_pipe(id, hellos) {
            self.wires.remove(&pipe.wire);
            self.out.push(Out::Hang(pipe.wire));
        }
    }

    /// A connection is no more; what it owed will not come.
    pub(super) fn forget_pipe(&mut self, id: LinkId, hellos: bool) -> Option<Pipe> {
        let link = self.links.get_mut(&id)?;
        link.down = true;
        match hellos {
            true => link.hellos.take(),
            false => {
                link.due.clear();
                link.commands.take()
            }
        }
    }
}
