//! The node's part of scripts: running them by slices of fuel, the commands that they call, and what others may do while
//! one of them does not end.
//!
//! ```text
//!   EVAL ── begin ──> Run::go_on ── through ───────────────> reply, books
//!                        │ ^
//!             fuel is out│ │ Node::work(fuel), called by the host until nothing is left
//!                        v │
//!                     Suspended: the reply so far, the EXEC it is part of, what is to be counted at its end
//! ```
//!
//! While a script is suspended all others wait, as they do in a real server. After `busy-reply-threshold` they are told
//! that the node is busy, and SCRIPT KILL is served.
use super::dispatch::{self, Pending};
use super::guard;
use super::node::Node;
use super::propagate::Log;
use super::trace::{ScriptTrace, Stage};
use super::transaction::Transaction;
use crate::base::time::Micros;
use crate::command::acl::Context;
use crate::command::client::ReplyMode;
use crate::command::{Args, ClientId, Command, Effect, F, RunningScript, ScriptCall, Server};
use crate::resp::{Mark, Reply};
use crate::script::engine::Words;
use crate::script::shebang::ScriptFlags;
use crate::script::{Engine, Event};

/// Fuel that scripts may use within one input before they are suspended: some milliseconds.
pub(super) const SLICE: i64 = 200_000;
/// What a script is charged for a command that it calls.
const CALL_FUEL: i64 = 100;
/// Fuel that is counted as a microsecond: the cost model of scripts.
const FUEL_A_MICROSECOND: u64 = 100;

/// A script that runs.
#[derive(Clone)]
pub struct Run {
    call: ScriptCall,
    engine: Box<Engine>,
    client: ClientId,
    /// The database that its commands run in.
    db: usize,
    /// Time stands still for it.
    started_us: Micros,
    /// What its machine had used when it began.
    burnt: u64,
    /// Memory was short before it began.
    out_of_memory: bool,
    /// A command that writes was called.
    wrote: bool,
    /// It is to end, whatever it does.
    killed: bool,
    /// How it ended, if it has.
    stage: Stage,
    /// It has had its first slice.
    begun: bool,
    words: Words,
    reply: Reply,
}

/// A script that has used up its fuel, with all that is needed to go on.
#[derive(Clone)]
pub struct Suspended {
    run: Run,
    pending: Pending,
    /// The transaction that it is part of.
    exec: Option<(Transaction, Pending)>,
    /// Its client's output, with where the reply begins.
    reply: Option<(Reply, Mark, ReplyMode)>,
    /// Its client is gone.
    orphan: bool,
}

/// Makes ready to run a script that a command has left for the node.
pub fn begin(
    node: &mut Node,
    client: ClientId,
    db: usize,
    call: ScriptCall,
    command: &Command,
    args: Args<'_>,
) -> Run {
    // The script's own commands are shown after it.
    node.show(client, command, args);
    let place = engine_of(node, call.function);
    let engine = place.take().expect("the command has made it ready");
    node.logs().for_each(Log::open);
    let server = &node.server;
    let limited = node.config.maxmemory != 0 && server.out_of_memory;
    let obeyed = server.clients.get(client).is_some_and(|c| c.obeyed);
    if node.trace.is_some() {
        node.trace = Some(Box::new(ScriptTrace {
            client,
            name: call.name.clone(),
            function: call.function,
            source: source_of(&node.server, &call),
            ..ScriptTrace::default()
        }));
    }
    Run {
        burnt: engine.lua.burnt(),
        started_us: server.now_us,
        out_of_memory: limited && !obeyed && !call.flags.has(ScriptFlags::ALLOW_OOM),
        call,
        engine,
        client,
        db,
        wrote: false,
        killed: false,
        stage: Stage::Done,
        begun: false,
        words: Words::default(),
        reply: Reply::default(),
    }
}

