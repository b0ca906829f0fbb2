//! Plain data that comes in, and how it is read: field by field, by hand. What is wrong is told with the path to it:
//! `goals[1].probe: unknown field 'like'`.
//!
//! Nothing here is inlined: a schema is many short calls, and the page downloads every copy.

/// Plain data, as JSON has it.
#[derive(Clone, Debug)]
pub enum Plain {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Plain>),
    Fields(Vec<(String, Plain)>),
}

/// What was read. An error begins with the path to it, from the value that was asked to the one that is wrong: `.name`
/// and `[index]` in turn, then `: ` and the reason.
pub type Read<T> = Result<T, String>;

/// Deepest nesting that is read.
pub const DEPTH_MAX: u32 = 32;

/// An error at this very place.
pub fn wrong<T>(why: &str) -> Read<T> {
    Err([": ", why].concat())
}

#[inline(never)]
fn inside(index: usize, error: &str) -> String {
    ["[", &index.to_string(), "]", error].concat()
}

/// A text.
pub fn text(value: Plain) -> Read<String> {
    match value {
        Plain::Text(text) => Ok(text),
        _ => wrong("expected a text"),
    }
}

/// A number.
pub fn number(value: Plain) -> Read<f64> {
    match value {
        Plain::Number(number) => Ok(number),
        _ => wrong("expected a number"),
    }
}

/// A whole number that a double holds exactly.
pub fn whole(value: Plain) -> Read<i64> {
    match value {
        Plain::Number(n) if n.abs() <= (1u64 << 53) as f64 && n.trunc() == n => Ok(n as i64),
        _ => wrong("expected a whole number"),
    }
}

/// A whole number that is not negative.
pub fn count(value: Plain) -> Read<u64> {
    match whole(value) {
        Ok(n) if n >= 0 => Ok(n as u64),
        _ => wrong("expected a whole number, not negative"),
    }
}

/// Yes or no.
pub fn flag(value: Plain) -> Read<bool> {
    match value {
        Plain::Bool(flag) => Ok(flag),
        _ => wrong("expected true or false"),
    }
}

/// One of some words; its place among them.
pub fn word(value: Plain, known: &[&str]) -> Read<usize> {
    let word = text(value)?;
    match known.iter().position(|k| *k == word) {
        Some(place) => Ok(place),
        None => wrong(&["expected one of ", &known.join(", ")].concat()),
    }
}

/// A list.
#[inline(never)]
pub fn list<T>(value: Plain, item: fn(Plain) -> Read<T>) -> Read<Vec<T>> {
    let Plain::List(values) = value else {
        return wrong("expected a list");
    };
    let mut out = Vec::with_capacity(values.len());
    for (index, value) in values.into_iter().enumerate() {
        out.push(item(value).map_err(|e| inside(index, &e))?);
    }
    Ok(out)
}

/// A list of texts.
pub fn texts(value: Plain) -> Read<Vec<String>> {
    list(value, text)
}

/// The fields of an object that were not read yet. What is wrong is kept until the end, so that a reader does not have to
/// leave, and drop what it has, at every field.
pub struct Fields {
    left: Vec<(String, Plain)>,
    error: Option<String>,
}

impl Fields {
    /// Of an object; of anything else it has no fields, and [`Fields::end`] fails.
    pub fn of(value: Plain) -> Fields {
        match value {
            Plain::Fields(left) => Fields { left, error: None },
            _ => Fields {
                left: Vec::new(),
                error: Some(": expected fields".into()),
            },
        }
    }

    /// A field as it is, `None` if it is missing or null. O(fields).
    #[inline(never)]
    pub fn take(&mut self, name: &str) -> Option<Plain> {
        let at = self.left.iter().position(|(n, _)| n == name)?;
        match self.left.swap_remove(at).1 {
            Plain::Null => None,
            value => Some(value),
        }
    }

    /// A field that may be missing.
    #[inline(never)]
    pub fn maybe<T>(&mut self, name: &str, read: fn(Plain) -> Read<T>) -> Option<T> {
        match read(self.take(name)?) {
            Ok(value) => Some(value),
            Err(error) => {
                self.fail(name, &error);
                None
            }
        }
    }

