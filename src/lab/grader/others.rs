//! The other client of a lesson: it does what the lesson says, right behind what the learner did.
use super::tracker::is_link;
use crate::command::ClientId;
use crate::lab::lesson::Meanwhile;
use crate::server::{Input, Node, Observed};

/// What is still to be done by it.
pub(super) struct Others {
    /// Its connection; none where it has nothing to do.
    id: Option<ClientId>,
    plans: Vec<Meanwhile>,
    /// What is to be done to the machine, which is not a client's to do.
    hands: Vec<String>,
}

impl Others {
    pub fn new(plans: Vec<Meanwhile>, node: &mut Node) -> Others {
        let (id, hands) = (None, Vec::new());
        let mut others = Others { id, plans, hands };
        others.reconnect(node);
        others
    }

    /// A connection to a server that has just started.
    pub fn reconnect(&mut self, node: &mut Node) {
        self.id = (!self.plans.is_empty()).then(|| node.connect("127.0.0.1:2"));
        self.send("CLIENT SETNAME other", node);
    }

    pub fn take_hands(&mut self) -> Vec<String> {
        std::mem::take(&mut self.hands)
    }

    /// Whether it was the other client that did this.
    pub fn did(&self, event: &Observed) -> bool {
        self.id == Some(event.client)
    }

    /// Does what follows on what the learner did. O(plans).
    pub fn follow(&mut self, event: &Observed, node: &mut Node) {
        if event.failed {
            return;
        }
        for at in 0..self.plans.len() {
            let plan = &mut self.plans[at];
            let Meanwhile { after, times, .. } = plan;
            if *times == 0 || !is_link(event, after) {
                continue;
            }
            *times -= 1;
            let lines = std::mem::take(&mut plan.run);
            for line in &lines {
                match line.starts_with(':') {
                    true => self.hands.push(line.clone()),
                    false => self.send(line, node),
                }
            }
            self.plans[at].run = lines;
        }
    }

    /// Sends a line; nobody reads the answer.
    fn send(&mut self, line: &str, node: &mut Node) {
        let Some(id) = self.id else { return };
        let now_us = node.server().now_us;
        node.handle(Input::Data(id, format!("{line}\r\n").as_bytes()), now_us);
        if let Some(out) = node.output(id) {
            out.clear();
        }
    }
}