/// The text of a script, or of the library that a function is from.
fn source_of(server: &Server, call: &ScriptCall) -> Vec<u8> {
    if call.function {
        let library = server.libraries.all().find(|library| {
            let mut functions = library.functions.iter();
            functions.any(|f| f.name == call.name)
        });
        return library
            .map(|library| library.code.clone())
            .unwrap_or_default();
    }
    let digest = call.name.as_slice().try_into().ok();
    let script = digest.and_then(|digest| server.scripts.get(digest));
    script
        .map(|script| script.body.to_vec())
        .unwrap_or_default()
}

/// Where the machine of scripts, or of functions, stands while it does not run.
fn engine_of(node: &mut Node, function: bool) -> &mut Option<Box<Engine>> {
    if function {
        &mut node.server.libraries.engine
    } else {
        &mut node.server.scripts.engine
    }
}

impl Run {
    /// Microseconds that the script has taken by the cost model.
    fn spent_us(&self) -> u64 {
        (self.engine.lua.burnt() - self.burnt) / FUEL_A_MICROSECOND
    }

    /// Runs on with the fuel that the node has. True once the script is through and its reply stands.
    pub fn go_on(&mut self, node: &mut Node, out: &mut Reply) -> bool {
        let clock = (node.server.now_us, node.ks.now_ms);
        (node.server.now_us, node.ks.now_ms) = (self.started_us, self.started_us / 1000);
        let before = (node.server.in_exec, node.server.in_script);
        (node.server.in_exec, node.server.in_script) = (true, true);
        let burnt = self.engine.lua.burnt();
        if node.holds_scripts && !self.begun {
            // The first step is the viewer's.
            node.fuel = 0;
        }
        self.begun = true;
        let done = loop {
            if self.killed {
                break self.end_by_force(node, out);
            }
            let event = self.engine.resume(node.fuel);
            node.fuel = self.engine.lua.fuel_left();
            match event {
                Event::Yielded => break false,
                Event::Call { protected } => self.command(node, protected),
                Event::CheckAcl => self.check_acl(node),
                Event::Done => break self.finish(node, out),
                Event::Failed => break self.fail(node, out),
                Event::Register => {
                    let text =
                        b"server.register_function can only be called on FUNCTION LOAD command";
                    self.engine.raise(text, false);
                }
            }
        };
        if !self.engine.said.is_empty() {
            let lines = std::mem::take(&mut self.engine.said);
            node.server.log_of_script(&node.config, lines);
        }
        let used = self.engine.lua.burnt() - burnt;
        node.meter.spend(used / FUEL_A_MICROSECOND);
        if let Some(trace) = &mut node.trace {
            trace.cost_us = self.spent_us();
            trace.line = match self.engine.lua.next_line() {
                0 => trace.line,
                line => line,
            };
        }
        (node.server.now_us, node.ks.now_ms) = clock;
        (node.server.in_exec, node.server.in_script) = before;
        done
    }

    fn finish(&mut self, node: &mut Node, out: &mut Reply) -> bool {
        let mark = out.mark();
        if self.engine.write_reply(out) {
            let text = out.since(mark).to_vec();
            let error = text
                .split(|&b| b == b'\n')
                .find(|line| line.starts_with(b"-"));
            dispatch::count_error(
                node,
                error
                    .unwrap_or(b"-ERR")
                    .strip_prefix(b"-")
                    .unwrap_or_default(),
            );
        }
        true
    }

    fn fail(&mut self, node: &mut Node, out: &mut Reply) -> bool {
        self.stage = Stage::Failed;
        let (text, new) = self.engine.describe_error(&self.call.name);
        out.error(&text);
        if new {
            dispatch::count_error(node, &text);
        }
        true
    }

    /// What SCRIPT KILL leaves of a script.
    fn end_by_force(&mut self, node: &mut Node, out: &mut Reply) -> bool {
        // A real server says so of functions as well.
        let what = b"Script killed by user with SCRIPT KILL...";
        self.stage = Stage::Failed;
        let text = self.engine.describe_kill(what, &self.call.name);
        out.error(&text);
        dispatch::count_error(node, &text);
        true
    }

