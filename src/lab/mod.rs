//! The lab on top of the engine: view models, lessons and their grader. Knows no DOM.
pub mod acts;
pub mod desk;
pub mod estate;
pub mod expect;
pub mod grader;
pub mod hands;
pub mod json;
pub mod lesson;
pub mod plain;
pub mod views;

use crate::base::time::Millis;
use crate::keyspace::Value;
use crate::server::Node;

/// What a key holds and how long it still has; `None` for a key that is not there or has expired. It leaves no trace.
#[inline(never)]
fn live<'a>(node: &'a Node, db: usize, key: &[u8]) -> Option<(&'a Value, Option<Millis>)> {
    let keyspace = node.keyspace();
    let table = keyspace.table(db);
    let id = table.dict().find(key)?;
    let left_ms = table.expire_at(id).map(|at| at - keyspace.now_ms);
    let live = left_ms.is_none_or(|left_ms| left_ms > 0);
    live.then(|| (&table.object(id).value, left_ms))
}