    /// A field that must be there.
    #[inline(never)]
    pub fn must<T: Default>(&mut self, name: &str, read: fn(Plain) -> Read<T>) -> T {
        let found = self.maybe(name, read);
        found.unwrap_or_else(|| {
            self.fail(name, ": missing");
            T::default()
        })
    }

    /// A list, empty if the field is missing.
    #[inline(never)]
    pub fn each<T>(&mut self, name: &str, item: fn(Plain) -> Read<T>) -> Vec<T> {
        match self.take(name).map(|value| list(value, item)) {
            None => Vec::new(),
            Some(Ok(list)) => list,
            Some(Err(error)) => {
                self.fail(name, &error);
                Vec::new()
            }
        }
    }

    /// The first error counts.
    #[inline(never)]
    fn fail(&mut self, name: &str, error: &str) {
        if self.error.is_none() {
            self.error = Some([".", name, error].concat());
        }
    }

    /// What was read, if nothing was wrong and nothing else is there.
    pub fn end<T>(mut self, read: T) -> Read<T> {
        if let (Some((name, _)), None) = (self.left.first(), &self.error) {
            self.error = Some([": unknown field '", name, "'"].concat());
        }
        self.part(read)
    }

    /// What was read, if nothing was wrong; other fields may be there.
    pub fn part<T>(self, read: T) -> Read<T> {
        match self.error {
            None => Ok(read),
            Some(error) => Err(error),
        }
    }
}

/// An error as a user reads it: the path without the point or colon that it begins with.
pub fn told(error: String) -> String {
    error.trim_start_matches(['.', ':', ' ']).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(fields: Vec<(&str, Plain)>) -> Plain {
        let named = fields.into_iter().map(|(n, v)| (n.to_string(), v));
        Plain::Fields(named.collect())
    }

    fn inner(value: Plain) -> Read<i64> {
        let mut fields = Fields::of(value);
        let n = fields.must("n", whole);
        fields.end(n)
    }

    fn outer(value: Plain) -> Read<Vec<i64>> {
        let mut fields = Fields::of(value);
        let list = fields.each("list", inner);
        fields.end(list)
    }

    #[test]
    fn what_is_wrong_is_told_with_its_path() {
        let read = |item| {
            let good = object(vec![("n", Plain::Number(-3.0))]);
            outer(object(vec![("list", Plain::List(vec![good, item]))])).map_err(told)
        };
        let with = |n| object(vec![("n", n)]);
        assert_eq!(read(with(Plain::Number(2.0))), Ok(vec![-3, 2]));
        for (item, error) in [
            (Plain::Bool(true), "list[1]: expected fields"),
            (object(vec![]), "list[1].n: missing"),
            (with(Plain::Null), "list[1].n: missing"),
            (
                with(Plain::Number(0.5)),
                "list[1].n: expected a whole number",
            ),
            (
                with(Plain::Number(1e300)),
                "list[1].n: expected a whole number",
            ),
            (
                with(Plain::Number(f64::NAN)),
                "list[1].n: expected a whole number",
            ),
            (
                object(vec![("n", Plain::Number(1.0)), ("m", Plain::Null)]),
                "list[1]: unknown field 'm'",
            ),
        ] {
            assert_eq!(read(item), Err(error.to_string()));
        }
        assert_eq!(
            outer(Plain::Null).map_err(told),
            Err("expected fields".into())
        );
        assert_eq!(outer(object(vec![])), Ok(vec![]));
    }

    #[test]
    fn leaves_are_what_they_must_be() {
        assert_eq!(count(Plain::Number(7.0)), Ok(7));
        assert!(count(Plain::Number(-1.0)).is_err() && flag(Plain::Text("x".into())).is_err());
        let known = ["a", "b"];
        assert_eq!(word(Plain::Text("b".into()), &known), Ok(1));
        let error = word(Plain::Text("c".into()), &known);
        assert_eq!(error, Err(": expected one of a, b".into()));
        assert_eq!(
            texts(Plain::List(vec![Plain::Number(1.0)])),
            Err("[0]: expected a text".into())
        );
    }
}
