//! The mechanical rules of the project, held as a test: the layer law, sizes, what the core must not know, the habits
//! of the page. Every violation is printed with its file and line. `RULES` is the whole list.

use std::fs;
use std::path::{Path, PathBuf};

const FUNCTION_LINES: usize = 70;
const FILE_LINES: usize = 800;

/// The law of layers: a layer may name itself and those listed behind it.
const LAYERS: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("resp", &["base"]),
    ("ds", &["base"]),
    ("keyspace", &["base", "resp", "ds"]),
    ("persist", SUBSYSTEMS),
    ("repl", SUBSYSTEMS),
    ("cluster", SUBSYSTEMS),
    ("sentinel", SUBSYSTEMS),
    ("script", SUBSYSTEMS),
    (
        "command",
        &[
            "base", "resp", "ds", "keyspace", "persist", "repl", "cluster", "sentinel", "script",
        ],
    ),
    (
        "commands",
        &[
            "base", "resp", "ds", "keyspace", "persist", "repl", "cluster", "sentinel", "script",
            "command",
        ],
    ),
    ("server", BELOW_SIM),
    (
        "sim",
        &[
            "base", "resp", "ds", "keyspace", "persist", "repl", "cluster", "sentinel", "script",
            "command", "commands", "server",
        ],
    ),
    ("lab", ALL),
    ("wasm", ALL),
    ("bin", ALL),
];
const SUBSYSTEMS: &[&str] = &["base", "resp", "ds", "keyspace"];
const BELOW_SIM: &[&str] = &[
    "base", "resp", "ds", "keyspace", "persist", "repl", "cluster", "sentinel", "script",
    "command", "commands",
];
const ALL: &[&str] = &[
    "base", "resp", "ds", "keyspace", "persist", "repl", "cluster", "sentinel", "script",
    "command", "commands", "server", "sim", "lab", "wasm",
];

/// What stands outside the core: it may touch clocks, sockets and standard output.
const HOST: &[&str] = &["src/bin/", "src/wasm"];

/// Exemptions: (rule, where the path begins, text on the line, reason). One that matches nothing fails the test.
const EXEMPT: &[(&str, &str, &str, &str)] = &[];

/// A word that core code must not contain, and why.
const FORBIDDEN_IN_CORE: &[(&str, &str)] = &[
    ("std::time", "time comes in through a parameter"),
    ("SystemTime", "time comes in through a parameter"),
    ("Instant::", "time comes in through a parameter"),
    (
        "HashMap",
        "iteration order must not depend on a random state; use ds::Dict, BTreeMap or a sorted Vec",
    ),
    (
        "HashSet",
        "iteration order must not depend on a random state; use ds::Dict or BTreeSet",
    ),
    ("std::thread", "the core has no threads"),
    ("TcpStream", "the core has no sockets"),
    ("TcpListener", "the core has no sockets"),
    ("UdpSocket", "the core has no sockets"),
    ("ToSocketAddrs", "the core asks no name server"),
    ("std::fs", "the core has no files"),
    ("std::env", "the core has no environment"),
    ("std::io", "the core does no I/O"),
    ("println!", "the core does not print"),
    ("dbg!", "left over from debugging"),
    ("thread_local!", "the core has no global state"),
    ("static mut", "the core has no global state"),
    ("OnceLock", "the core has no global state"),
    ("LazyLock", "the core has no global state"),
    (".ln()", "differs between platforms; use libm"),
    (".log2()", "differs between platforms; use libm"),
    (".log10()", "differs between platforms; use libm"),
    (".exp()", "differs between platforms; use libm"),
    (".powf(", "differs between platforms; use libm"),
    (".powi(", "differs between platforms; use libm"),
    (".sin()", "differs between platforms; use libm"),
    (".cos()", "differs between platforms; use libm"),
    (".asin()", "differs between platforms; use libm"),
    (".atan2(", "differs between platforms; use libm"),
    (
        ".sort_unstable",
        "only where equal elements cannot be told apart: say so in a comment with the word `unstable`",
    ),
];

