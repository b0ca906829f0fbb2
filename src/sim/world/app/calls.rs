//! What a process asks of others: its connections, and how long it waits.
use super::super::event::Event;
use super::super::net::{ConnId, End, HostId};
use super::super::{APPS, World};
use crate::base::time::Micros;
use crate::resp::request;
use crate::resp::value::parse_value;
use crate::script::program::{self, Answer, TaskId};
use std::collections::VecDeque;

/// The links that every process has; those that its program asks for come after them.
const REDIS: usize = 0;
const DATABASE: usize = 1;
/// Longest reply that a process takes, in bytes.
const REPLY_MOST: usize = 4 << 20;

/// What a task is to be told later.
#[derive(Clone, Copy, Debug)]
pub(in crate::sim::world) enum Timer {
    Sleep(TaskId),
    /// It has waited long enough for this call on this link.
    Deadline {
        link: usize,
        number: u64,
    },
}

/// A call that waits for its answer.
#[derive(Clone, Debug)]
struct Asked {
    number: u64,
    task: TaskId,
    protected: bool,
    at_us: Micros,
    timer: Option<u64>,
    /// A command that looks whether something is there.
    looks: bool,
    /// What is to be sent when the connection stands.
    unsent: Vec<u8>,
}

/// A connection to a node or to the database; made when it is needed, and again after it was lost.
#[derive(Clone, Debug)]
pub(in crate::sim::world) struct Link {
    to: Option<HostId>,
    /// What it leads to, in errors.
    name: String,
    timeout_us: Micros,
    conn: Option<ConnId>,
    stands: bool,
    waiting: VecDeque<Asked>,
    /// What has come of a reply that is not whole.
    partial: Vec<u8>,
}

impl Link {
    pub fn new(to: Option<HostId>, name: &str, timeout_us: Micros) -> Link {
        Link {
            to,
            name: name.into(),
            timeout_us,
            conn: None,
            stands: false,
            waiting: VecDeque::new(),
            partial: Vec::new(),
        }
    }

    pub fn conn(&self) -> Option<ConnId> {
        self.conn
    }
}

impl World {
    pub(super) fn app_timer(&mut self, id: usize, at_us: Micros, timer: Timer) -> u64 {
        let number = self.apps[id].number();
        self.apps[id].timers.insert(number, timer);
        let event = Event::AppTimer {
            app: id,
            timer: number,
        };
        self.events.add(at_us, event);
        number
    }

    /// A task calls a node or the database.
    pub(super) fn app_calls(&mut self, id: usize, task: TaskId, call: program::Event) {
        let number = self.apps[id].number();
        let tag = number.to_string().into_bytes();
        let (on, protected, bytes) = match call {
            program::Event::Call {
                on,
                protected,
                bytes,
            } => match on {
                0 => (REDIS, protected, bytes),
                on => (DATABASE + on, protected, bytes),
            },
            program::Event::Get(key) => {
                let bytes = request::command(&[b"GET", &tag, &key]);
                (DATABASE, false, bytes)
            }
            program::Event::Put(key, value) => {
                let bytes = request::command(&[b"PUT", &tag, &key, &value]);
                (DATABASE, false, bytes)
            }
            _ => return,
        };
        let app = &mut self.apps[id];
        let at_us = app.free_us;
        app.report.calls += u64::from(on != DATABASE);
        let Some(link) = app.links.get(on) else {
            return;
        };
        let (Some(to), timeout_us) = (link.to, link.timeout_us) else {
            let text = match on {
                REDIS => "this process was told of no node: redis.connect(name)".into(),
                DATABASE => "this process was told of no database".into(),
                _ => format!("no machine is called '{}'", link.name),
            };
            app.ready
                .push_back((task, Answer::Error { text, protected }));
            return;
        };
        let timer = (timeout_us > 0)
            .then(|| self.app_timer(id, at_us + timeout_us, Timer::Deadline { link: on, number }));
        let mut asked = Asked {
            number,
            task,
            protected,
            at_us,
            timer,
            looks: looks(&bytes),
            unsent: Vec::new(),
        };
        let link = &mut self.apps[id].links[on];
        match link.conn {
            Some(conn) if link.stands => {
                link.waiting.push_back(asked);
                self.send(conn, true, bytes, at_us);
            }
            conn => {
                asked.unsent = bytes;
                link.waiting.push_back(asked);
                if conn.is_none() {
                    let conn = self.open(End::App(id, on), APPS + id, to, at_us);
                    self.apps[id].links[on].conn = Some(conn);
                }
            }
        }
    }

    /// A connection stands: what waits for that is sent.
    pub(in crate::sim::world) fn app_stands(&mut self, id: usize, at: usize) {
        let now_us = self.now_us;
        let Some(link) = self.apps[id].links.get_mut(at) else {
            return;
        };
        link.stands = true;
        let Some(conn) = link.conn else {
            return;
        };
        let unsent = link.waiting.iter_mut();
        let unsent: Vec<Vec<u8>> = unsent.map(|a| std::mem::take(&mut a.unsent)).collect();
        for bytes in unsent {
            self.send(conn, true, bytes, now_us);
        }
    }

    /// A connection is lost, or there is none to be had: whoever waits for an answer is told.
    pub(in crate::sim::world) fn app_lost(&mut self, id: usize, at: usize) {
        let Some(link) = self.apps[id].links.get_mut(at) else {
            return;
        };
        let text = match link.stands {
            true => format!("CONNECTION to {} lost", link.name),
            false => format!("CONNECTION to {} failed", link.name),
        };
        self.app_gives_up(id, at, &text);
    }