    /// The script is through: gives the machine back.
    pub fn end(mut self, node: &mut Node) {
        if let Some(trace) = &mut node.trace {
            trace.stage = self.stage;
        }
        self.engine.abort();
        *engine_of(node, self.call.function) = Some(self.engine);
        node.logs().for_each(Log::close);
    }

    /// Runs the command that the script calls.
    fn command(&mut self, node: &mut Node, protected: bool) {
        if let Err(text) = self.engine.read_command(&mut self.words) {
            return self.engine.answer_error(text.as_bytes(), false, protected);
        }
        self.engine.lua.spend(CALL_FUEL);
        let words = std::mem::take(&mut self.words);
        let args = Args::new(&words.bytes, &words.ranges);
        match self.judge(node, args) {
            Ok(found) => {
                self.run_command(node, found, args);
                self.trace(node, args, self.reply.as_bytes());
                self.engine.answer(self.reply.as_bytes(), protected);
            }
            Err((number, text)) => {
                if let Some(number) = number {
                    node.server.stats.commandstats[number].rejected += 1;
                }
                let code = text.strip_prefix(b"-").unwrap_or(b"ERR ");
                dispatch::count_error(node, code);
                self.trace(node, args, &[b"-", text.as_slice()].concat());
                self.engine.answer_error(&text, true, protected);
            }
        }
        self.words = words;
    }

    /// Notes a call for the script view.
    fn trace(&self, node: &mut Node, args: Args<'_>, reply: &[u8]) {
        if let Some(trace) = &mut node.trace {
            trace.note_call(args, reply, self.engine.lua.line(), self.spent_us());
        }
    }

    /// The gates that a script's command passes, in the order of a real server.
    fn judge(&mut self, node: &mut Node, args: Args<'_>) -> Result<dispatch::Found, Rejected> {
        let known = node.server.registry.find(args.get(0));
        let unknown = || (None, b"Unknown command called from script".to_vec());
        let (mut number, mut command) = known.ok_or_else(unknown)?;
        if !command.subs.is_empty() && args.len() > 1 {
            let sub = node.server.registry.find_sub(number, args.get(1));
            (number, command) = sub.ok_or_else(unknown)?;
        }
        let refuse = |text: &str| Err((Some(number), text.as_bytes().to_vec()));
        if !command.accepts(args.len()) {
            return refuse("Wrong number of args calling command from script");
        }
        if command.flags.has(F::NOSCRIPT) {
            return refuse("This Redis command is not allowed from script");
        }
        let client = node.server.clients.get(self.client);
        if client.is_some_and(|c| c.guarded)
            && let Err(why) =
                guard::judge(node, self.client, (number, command), args, Context::Script)
        {
            let user = node.server.clients.get(self.client).map(|c| c.user.clone());
            let why = why.error(&user.unwrap_or_default(), command).0;
            let why = why.strip_prefix(b"NOPERM ").unwrap_or(&why);
            return Err((Some(number), [b"ACL failure in script: ", why].concat()));
        }
        let writes = command.flags.has(F::WRITE);
        if self.call.read_only && (writes || command.flags.has(F::MAY_REPLICATE)) {
            return refuse("Write commands are not allowed from read-only scripts.");
        }
        if command.flags.has(F::DENYOOM) {
            let full = node.memory_bytes(None) > node.server.memory_ceiling;
            if full || (self.out_of_memory && !self.wrote) {
                return refuse("-OOM command not allowed when used memory > 'maxmemory'.");
            }
        }
        if node.server.repl.restricted
            && let Some(error) = node.replica_refusal(self.client, command)
        {
            // What the script as a whole may do was judged as it began.
            if error.0.starts_with(b"MASTERDOWN") {
                return refuse("Can not execute the command on a stale replica");
            }
            return Err((Some(number), [b"-", error.0.as_ref()].concat()));
        }
        self.wrote |= writes;
        Ok((number, command))
    }