/// A word that no file of the project may contain. Written in halves so that this file does not match itself.
fn forbidden_everywhere() -> Vec<(String, &'static str)> {
    [
        ("TO", "DO", "finish it or open an issue"),
        ("FIX", "ME", "finish it or open an issue"),
        ("X", "XX", "finish it or open an issue"),
        ("unimpl", "emented!", "finish it"),
        ("to", "do!(", "finish it"),
        ("/wo", "rk/", "a path of one machine"),
        ("/ro", "ot/", "a path of one machine"),
        ("registry.", "npmjs", "the client knows its registry"),
        ("static.", "crates.io", "the client knows its registry"),
        ("index.", "crates.io", "the client knows its registry"),
        ("pypi", ".org", "the client knows its registry"),
        ("files.python", "hosted", "the client knows its registry"),
    ]
    .into_iter()
    .map(|(a, b, why)| (format!("{a}{b}"), why))
    .collect()
}

struct Source {
    path: String,
    lines: Vec<String>,
}

impl Source {
    /// A line without its comment and without what stands in string literals, so that rules read code only.
    fn code(&self, i: usize) -> String {
        let mut out = String::new();
        let (mut quoted, mut chars) = (false, self.lines[i].chars().peekable());
        while let Some(c) = chars.next() {
            match c {
                '\\' if quoted => drop(chars.next()),
                '"' => quoted = !quoted,
                '/' if !quoted && chars.peek() == Some(&'/') => break,
                // A character literal of a quote or a brace would upset the counting.
                '\'' if !quoted && matches!(chars.peek(), Some('"' | '{' | '}')) => {
                    chars.next();
                    chars.next();
                }
                _ if quoted => {}
                c => out.push(c),
            }
        }
        out
    }

    /// First line of the tests at the end of the file; they may use what the core may not.
    fn tests_begin(&self) -> usize {
        let marks = ["#[cfg(test)]", "#![cfg(test)]"];
        self.lines
            .iter()
            .position(|l| marks.contains(&l.trim()))
            .unwrap_or(self.lines.len())
    }

    fn is_test_file(&self) -> bool {
        self.path.ends_with("/tests.rs")
            || self.path.contains("/tests/")
            || self.path.ends_with("_tests.rs")
    }

    fn is_core(&self) -> bool {
        self.path.starts_with("src/")
            && !HOST.iter().any(|h| self.path.starts_with(h))
            && !self.is_test_file()
    }
}

struct Tidy {
    found: Vec<String>,
    used: Vec<bool>,
}

impl Tidy {
    fn report(&mut self, rule: &str, source: &Source, line: usize, text: &str) {
        let content = source.lines.get(line).map_or("", |l| l);
        for (i, (r, place, on_line, _)) in EXEMPT.iter().enumerate() {
            if *r == rule && source.path.starts_with(place) && content.contains(on_line) {
                self.used[i] = true;
                return;
            }
        }
        self.found
            .push(format!("{}:{}: {rule}: {text}", source.path, line + 1));
    }
}

fn walk(dir: &Path, endings: &[&str], out: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(dir) else {
        return;
    };
    for path in entries.flatten().map(|e| e.path()) {
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
        if path.is_dir() {
            if !matches!(
                name,
                "target"
                    | "node_modules"
                    | "pkg"
                    | "dist"
                    | ".git"
                    | ".cache"
                    | "test-results"
                    | "playwright-report"
            ) {
                walk(&path, endings, out);
            }
        } else if endings.iter().any(|e| name.ends_with(e)) {
            out.push(path);
        }
    }
}

fn sources(dir: &str, endings: &[&str]) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    walk(&root.join(dir), endings, &mut paths);
    paths.sort();
    paths
        .into_iter()
        .filter_map(|path| {
            let text = fs::read_to_string(&path).ok()?;
            let path = path.strip_prefix(root).ok()?.to_str()?.replace('\\', "/");
            Some(Source {
                path,
                lines: text.lines().map(String::from).collect(),
            })
        })
        .collect()
}

/// Every layer named on this line after `crate::` (or `redlab::` in the binaries), also in a braced list.
fn layers_named(code: &str) -> Vec<String> {
    let mut out = Vec::new();
    let word = |s: &str| {
        s.chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect::<String>()
    };
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            None => out.push(word(rest)),
            Some(list) => {
                let mut depth = 0;
                for part in list.split_inclusive([',', '{', '}']) {
                    if depth == 0 {
                        out.push(word(part.trim_start()));
                    }
                    depth += part.matches('{').count() as i32 - part.matches('}').count() as i32;
                }
            }
        }
    }
    out
}

