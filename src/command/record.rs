//! The record of a command: all that COMMAND, HELP, ACL, routing, completion and the documentation know of it.
use super::{Ctx, Outcome};

/// The function behind a command.
pub type Handler = fn(&mut Ctx<'_>) -> Outcome;

macro_rules! bits {
    ($(#[$doc:meta])* $set:ident as $alias:ident: $($name:ident = $text:literal),* $(,)?) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
        pub struct $set(u32);
        /// Short name for records.
        pub type $alias = $set;
        impl $set {
            /// None of them.
            pub const NONE: $set = $set(0);
            bits!(@consts $set 0u32; $($name)*);
            /// Each flag with the name that users see, in the order of COMMAND INFO.
            pub const ALL: &'static [($set, &'static str)] = &[$(($set::$name, $text)),*];
            /// Whether all of `other` are in here.
            pub const fn has(self, other: $set) -> bool {
                self.0 & other.0 == other.0
            }
            /// Both together.
            pub const fn with(self, other: $set) -> $set {
                $set(self.0 | other.0)
            }
            /// The names in here.
            pub fn names(self) -> impl Iterator<Item = &'static str> + Clone {
                Self::ALL.iter().filter(move |(f, _)| self.has(*f)).map(|&(_, name)| name)
            }
            /// The flag with this name.
            pub fn named(name: &[u8]) -> Option<$set> {
                Self::ALL.iter().find(|(_, n)| n.as_bytes().eq_ignore_ascii_case(name)).map(|&(f, _)| f)
            }
        }
        impl std::ops::BitOr for $set {
            type Output = $set;
            fn bitor(self, other: $set) -> $set {
                self.with(other)
            }
        }
    };
    (@consts $set:ident $n:expr; $name:ident $($rest:ident)*) => {
        pub const $name: $set = $set(1 << $n);
        bits!(@consts $set $n + 1; $($rest)*);
    };
    (@consts $set:ident $n:expr;) => {};
}

bits! {
    /// Command flags.
    Flags as F:
    WRITE = "write", READONLY = "readonly", DENYOOM = "denyoom", MODULE = "module", ADMIN = "admin",
    PUBSUB = "pubsub", NOSCRIPT = "noscript", BLOCKING = "blocking", LOADING = "loading", STALE = "stale",
    SKIP_MONITOR = "skip_monitor", SKIP_SLOWLOG = "skip_slowlog", ASKING = "asking", FAST = "fast",
    NO_AUTH = "no_auth", MAY_REPLICATE = "may_replicate", SENTINEL = "sentinel", ONLY_SENTINEL = "only_sentinel",
    NO_MANDATORY_KEYS = "no_mandatory_keys", PROTECTED = "protected", NO_ASYNC_LOADING = "no_async_loading",
    NO_MULTI = "no_multi", MOVABLEKEYS = "movablekeys", ALLOW_BUSY = "allow_busy",
}

bits! {
    /// ACL categories.
    Cats as C:
    KEYSPACE = "keyspace", READ = "read", WRITE = "write", SET = "set", SORTEDSET = "sortedset", LIST = "list",
    HASH = "hash", STRING = "string", BITMAP = "bitmap", HYPERLOGLOG = "hyperloglog", GEO = "geo",
    STREAM = "stream", PUBSUB = "pubsub", ADMIN = "admin", FAST = "fast", SLOW = "slow", BLOCKING = "blocking",
    DANGEROUS = "dangerous", CONNECTION = "connection", TRANSACTION = "transaction", SCRIPTING = "scripting",
}

/// The documentation group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    Generic,
    String,
    List,
    Set,
    SortedSet,
    Hash,
    Pubsub,
    Transactions,
    Connection,
    Server,
    Scripting,
    Hyperloglog,
    Cluster,
    Sentinel,
    Geo,
    Stream,
    Bitmap,
}

impl Group {
    /// The name in COMMAND DOCS.
    pub fn name(self) -> &'static str {
        match self {
            Group::Generic => "generic",
            Group::String => "string",
            Group::List => "list",
            Group::Set => "set",
            Group::SortedSet => "sorted-set",
            Group::Hash => "hash",
            Group::Pubsub => "pubsub",
            Group::Transactions => "transactions",
            Group::Connection => "connection",
            Group::Server => "server",
            Group::Scripting => "scripting",
            Group::Hyperloglog => "hyperloglog",
            Group::Cluster => "cluster",
            Group::Sentinel => "sentinel",
            Group::Geo => "geo",
            Group::Stream => "stream",
            Group::Bitmap => "bitmap",
        }
    }
}

