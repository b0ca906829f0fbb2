//! What a reply should be, as a lesson writes it, and how replies are told in a few words.
use super::plain::{Plain, Read, list, wrong};
use crate::base::num::{f64_text, parse_f64};
use crate::resp::value::Value;

/// Characters of a reply that a reason quotes.
const QUOTED_CHARS: usize = 60;

/// A reply as a lesson writes it. Numbers and texts are compared by what a client reads, whatever the reply's type; the
/// text `*` stands for anything.
#[derive(Clone, Debug, PartialEq)]
pub enum Expect {
    Nil,
    Int(i64),
    Number(f64),
    Text(String),
    List(Vec<Expect>),
}

impl Expect {
    /// Whether the reply is this. Maps are compared as lists of keys and values.
    pub fn is(&self, reply: &Value) -> bool {
        match self {
            Expect::Nil => matches!(reply, Value::Null | Value::NullArray),
            Expect::Int(n) => text_of(reply).is_some_and(|t| t == n.to_string().as_bytes()),
            Expect::Number(n) => number_of(reply) == Some(*n),
            Expect::Text(text) if text == "*" => true,
            Expect::Text(text) => text_of(reply).is_some_and(|t| t == text.as_bytes()),
            Expect::List(list) => items_of(reply).is_some_and(|items| {
                items.len() == list.len() && list.iter().zip(items).all(|(e, item)| e.is(item))
            }),
        }
    }

    /// In words: `eve`, `nil`, `eve, 12`.
    pub fn words(&self) -> String {
        match self {
            Expect::Nil => "nil".into(),
            Expect::Int(n) => n.to_string(),
            Expect::Number(n) => f64_text(*n),
            Expect::Text(text) if text.is_empty() => "an empty string".into(),
            Expect::Text(text) => text.clone(),
            Expect::List(list) if list.is_empty() => "nothing".into(),
            Expect::List(list) => {
                let words: Vec<String> = list.iter().map(Expect::words).collect();
                words.join(", ")
            }
        }
    }
}

/// A reply as it stands in a lesson.
pub(super) fn expect(value: Plain) -> Read<Expect> {
    Ok(match value {
        Plain::Null => Expect::Nil,
        Plain::Number(n) if n.abs() <= (1u64 << 53) as f64 && n.trunc() == n => {
            Expect::Int(n as i64)
        }
        Plain::Number(n) => Expect::Number(n),
        Plain::Text(text) => Expect::Text(text),
        Plain::List(_) => Expect::List(list(value, expect)?),
        _ => return wrong("expected a text, a number or a list of them"),
    })
}

/// The text of a reply that is a text or a number.
pub fn text_of(reply: &Value) -> Option<Vec<u8>> {
    match reply {
        Value::Int(n) => Some(n.to_string().into_bytes()),
        Value::Bool(b) => Some(vec![b'0' + u8::from(*b)]),
        Value::Attribute(_, inner) => text_of(inner),
        other if other.is_error() => None,
        other => other.as_bytes().map(<[u8]>::to_vec),
    }
}

/// The number of a reply that is one.
pub fn number_of(reply: &Value) -> Option<f64> {
    parse_f64(&text_of(reply)?)
}

/// The elements of an array, a set or a push; a map's keys and values in turn.
pub fn items_of(reply: &Value) -> Option<Vec<&Value>> {
    match reply {
        Value::Map(pairs) => Some(pairs.iter().flat_map(|(k, v)| [k, v]).collect()),
        Value::Attribute(_, inner) => items_of(inner),
        other => Some(other.as_items()?.iter().collect()),
    }
}

/// A reply in a few words, to stand behind "answers".
pub fn describe(reply: &Value) -> String {
    let whole = describe_whole(reply);
    match whole.char_indices().nth(QUOTED_CHARS) {
        Some((at, _)) => format!("{} …", &whole[..at]),
        None => whole,
    }
}

fn describe_whole(reply: &Value) -> String {
    if let Some(items) = items_of(reply) {
        if items.is_empty() {
            return "nothing".into();
        }
        let words: Vec<String> = items.iter().take(12).map(|i| describe_whole(i)).collect();
        let more = if items.len() > 12 { ", …" } else { "" };
        return words.join(", ") + more;
    }
    if matches!(reply, Value::Null | Value::NullArray) {
        return "nil".into();
    }
    let bytes = text_of(reply).or_else(|| reply.as_bytes().map(<[u8]>::to_vec));
    match bytes.unwrap_or_default() {
        empty if empty.is_empty() => "an empty string".into(),
        bytes => String::from_utf8_lossy(&bytes).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_by_what_a_client_reads() {
        let bulk = |t: &str| Value::Bulk(t.into());
        assert!(Expect::Int(12).is(&bulk("12")) && Expect::Int(12).is(&Value::Int(12)));
        assert!(
            Expect::Number(1.5).is(&bulk("1.5")) && Expect::Text("12".into()).is(&Value::Int(12))
        );
        assert!(Expect::Nil.is(&Value::Null) && !Expect::Text(String::new()).is(&Value::Null));
        assert!(!Expect::Text("x".into()).is(&Value::Error("x".into())));
        let list = Expect::List(vec![Expect::Text("a".into()), Expect::Int(1)]);
        assert!(list.is(&Value::Array(vec![bulk("a"), bulk("1")])));
        assert!(list.is(&Value::Map(vec![(bulk("a"), Value::Double("1".into()))])));
        assert!(!list.is(&Value::Array(vec![bulk("a")])));
        assert!(Expect::List(vec![Expect::Text("*".into())]).is(&Value::Array(vec![bulk("x")])));
    }

    #[test]
    fn tells_replies_in_words() {
        let bulk = |t: &str| Value::Bulk(t.into());
        assert_eq!(describe(&Value::Array(vec![])), "nothing");
        assert_eq!(
            describe(&Value::Array(vec![bulk("zed"), Value::Null])),
            "zed, nil"
        );
        assert_eq!(describe(&bulk("")), "an empty string");
        assert_eq!(
            describe(&bulk(&"é".repeat(100))).chars().count(),
            QUOTED_CHARS + 2
        );
    }
}
