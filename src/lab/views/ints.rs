//! A set of whole numbers in one sorted array: its bytes, how wide each number is and why, and the way of a search.
use super::value::Head;
use super::{focus::Focus, hex};
use crate::base::num::parse_i64;
use crate::ds::intset::Intset;
use crate::lab::json::json_object;

/// Numbers that are shown.
const SHOWN: usize = 48;

/// A set that is an intset.
#[derive(Debug, PartialEq)]
pub struct IntsetModel {
    pub head: Head,
    /// Bytes that one number takes.
    pub width_bytes: u64,
    pub total_bytes: u64,
    /// Why it takes so many.
    pub width_why: String,
    /// The place of the first number shown, counted from 0.
    pub from: u64,
    /// The numbers from there: as text, since the page's numbers end at 2^53.
    pub values: Vec<String>,
    /// Of the number in question, or the first: its place and its bytes, two hexadecimal digits each.
    pub open: u64,
    pub hex: Vec<String>,
    pub focus: Option<IntsetFocus>,
}
json_object! { IntsetModel:
    head, width_bytes, total_bytes, width_why, from, values, open, hex, focus
}

/// A number that was looked for.
#[derive(Debug, PartialEq)]
pub struct IntsetFocus {
    pub command: String,
    pub value: String,
    pub found: bool,
    /// Where it stands, or would.
    pub place: u64,
    /// Bytes that it needs by itself.
    pub needs_bytes: u64,
    pub path: Vec<IntsetStep>,
}
json_object! { IntsetFocus: command, value, found, place, needs_bytes, path }

/// One comparison of the search.
#[derive(Debug, PartialEq)]
pub struct IntsetStep {
    /// The places that it may still have: the first, and the one behind the last.
    pub low: u64,
    pub high: u64,
    /// The place and the number that it was compared with.
    pub place: u64,
    pub value: String,
}
json_object! { IntsetStep: low, high, place, value }

pub(super) fn model(set: &Intset, head: Head, focus: &Focus) -> IntsetModel {
    let wanted = focus.element.as_deref().and_then(parse_i64);
    let found = wanted.map(|value| searched(set, value, focus));
    let open = found.as_ref().filter(|f| f.found).map_or(0, |f| f.place);
    let around = found.as_ref().map_or(0, |f| f.place) as usize;
    let view = set.inspect(around, SHOWN);
    let width = view.width_bytes as usize;
    let low_bytes = set.get(open as usize).unwrap_or_default().to_le_bytes();
    IntsetModel {
        head,
        width_bytes: width as u64,
        total_bytes: u64::from(view.total_bytes),
        width_why: width_reason(set, view.width_bytes),
        from: view.from as u64,
        values: view.values.iter().map(i64::to_string).collect(),
        open,
        hex: low_bytes[..width.min(8)].iter().map(hex).collect(),
        focus: found,
    }
}

fn searched(set: &Intset, value: i64, focus: &Focus) -> IntsetFocus {
    let (steps, end) = set.path(value);
    let compared = |at| set.get(at).unwrap_or_default().to_string();
    IntsetFocus {
        command: focus.command.clone(),
        value: value.to_string(),
        found: end.is_ok(),
        place: end.unwrap_or_else(|at| at) as u64,
        needs_bytes: u64::from(Intset::width_of(value)),
        path: steps
            .iter()
            .map(|step| IntsetStep {
                low: step.low as u64,
                high: step.high as u64,
                place: step.at as u64,
                value: compared(step.at),
            })
            .collect(),
    }
}

/// Which number the width comes from: only the smallest or the greatest can be it.
fn width_reason(set: &Intset, width_bytes: u32) -> String {
    let ends = [set.max(), set.min()];
    let needs = |n: &i64| Intset::width_of(*n) == width_bytes;
    match ends.into_iter().flatten().find(needs) {
        _ if width_bytes == 2 => "all fit into 2 bytes".into(),
        Some(n) => [&n.to_string(), " needs them"].concat(),
        None => "a number that is gone needed them; the width never shrinks".into(),
    }
}
