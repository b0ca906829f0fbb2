//! What MULTI collects until EXEC runs it.
use super::args::OwnedArgs;
use super::{Args, Command, F, Flags};

/// A command that was let through by the gates, with its number in the registry.
#[derive(Clone)]
pub struct Queued {
    pub number: usize,
    pub command: &'static Command,
    pub argv: OwnedArgs,
}

/// The queue of one client's transaction.
#[derive(Clone, Default)]
pub struct Queue {
    commands: Vec<Queued>,
    /// The flags of all commands together.
    flags: Flags,
    refused: bool,
    arg_bytes: usize,
    mem_bytes: usize,
}

impl Queue {
    /// Adds a command. O(its bytes).
    pub fn push(&mut self, number: usize, command: &'static Command, args: Args<'_>) {
        let argv: OwnedArgs = args.from(0).collect();
        self.flags = self.flags | command.flags;
        self.arg_bytes += argv.bytes() + size_of::<u64>() * args.len();
        self.mem_bytes += size_of::<Queued>() + argv.mem_bytes();
        self.commands.push(Queued {
            number,
            command,
            argv,
        });
    }

    /// A command was refused: EXEC will do nothing, and what is queued need not be kept.
    pub fn refuse(&mut self) {
        *self = Queue {
            refused: true,
            ..Queue::default()
        };
    }

    /// Whether a command was refused.
    pub fn is_refused(&self) -> bool {
        self.refused
    }

    /// The commands in their order.
    pub fn commands(&self) -> &[Queued] {
        &self.commands
    }

    /// The flags of all commands together.
    pub fn flags(&self) -> Flags {
        self.flags
    }

    /// Whether one of the commands may add data.
    pub fn adds_data(&self) -> bool {
        self.flags.has(F::DENYOOM)
    }

    /// Bytes of the words that wait, each with a pointer of a 64-bit server: they count as unread input.
    pub fn arg_bytes(&self) -> usize {
        self.arg_bytes
    }

    /// Bytes of memory that the queue takes.
    pub fn mem_bytes(&self) -> usize {
        self.mem_bytes
    }
}
