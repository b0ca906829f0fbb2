//! Random commands from the grammar: mostly legal, over a few keys of every type so that they meet, with edge cases of
//! every kind of value, and now and then broken on purpose.

use crate::clients::ID_OF;
use crate::grammar::{Arg, Syntax};
use crate::scope;
use crate::waits::too_long;
use redlab::base::{num, rng::Rng};
use std::collections::BTreeMap;

/// A word that opens an aggregate's numbers: how many keys follow is known only once they are chosen.
const COUNT_OF_KEYS: &[u8] = b"\0numkeys";

pub struct Generator<'a> {
    pub scope: Vec<&'a Syntax>,
    pub rng: Rng,
    /// How often each `COMMAND TOKEN` ran.
    pub tokens: BTreeMap<String, u64>,
    wanted: u64,
    now_s: i64,
    /// How far the ids of streams have come; to be set to 0 where both sides start empty.
    pub tick: i64,
    /// Texts come from so many values that a collection of them grows large.
    wide: bool,
    /// How many clients take part: one alone must not wait for another.
    pub clients: usize,
    /// Whether a command may wait until another client ends it.
    pub may_wait: bool,
}

impl<'a> Generator<'a> {
    /// `wanted`: how often each token should run; those below it are chosen more often.
    pub fn new(scope: Vec<&'a Syntax>, wanted: u64, now_s: i64) -> Self {
        let all = scope.iter().flat_map(|s| {
            s.tokens()
                .into_iter()
                .map(|t| (format!("{} {t}", s.name), 0))
        });
        Generator {
            tokens: all.collect(),
            scope,
            rng: Rng::new(0),
            wanted,
            now_s,
            tick: 0,
            wide: false,
            clients: 1,
            may_wait: false,
        }
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.rng.below(100) < percent
    }

