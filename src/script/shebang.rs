//! The first line of a script or library: `#!lua name=mylib flags=no-writes,allow-oom`.

/// What a script says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ScriptFlags(u8);

/// The flags with their names, in the order in which FUNCTION LIST shows them.
pub const FLAGS: [(&str, ScriptFlags); 5] = [
    ("no-writes", ScriptFlags::NO_WRITES),
    ("allow-oom", ScriptFlags::ALLOW_OOM),
    ("allow-stale", ScriptFlags::ALLOW_STALE),
    ("no-cluster", ScriptFlags(8)),
    ("allow-cross-slot-keys", ScriptFlags(16)),
];

impl ScriptFlags {
    pub const NO_WRITES: ScriptFlags = ScriptFlags(1);
    pub const ALLOW_OOM: ScriptFlags = ScriptFlags(2);
    pub const ALLOW_STALE: ScriptFlags = ScriptFlags(4);
    /// Nothing was said: what a script may do is found out command by command.
    pub const COMPAT: ScriptFlags = ScriptFlags(32);

    /// Whether all of `other` are set.
    pub fn has(self, other: ScriptFlags) -> bool {
        self.0 & other.0 == other.0
    }

    /// The flag with this name added; false if there is none.
    pub fn add(&mut self, name: &[u8]) -> bool {
        let flag = FLAGS.iter().find(|(known, _)| known.as_bytes() == name);
        flag.is_some_and(|(_, flag)| {
            self.0 |= flag.0;
            true
        })
    }

    /// The names of the flags that are set.
    pub fn names(self) -> impl Iterator<Item = &'static str> + Clone {
        let set = FLAGS.iter().filter(move |(_, flag)| self.has(*flag));
        set.map(|&(name, _)| name)
    }
}

/// Splits a script into its flags and how many bytes its first line takes (without the line's end, so that the numbers of
/// lines stay right).
///
/// # Errors
/// What is wrong with the first line.
pub fn of_script(body: &[u8]) -> Result<(ScriptFlags, usize), Vec<u8>> {
    if !body.starts_with(b"#!") {
        return Ok((ScriptFlags::COMPAT, 0));
    }
    let Some(end) = body.iter().position(|&b| b == b'\n') else {
        return Err(b"ERR Invalid script shebang".into());
    };
    let mut words = words(&body[..end]);
    let engine = words.next().unwrap_or_default();
    if engine != b"#!lua" {
        return Err([b"ERR Unexpected engine in script shebang: ", engine].concat());
    }
    let mut flags = ScriptFlags::default();
    for word in words {
        let Some(list) = word.strip_prefix(b"flags=") else {
            return Err([b"ERR Unknown lua shebang option: ", word].concat());
        };
        for name in list.split(|&b| b == b',').filter(|_| !list.is_empty()) {
            if !flags.add(name) {
                return Err([b"ERR Unexpected flag in script shebang: ", name].concat());
            }
        }
    }
    Ok((flags, end))
}

/// The words of a line.
pub(super) fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let space = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | 0x0b | 0x0c);
    line.split(space).filter(|word| !word.is_empty())
}
