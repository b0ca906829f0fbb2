//! The history that a node's data has: an id, and how many bytes of writes it is made of.
//!
//! Two nodes with the same id and offset have the same data. A replica that is promoted begins a history of its own, but it
//! remembers up to where it shared the former one, so that its fellow replicas can go on with it.
use super::Backlog;

/// See the head of this file.
#[derive(Clone, Debug)]
pub struct History {
    /// 40 hexadecimal digits.
    pub id: String,
    /// Bytes of the stream so far.
    pub offset: i64,
    /// The history before this one, and the first offset that is not part of it; -1: there is none.
    pub former_id: String,
    pub former_offset: i64,
    pub backlog: Option<Backlog>,
}

/// The largest offset that is believed of a file or a primary: no stream that goes on from there comes to the end of numbers.
pub const OFFSET_MOST: i64 = i64::MAX / 2;

/// The id of no history.
const NO_ID: &str = "0000000000000000000000000000000000000000";

impl History {
    /// A new one.
    pub fn new(id: String) -> History {
        History {
            id,
            offset: 0,
            former_id: NO_ID.into(),
            former_offset: -1,
            backlog: None,
        }
    }

    /// The stream goes on.
    pub fn append(&mut self, bytes: &[u8]) {
        self.offset += bytes.len() as i64;
        if let Some(backlog) = &mut self.backlog {
            backlog.append(bytes);
        }
    }

    /// Keeps the end of the stream from now on.
    pub fn open_backlog(&mut self, limit: usize) {
        if self.backlog.is_none() {
            self.backlog = Some(Backlog::new(self.offset + 1, limit));
        }
    }

    /// Another id from here on, and none before it.
    pub fn restart(&mut self, id: String) {
        self.id = id;
        self.forget_former();
    }

    /// A history of its own begins; whoever shared the one so far can go on here.
    pub fn branch(&mut self, id: String) {
        self.former_id = std::mem::replace(&mut self.id, id);
        self.former_offset = self.offset + 1;
    }

    /// Nobody of before can go on here.
    pub fn forget_former(&mut self) {
        self.former_id = NO_ID.into();
        self.former_offset = -1;
    }

    /// Whether the byte of this offset comes next for somebody who has what this id stands for.
    pub fn shares(&self, id: &[u8], offset: i64) -> bool {
        let is = |own: &str| own.as_bytes().eq_ignore_ascii_case(id);
        is(&self.id) || (is(&self.former_id) && offset <= self.former_offset)
    }
}
