//! The journal of a node: what happened to its data since somebody looked, in that order, for a host that keeps account of
//! where each write is. It says which write came, where it ends in the stream and in the log, which file the log goes to, of
//! what a snapshot is made, and when the data became other data. Kept while a host wants it, and taken after each input.
use super::node::Node;
use crate::base::quote;
use crate::command::{Args, ClientId, Command, slowlog};
use crate::resp::{Mark, Reply};
use std::rc::Rc;

/// Characters of a write's words that are kept, about; and of one word.
const WORDS_CHARS: usize = 60;
const WORD_BYTES: usize = 24;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// A client's command has changed data.
    Wrote(Wrote),
    /// A client's command has changed data of a replica: it is no part of any history from here on. The log ends there.
    Strayed { log: Option<u64> },
    /// The primary's stream has had its effect up to an offset; that ends at `log` in the log.
    Applied { offset: i64, log: u64 },
    /// The data is called by this id of a history from this offset on; before it, by the former one.
    Called {
        id: String,
        offset: i64,
        former: Option<String>,
    },
    /// The data has made room for the primary's snapshot.
    Emptied,
    /// The data is a part of the history with this id, which the primary sends. An id that nobody has: it is no whole part of
    /// any.
    Synced(String),
    /// The connection to the primary is gone, and with it what was on its way.
    LinkLost,
    /// The data of the files is there.
    Loaded,
    /// The log goes to this file from now on (to none: the name is empty): what ends in the log at `n` ends in the file at
    /// `n - shift`. `whole`: nothing that came before it waits to be written.
    Opened {
        path: String,
        shift: i64,
        offset: i64,
        whole: bool,
    },
    /// A file will be made of the data as it is now.
    Image { path: String, offset: i64 },
    /// A file will be made of a snapshot that came: this id and offset.
    Received {
        path: String,
        id: String,
        offset: i64,
    },
}

/// A client's write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrote {
    pub client: ClientId,
    /// The command, cut. Copies of a world share it.
    pub words: Rc<str>,
    /// Where its reply ends among all bytes for this client; `None` if it got an error or no reply: nothing is promised.
    pub reply_end: Option<u64>,
    /// Where the stream for replicas ends behind it.
    pub offset: i64,
    /// The same of the log, if there is one, in the count of `AofFigures::logged`.
    pub log: Option<u64>,
}

/// Notes that nobody has taken.
pub(super) type Journal = Vec<Note>;

impl Node {
    /// Swaps what happened to the data since the last call for the empty `notes`, so that the buffers serve again; nothing
    /// unless [`super::NodeOptions::journal`] was set.
    pub fn take_notes(&mut self, notes: &mut Vec<Note>) {
        debug_assert!(notes.is_empty());
        if let Some(journal) = &mut self.journal {
            std::mem::swap(journal, notes);
        }
    }

    /// Notes something, if anybody wants to know.
    pub(super) fn note(&mut self, note: impl FnOnce(&Node) -> Note) {
        if self.journal.is_some() {
            let note = note(self);
            self.journal.get_or_insert_default().push(note);
        }
    }

    /// A command has changed data; its reply begins at `start` of `out`.
    #[cold]
    pub(super) fn note_write(
        &mut self,
        id: ClientId,
        command: &'static Command,
        args: Args<'_>,
        (out, start): (&Reply, Mark),
    ) {
        let Some(client) = self.server.clients.get(id).filter(|c| !c.obeyed) else {
            return;
        };
        if self.server.repl.primary.is_some() {
            let log = self.log_end();
            return self.note(|_| Note::Strayed { log });
        }
        let mute = client.reply_mode.is_mute();
        let refused = out.since(start).first().is_none_or(|b| *b == b'-');
        let end = client.net_out + out.as_bytes().len() as u64;
        self.note(|node| {
            Note::Wrote(Wrote {
                client: id,
                words: brief(command, args),
                reply_end: (!mute && !refused).then_some(end),
                offset: node.server.repl.history.offset,
                log: node.log_end(),
            })
        });
    }

