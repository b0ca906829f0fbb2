//! CLIENT KILL, in its old form (one address) and its new one (filters).
use super::list::Class;
use crate::command::replication::Way;
use crate::command::{
    Acl, C, Client, ClientId, Command, Ctx, Cursor, Effect, Error, F, Group, Outcome,
};

pub(super) const KILL: Command = Command {
    name: "kill",
    parent: "client",
    arity: -3,
    flags: F::ADMIN.with(F::NOSCRIPT).with(F::LOADING).with(F::STALE),
    acl: C::CONNECTION,
    since: "2.4.0",
    group: Group::Connection,
    complexity: "O(N), N the connections",
    summary: "Ends the connections that pass all filters.",
    syntax: "filter<old-format\"ip:port\"~2.8.12|new-format<[ID=client-id:integer@2.8.12]|[TYPE=client-type<NORMAL|MASTER@3.2.0|PRIMARY@8.0.0|SLAVE|REPLICA@5.0.0|PUBSUB>@2.8.12]|[USER=username]|[ADDR=addr\"ip:port\"]|[LADDR=laddr\"ip:port\"@6.2.0]|[SKIPME=skipme<YES|NO>]|[MAXAGE=maxage:integer@8.0.0]>+>",
    run: kill,
    ..Command::DEFAULT
};

/// What a connection must be to be ended; what is `None` does not matter.
#[derive(Default)]
struct Filter<'a> {
    id: Option<ClientId>,
    class: Option<Class>,
    user: Option<&'a [u8]>,
    addr: Option<&'a [u8]>,
    laddr: Option<&'a [u8]>,
    max_age_s: Option<i64>,
    not_me: bool,
}

impl<'a> Filter<'a> {
    fn parse(mut cursor: Cursor<'a>, acl: &Acl) -> Result<Filter<'a>, Error> {
        let mut filter = Filter {
            not_me: true,
            ..Filter::default()
        };
        while !cursor.is_done() {
            if cursor.take_with("ID", 1) {
                filter.id = Some(Self::number(
                    &mut cursor,
                    "client-id should be greater than 0",
                    "client-id should be greater than 0",
                )? as ClientId);
            } else if cursor.take_with("MAXAGE", 1) {
                filter.max_age_s = Some(Self::number(
                    &mut cursor,
                    "maxage is not an integer or out of range",
                    "maxage should be greater than 0",
                )?);
            } else if cursor.take_with("TYPE", 1) {
                filter.class = Some(Class::named(cursor.word()?)?);
            } else if cursor.take_with("USER", 1) {
                let user = cursor.word()?;
                if acl.user(user).is_none() {
                    let mut text = b"ERR No such user '".to_vec();
                    text.extend_from_slice(user);
                    text.push(b'\'');
                    return Err(Error::bytes(text));
                }
                filter.user = Some(user);
            } else if cursor.take_with("ADDR", 1) {
                filter.addr = Some(cursor.word()?);
            } else if cursor.take_with("LADDR", 1) {
                filter.laddr = Some(cursor.word()?);
            } else if cursor.take_with("SKIPME", 1) {
                filter.not_me = if cursor.take("yes") {
                    true
                } else if cursor.take("no") {
                    false
                } else {
                    return Err(Error::SYNTAX);
                };
            } else {
                return Err(Error::SYNTAX);
            }
        }
        Ok(filter)
    }

    fn number(cursor: &mut Cursor<'a>, not: &str, small: &str) -> Result<i64, Error> {
        let error = |text: &str| Error::new(format!("ERR {text}"));
        let n = cursor.int().map_err(|_| error(not))?;
        if n < 1 {
            return Err(error(small));
        }
        Ok(n)
    }

    fn matches(&self, client: &Client, me: ClientId, now_ms: i64) -> bool {
        self.id.is_none_or(|id| client.id == id)
            && self.class.is_none_or(|class| Class::of(client) == class)
            && self.user.is_none_or(|u| client.user == u)
            && self.addr.is_none_or(|a| client.addr.as_bytes() == a)
            && self.laddr.is_none_or(|a| client.laddr.as_bytes() == a)
            && self
                .max_age_s
                .is_none_or(|age| (now_ms - client.created_ms) / 1000 >= age)
            && !(self.not_me && client.id == me)
    }
}

fn kill(ctx: &mut Ctx<'_>) -> Outcome {
    let old = ctx.argc() == 3;
    let filter = if old {
        Filter {
            addr: Some(ctx.arg(2)),
            ..Filter::default()
        }
    } else {
        Filter::parse(ctx.cursor(2), &ctx.server.acl)?
    };
    let now_ms = ctx.db.ks.now_ms;
    let mut killed = 0;
    for client in ctx.server.clients.iter_mut() {
        let hidden = client.way == Way::Out;
        if hidden || client.close_after_reply || !filter.matches(client, ctx.id, now_ms) {
            continue;
        }
        killed += 1;
        client.close_after_reply = true;
        if client.id != ctx.id {
            // Its own end is brought about once its reply stands.
            ctx.server.effects.push(Effect::Close(client.id));
        }
    }
    match (old, killed) {
        (true, 0) => return Err(Error::new("ERR No such client")),
        (true, _) => ctx.out.ok(),
        (false, n) => ctx.out.int(n),
    }
    Ok(())
}