    /// Runs a command in the script's database; its reply is left in `reply`.
    fn run_command(&mut self, node: &mut Node, found: dispatch::Found, args: Args<'_>) {
        self.reply.buffer().clear();
        self.reply.proto = self.engine.resp;
        let Some(client) = node.server.clients.get_mut(self.client) else {
            return;
        };
        let own = std::mem::replace(&mut client.db, self.db);
        let log = (self.engine.told & 1 == 0)
            .then(|| node.log.take())
            .flatten();
        let stream = (self.engine.told & 2 == 0)
            .then(|| node.stream.take())
            .flatten();
        dispatch::call(node, self.client, self.db, found, args, &mut self.reply);
        if log.is_some() {
            node.log = log;
        }
        if stream.is_some() {
            node.stream = stream;
        }
        if let Some(client) = node.server.clients.get_mut(self.client) {
            self.db = std::mem::replace(&mut client.db, own);
        }
    }

    /// Answers whether the script's user might run a command.
    fn check_acl(&mut self, node: &mut Node) {
        if let Err(text) = self.engine.read_command(&mut self.words) {
            return self.engine.raise(text.as_bytes(), false);
        }
        let args = Args::new(&self.words.bytes, &self.words.ranges);
        let registry = &node.server.registry;
        let mut found = registry.find(args.get(0));
        if let Some((number, command)) = found
            && !command.subs.is_empty()
            && args.len() > 1
        {
            found = registry.find_sub(number, args.get(1));
        }
        let Some((number, command)) = found else {
            let text = b"Invalid command passed to server.acl_check_cmd()";
            return self.engine.raise(text, false);
        };
        let client = node.server.clients.get(self.client);
        let user = client.and_then(|c| node.server.acl.user(&c.user));
        let may = user.is_none_or(|user| user.check(number, command, args).is_ok());
        self.engine.answer_bool(may);
    }
}

/// A command that may not run: its number, and why.
type Rejected = (Option<usize>, Vec<u8>);

/// Keeps a script that has used up its fuel.
pub(super) fn suspend(node: &mut Node, run: Run, pending: Pending) {
    node.server.running_script = Some(RunningScript {
        name: run.call.name.clone(),
        function: run.call.function,
        wrote: run.wrote,
        killed: false,
        started_us: run.started_us,
        argv: pending.args().clone(),
    });
    node.script = Some(Box::new(Suspended {
        run,
        pending,
        exec: None,
        reply: None,
        orphan: false,
    }));
}

/// The same script is part of a transaction.
pub(super) fn suspend_exec(node: &mut Node, transaction: Transaction, pending: Pending) {
    if let Some(script) = &mut node.script {
        script.exec = Some((transaction, pending));
    }
}

/// Keeps its client's output until the reply stands.
pub(super) fn suspend_reply(node: &mut Node, out: Reply, start: Mark, mode: ReplyMode) {
    if let Some(script) = &mut node.script {
        script.reply = Some((out, start, mode));
    }
}

impl Node {
    /// Whether a script waits for fuel: [`Node::work`] is to be called, as soon and as often as the host likes.
    pub fn runs_script(&self) -> bool {
        self.script.is_some() && !self.holds_scripts
    }

    /// Bytes that the machines of scripts and of functions take together.
    pub fn script_memory(&self) -> usize {
        let own = self.script.as_ref().map(|script| &script.run.engine);
        let idle = [&self.server.scripts.engine, &self.server.libraries.engine];
        let idle = idle.into_iter().flatten();
        own.into_iter()
            .chain(idle)
            .map(|engine| engine.lua.memory())
            .sum()
    }

    /// The line that the script which waits goes on with; 0: with none.
    pub(super) fn script_line(&self) -> Option<u32> {
        self.script
            .as_ref()
            .map(|script| script.run.engine.lua.next_line())
    }

