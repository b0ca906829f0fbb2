//! The context: the only thing that a command sees.
use super::{Args, Client, ClientId, Command, Config, Cursor, Error, Server};
use crate::base::rng::Rng;
use crate::keyspace::Db;
use crate::resp::Reply;

/// How the running command goes into the log and to replicas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Propagate {
    /// As it was sent, if it changed anything.
    #[default]
    AsSent,
    /// As it was sent, but for these arguments (the id that XADD gave).
    With(Vec<(usize, Vec<u8>)>),
    /// As it was sent, whether or not it changed anything.
    Always,
    /// As it was sent, to replicas only, whether or not it changed anything.
    ToReplicas,
    /// Not at all.
    Nothing,
    /// As these commands instead (absolute expiry, the elements that SPOP chose). More than one go in MULTI/EXEC.
    As(Vec<Vec<Vec<u8>>>),
}

/// One command while it runs. The fields are apart so that a value of `db` can be read while `out` is written.
pub struct Ctx<'a> {
    pub args: Args<'a>,
    /// The record of the running command or subcommand.
    pub command: &'static Command,
    pub out: &'a mut Reply,
    /// The client's selected database.
    pub db: Db<'a>,
    pub config: &'a mut Config,
    pub rng: &'a mut Rng,
    pub server: &'a mut Server,
    /// The client that sent the command. Its output stands in `out` meanwhile.
    pub id: ClientId,
    pub propagate: Propagate,
}

impl<'a> Ctx<'a> {
    /// Whether a parameter lets clients use a command: not at all, all of them, or those on the same machine.
    pub fn check_protected(&mut self, command: &str, parameter: &str) -> Result<(), Error> {
        let client = self.client();
        let local =
            client.unix || client.addr.starts_with("127.") || client.addr.starts_with("[::1]:");
        match self.config.text(parameter).as_slice() {
            b"yes" => Ok(()),
            b"local" if local => Ok(()),
            _ => Err(Error::new(
                [
                    "ERR ",
                    command,
                    " command not allowed. If the ",
                    parameter,
                    " option is set to \"local\", you can run it from a local connection, otherwise you need to set this \
                     option in the configuration file, and then restart the server.",
                ]
                .concat(),
            )),
        }
    }

    /// Argument `i`; 0 is the command's name. Lives as long as the request, so it can be held while the context changes.
    #[inline(always)]
    pub fn arg(&self, i: usize) -> &'a [u8] {
        self.args.get(i)
    }

    /// Number of arguments with the name.
    #[inline(always)]
    pub fn argc(&self) -> usize {
        self.args.len()
    }

    /// A cursor over the arguments from `i` on.
    pub fn cursor(&self, i: usize) -> Cursor<'a> {
        self.args.cursor(i)
    }

    /// The client that sent the command.
    pub fn client(&mut self) -> &mut Client {
        self.server
            .clients
            .get_mut(self.id)
            .expect("the client of a running command is connected")
    }

    /// Refuses what would take `bytes` more where the node's memory ceiling stands in the way: to be asked before a
    /// command allocates by a number that it was given.
    pub fn room(&self, bytes: i64) -> Result<(), Error> {
        let used = self.db.ks.data_bytes();
        if used.saturating_add(bytes) > self.server.memory_ceiling {
            return Err(Error::OUT_OF_MEMORY);
        }
        Ok(())
    }

    /// Lets the log and the replicas see `argv` in place of the command that was sent.
    pub fn propagate_as(&mut self, argv: &[&[u8]]) {
        if !self.server.propagates {
            self.propagate = Propagate::Nothing;
            return;
        }
        let argv = argv.iter().map(|a| a.to_vec()).collect();
        match &mut self.propagate {
            Propagate::As(list) => list.push(argv),
            other => *other = Propagate::As(vec![argv]),
        }
    }
}
