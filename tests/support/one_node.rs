//! Attempts at lessons on one node, typed line by line.
use redlab::command::Config;
use redlab::lab::grader::Grader;
use redlab::lab::lesson::Lesson;
use redlab::server::{Effect, Input, NodeOptions};
use redlab::sim::disk::{Disk, Speed};
use redlab::sim::machine::Machine;

/// A line that begins so is typed in a second session, some seconds later: the first may be waiting.
const SECOND: &str = "2> ";

/// An attempt on one node: a fresh machine with the lesson's setup.
pub struct One {
    pub machine: Machine,
    pub grader: Grader,
    /// What the server starts with, in lines as of redis.conf.
    config: Vec<String>,
    seed: u64,
    /// Both sessions.
    clients: [u64; 2],
    now_us: i64,
    /// The server has ended, or does not read its files.
    ended: bool,
    pub replies: Vec<u8>,
}

fn options(seed: u64, now_us: i64, config: &[String]) -> NodeOptions {
    let mut options = NodeOptions {
        seed,
        now_us,
        ..NodeOptions::default()
    };
    if !config.is_empty() {
        options.config = Config::sandbox();
    }
    for line in config {
        let words: Vec<Vec<u8>> = line.split(' ').map(|w| w.as_bytes().to_vec()).collect();
        options.config.directive(&words).expect("a parameter");
    }
    options
}

impl One {
    pub fn start(typed: Lesson, start_ms: i64) -> One {
        let now_us = start_ms * 1000;
        let seed = typed.seed;
        let disk = typed
            .topology
            .iter()
            .find_map(|(_, place)| place.disk.clone());
        let config = disk.clone().unwrap_or_default();
        let disk = disk.map(|_| Disk::new(Speed::default(), now_us));
        let mut machine = Machine::boot(options(seed, now_us, &config), disk);
        machine.node.keep_log();
        let grader = Grader::start(typed, &mut machine).expect("the lesson is sound");
        let mut play = One {
            // Whole milliseconds, which the page's clock can tell.
            now_us: (machine.node.server().now_us + 999) / 1000 * 1000,
            machine,
            grader,
            config,
            seed,
            clients: [0, 0],
            ended: false,
            replies: Vec::new(),
        };
        play.connect();
        play
    }

    fn connect(&mut self) {
        let connect = |port| self.machine.node.connect(&format!("127.0.0.1:{port}"));
        self.clients = [50_000, 50_001].map(connect);
    }

    /// A line that is typed, and what follows on it: answers of the disk, a script that runs on, what the lesson does.
    pub fn run(&mut self, line: &str) {
        let (client, line, seconds) = match line.strip_prefix(SECOND) {
            Some(line) => (self.clients[1], line, 6),
            None => (self.clients[0], line, 0),
        };
        // Second by second: what a tick begins, the next one finds done.
        for _ in 0..seconds {
            self.now_us += 1_000_000;
            self.machine.handle(Input::Tick, self.now_us);
        }
        self.now_us += 1000;
        self.machine.handle(Input::Tick, self.now_us);
        if line.starts_with(':') {
            self.hand(line, true);
        } else {
            let request = format!("{line}\r\n");
            let input = Input::Data(client, request.as_bytes());
            self.machine.handle(input, self.now_us);
        }
        // As long as the page's worker would need for a moment: an endless script is still there afterwards.
        (0..20).for_each(|_| self.machine.work(100_000));
        self.settle();
        self.collect();
        self.grader.look(&mut self.machine);
        let hands = self.grader.take_hands();
        hands.iter().for_each(|line| self.hand(line, false));
        self.settle();
        self.grader.look(&mut self.machine);
        self.collect();
    }

    /// Lets the disk answer, by whole milliseconds.
    fn settle(&mut self) {
        for _ in 0..10_000 {
            self.see_end();
            let node = &self.machine.node;
            if self.ended || !node.is_stalled() && !node.is_loading() {
                return;
            }
            self.now_us += 1000;
            self.machine.handle(Input::Tick, self.now_us);
        }
        panic!("the disk does not answer");
    }

    fn collect(&mut self) {
        for client in self.clients {
            let out = self.machine.node.output(client);
            self.replies.append(out.unwrap_or(&mut Vec::new()));
        }
    }

    fn see_end(&mut self) {
        let effects = self.machine.node.drain();
        let ends = |effect: &Effect| matches!(effect, Effect::Exit | Effect::Abort);
        self.ended |= effects.iter().any(ends);
        self.grader.set_up(!self.ended);
    }

    fn hand(&mut self, line: &str, by_learner: bool) {
        self.seed += 1;
        let options = options(self.seed, self.now_us, &self.config);
        let started = match by_learner {
            true => self.grader.hand(line, &mut self.machine, options),
            false => self.grader.lay(line, &mut self.machine, options),
        };
        if started == Some(true) {
            self.ended = false;
            self.connect();
        }
    }
}