    /// Lets the script that waits run on for about `fuel` instructions; about 100 are a microsecond. What it then leaves is
    /// done as well: its reply, the rest of its transaction, the requests that waited.
    pub fn work(&mut self, fuel: i64) {
        if !self.holds_scripts {
            self.run_slice(fuel);
        }
    }

    pub(super) fn run_slice(&mut self, fuel: i64) {
        let Some(mut script) = self.script.take() else {
            return;
        };
        self.fuel = fuel;
        let id = script.run.client;
        let running = self.server.running_script.take();
        script.run.killed |= running.as_ref().is_some_and(|r| r.killed);
        let Some((mut out, start, mode)) = script.reply.take() else {
            return;
        };
        if !script.run.go_on(self, &mut out) {
            script.reply = Some((out, start, mode));
            self.server.running_script = running.map(|running| RunningScript {
                wrote: script.run.wrote,
                ..running
            });
            self.script = Some(script);
            return;
        }
        let Suspended {
            run,
            pending,
            exec,
            orphan,
            ..
        } = *script;
        run.end(self);
        pending.close(self, id, &mut out);
        if let Some((mut transaction, mut pending)) = exec {
            transaction.end_command(self, id, &mut out);
            if !transaction.run(self, id, &mut out) {
                suspend_exec(self, transaction, pending);
                if let Some(next) = &mut self.script {
                    next.orphan = orphan;
                }
                return suspend_reply(self, out, start, mode);
            }
            pending.books.errors = out.errors();
            pending.close(self, id, &mut out);
        }
        dispatch::finish_reply(self, id, out, start, mode);
        self.server.effects.push(Effect::Output(id));
        if orphan {
            self.forget(id);
        }
        self.after_script(id);
    }

    /// Runs a script to its end at one stretch, or ends it by force if it does not come to one in about a second: for a log,
    /// and for the setup of a lesson. Whether it came to its end.
    pub fn finish_script(&mut self) -> bool {
        /// Fuel for all of one command: about a second.
        const MOST: i64 = 100_000_000;
        let (mut left, mut ended) = (MOST, true);
        while self.script.is_some() {
            left -= SLICE;
            if left < 0
                && let Some(script) = &mut self.server.running_script
            {
                script.killed = true;
                ended = false;
            }
            self.run_slice(SLICE);
        }
        ended
    }

    /// A script is through: those who waited have their turn, its own client first.
    fn after_script(&mut self, id: ClientId) {
        if self.ks.waiting.is_ready() {
            self.serve_keys();
        }
        let unread = |c: &crate::command::Client| !c.query.is_empty();
        if self.server.clients.get(id).is_some_and(unread) {
            self.run_query(id);
        }
        self.serve_waiting();
        self.settle_input();
    }

    /// Whether requests of this client have to wait for a script.
    #[cold]
    pub(super) fn waits_for_script(&self, id: Option<ClientId>) -> bool {
        let Some(script) = &self.script else {
            return false;
        };
        id == Some(script.run.client) || !self.is_overdue(&script.run)
    }

    /// Whether a script has run for so long that others are refused.
    pub fn refuses_others(&self) -> bool {
        let script = self.script.as_ref();
        script.is_some_and(|script| self.is_overdue(&script.run))
    }

    /// Whether a script has taken longer than others are to wait for without a word.
    fn is_overdue(&self, run: &Run) -> bool {
        let threshold_ms = self.config.busy_reply_threshold_ms;
        let passed_us = (self.server.now_us - run.started_us).max(run.spent_us() as i64);
        threshold_ms > 0 && passed_us / 1000 >= threshold_ms
    }

    /// The client of the running script is gone: the script goes on all the same.
    pub(super) fn orphan(&mut self, id: ClientId) -> bool {
        match &mut self.script {
            Some(script) if script.run.client == id => {
                script.orphan = true;
                true
            }
            _ => false,
        }
    }
}