fn layer_law(tidy: &mut Tidy, source: &Source) {
    let layer = source.path["src/".len()..]
        .split(['/', '.'])
        .next()
        .unwrap_or("");
    if layer == "lib" {
        return;
    }
    let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == layer) else {
        return tidy.report(
            "layer law",
            source,
            0,
            &format!("`{layer}` is no layer; add it to LAYERS in its order"),
        );
    };
    for i in 0..source.lines.len() {
        for named in layers_named(&source.code(i)) {
            let known = LAYERS.iter().any(|(name, _)| *name == named);
            if known && named != layer && !allowed.contains(&named.as_str()) {
                tidy.report(
                    "layer law",
                    source,
                    i,
                    &format!("`{layer}` must not use `{named}`"),
                );
            }
        }
    }
}

fn function_lengths(tidy: &mut Tidy, source: &Source) {
    let starts = |code: &str| {
        let words: Vec<&str> = code
            .split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .collect();
        let at = words.iter().position(|w| *w == "fn")?;
        words
            .get(at + 1)
            .filter(|w| !w.is_empty())
            .map(|w| w.to_string())
    };
    let mut i = 0;
    while i < source.lines.len() {
        let Some(name) = starts(&source.code(i)) else {
            i += 1;
            continue;
        };
        let (mut depth, mut opened, mut end) = (0i32, false, i);
        for j in i..source.lines.len() {
            let code = source.code(j);
            depth += code.matches('{').count() as i32 - code.matches('}').count() as i32;
            opened |= code.contains('{');
            end = j;
            if (opened && depth <= 0) || (!opened && code.contains(';')) {
                break;
            }
        }
        let length = end - i + 1;
        if length > FUNCTION_LINES {
            tidy.report(
                "function length",
                source,
                i,
                &format!("`{name}` has {length} lines, the limit is {FUNCTION_LINES}"),
            );
        }
        i = if opened { end + 1 } else { i + 1 };
    }
}

fn core_words(tidy: &mut Tidy, source: &Source) {
    for i in 0..source.tests_begin() {
        let code = source.code(i);
        for (word, why) in FORBIDDEN_IN_CORE {
            let above = i.checked_sub(1).map_or("", |j| source.lines[j].as_str());
            let explained = *word == ".sort_unstable"
                && [above, &source.lines[i]]
                    .iter()
                    .any(|l| l.contains("//") && l.contains("unstable"));
            if code.contains(word) && !explained {
                tidy.report("core", source, i, &format!("`{word}`: {why}"));
            }
        }
    }
}

fn rust_file(tidy: &mut Tidy, source: &Source) {
    if source.lines.len() > FILE_LINES {
        tidy.report(
            "file length",
            source,
            0,
            &format!("{} lines, the limit is {FILE_LINES}", source.lines.len()),
        );
    }
    if !source.lines.first().is_some_and(|l| l.starts_with("//!")) && !source.is_test_file() {
        tidy.report(
            "module doc",
            source,
            0,
            "a module opens with `//!`: what it is and why",
        );
    }
    if source.path.starts_with("src/") && !source.path.starts_with("src/wasm") {
        for i in 0..source.lines.len() {
            if source.code(i).contains("wasm_bindgen") {
                tidy.report(
                    "wasm boundary",
                    source,
                    i,
                    "only src/wasm.rs and src/wasm/ speak wasm_bindgen",
                );
            }
        }
    }
    if source.path.starts_with("src/") {
        layer_law(tidy, source);
    }
    if source.is_core() {
        core_words(tidy, source);
    }
    function_lengths(tidy, source);
}