    /// All calls of a link get an error; the next one connects anew.
    fn app_gives_up(&mut self, id: usize, at: usize, text: &str) {
        let app = &mut self.apps[id];
        let link = &mut app.links[at];
        link.conn = None;
        link.stands = false;
        link.partial.clear();
        for asked in std::mem::take(&mut link.waiting) {
            app.fail(&asked, text);
        }
        self.app_wake(id);
    }

    /// A timer is due.
    pub(in crate::sim::world) fn app_timer_due(&mut self, id: usize, timer: u64) {
        let app = &mut self.apps[id];
        match app.timers.remove(&timer) {
            None => return,
            Some(Timer::Sleep(task)) => app.ready.push_back((task, Answer::Nothing)),
            Some(Timer::Deadline { link, number }) => self.app_waited(id, link, number),
        }
        self.app_wake(id);
    }

    /// A task has waited long enough. A node's replies come in order, so that its connection is of no use any more.
    fn app_waited(&mut self, id: usize, at: usize, number: u64) {
        let app = &mut self.apps[id];
        let Some(link) = app.links.get_mut(at) else {
            return;
        };
        let Some(place) = link.waiting.iter().position(|a| a.number == number) else {
            return;
        };
        let Some(asked) = link.waiting.remove(place) else {
            return;
        };
        let ms = link.timeout_us / 1000;
        let text = format!("TIMEOUT no answer from {} within {ms} ms", link.name);
        let conn = link.conn;
        app.fail(&asked, &text);
        if at != DATABASE {
            if let Some(conn) = conn {
                self.close(conn, true, self.now_us);
            }
            let others = "CONNECTION given up: another call on it got no answer in time";
            self.app_gives_up(id, at, others);
        }
    }

    /// Bytes have come over a connection of the process's.
    pub(in crate::sim::world) fn app_reply(&mut self, id: usize, at: usize, bytes: &[u8]) {
        if at == DATABASE {
            self.app_row(id, bytes);
            return self.app_wake(id);
        }
        let now_us = self.now_us;
        let app = &mut self.apps[id];
        let Some(link) = app.links.get_mut(at) else {
            return;
        };
        link.partial.extend_from_slice(bytes);
        let mut all = std::mem::take(&mut link.partial);
        let mut from = 0;
        let wrong = loop {
            match parse_value(&all[from..]) {
                Ok(Some((_, length))) => {
                    app.answered(at, &all[from..from + length], now_us);
                    from += length;
                }
                Ok(None) => break all.len() - from > REPLY_MOST,
                Err(_) => break true,
            }
        };
        all.drain(..from);
        let link = &mut app.links[at];
        link.partial = all;
        if wrong {
            if let Some(conn) = link.conn {
                self.close(conn, true, now_us);
            }
            let text = "CONNECTION given up: a reply is too long, or is none";
            return self.app_gives_up(id, at, text);
        }
        self.app_wake(id);
    }

    /// The database has answered.
    fn app_row(&mut self, id: usize, bytes: &[u8]) {
        let now_us = self.now_us;
        let app = &mut self.apps[id];
        let words = request::words(bytes).and_then(|words| <[Vec<u8>; 3]>::try_from(words).ok());
        let Some([tag, sign, row]) = words else {
            return;
        };
        let waiting = &mut app.links[DATABASE].waiting;
        let is_it = |asked: &Asked| asked.number.to_string().as_bytes() == tag;
        let Some(place) = waiting.iter().position(is_it) else {
            return;
        };
        let Some(asked) = waiting.remove(place) else {
            return;
        };
        app.report.row_latencies.add(now_us - asked.at_us);
        if sign == b"-" {
            return app.fail(&asked, &String::from_utf8_lossy(&row));
        }
        if let Some(timer) = asked.timer {
            app.timers.remove(&timer);
        }
        let answer = match sign.as_slice() {
            b"=" => Answer::Written,
            b"+" => Answer::Row(Some(row)),
            _ => Answer::Row(None),
        };
        app.ready.push_back((asked.task, answer));
    }
}

impl super::App {
    /// The first of the calls on a link is answered.
    fn answered(&mut self, at: usize, reply: &[u8], now_us: Micros) {
        let Some(asked) = self.links[at].waiting.pop_front() else {
            return;
        };
        if let Some(timer) = asked.timer {
            self.timers.remove(&timer);
        }
        let report = &mut self.report;
        report.call_latencies.add(now_us - asked.at_us);
        match reply.first() {
            Some(b'-') => report.call_errors += 1,
            Some(b'$' | b'_') if asked.looks => match reply {
                b"$-1\r\n" | b"_\r\n" => report.misses += 1,
                _ => report.hits += 1,
            },
            _ => {}
        }
        let (bytes, protected) = (reply.to_vec(), asked.protected);
        self.ready
            .push_back((asked.task, Answer::Reply { bytes, protected }));
    }

    /// A call gets an error that no server has sent.
    fn fail(&mut self, asked: &Asked, text: &str) {
        if let Some(timer) = asked.timer {
            self.timers.remove(&timer);
        }
        self.report.call_errors += 1;
        let (text, protected) = (text.to_string(), asked.protected);
        self.ready
            .push_back((asked.task, Answer::Error { text, protected }));
    }
}

/// Whether a command asks for a string or a field that may not be there.
fn looks(bytes: &[u8]) -> bool {
    let head = bytes.get(..24.min(bytes.len())).unwrap_or_default();
    let name = head.split(|b| *b == b'\n').nth(2).unwrap_or_default();
    let name = name.strip_suffix(b"\r").unwrap_or(name);
    [&b"get"[..], b"hget", b"getex"].contains(&name.to_ascii_lowercase().as_slice())
}