    fn below(&mut self, n: usize) -> usize {
        self.rng.below(n as u64) as usize
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// The next command, and the syntax it came from.
    pub fn command(&mut self) -> (&'a Syntax, Vec<Vec<u8>>) {
        let scope = std::mem::take(&mut self.scope);
        let mut syntax = self.pick(&scope);
        // What empties a database, or ends what a client has begun, runs seldom, or nothing would be left to see.
        while scope::is_seldom(&syntax.name) && !self.chance(8) {
            syntax = self.pick(&scope);
        }
        // Most commands on streams are errors without a group.
        if syntax.group == "stream" && self.chance(8) {
            let create = scope.iter().find(|s| s.name == "XGROUP CREATE");
            syntax = create.copied().unwrap_or(syntax);
        }
        let behind = |g: &Self, s: &Syntax| {
            s.tokens()
                .iter()
                .any(|t| g.tokens[&format!("{} {t}", s.name)] < g.wanted)
        };
        if self.chance(25) {
            let late: Vec<&Syntax> = scope.iter().filter(|s| behind(self, s)).copied().collect();
            if !late.is_empty() {
                syntax = self.pick(&late);
            }
        }
        self.scope = scope;
        (syntax, self.sentence(syntax))
    }

    /// One of these commands, if the run covers any of them.
    pub fn one_of(&mut self, names: &[&str]) -> Option<(&'a Syntax, Vec<Vec<u8>>)> {
        let named = |s: &&&Syntax| names.contains(&s.name.as_str());
        let some: Vec<&Syntax> = self.scope.iter().filter(named).copied().collect();
        if some.is_empty() {
            return None;
        }
        let syntax = self.pick(&some);
        Some((syntax, self.sentence(syntax)))
    }

    /// A sentence of this syntax, now and then spoiled.
    pub fn sentence(&mut self, syntax: &'a Syntax) -> Vec<Vec<u8>> {
        let mut sentence = Sentence {
            syntax,
            words: Vec::new(),
            keys: 0,
            tokens: Vec::new(),
        };
        self.sequence(&syntax.args, &mut sentence);
        self.settle(&mut sentence);
        let name: Vec<Vec<u8>> = syntax.name.split(' ').map(|w| self.cased(w)).collect();
        let mut words = sentence.words;
        let spoiled = self.chance(6).then(|| {
            let mut spoiled = words.clone();
            self.spoil(&mut spoiled);
            spoiled
        });
        let alone = !self.may_wait;
        let fits = |words: &Vec<Vec<u8>>| !soon(syntax, words) && !too_long(syntax, words, alone);
        if let Some(spoiled) = spoiled.filter(fits) {
            words = spoiled;
        } else {
            for token in sentence.tokens {
                *self.tokens.entry(token).or_default() += 1;
            }
        }
        name.into_iter().chain(words).collect()
    }

    /// A name or token in capitals, small letters or a mixture.
    fn cased(&mut self, word: &str) -> Vec<u8> {
        match self.below(8) {
            0 => word.to_lowercase().into_bytes(),
            1 => word
                .bytes()
                .enumerate()
                .map(|(i, b)| {
                    if i % 2 == 0 {
                        b
                    } else {
                        b.to_ascii_lowercase()
                    }
                })
                .collect(),
            _ => word.as_bytes().to_vec(),
        }
    }

    fn sequence(&mut self, args: &[Arg], sentence: &mut Sentence) {
        for arg in args {
            let likely = if self.is_rare(&sentence.syntax.name, arg) {
                75
            } else {
                30
            };
            if arg.optional && !self.chance(likely) {
                continue;
            }
            self.argument(arg, sentence);
        }
    }

    /// Has a token of this argument, however deep within, not run often enough?
    fn is_rare(&self, command: &str, arg: &Arg) -> bool {
        let ran = |token: &String| self.tokens.get(&format!("{command} {token}"));
        let own = arg.token.as_ref().and_then(ran);
        own.is_some_and(|n| *n < self.wanted)
            || arg.children.iter().any(|a| self.is_rare(command, a))
    }

    fn argument(&mut self, arg: &Arg, sentence: &mut Sentence) {
        let times = match (arg.multiple, arg.name.as_str()) {
            (false, _) => 1,
            (true, "weight") => sentence.keys.max(1),
            (true, _) => {
                let most = self.below(4) + 1;
                1 + self.below(most)
            }
        };
        // Now and then so many that the borders between encodings are crossed in one command.
        let many =
            arg.multiple && arg.token.is_none() && !["key", "pattern"].contains(&arg.kind.as_str());
        self.wide = many && arg.name != "weight" && self.chance(2);
        let times = if self.wide {
            100 + self.below(500)
        } else {
            times
        };
        let many_tokens = arg.multiple_token;
        for i in 0..times {
            if let Some(token) = &arg.token
                && (i == 0 || many_tokens)
            {
                sentence
                    .tokens
                    .push(format!("{} {token}", sentence.syntax.name));
                let word = self.cased(token);
                sentence.words.push(word);
            }
            self.content(arg, sentence);
        }
        self.wide = false;
        if arg.kind == "key" && sentence.syntax.args.iter().any(|a| a.name == "numkeys") {
            sentence.keys = times;
        }
    }

    fn content(&mut self, arg: &Arg, sentence: &mut Sentence) {
        match arg.kind.as_str() {
            "pure-token" => {}
            "block" => self.sequence(&arg.children, sentence),
            "oneof" => {
                let name = sentence.syntax.name.clone();
                let late: Vec<&Arg> = arg
                    .children
                    .iter()
                    .filter(|a| self.is_rare(&name, a))
                    .collect();
                let child = if !late.is_empty() && self.chance(50) {
                    late[self.below(late.len())]
                } else {
                    &arg.children[self.below(arg.children.len())]
                };
                self.argument(child, sentence);
            }
            _ => {
                let word = self.value(arg, sentence.syntax);
                sentence.words.push(word);
            }
        }
    }

    fn value(&mut self, arg: &Arg, syntax: &Syntax) -> Vec<u8> {
        match (arg.kind.as_str(), arg.name.as_str()) {
            ("key", _) => self.key(syntax),
            ("integer", "numkeys") => COUNT_OF_KEYS.to_vec(),
            // Numbers that are nobody's, for they are given out from 1 on.
            ("integer", "client-id") if self.chance(10) => self.pick(EDGES).to_vec(),
            ("integer", "client-id") => format!("{ID_OF}{}", self.below(self.clients)).into_bytes(),
            ("integer", _) if syntax.group != "stream" => self.integer(arg, syntax),
            ("double", name) if syntax.group == "geo" => self.geo_number(name),
            ("unix-time", name) => self.unix_time(name.contains("milli")),
            ("double", "timeout") if self.may_wait && self.chance(85) => b"0".to_vec(),
            ("double", "timeout") => self
                .pick::<&[u8]>(&[
                    b"0.001", b"0.002", b"1e-3", b"0.001", b"-1", b"x", b"-0.5", b"nan", b"inf",
                ])
                .to_vec(),
            (_, "channel" | "shardchannel" | "prefix") => self.channel(&arg.name),
            (_, "username") => self
                .pick::<&[u8]>(&[b"default", b"limited", b"nobody"])
                .to_vec(),
            ("double", _) => self.double(),
            ("pattern", name) => self.pattern(name, syntax),
            (_, "min" | "max") => self.bound(&syntax.name),
            (_, "start" | "stop") if syntax.name.starts_with("ZRANGE") => self.small(),
            (_, "index") => self.small(),
            (_, "encoding") => self
                .pick::<&[u8]>(&[
                    b"u1", b"u8", b"u31", b"u63", b"i1", b"i5", b"i8", b"i16", b"i64", b"u64",
                    b"i0",
                ])
                .to_vec(),
            (_, "subcommand") => self
                .pick::<&[u8]>(&[b"decode", b"ENCODING", b"todense", b"getreg", b"nonsense"])
                .to_vec(),
            ("integer", _) if syntax.group == "stream" => self.stream_number(&arg.name),
            (_, "id") if syntax.name == "XADD" => self.new_id(),
            (_, "min-idle-time") => self
                .pick(&[&b"0"[..], b"0", b"3600000", b"-1", b"x"])
                .to_vec(),
            (_, "group") if syntax.group == "stream" => self
                .pick(&[&b"g"[..], b"g", b"g", b"h", b"h", b"none"])
                .to_vec(),
            (_, "consumer") => self.pick(&[&b"a"[..], b"b", b"c", b"alice"]).to_vec(),
            (_, "field") if syntax.group == "stream" => {
                self.pick(&[&b"f"[..], b"f", b"g", b"17"]).to_vec()
            }
            (_, "threshold") if self.chance(75) => self.below(30).to_string().into_bytes(),
            _ if syntax.group == "stream" && is_id(&arg.name) => self.id(syntax),
            (_, "type") => self
                .pick::<&[u8]>(&[
                    b"string",
                    b"list",
                    b"set",
                    b"zset",
                    b"hash",
                    b"stream",
                    b"HASH",
                    b"nonsense",
                ])
                .to_vec(),
            _ => self.text(syntax),
        }
    }

    /// Mostly a key of the command's own type.
    fn key(&mut self, syntax: &Syntax) -> Vec<u8> {
        let own: &[u8] = match syntax.group.as_str() {
            "string" | "bitmap" => b"s",
            "list" => b"l",
            "geo" => b"ggggz",
            "stream" => b"x",
            "set" => b"e",
            "hash" => b"h",
            "hyperloglog" => b"p",
            "sorted-set" if syntax.name.contains("STORE") || self.chance(5) => b"zze",
            "sorted-set" => b"z",
            _ if syntax.name.starts_with("SORT") => b"lez",
            _ => b"slezhxg",
        };
        let letter = if self.chance(93) {
            self.pick(own)
        } else {
            self.pick(b"slezhxgn")
        };
        // Groups of consumers make sense only where they meet: fewer streams.
        let most = if letter == b'x' { 2 } else { 4 };
        format!("{}{}", letter as char, 1 + self.below(most)).into_bytes()
    }

    fn integer(&mut self, arg: &Arg, syntax: &Syntax) -> Vec<u8> {
        if self.chance(4) {
            return self.pick(EDGES).to_vec();
        }
        let number = match (arg.name.as_str(), syntax.name.as_str()) {
            // Far enough away that nothing expires on one side only while the run goes on.
            ("seconds", _) if self.chance(90) => 2_000 + self.below(1_000_000) as i64,
            ("milliseconds", _) if self.chance(90) => 2_000_000 + self.below(1_000_000_000) as i64,
            ("seconds" | "milliseconds", _) => -(self.below(2) as i64),
            ("cursor", _) => 0,
            (_, "SELECT" | "MOVE" | "SWAPDB") => self.pick(&[0, 0, 0, 1, 1, 2, 15, 16, -1]),
            ("destination-db", _) => self.pick(&[0, 1, 1, 2, 15, 16, -1]),
            ("value", "SETBIT") | ("bit", _) => self.pick(&[0, 0, 0, 1, 1, 1, 2]),
            ("offset", _) if syntax.group == "bitmap" => self.below(200) as i64,
            ("offset", "SETRANGE") => self.below(80) as i64,
            ("count", _) if syntax.name.ends_with("SCAN") => 1 + self.below(12) as i64,
            ("count", _) => self.below(9) as i64 - self.pick(&[0, 0, 3]),
            ("limit" | "len" | "maxlen" | "min-match-len" | "num-matches", _) => {
                self.below(6) as i64
            }
            ("rank", _) => self.pick(&[1, 2, 3, -1, -2]),
            _ => return self.small(),
        };
        number.to_string().into_bytes()
    }

    fn stream_number(&mut self, name: &str) -> Vec<u8> {
        if self.chance(3) {
            // Whoever waits for 0 ms waits for ever.
            let edges = if name == "milliseconds" {
                &[&b""[..], b"-0", b"-1", b"abc", b"1.0", b" 1"]
            } else {
                EDGES
            };
            return self.pick(edges).to_vec();
        }
        let number = match name {
            // A longer wait would hold up the run where nothing is there.
            "milliseconds" if self.may_wait && self.chance(80) => 0,
            "milliseconds" => 1 + self.below(2) as i64,
            "ms" => self.pick(&[0, 0, 5000, 10_000_000, -1]),
            "entriesread" | "entries-added" => self.below(30) as i64 - 1,
            _ => self.below(8) as i64 - self.pick(&[0, 0, 2]),
        };
        number.to_string().into_bytes()
    }

    /// The milliseconds of an id: in the future, where both sides' clocks do not matter, and near the newest.
    fn id_ms(&mut self) -> i64 {
        let back = self.below(30) as i64;
        if self.chance(92) {
            9_000_000_000_000 + (self.tick - back).max(0)
        } else {
            back
        }
    }

    /// The id of a new entry: mostly such that it fits behind the others.
    fn new_id(&mut self) -> Vec<u8> {
        self.tick += self.pick(&[0, 0, 0, 1, 1, 2, 300]);
        match self.below(20) {
            0 => self.pick(EDGES).to_vec(),
            1 => format!("{}-{}", self.id_ms(), self.below(3)).into_bytes(),
            2 | 3 => format!("{}", 9_000_000_000_000 + self.tick).into_bytes(),
            _ => format!("{}-*", 9_000_000_000_000 + self.tick).into_bytes(),
        }
    }

    /// An id that is likely to be there, or an end of a range.
    fn id(&mut self, syntax: &Syntax) -> Vec<u8> {
        let ranged = syntax.name.contains("RANGE") || syntax.name == "XPENDING";
        match self.below(24) {
            0 => self.pick(EDGES).to_vec(),
            1 => self
                .pick(&[&b"-"[..], b"+", b"$", b">", b"007", b"1-x"])
                .to_vec(),
            2 => self
                .pick(&[
                    &b"$"[..],
                    b"18446744073709551615-18446744073709551615",
                    b"0-0",
                ])
                .to_vec(),
            3 | 4 if ranged || syntax.name == "XAUTOCLAIM" => {
                format!("({}-{}", self.id_ms(), self.below(3)).into_bytes()
            }
            3..13 if syntax.name == "XREADGROUP" => b">".to_vec(),
            5..=8 if ranged => b"-".to_vec(),
            9..=12 if ranged => b"+".to_vec(),
            5..=7 => b"0".to_vec(),
            8 | 9 => self.id_ms().to_string().into_bytes(),
            _ => format!("{}-{}", self.id_ms(), self.pick(&[0, 0, 0, 1, 2, 3])).into_bytes(),
        }
    }

    fn small(&mut self) -> Vec<u8> {
        (self.below(16) as i64 - 5).to_string().into_bytes()
    }

    fn unix_time(&mut self, ms: bool) -> Vec<u8> {
        let seconds = match self.below(12) {
            0 => 1,
            1 => self.pick(&[0, -1, i64::MAX / 1000]),
            _ => self.now_s + 100_000 + self.below(1_000_000) as i64,
        };
        (if ms {
            seconds.saturating_mul(1000)
        } else {
            seconds
        })
        .to_string()
        .into_bytes()
    }

    fn double(&mut self) -> Vec<u8> {
        match self.below(10) {
            0..6 => self.small(),
            6 | 7 => format!("{}.{}", self.below(20) as i64 - 10, self.below(1000)).into_bytes(),
            _ => self.pick(DOUBLES).to_vec(),
        }
    }

    /// A coordinate or a length: all over the world and close together, at its corners, now and then none at all.
    fn geo_number(&mut self, name: &str) -> Vec<u8> {
        if self.chance(2) {
            return self.pick(DOUBLES).to_vec();
        }
        let most = match name {
            "longitude" => 180.0,
            "latitude" => 85.05112878,
            // Of any order of magnitude: the unit is not known here.
            _ => {
                let power = self.below(10) as i32 - 2;
                let length = self.rng.float() * 10f64.powi(power);
                return format!("{length:.3}").into_bytes();
            }
        };
        let value = match self.below(12) {
            0 => self.pick(&[-most, most, 0.0, -0.0, most / 2.0, most + 0.001]),
            1..5 => (self.rng.float() * 2.0 - 1.0) * most,
            // Near the date line and a pole, near a corner of many cells, and in a city.
            5 | 6 => most - self.rng.float() * self.pick(&[0.01, 1.0, 10.0]),
            7 | 8 => -most + self.rng.float() * self.pick(&[0.01, 1.0, 10.0]),
            9 => (self.rng.float() - 0.5) * self.pick(&[0.001, 1.0]),
            _ => 40.0 + self.rng.float() * 0.1,
        };
        let digits = self.pick(&[0, 2, 6, 6, 15]);
        format!("{value:.digits$}").into_bytes()
    }

    /// The name of a channel, among them those of the keyspace's events and of invalidations; or what a key begins with.
    fn channel(&mut self, kind: &str) -> Vec<u8> {
        if kind == "prefix" {
            return self
                .pick(&[&b"l"[..], b"s", b"z1", b"x", b"", b"h2", b"foo"])
                .to_vec();
        }
        self.pick::<&[u8]>(&[
            b"c1",
            b"c1",
            b"c2",
            b"c2",
            b"d",
            b"",
            b"__keyspace@0__:l1",
            b"__keyevent@0__:del",
            b"__redis__:invalidate",
        ])
        .to_vec()
    }

    fn pattern(&mut self, name: &str, syntax: &Syntax) -> Vec<u8> {
        let sort: &[&[u8]] = &[
            b"s*",
            b"h*->a",
            b"h1->*",
            b"#",
            b"nosort",
            b"missing_*",
            b"s*->a",
            b"*",
        ];
        let globs: &[&[u8]] = &[
            b"*", b"s*", b"?1", b"[a-h]*", b"[^l]*", b"a", b"\\*", b"*1", b"h?ll*", b"[", b"",
            b"**",
        ];
        let channels: &[&[u8]] = &[
            b"c*",
            b"c*",
            b"?1",
            b"d",
            b"[cd]*",
            b"__key*@0__:l*",
            b"__*",
        ];
        if syntax.name.starts_with("SORT") && name == "pattern" {
            self.pick(sort).to_vec()
        } else if syntax.group == "pubsub" && self.chance(80) {
            self.pick(channels).to_vec()
        } else {
            self.pick(globs).to_vec()
        }
    }

    /// A bound of a range by score or by member.
    fn bound(&mut self, name: &str) -> Vec<u8> {
        if name.contains("LEX") {
            return self
                .pick::<&[u8]>(&[
                    b"-", b"+", b"[a", b"(a", b"[b", b"(c", b"[1", b"[", b"(", b"[zz", b"a", b"",
                ])
                .to_vec();
        }
        match self.below(8) {
            0 => b"-inf".to_vec(),
            1 => b"+inf".to_vec(),
            2 => [b"(".to_vec(), self.small()].concat(),
            3 => self
                .pick::<&[u8]>(&[
                    b"(inf", b"(", b"nan", b"(nan", b"1e3", b"0x10", b" 1", b"1 ",
                ])
                .to_vec(),
            _ => self.small(),
        }
    }

    fn text(&mut self, syntax: &Syntax) -> Vec<u8> {
        if self.wide {
            let number = self.below(20_000) as i64 - 10_000;
            return match self.below(200) {
                0 => b"text".to_vec(),
                1 => self.pick(INTEGERS).to_vec(),
                _ => number.to_string().into_bytes(),
            };
        }
        let numeric = syntax.group == "string" || syntax.group == "set";
        match self.below(20) {
            0 => self.pick(EDGES).to_vec(),
            1 if numeric && self.chance(50) => self.pick(INTEGERS).to_vec(),
            1 => self.pick(DOUBLES).to_vec(),
            2 => vec![b'x'; self.pick(&[43, 44, 45, 63, 64, 65, 200, 4095, 4096, 5000, 9000])],
            3 => self
                .pick::<&[u8]>(&[b"\0", b"\xff\xfe", b"a\r\nb", b"\"q\"", b"\xc3\xa9", b" "])
                .to_vec(),
            4..9 => self.small(),
            9..13 if numeric => (self.below(60) as i64 - 20).to_string().into_bytes(),
            _ => self
                .pick::<&[u8]>(&[
                    b"a", b"b", b"c", b"d", b"e", b"f", b"g", b"hello", b"k1", b"zz",
                ])
                .to_vec(),
        }
    }

    /// What can only be written once the whole sentence is there.
    fn settle(&mut self, sentence: &mut Sentence) {
        let keys = if self.chance(96) {
            sentence.keys
        } else {
            self.below(5)
        };
        for word in &mut sentence.words {
            if word == COUNT_OF_KEYS {
                *word = keys.to_string().into_bytes();
            }
        }
        // XREAD wants as many ids as keys.
        if sentence.syntax.name.starts_with("XREAD") && self.chance(96) {
            self.balance(sentence);
        }
        // ZRANGE's bounds depend on an option that stands behind them.
        let at = match sentence.syntax.name.as_str() {
            "ZRANGE" => 1,
            "ZRANGESTORE" => 2,
            _ => return,
        };
        let has = |s: &Sentence, token: &str| {
            s.words
                .iter()
                .any(|w| w.eq_ignore_ascii_case(token.as_bytes()))
        };
        let kind = if has(sentence, "BYLEX") {
            "LEX"
        } else if has(sentence, "BYSCORE") {
            "SCORE"
        } else {
            return;
        };
        for i in at..(at + 2).min(sentence.words.len()) {
            sentence.words[i] = self.bound(kind);
        }
    }

    /// Brings the number of ids behind STREAMS to the number of keys.
    fn balance(&mut self, sentence: &mut Sentence) {
        let words = &sentence.words;
        let Some(at) = words
            .iter()
            .position(|w| w.eq_ignore_ascii_case(b"STREAMS"))
        else {
            return;
        };
        let is_key =
            |w: &&Vec<u8>| w.len() == 2 && b"slezhxgn".contains(&w[0]) && w[1].is_ascii_digit();
        let keys = words[at + 1..].iter().take_while(is_key).count();
        sentence.words.truncate(at + 1 + 2 * keys);
        while sentence.words.len() < at + 1 + 2 * keys {
            let id = self.id(sentence.syntax);
            sentence.words.push(id);
        }
    }

    /// Break a sentence: arity, order, an unknown option, a value of the wrong kind.
    fn spoil(&mut self, words: &mut Vec<Vec<u8>>) {
        let at = self.below(words.len().max(1));
        match self.below(5) {
            0 if !words.is_empty() => drop(words.remove(at)),
            1 if !words.is_empty() => words.insert(at, words[at].clone()),
            2 if words.len() > 1 => {
                let other = self.below(words.len());
                words.swap(at, other);
            }
            3 if !words.is_empty() => words[at] = self.pick(EDGES).to_vec(),
            _ => words.push(
                self.pick::<&[u8]>(&[b"nonsense", b"1", b"", b"XX", b"COUNT", b"LIMIT"])
                    .to_vec(),
            ),
        }
    }
}

/// Might a key expire a moment later, before or after the two sides are compared? Only a spoiled sentence can.
fn soon(syntax: &Syntax, words: &[Vec<u8>]) -> bool {
    fn timed(args: &[Arg]) -> bool {
        let duration = |a: &Arg| ["seconds", "milliseconds"].contains(&a.name.as_str());
        args.iter().any(|a| duration(a) || timed(&a.children))
    }
    let near = |word: &Vec<u8>| num::parse_i64(word).is_some_and(|n| (1..2_000).contains(&n));
    timed(&syntax.args) && words.iter().any(near)
}

/// Arguments of stream commands that are ids.
fn is_id(name: &str) -> bool {
    matches!(name, "id" | "start" | "end" | "threshold") || name.ends_with("id")
}

struct Sentence<'a> {
    syntax: &'a Syntax,
    words: Vec<Vec<u8>>,
    /// How many keys stand behind `numkeys`.
    keys: usize,
    /// Option tokens in it.
    tokens: Vec<String>,
}

