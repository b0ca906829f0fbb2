//! Attempts at lessons in a world, typed line by line.
use redlab::lab::grader::{Attempt, State};
use redlab::lab::hands;
use redlab::lab::lesson::Lesson;
use redlab::resp::parse::split_args;
use redlab::resp::request;
use redlab::sim::timeline::Timeline;
use redlab::sim::world::{Act, HERE, HostId};
use std::collections::BTreeMap;

/// How long a world goes on after each line, µs: a hand is no faster.
const HAND_US: i64 = 1_000_000;

/// An attempt in a world: `n2> GET k` is typed at a node, `:kill n1` done by hand, `:wait 5` waits seconds.
pub struct InWorld {
    pub timeline: Timeline,
    sessions: BTreeMap<HostId, u32>,
    pub replies: Vec<u8>,
}

impl InWorld {
    pub fn start(lesson: Lesson, start_ms: i64) -> InWorld {
        let timeline = Attempt::start(lesson, start_ms * 1000);
        InWorld {
            timeline: timeline.unwrap_or_else(|e| panic!("the lesson is not sound: {e}")),
            sessions: BTreeMap::new(),
            replies: Vec::new(),
        }
    }

    pub fn run(&mut self, line: &str) {
        let mut for_us = HAND_US;
        if let Some(seconds) = line.strip_prefix(":wait ") {
            for_us = seconds.parse::<i64>().expect("seconds") * 1_000_000;
        } else if line.starts_with(':') {
            let acts = hands::read(line, self.timeline.world());
            for act in acts.unwrap_or_else(|e| panic!("{line}: {e}")) {
                self.timeline.act(act).expect("it can be done");
            }
        } else {
            let (host, line) = line
                .split_once("> ")
                .expect("a node, and what is typed there");
            self.type_at(host, line);
        }
        let until_us = self.timeline.world().now_us() + for_us;
        self.timeline.run_until(until_us, u64::MAX / 2);
        for session in self.sessions.values() {
            let out = self.timeline.world_mut().take_output(*session);
            self.replies.extend(out);
        }
    }

    fn type_at(&mut self, host: &str, line: &str) {
        let world = self.timeline.world();
        let to = world.host_named(host).expect("a node of the lesson");
        let open = |id: &u32| world.session(*id).is_some_and(|s| !s.closed);
        let session = self.sessions.get(&to).copied().filter(open);
        let session = session.unwrap_or_else(|| {
            let connected = self.timeline.act(Act::Connect { to, place: HERE });
            connected.expect("there is room")
        });
        self.sessions.insert(to, session);
        let words = split_args(line.as_bytes()).expect("a line");
        let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        let bytes = request::command(&words);
        let sent = self.timeline.act(Act::Send { session, bytes });
        sent.expect("the session is there");
    }

    pub fn state(&self) -> &State {
        let attempt = self.timeline.witness::<Attempt>();
        attempt.expect("it was started with a lesson").state()
    }
}
