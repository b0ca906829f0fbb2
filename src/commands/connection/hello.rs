//! Authentication and the protocol: AUTH, HELLO, RESET.
use super::{list, tracking};
use crate::base::num;
use crate::command::acl::{DEFAULT_USER, Entry};
use crate::command::{C, Command, Ctx, Error, F, Flags, Group, Outcome, client::ReplyMode};
use crate::resp::Proto;

pub(super) const TABLE: &[Command] = &[AUTH, HELLO, RESET];

/// What AUTH, HELLO and RESET have in common: allowed before anything else is.
const DOOR: Flags = F::NOSCRIPT
    .with(F::LOADING)
    .with(F::STALE)
    .with(F::FAST)
    .with(F::NO_AUTH)
    .with(F::ALLOW_BUSY);

const AUTH: Command = Command {
    name: "auth",
    arity: -2,
    flags: DOOR.with(F::SENTINEL),
    acl: C::CONNECTION,
    since: "1.0.0",
    group: Group::Connection,
    complexity: "O(N), N the user's passwords",
    summary: "Proves who the connection is, by a password.",
    syntax: "[username@6.0.0] password",
    run: auth,
    ..Command::DEFAULT
};

const WRONG_PASS: &str = "WRONGPASS invalid username-password pair or user is disabled.";

fn log_in(ctx: &mut Ctx<'_>, user: &[u8], password: &[u8]) -> Outcome {
    if !ctx.server.acl.accepts(user, password) {
        log_failure(ctx, user);
        return Err(Error::new(WRONG_PASS));
    }
    let client = ctx.client();
    client.authenticated = true;
    client.user = user.to_vec();
    ctx.server.guard_clients();
    Ok(())
}

/// A wrong password goes to ACL LOG.
fn log_failure(ctx: &mut Ctx<'_>, user: &[u8]) {
    ctx.server.stats.auth_failures += 1;
    let entry = Entry {
        reason: "auth",
        object: ctx.arg(0).to_vec(),
        user: user.to_vec(),
        client: list::describe_self(ctx),
        ..Entry::default()
    };
    let limit = ctx.config.acl_log_limit();
    ctx.server.acl.log.add(entry, ctx.db.ks.now_ms, limit);
}

fn auth(ctx: &mut Ctx<'_>) -> Outcome {
    let (user, password) = match ctx.argc() {
        2 if ctx.server.acl.default_needs_no_password() => {
            return Err(Error::new(
                "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
            ));
        }
        2 => (b"default".as_slice(), ctx.arg(1)),
        3 => (ctx.arg(1), ctx.arg(2)),
        _ => return Err(Error::SYNTAX),
    };
    log_in(ctx, user, password)?;
    ctx.out.ok();
    Ok(())
}

const HELLO: Command = Command {
    name: "hello",
    arity: -1,
    flags: DOOR.with(F::SENTINEL),
    acl: C::CONNECTION,
    since: "6.0.0",
    group: Group::Connection,
    summary: "Chooses the protocol, and says what the server is.",
    syntax: "[arguments(protover:integer [AUTH=auth(username password)] [SETNAME=clientname])]",
    run: hello,
    ..Command::DEFAULT
};

fn hello(ctx: &mut Ctx<'_>) -> Outcome {
    let mut cursor = ctx.cursor(1);
    let mut proto = None;
    if let Some(word) = cursor.peek() {
        proto = match num::parse_i64(word) {
            Some(2) => Some(Proto::Resp2),
            Some(3) => Some(Proto::Resp3),
            Some(_) => return Err(Error::new("NOPROTO unsupported protocol version")),
            None => {
                return Err(Error::new(
                    "ERR Protocol version is not an integer or out of range",
                ));
            }
        };
        cursor.word()?;
    }
    let (mut pair, mut name) = (None, None);
    while let Some(option) = cursor.peek() {
        if cursor.take_with("AUTH", 2) {
            pair = Some((cursor.word()?, cursor.word()?));
        } else if cursor.take_with("SETNAME", 1) {
            name = Some(valid_name(cursor.word()?)?);
        } else {
            let mut text = b"ERR Syntax error in HELLO option '".to_vec();
            text.extend_from_slice(option);
            text.push(b'\'');
            return Err(Error::bytes(text));
        }
    }
    if let Some((user, password)) = pair {
        log_in(ctx, user, password)?;
    }
    if !ctx.client().authenticated {
        return Err(Error::new(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time",
        ));
    }
    if let Some(name) = name {
        ctx.client().name = name.to_vec();
    }
    if let Some(proto) = proto {
        ctx.out.proto = proto;
    }
    write_hello(ctx);
    Ok(())
}

fn write_hello(ctx: &mut Ctx<'_>) {
    let id = ctx.id as i64;
    let follows = ctx.server.repl.primary.is_some();
    let watches = ctx.server.watch.is_some();
    let out = &mut *ctx.out;
    out.map(if watches { 6 } else { 7 });
    out.bulk(b"server");
    out.bulk(b"redis");
    out.bulk(b"version");
    out.bulk(crate::REDIS_VERSION.as_bytes());
    out.bulk(b"proto");
    out.int(if out.resp3() { 3 } else { 2 });
    out.bulk(b"id");
    out.int(id);
    out.bulk(b"mode");
    if watches {
        out.bulk(b"sentinel");
    } else {
        out.bulk(b"standalone");
        out.bulk(b"role");
        out.bulk(if follows { b"replica" } else { b"master" });
    }
    out.bulk(b"modules");
    out.array(0);
}

/// A connection's name may hold anything that CLIENT LIST can show as one word.
pub(super) fn valid_name(name: &[u8]) -> Result<&[u8], Error> {
    // A real server reads it as C does, up to the first zero byte.
    let mut read = name.iter().take_while(|b| **b != 0);
    if read.all(|b| (b'!'..=b'~').contains(b)) {
        Ok(name)
    } else {
        Err(Error::new(
            "ERR Client names cannot contain spaces, newlines or special characters.",
        ))
    }
}

const RESET: Command = Command {
    name: "reset",
    arity: 1,
    flags: DOOR,
    acl: C::CONNECTION,
    since: "6.2.0",
    group: Group::Connection,
    summary: "Makes the connection as good as new.",
    run: reset,
    ..Command::DEFAULT
};

fn reset(ctx: &mut Ctx<'_>) -> Outcome {
    let authenticated = ctx.server.acl.is_open();
    ctx.db.ks.unwatch(ctx.id);
    ctx.server.unsubscribe_all(ctx.id);
    ctx.server.unwatch_commands(ctx.id);
    tracking::end(ctx);
    let client = ctx.client();
    client.queue = None;
    client.db = 0;
    client.name.clear();
    client.no_evict = false;
    client.no_touch = false;
    client.reply_mode = ReplyMode::On;
    client.user = DEFAULT_USER.into();
    client.authenticated = authenticated;
    ctx.server.guard_clients();
    ctx.out.proto = Proto::Resp2;
    ctx.out.simple("RESET");
    Ok(())
}
