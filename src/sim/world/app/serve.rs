//! Requests that a process serves: `GET key` and `SET key value` as simulated clients send them, each a task, answered in the
//! order in which they came over a connection.
use super::super::World;
use super::super::net::ConnId;
use crate::base::time::Micros;
use crate::resp::{Proto, Reply, request};
use std::collections::VecDeque;

/// Requests that may wait for a task.
const INBOX_MOST: usize = 10_000;

/// A request, and where its answer goes.
#[derive(Clone, Debug)]
pub(in crate::sim::world) struct Request {
    conn: ConnId,
    number: u64,
    at_us: Micros,
    pub key: Vec<u8>,
    pub value: Option<Vec<u8>>,
}

/// A connection that requests come over: the answers that are not sent, the number of the first of them.
#[derive(Clone, Debug, Default)]
pub(in crate::sim::world) struct Served {
    first: u64,
    answers: VecDeque<Option<Vec<u8>>>,
}

impl World {
    /// A process takes a connection.
    pub(in crate::sim::world) fn app_accepts(&mut self, id: usize, conn: ConnId) {
        self.apps[id].served.insert(conn, Served::default());
    }

    /// One is gone; what was asked over it is done all the same.
    pub(in crate::sim::world) fn app_forgets(&mut self, id: usize, conn: ConnId) {
        self.apps[id].served.remove(&conn);
    }

    /// A request has come.
    pub(in crate::sim::world) fn app_asked(&mut self, id: usize, conn: ConnId, bytes: &[u8]) {
        let at_us = self.now_us;
        let app = &mut self.apps[id];
        let Some(served) = app.served.get_mut(&conn) else {
            return;
        };
        let number = served.first + served.answers.len() as u64;
        served.answers.push_back(None);
        app.report.requests += 1;
        let mut words = request::words(bytes)
            .unwrap_or_default()
            .into_iter()
            .skip(1);
        let request = Request {
            conn,
            number,
            at_us,
            key: words.next().unwrap_or_default(),
            value: words.next(),
        };
        if app.inbox.len() >= INBOX_MOST {
            let text = b"too many requests wait".to_vec();
            return self.app_answers(id, request, Err(text));
        }
        app.inbox.push_back(request);
        self.app_wake(id);
    }

    /// A request is answered; the answer goes out when all before it have.
    pub(super) fn app_answers(
        &mut self,
        id: usize,
        request: Request,
        end: Result<Option<Vec<u8>>, Vec<u8>>,
    ) {
        let app = &mut self.apps[id];
        let at_us = app.free_us.max(self.now_us);
        let report = &mut app.report;
        report.request_latencies.add(at_us - request.at_us);
        match end {
            Ok(_) => report.answered += 1,
            Err(_) => report.failed += 1,
        }
        let Some(served) = app.served.get_mut(&request.conn) else {
            return;
        };
        let mut reply = Reply::new(Proto::Resp2);
        match (end, &request.value) {
            (Err(text), _) => reply.error(&[b"ERR ", text.as_slice()].concat()),
            (Ok(_), Some(_)) => reply.ok(),
            (Ok(value), None) => reply.bulk_or_null(value.as_deref()),
        }
        let place = (request.number - served.first) as usize;
        if let Some(slot) = served.answers.get_mut(place) {
            *slot = Some(reply.as_bytes().to_vec());
        }
        let mut due = Vec::new();
        while let Some(Some(_)) = served.answers.front() {
            due.extend(served.answers.pop_front().flatten());
            served.first += 1;
        }
        for bytes in due {
            self.send(request.conn, false, bytes, at_us);
        }
    }
}
