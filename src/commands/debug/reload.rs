//! DEBUG RELOAD and DEBUG LOADAOF: the data from its files.
use super::accept;
use crate::command::persistence::{Order, Reload};
use crate::command::{Ctx, Error, Outcome};
use crate::commands::server::snapshot;
use crate::persist::rdb::{load, save};

const FAILED: Error = Error(std::borrow::Cow::Borrowed(
    b"ERR Error trying to load the RDB dump, check server logs.",
));

pub(super) fn reload(ctx: &mut Ctx<'_>) -> Outcome {
    let has = |word: &str| {
        ctx.args
            .from(2)
            .any(|arg| arg.eq_ignore_ascii_case(word.as_bytes()))
    };
    let known = [has("nosave"), has("noflush"), has("merge")];
    let words = ctx.args.from(2).filter(|arg| {
        ["nosave", "noflush", "merge"]
            .iter()
            .any(|word| arg.eq_ignore_ascii_case(word.as_bytes()))
    });
    if words.count() < ctx.argc() - 2 {
        return Err(Error::new(
            "ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.",
        ));
    }
    let [nosave, noflush, merge] = known;
    if ctx.server.in_exec {
        return reload_in_memory(ctx, nosave);
    }
    ctx.server.persist.order(Order::Reload(Reload {
        id: ctx.id,
        save: !nosave,
        flush: !noflush,
        merge,
    }));
    Ok(())
}

/// In a transaction the reply cannot wait for the disk: the data is written and read in memory. It is all there is, so it
/// makes no difference whether the databases are emptied before; they always are.
fn reload_in_memory(ctx: &mut Ctx<'_>, nosave: bool) -> Outcome {
    if nosave {
        return Err(FAILED);
    }
    let options = snapshot::save_options(ctx.db.ks, ctx.config);
    let file = save::save(ctx.db.ks, options);
    for index in 0..ctx.db.ks.count() {
        ctx.db.ks.flush(index, false);
    }
    let options = snapshot::load_options(ctx.db.ks, ctx.config, usize::MAX, false);
    match load::load(&file, ctx.db.ks, &options) {
        Ok(_) => accept(ctx),
        Err(_) => Err(FAILED),
    }
}

pub(super) fn load_aof(ctx: &mut Ctx<'_>) -> Outcome {
    if ctx.server.in_exec {
        return Err(Error::new("ERR DEBUG LOADAOF cannot be in a transaction"));
    }
    ctx.server.persist.order(Order::LoadAof(ctx.id));
    Ok(())
}