fn page_file(tidy: &mut Tidy, source: &Source) {
    let mut elements = 0;
    for i in 0..source.lines.len() {
        let line = &source.lines[i];
        let code = line.split("// ").next().unwrap_or("");
        for (word, why) in [
            ("innerHTML", "build nodes, or set textContent"),
            ("outerHTML", "build nodes, or set textContent"),
            ("insertAdjacentHTML", "build nodes, or set textContent"),
            ("document.write", "build nodes"),
            ("eval(", "no code from text"),
            ("new Function(", "no code from text"),
        ] {
            if code.contains(word) {
                tidy.report("page", source, i, &format!("`{word}`: {why}"));
            }
        }
        if code.contains("customElements.define(") {
            elements += 1;
            if elements > 1 {
                tidy.report("page", source, i, "one custom element a file");
            }
        }
    }
}

#[test]
fn the_tree_is_tidy() {
    let mut tidy = Tidy {
        found: Vec::new(),
        used: vec![false; EXEMPT.len()],
    };
    for dir in ["src", "tests", "benches", "xtask/src"] {
        for source in sources(dir, &[".rs"]) {
            rust_file(&mut tidy, &source);
        }
    }
    for source in sources("www", &[".js", ".mjs", ".html"]) {
        page_file(&mut tidy, &source);
    }
    let everywhere = forbidden_everywhere();
    let kinds = [
        ".rs", ".js", ".mjs", ".html", ".css", ".md", ".sh", ".toml", ".json", ".txt", ".yml",
        ".lock", ".npmrc",
    ];
    for source in sources("", &kinds) {
        for (i, line) in source.lines.iter().enumerate() {
            for (word, why) in &everywhere {
                // Option texts such as "XX" are not the mark, and base64 hashes of a lock file may contain anything.
                let mark = *word == format!("X{}", "XX");
                let found = if mark {
                    line.split(|c: char| !c.is_alphanumeric())
                        .any(|w| w == word)
                } else {
                    line.contains(word)
                };
                if found && !(line.contains("\"integrity\"")) {
                    tidy.report("everywhere", &source, i, &format!("`{word}`: {why}"));
                }
            }
        }
    }
    for (i, (rule, place, line, _)) in EXEMPT.iter().enumerate() {
        if !tidy.used[i] {
            tidy.found.push(format!(
                "tests/tidy.rs: the exemption ({rule}, {place}, {line}) matches nothing; remove it"
            ));
        }
    }
    assert!(
        tidy.found.is_empty(),
        "\n{}\n{} violations",
        tidy.found.join("\n"),
        tidy.found.len()
    );
}

#[test]
fn the_rules_find_what_they_forbid() {
    let check = |path: &str, text: &str| {
        let mut tidy = Tidy {
            found: Vec::new(),
            used: vec![false; EXEMPT.len()],
        };
        rust_file(
            &mut tidy,
            &Source {
                path: path.into(),
                lines: text.lines().map(String::from).collect(),
            },
        );
        tidy.found
    };
    assert_eq!(
        check("src/ds/x.rs", "//! x\nuse crate::base::rng::Rng;\n"),
        Vec::<String>::new()
    );
    assert_eq!(
        check("src/ds/x.rs", "//! x\nuse crate::keyspace::Db;\n").len(),
        1
    );
    assert_eq!(
        check(
            "src/ds/x.rs",
            "//! x\nuse crate::{base::{a, lab}, server};\n"
        )
        .len(),
        1
    );
    assert_eq!(check("src/ds/x.rs", "use crate::base;\n").len(), 1);
    assert_eq!(
        check("src/ds/x.rs", "//! x\nlet t = std::time::Instant::now();\n").len(),
        2
    );
    assert_eq!(
        check(
            "src/ds/x.rs",
            "//! x\nlet t = \"std::time\"; // std::time\n"
        )
        .len(),
        0
    );
    assert_eq!(
        check(
            "src/ds/x.rs",
            "//! x\nv.sort_unstable(); // unstable: keys differ\n\nv.sort_unstable();\n"
        )
        .len(),
        1
    );
    let long = format!(
        "//! x\nfn f() {{\n{}}}\n",
        "    g();\n".repeat(FUNCTION_LINES)
    );
    assert_eq!(check("src/ds/x.rs", &long).len(), 1);
    assert_eq!(
        check(
            "src/ds/x.rs",
            &format!("//! x\n{}", "\n".repeat(FILE_LINES))
        )
        .len(),
        1
    );
}