/// Values at the borders of what numbers can be. None of them makes a server allocate much.
const EDGES: &[&[u8]] = &[
    b"",
    b"0",
    b"-0",
    b"-1",
    b"+1",
    b"01",
    b" 1",
    b"1 ",
    b"1.0",
    b"abc",
    b"9223372036854775807",
    b"9223372036854775808",
    b"-9223372036854775808",
    b"-9223372036854775809",
    b"18446744073709551616",
    b"1e3",
    b"*",
];

/// Where intsets and listpacks take a wider form.
const INTEGERS: &[&[u8]] = &[
    b"127",
    b"128",
    b"-4096",
    b"4095",
    b"4096",
    b"-32768",
    b"-32769",
    b"32767",
    b"32768",
    b"8388607",
    b"8388608",
    b"-8388609",
    b"2147483647",
    b"2147483648",
    b"-2147483649",
    b"9223372036854775807",
    b"-9223372036854775808",
];

const DOUBLES: &[&[u8]] = &[
    b"0",
    b"-0",
    b"1.5",
    b"-1.5",
    b"3.14159265358979",
    b"0.1",
    b"1e10",
    b"1e300",
    b"-1e300",
    b"1e-300",
    b"inf",
    b"-inf",
    b"+inf",
    b"nan",
    b"17",
    b"9007199254740993",
    b"123456789012345678",
    b"0.30000000000000004",
    b"1e17",
    b"5e-324",
    b"1.",
    b".5",
    b"0x1p3",
    b"1e400",
];
