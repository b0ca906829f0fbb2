//! A world of many nodes for the page: what is done to it, its time, and what is to be seen of it.
use super::{from_js, to_js};
use crate::lab::acts;
use crate::lab::desk::Desk;
use crate::lab::estate::{difference, estate, ledger, wire};
use crate::lab::grader::Attempt;
use crate::lab::hands;
use crate::lab::json;
use crate::lab::lesson::{Lesson, Step};
use crate::lab::plain::DEPTH_MAX;
use crate::lab::views;
use crate::sim::timeline::Timeline;
use crate::sim::world::{Act, Host};
use wasm_bindgen::prelude::*;

/// Many nodes on one virtual clock, with their past.
#[wasm_bindgen]
pub struct Estate {
    timeline: Timeline,
    /// The hints of a lesson that were opened: what was paid for stays, wherever one goes.
    hints: Vec<(String, Step)>,
    /// The machine whose files were looked at last, and what is known of them.
    looked_at: (String, Desk),
}

/// The machine of this name.
fn find<'a>(timeline: &'a Timeline, name: &str) -> Option<&'a Host> {
    let hosts = timeline.world().hosts();
    hosts.iter().find(|host| host.setup.name == name)
}

#[wasm_bindgen]
impl Estate {
    /// An empty world. `start_ms`: where its clock stands, in ms since 1970.
    #[wasm_bindgen(constructor)]
    pub fn new(seed: u64, start_ms: f64) -> Estate {
        Estate {
            timeline: Timeline::new(seed, micros(start_ms)),
            hints: Vec::new(),
            looked_at: Default::default(),
        }
    }

    /// The world of a lesson, at the moment where the learner meets it: at `start_ms` or some seconds later.
    pub fn lesson(lesson: JsValue, start_ms: f64) -> Result<Estate, JsError> {
        let lesson = from_js(lesson, DEPTH_MAX).and_then(Lesson::read);
        let timeline = lesson.and_then(|lesson| Attempt::start(lesson, micros(start_ms)));
        Ok(Estate {
            timeline: timeline.map_err(|e| JsError::new(&e))?,
            hints: Vec::new(),
            looked_at: Default::default(),
        })
    }

    /// How the lesson stands at this moment, as JSON; nothing without a lesson.
    pub fn lesson_text(&mut self) -> Option<String> {
        let attempt = self.timeline.witness_mut::<Attempt>()?;
        for (goal, step) in &self.hints {
            attempt.take_hint(goal, *step);
        }
        Some(json::text_of(attempt.state()))
    }

    /// Opens a hint of a goal; it costs the first time. `false` if the lesson has no such hint.
    pub fn lesson_hint(&mut self, goal: &str, step: &str) -> bool {
        let attempt = self.timeline.witness_mut::<Attempt>();
        let (Some(attempt), Some(step)) = (attempt, Step::named(step)) else {
            return false;
        };
        let known = attempt.take_hint(goal, step);
        if known {
            self.hints.push((goal.into(), step));
        }
        known
    }

    /// Does by hand what a line says (`:kill n1`, `:cut n1 n2`; `src/lab/hands.rs` has all of them).
    pub fn hand(&mut self, line: &str) -> Result<(), JsError> {
        let acts = hands::read(line, self.timeline.world()).map_err(|e| JsError::new(&e))?;
        for act in acts {
            self.done(act)?;
        }
        Ok(())
    }

    /// A copy that goes on by itself: another future.
    pub fn fork(&self) -> Estate {
        Estate {
            timeline: self.timeline.clone(),
            hints: self.hints.clone(),
            looked_at: Default::default(),
        }
    }

    /// Does something to the world at its present moment (`src/lab/acts.rs` has the words). Whatever lay in the future is
    /// forgotten. A number where there is one to tell (of a new machine, session or load), else 0.
    pub fn act(&mut self, act: JsValue) -> Result<u32, JsError> {
        let act = from_js(act, DEPTH_MAX);
        let act = act.and_then(|act| acts::read(act, self.timeline.world()));
        let act = act.map_err(|e| JsError::new(&e))?;
        self.done(act)
    }

    fn done(&mut self, act: Act) -> Result<u32, JsError> {
        let done = self.timeline.act(act);
        done.map_err(|refused| JsError::new(refused.text()))
    }

    /// A session sends bytes.
    pub fn send(&mut self, session: u32, bytes: Vec<u8>) -> Result<(), JsError> {
        self.done(Act::Send { session, bytes }).map(drop)
    }

    /// Takes what has come for a session. What came again after going back is not given again.
    pub fn output(&mut self, session: u32) -> Vec<u8> {
        self.timeline.world_mut().take_output(session)
    }

    /// Whether a session's connection has ended, or is none.
    pub fn closed(&self, session: u32) -> bool {
        let session = self.timeline.world().session(session);
        session.is_none_or(|s| s.closed)
    }

    /// Lets the world's clock come to `until_ms`, and `most` events happen at most; how many did.
    pub fn run(&mut self, until_ms: f64, most: f64) -> f64 {
        self.timeline.run_until(micros(until_ms), most as u64) as f64
    }

    /// Lets the next event happen, or the next of what was done in this future; `false` if nothing is to come.
    pub fn step(&mut self) -> bool {
        self.timeline.step()
    }

