//! CLIENT TRACKING and what belongs to it: help for clients that keep copies of what they read.
use super::client::SUB;
use crate::command::{ClientId, Command, Ctx, Error, Outcome, tracking::Tracking};

pub(super) const TRACKING: Command = Command {
    name: "tracking",
    arity: -3,
    since: "6.0.0",
    complexity: "O(N), N the prefixes",
    summary: "Has the connection told when keys change that it read.",
    syntax: "status<ON|OFF> [REDIRECT=client-id:integer] [PREFIX=prefix++] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]",
    run: tracking,
    ..SUB
};

fn tracking(ctx: &mut Ctx<'_>) -> Outcome {
    let wanted = parse(ctx)?;
    if ctx.args.is(2, "off") {
        end(ctx);
    } else if ctx.args.is(2, "on") {
        check(ctx.client().tracking.as_deref(), &wanted)?;
        let mut wanted = wanted;
        let has_prefix = |t: &Tracking| !t.prefixes.is_empty();
        if wanted.bcast && !has_prefix(&wanted) {
            wanted.prefixes.push(Box::default());
        }
        ctx.server.track(ctx.id, wanted);
        ctx.db.ks.tell_changes(true);
    } else {
        return Err(Error::SYNTAX);
    }
    ctx.out.ok();
    Ok(())
}

/// Switches tracking off.
pub(super) fn end(ctx: &mut Ctx<'_>) {
    ctx.server.untrack(ctx.id);
    ctx.db.ks.tell_changes(ctx.server.tracked.clients() > 0);
}

fn parse(ctx: &mut Ctx<'_>) -> Result<Tracking, Error> {
    let mut wanted = Tracking::default();
    let mut cursor = ctx.cursor(3);
    while !cursor.is_done() {
        if cursor.take_with("REDIRECT", 1) {
            if wanted.redirect != 0 {
                return Err(Error::new(
                    "ERR A client can only redirect to a single other client",
                ));
            }
            let id = cursor.int()?;
            if id <= 0 || ctx.server.clients.get(id as ClientId).is_none() {
                return Err(Error::new(
                    "ERR The client ID you want redirect to does not exist",
                ));
            }
            wanted.redirect = id as ClientId;
        } else if cursor.take("BCAST") {
            wanted.bcast = true;
        } else if cursor.take("OPTIN") {
            wanted.optin = true;
        } else if cursor.take("OPTOUT") {
            wanted.optout = true;
        } else if cursor.take("NOLOOP") {
            wanted.noloop = true;
        } else if cursor.take_with("PREFIX", 1) {
            wanted.prefixes.push(cursor.word()?.into());
        } else {
            return Err(Error::SYNTAX);
        }
    }
    Ok(wanted)
}

/// Whether the modes go together, with each other and with those that the client has now.
fn check(now: Option<&Tracking>, wanted: &Tracking) -> Outcome {
    let refuse = |text: &str| Err(Error::new(text));
    if !wanted.bcast && !wanted.prefixes.is_empty() {
        return refuse("ERR PREFIX option requires BCAST mode to be enabled");
    }
    if now.is_some_and(|now| now.bcast != wanted.bcast) {
        return refuse(
            "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it \
             with a different mode.",
        );
    }
    if wanted.bcast && (wanted.optin || wanted.optout) {
        return refuse("ERR OPTIN and OPTOUT are not compatible with BCAST");
    }
    if wanted.optin && wanted.optout {
        return refuse("ERR You can't specify both OPTIN mode and OPTOUT mode");
    }
    if now.is_some_and(|now| now.optin && wanted.optout || now.optout && wanted.optin) {
        return refuse(
            "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it \
             with a different mode.",
        );
    }
    let known = now.map_or(&[][..], |now| &now.prefixes);
    for (at, prefix) in wanted.prefixes.iter().enumerate() {
        let later = &wanted.prefixes[at + 1..];
        for (others, which) in [(known, "an existing"), (later, "another provided")] {
            let overlaps = |other: &&[u8]| other.starts_with(prefix) || prefix.starts_with(other);
            if let Some(other) = others.iter().map(|other| &**other).find(overlaps) {
                return Err(overlap(prefix, which, other));
            }
        }
    }
    Ok(())
}

fn overlap(prefix: &[u8], which: &str, other: &[u8]) -> Error {
    const END: &[u8] = b"'. Prefixes for a single client must not overlap.";
    let which = which.as_bytes();
    Error::bytes(
        [
            b"ERR Prefix '",
            prefix,
            b"' overlaps with ",
            which,
            b" prefix '",
            other,
            END,
        ]
        .concat(),
    )
}

pub(super) const CACHING: Command = Command {
    name: "caching",
    arity: 3,
    since: "6.0.0",
    summary: "Says whether the keys that the next command reads are tracked.",
    syntax: "mode<YES|NO>",
    run: caching,
    ..SUB
};

fn caching(ctx: &mut Ctx<'_>) -> Outcome {
    let (yes, no) = (ctx.args.is(2, "yes"), ctx.args.is(2, "no"));
    let refuse = |text: &str| Err(Error::new(text));
    let tracking = ctx.client().tracking.as_deref_mut();
    let Some(tracking) = tracking else {
        return refuse(
            "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled",
        );
    };
    if yes && !tracking.optin {
        return refuse(
            "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.",
        );
    }
    if no && !tracking.optout {
        return refuse(
            "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.",
        );
    }
    if !yes && !no {
        return Err(Error::SYNTAX);
    }
    tracking.caching = true;
    ctx.out.ok();
    Ok(())
}

pub(super) const GETREDIR: Command = Command {
    name: "getredir",
    arity: 2,
    since: "6.0.0",
    summary: "Gives the connection that messages about changed keys are sent to.",
    run: getredir,
    ..SUB
};

/// The id in GETREDIR and TRACKINGINFO: 0 is the client itself, -1 nobody.
fn redirect(ctx: &mut Ctx<'_>) -> i64 {
    let tracking = ctx.client().tracking.as_deref();
    tracking.map_or(-1, |t| t.redirect as i64)
}

fn getredir(ctx: &mut Ctx<'_>) -> Outcome {
    let id = redirect(ctx);
    ctx.out.int(id);
    Ok(())
}

pub(super) const TRACKINGINFO: Command = Command {
    name: "trackinginfo",
    arity: 2,
    since: "6.2.0",
    summary: "Tells how the connection is told of changed keys.",
    run: trackinginfo,
    ..SUB
};

fn trackinginfo(ctx: &mut Ctx<'_>) -> Outcome {
    let id = redirect(ctx);
    let tracking = ctx.client().tracking.clone();
    let on = tracking.is_some();
    let t = tracking.unwrap_or_default();
    let flags = [
        (!on, "off"),
        (on, "on"),
        (t.bcast, "bcast"),
        (t.optin, "optin"),
        (t.optin && t.caching, "caching-yes"),
        (t.optout, "optout"),
        (t.optout && t.caching, "caching-no"),
        (t.noloop, "noloop"),
        (t.broken, "broken_redirect"),
    ];
    let out = &mut *ctx.out;
    out.map(3);
    out.bulk(b"flags");
    let set = || flags.iter().filter(|(on, _)| *on);
    out.set(set().count());
    set().for_each(|(_, flag)| out.bulk(flag.as_bytes()));
    out.bulk(b"redirect");
    out.int(id);
    out.bulk(b"prefixes");
    out.array(t.prefixes.len());
    t.prefixes.iter().for_each(|prefix| out.bulk(prefix));
    Ok(())
}
