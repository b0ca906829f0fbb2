//! What has travelled between places: the newest messages that arrived or were lost, for whoever looks at the wire.
//!
//! It only looks on, and only if the host asks: nothing depends on it, no hash has it in it. What it keeps is bounded in
//! number and in bytes, of which copies of the world share all that they have in common.
use super::net::{ConnId, Segment, Side};
use crate::base::time::Micros;
use crate::repl::Speech;
use std::collections::VecDeque;
use std::rc::Rc;

/// Most messages that are kept.
const MESSAGES: usize = 2048;
/// Most bytes of one, and of all of them.
const KEPT: usize = 4096;
const BYTES: usize = 512 << 10;

/// What is known of a message beside its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Passed {
    pub conn: ConnId,
    /// Towards the side that was asked for the connection.
    pub forward: bool,
    /// How often it was sent in vain.
    pub tries: u32,
    /// Bytes that went before it in its direction, and what they lead to.
    pub start: u64,
    pub speech: Speech,
    /// Nobody took it.
    pub lost: bool,
}

impl Passed {
    /// The same for what goes behind it.
    pub fn behind(self, segment: &Segment) -> Passed {
        Passed {
            tries: 0,
            start: self.start + segment.bytes.len() as u64,
            speech: self.speech.behind(&segment.bytes),
            ..self
        }
    }
}

/// A message that has arrived, or was lost.
#[derive(Clone, Debug)]
pub struct Message {
    /// How many went before it.
    pub number: u64,
    pub passed: Passed,
    pub from: Side,
    pub to: Side,
    pub sent_us: Micros,
    /// When it arrived, or was given up.
    pub at_us: Micros,
    /// How long it is, and its first bytes.
    pub length: usize,
    pub bytes: Vec<u8>,
    /// It says that its sender has closed the connection.
    pub end: bool,
}

/// See the head of this file.
#[derive(Clone, Default)]
pub struct Wire {
    on: bool,
    messages: VecDeque<Rc<Message>>,
    bytes: usize,
    /// How many there were.
    count: u64,
}

impl Wire {
    pub(super) fn begin(&mut self) {
        self.on = true;
    }

    /// The messages that are kept, in the order in which they arrived.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = &Message> {
        self.messages.iter().map(|message| &**message)
    }

    /// How many are not kept any more.
    pub fn forgotten(&self) -> u64 {
        self.count - self.messages.len() as u64
    }

    /// Notes a message at its end. O(its bytes).
    pub(super) fn note(
        &mut self,
        passed: Passed,
        segment: &Segment,
        from: Side,
        to: Side,
        at_us: Micros,
    ) {
        if !self.on {
            return;
        }
        let bytes = segment.bytes[..segment.bytes.len().min(KEPT)].to_vec();
        self.bytes += bytes.len();
        self.messages.push_back(Rc::new(Message {
            number: self.count,
            passed,
            from,
            to,
            sent_us: segment.sent_us,
            at_us,
            length: segment.bytes.len(),
            bytes,
            end: segment.end,
        }));
        self.count += 1;
        while self.messages.len() > MESSAGES || self.bytes > BYTES {
            let Some(oldest) = self.messages.pop_front() else {
                break;
            };
            self.bytes -= oldest.bytes.len();
        }
    }
}