/// Where the keys of a specification begin.
#[derive(Clone, Copy, Debug)]
pub enum Begin {
    /// At this argument.
    Index(i32),
    /// After this word, searched from an argument on (a negative one searches backwards).
    Keyword(&'static str, i32),
    /// Not to be told from the arguments alone.
    Unknown,
}

/// Which arguments are keys, from where they begin.
#[derive(Clone, Copy, Debug)]
pub enum Find {
    /// Up to the last (relative if positive, from the end if negative), every `step`th, of 1/`limit` of the arguments.
    Range(i32, i32, i32),
    /// The count stands at `idx`, the first key at `first`, every `step`th.
    KeyNum(i32, i32, i32),
    /// Not to be told.
    Unknown,
}

/// One key specification.
#[derive(Clone, Copy, Debug)]
pub struct KeySpec {
    /// Names as in COMMAND INFO: `RW access update` and so on.
    pub flags: &'static str,
    pub begin: Begin,
    pub find: Find,
    /// A remark for people (COMMAND INFO shows it).
    pub notes: &'static str,
}

impl KeySpec {
    /// A specification without a remark.
    pub const fn new(flags: &'static str, begin: Begin, find: Find) -> KeySpec {
        KeySpec {
            flags,
            begin,
            find,
            notes: "",
        }
    }

    /// The same with a remark.
    pub const fn notes(self, notes: &'static str) -> KeySpec {
        KeySpec { notes, ..self }
    }
}

/// Which part of its documentation marks a command as on its way out or internal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deprecated {
    pub since: &'static str,
    pub replaced_by: &'static str,
}

/// Everything about one command or subcommand. It stands right above its function; nothing of it is written twice.
#[derive(Clone, Copy)]
pub struct Command {
    /// Lower case; a subcommand's own name (`kill`).
    pub name: &'static str,
    /// Number of arguments with the name(s); negative: at least so many.
    pub arity: i32,
    pub flags: Flags,
    /// ACL categories beyond those that follow from the flags.
    pub acl: Cats,
    pub keys: &'static [KeySpec],
    pub since: &'static str,
    pub group: Group,
    pub complexity: &'static str,
    pub summary: &'static str,
    /// The arguments in the notation of `command::syntax`.
    pub syntax: &'static str,
    pub tips: &'static [&'static str],
    pub deprecated: Option<Deprecated>,
    /// `syscmd` in COMMAND DOCS: for the system's own use.
    pub internal: bool,
    pub subs: &'static [Command],
    /// `parent|` of a subcommand, for messages.
    pub parent: &'static str,
    pub run: Handler,
}

fn no_handler(_: &mut Ctx<'_>) -> Outcome {
    unreachable!("a container command is dispatched to its subcommands")
}

impl Command {
    /// What most commands leave as it is.
    pub const DEFAULT: Command = Command {
        name: "",
        arity: 0,
        flags: Flags::NONE,
        acl: Cats::NONE,
        keys: &[],
        since: "1.0.0",
        group: Group::Generic,
        complexity: "O(1)",
        summary: "",
        syntax: "",
        tips: &[],
        deprecated: None,
        internal: false,
        subs: &[],
        parent: "",
        run: no_handler,
    };

    /// `client|kill`, or just the name.
    pub fn full_name(&self) -> String {
        if self.parent.is_empty() {
            self.name.into()
        } else {
            format!("{}|{}", self.parent, self.name)
        }
    }

    /// Whether `argc` arguments are an allowed number.
    pub fn accepts(&self, argc: usize) -> bool {
        if self.arity >= 0 {
            argc == self.arity as usize
        } else {
            argc >= -self.arity as usize
        }
    }

    /// All ACL categories: the record's own and those that follow from the flags.
    pub fn categories(&self) -> Cats {
        let mut cats = self.acl;
        let implied = [
            (F::WRITE, C::WRITE),
            (F::ADMIN, C::ADMIN | C::DANGEROUS),
            (F::PUBSUB, C::PUBSUB),
            (F::FAST, C::FAST),
            (F::BLOCKING, C::BLOCKING),
        ];
        for (flag, cat) in implied {
            if self.flags.has(flag) {
                cats = cats | cat;
            }
        }
        if self.flags.has(F::READONLY) && !cats.has(C::SCRIPTING) {
            cats = cats | C::READ;
        }
        if !self.flags.has(F::FAST) {
            cats = cats | C::SLOW;
        }
        cats
    }

    /// The subcommand with this name, in any case.
    pub fn sub(&self, name: &[u8]) -> Option<&'static Command> {
        self.subs
            .iter()
            .find(|c| c.name.as_bytes().eq_ignore_ascii_case(name))
    }
}