    /// Goes to the moment after so many events, back or forth.
    pub fn seek(&mut self, events: f64) {
        self.timeline.seek(events as u64);
    }

    /// Goes to a moment, in ms since 1970, back or forth.
    pub fn seek_ms(&mut self, at_ms: f64) {
        self.timeline.seek_us(micros(at_ms));
    }

    /// The world's clock, in ms since 1970.
    pub fn now_ms(&self) -> f64 {
        self.timeline.world().now_us() as f64 / 1000.0
    }

    /// When the next event happens, in ms since 1970; -1 if there is none.
    pub fn next_ms(&self) -> f64 {
        let next = self.timeline.world().next_event_us();
        next.map_or(-1.0, |us| us as f64 / 1000.0)
    }

    /// How many events have happened.
    pub fn events(&self) -> f64 {
        self.timeline.world().happened() as f64
    }

    /// Whether this moment has a future already: an act would begin another one.
    pub fn is_past(&self) -> bool {
        self.timeline.is_past()
    }

    /// Everything that views of the whole world show (`src/lab/estate/models.rs`).
    pub fn model(&self) -> Result<JsValue, JsError> {
        to_js(&estate(&self.timeline))
    }

    /// Where each acknowledged write is (`src/lab/estate/ledger.rs`).
    pub fn ledger(&self) -> Result<JsValue, JsError> {
        to_js(&ledger(self.timeline.world()))
    }

    /// Keeps what travels from now on, for [`Estate::wire`].
    pub fn watch(&mut self) {
        self.timeline.watch();
    }

    /// Messages that travelled or travel, as they are asked for (`src/lab/estate/wire.rs`).
    pub fn wire(&self, query: JsValue) -> Result<JsValue, JsError> {
        let query = from_js(query, DEPTH_MAX);
        let found = query.and_then(|query| wire(query, self.timeline.world()));
        to_js(&found.map_err(|e| JsError::new(&e))?)
    }

    /// In what two worlds differ, machine by machine (`src/lab/estate/difference.rs`).
    pub fn difference(&self, other: &Estate) -> Result<JsValue, JsError> {
        to_js(&difference(self.timeline.world(), other.timeline.world()))
    }

    /// The model of one of the views of a single node, after the command `argv` ran in a session on that machine; null where
    /// the server does not run, or there is nothing to show.
    pub fn inspect(
        &mut self,
        host: &str,
        view: &str,
        argv: Vec<js_sys::Uint8Array>,
    ) -> Result<JsValue, JsError> {
        if self.looked_at.0 != host {
            self.looked_at = (host.into(), Desk::default());
        }
        let host = find(&self.timeline, host);
        let Some((node, disk)) = host.and_then(|h| Some((h.node()?, h.disk()))) else {
            return Ok(JsValue::NULL);
        };
        let argv: Vec<Vec<u8>> = argv.iter().map(js_sys::Uint8Array::to_vec).collect();
        let model = views::inspect(node, 0, view, &argv)
            .or_else(|| views::inspect_files(&mut self.looked_at.1, disk, node, view, &argv));
        match model {
            Some(model) => to_js(&model),
            None => Ok(JsValue::NULL),
        }
    }

    /// The files of a machine, as those of [`Engine`](super::Engine).
    pub fn files(&self, host: &str) -> js_sys::Array {
        super::files_of(find(&self.timeline, host).and_then(Host::disk))
    }

    /// How a machine's server syncs its append-only file: `appendfsync`, or `off`; nothing where none runs.
    pub fn policy(&self, host: &str) -> Option<String> {
        let host = find(&self.timeline, host)?;
        host.node().map(super::policy_of)
    }

    /// The bytes of a file on a machine's disk as a program reads them.
    pub fn file(&self, host: &str, path: &str) -> Option<Vec<u8>> {
        let disk = find(&self.timeline, host)?.disk()?;
        disk.read(path).ok().map(<[u8]>::to_vec)
    }

    /// The program of an application process; `None` if there is none of this name.
    pub fn program(&self, name: &str) -> Option<String> {
        let apps = self.timeline.world().apps().iter();
        let mut found = apps.filter(|app| app.setup.name == name);
        found.next().map(|app| app.setup.source.clone())
    }

    /// How many acts have been done at this moment: whoever notes them forgets those behind it when another one is done.
    pub fn acts_done(&self) -> u32 {
        self.timeline.acts_done() as u32
    }

    /// Lets the world come to the moment after so many events, with its clock at `at_us`, µs since 1970; `most` events happen
    /// at most. Whether it is there: then the next act of a saved run can be done.
    pub fn reach(&mut self, events: f64, at_us: f64, most: f64) -> bool {
        self.timeline
            .reach(events as u64, at_us as i64, most as u64)
    }

    /// Lets events happen until one of them is that something arrives at this machine, process or database, `most` at most;
    /// whether it has.
    pub fn run_to_message(&mut self, name: &str, most: f64) -> bool {
        let place = self.timeline.world().place_named(name);
        place.is_some_and(|place| self.timeline.run_to_message(place, most as u64))
    }

    /// A hash of all events so far.
    pub fn running_hash(&self) -> u64 {
        self.timeline.world().running_hash()
    }

    /// A hash of the whole state. O(data).
    pub fn state_hash(&self) -> u64 {
        self.timeline.world().state_hash()
    }
}

fn micros(ms: f64) -> i64 {
    (ms * 1000.0).round() as i64
}
