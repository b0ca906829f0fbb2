//! How long a command may wait: for ever until another client ends it, a few milliseconds, or too long for a test.

use crate::grammar::Syntax;
use std::time::Duration;

/// The longest wait that a run sits out, ms.
const SHORT_MS: f64 = 10.0;
/// How long the end of such a wait may take.
pub const END: Duration = Duration::from_millis(500);

/// From here on a wait is as good as endless: no segment takes so long.
const ENDLESS_MS: f64 = 3_600_000.0;

/// The timeout of a command that may wait, ms; 0 is for ever. `None` when it has none, or one that is refused.
fn timeout_ms(name: &str, arguments: &[Vec<u8>]) -> Option<f64> {
    let number = |word: &Vec<u8>| std::str::from_utf8(word).ok()?.trim().parse::<f64>().ok();
    match name {
        "BLPOP" | "BRPOP" | "BLMOVE" | "BRPOPLPUSH" | "BZPOPMIN" | "BZPOPMAX" => {
            arguments.last().and_then(number).map(|s| s * 1000.0)
        }
        "BLMPOP" | "BZMPOP" => arguments.first().and_then(number).map(|s| s * 1000.0),
        "XREAD" | "XREADGROUP" => {
            let at = arguments
                .iter()
                .position(|w| w.eq_ignore_ascii_case(b"BLOCK"))?;
            arguments.get(at + 1).and_then(number)
        }
        _ => None,
    }
}

/// Is this a wait whose end the run sits out?
pub fn briefly(name: &str, command: &[Vec<u8>]) -> bool {
    let arguments = command.get(1..).unwrap_or_default();
    timeout_ms(name, arguments).is_some_and(|ms| ms > 0.0 && ms <= SHORT_MS)
}

/// Would these arguments wait longer than a run can, or for ever where nobody is there to end it?
pub fn too_long(syntax: &Syntax, arguments: &[Vec<u8>], alone: bool) -> bool {
    timeout_ms(&syntax.name, arguments).is_some_and(|ms| {
        let endless = ms == 0.0 || ms >= ENDLESS_MS;
        (endless && alone) || (!endless && ms > SHORT_MS)
    })
}