    /// What came from the primary has had its effect.
    pub(super) fn note_applied(&mut self) {
        if let Some(log) = self.log_end() {
            self.note(|node| Note::Applied {
                offset: node.server.repl.history.offset,
                log,
            });
        }
    }

    /// The data has a name of its own from here on.
    pub(super) fn note_called(&mut self) {
        self.note(|node| {
            let history = &node.server.repl.history;
            Note::Called {
                id: history.id.clone(),
                offset: history.offset,
                former: (history.former_offset >= 0).then(|| history.former_id.clone()),
            }
        });
    }

    /// The data that the node starts with is there.
    pub(super) fn note_started(&mut self) {
        self.note(|_| Note::Loaded);
        if self.server.repl.primary.is_none() {
            self.note_called();
        }
    }

    /// A snapshot of the data as it is now will be written to a file.
    pub(super) fn note_image(&mut self, path: &str) {
        self.note(|node| Note::Image {
            path: path.into(),
            offset: node.server.repl.history.offset,
        });
    }
}

/// A command in few words. O(1).
fn brief(command: &'static Command, args: Args<'_>) -> Rc<str> {
    let mut text = String::with_capacity(WORDS_CHARS);
    for at in 0..args.len() {
        if text.len() > WORDS_CHARS {
            text.push_str(" …");
            break;
        }
        if at > 0 {
            text.push(' ');
        }
        let word = args.get(at);
        let kept = &word[..word.len().min(WORD_BYTES)];
        if slowlog::is_secret(command, args, at) {
            text.push_str("(redacted)");
        } else if let Ok(plain) = std::str::from_utf8(kept)
            && kept.iter().all(u8::is_ascii_graphic)
            && !kept.is_empty()
        {
            text.push_str(plain);
        } else {
            text.push_str(&quote::label(kept));
        }
        if kept.len() < word.len() {
            text.push('…');
        }
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::super::{Input, NodeOptions};
    use super::*;

    fn noted(input: &[u8]) -> Vec<Wrote> {
        let mut node = Node::new(NodeOptions {
            journal: true,
            ..NodeOptions::default()
        });
        let id = node.connect("127.0.0.1:1");
        node.take_notes(&mut Vec::new());
        node.handle(Input::Data(id, input), 1);
        let mut notes = Vec::new();
        node.take_notes(&mut notes);
        let wrote = notes.into_iter().map(|note| match note {
            Note::Wrote(wrote) => wrote,
            other => panic!("{other:?}"),
        });
        wrote.collect()
    }

    #[test]
    fn each_write_is_noted_with_where_its_reply_ends() {
        let found =
            noted(b"SET a 1\r\nGET a\r\nDEL nothing\r\nMULTI\r\nINCR a\r\nINCR a\r\nEXEC\r\n");
        let told: Vec<_> = found.iter().map(|w| (&*w.words, w.reply_end)).collect();
        // +OK, $1 1, :0, +OK, +QUEUED twice, *2 :2 :3.
        let replies = [5, 5 + 7 + 4 + 5 + 9 + 9 + 4 + 4 + 4];
        assert_eq!(
            told,
            [("SET a 1", Some(replies[0])), ("EXEC", Some(replies[1]))]
        );
    }

    #[test]
    fn what_is_answered_with_an_error_or_not_at_all_promises_nothing() {
        let found = noted(
            b"CLIENT REPLY OFF\r\nSET a 1\r\nCLIENT REPLY ON\r\nEVAL \"redis.call('set','b',1) error('no')\" 0\r\n",
        );
        let told: Vec<_> = found.iter().map(|w| w.reply_end).collect();
        assert_eq!(told, [None, None]);
    }

    #[test]
    fn words_are_cut_and_printable() {
        let long = [
            b"SET k ".as_slice(),
            &[b'x'; 100],
            b"\r\nSET \"\\x00\" 1\r\n",
        ]
        .concat();
        let found = noted(&long);
        assert_eq!(&*found[0].words, "SET k xxxxxxxxxxxxxxxxxxxxxxxx…");
        assert_eq!(&*found[1].words, "SET \\x00 1");
    }
}
