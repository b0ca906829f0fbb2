//! Some segments of the random run are played by a user who may not do everything: the rules are random as well, both
//! sides get the same, and what is denied must be denied alike.

use crate::grammar::Syntax;
use redlab::base::rng::Rng;

const KEYS: [&str; 12] = [
    "~*",
    "~*[12]",
    "%R~*",
    "~[slh]*",
    "~[^z]*",
    "%W~*",
    "%R~*3",
    "%W~*[23]",
    "%RW~e*",
    "~z*",
    "%R~x1",
    "resetkeys",
];

const CATEGORIES: [&str; 12] = [
    "read",
    "write",
    "set",
    "sortedset",
    "list",
    "hash",
    "string",
    "fast",
    "slow",
    "dangerous",
    "keyspace",
    "all",
];

/// One rule about keys, a category, a command, or its first argument.
fn rule(rng: &mut Rng, scope: &[&Syntax]) -> String {
    let what = rng.below(8);
    if what < 3 {
        return KEYS[rng.below(12) as usize].into();
    }
    let sign = if rng.below(3) > 0 { '+' } else { '-' };
    let name = &scope[rng.below(scope.len() as u64) as usize].name;
    match what {
        3 | 4 => format!("{sign}@{}", CATEGORIES[rng.below(12) as usize]),
        5 if !name.contains(' ') => format!("+{}|s{}", name.to_lowercase(), rng.below(5)),
        _ => format!("{sign}{}", name.to_lowercase().replace(' ', "|")),
    }
}

/// The rules of a segment's user; for five segments in six none: the user may do everything.
pub fn rules(rng: &mut Rng, scope: &[&Syntax]) -> Vec<Vec<u8>> {
    if rng.below(6) > 0 {
        return Vec::new();
    }
    let mut rules = vec!["+@all".to_string(), KEYS[rng.below(5) as usize].into()];
    rules.extend((0..rng.below(6)).map(|_| rule(rng, scope)));
    // A pattern behind all keys would be refused, and the other rules with it.
    let mut all_keys = false;
    rules.retain(|rule| {
        let pattern = rule.starts_with(['~', '%']);
        let kept = !(pattern && all_keys);
        all_keys = rule == "~*" || (all_keys && rule != "resetkeys");
        kept
    });
    for _ in 0..rng.below(3) {
        rules.push(format!("({} {})", rule(rng, scope), rule(rng, scope)));
    }
    rules.into_iter().map(String::into_bytes).collect()
}
