//! What a command leaves for the node to do, because commands cannot run others.
use super::replication;
use super::{Error, OwnedArgs, Queue};
use crate::base::time::Micros;
use crate::script::shebang::ScriptFlags;

/// It is taken up as soon as the command itself is done.
#[derive(Clone)]
pub enum Then {
    /// EXEC: the commands to run.
    Exec(Box<Queue>),
    /// EVAL and the like: the machine is ready to run the script.
    Script(Box<ScriptCall>),
    /// REPLICAOF, PSYNC and the like.
    Replicate(replication::Order),
}

/// A script that is to be run.
#[derive(Clone)]
pub struct ScriptCall {
    /// What errors call it: its digest, or the function's name.
    pub name: Vec<u8>,
    /// One of a library.
    pub function: bool,
    pub flags: ScriptFlags,
    /// Nothing may be written (EVAL_RO and the like).
    pub read_only: bool,
}

/// A script that is not through after its first slice of time: what others may know of it, and do to it.
#[derive(Clone)]
pub struct RunningScript {
    pub name: Vec<u8>,
    pub function: bool,
    /// It has called a command that writes: it must not be ended.
    pub wrote: bool,
    /// It is to end at its next step, whatever it does.
    pub killed: bool,
    pub started_us: Micros,
    /// The command that runs it.
    pub argv: OwnedArgs,
}

impl RunningScript {
    /// What others are told while it does not end.
    pub fn busy(&self) -> Error {
        let what = if self.function { "FUNCTION" } else { "SCRIPT" };
        Error::new(
            [
                "BUSY Redis is busy running a script. You can only call ",
                what,
                " KILL or SHUTDOWN NOSAVE.",
            ]
            .concat(),
        )
    }
}
