//! What leaves the engine for the page is JSON: written here, once for all types. A type says its fields with
//! [`json_object!`]; everything is written through `dyn ToJson`, so that a field costs the browser one call, not a copy of
//! the writer.
use crate::base::num::{write_i64, write_u64};

/// Something that has a JSON text.
pub trait ToJson {
    /// Appends it; nothing, if there is no value.
    fn to_json(&self, out: &mut Writer);
}

/// Something whose JSON is an object.
pub trait Object {
    /// Appends the fields, without the braces.
    fn fields(&self, out: &mut Writer);
}

/// The JSON of a value. O(its size).
pub fn text_of(value: &dyn ToJson) -> String {
    let mut out = Writer(Vec::new());
    value.to_json(&mut out);
    out.null_if_empty(0);
    String::from_utf8_lossy(&out.0).into_owned()
}

/// JSON under way.
pub struct Writer(Vec<u8>);

impl Writer {
    /// A field of an object; what is `None` is left out, so that the page finds it undefined.
    #[inline(never)]
    pub fn field(&mut self, name: &str, value: &dyn ToJson) {
        let before = self.0.len();
        self.comma();
        self.string(name);
        self.0.push(b':');
        let start = self.0.len();
        value.to_json(self);
        if self.0.len() == start {
            self.0.truncate(before);
        }
    }

    /// An element of a list.
    #[inline(never)]
    pub fn item(&mut self, value: &dyn ToJson) {
        self.comma();
        let start = self.0.len();
        value.to_json(self);
        self.null_if_empty(start);
    }

    #[inline(never)]
    fn object(&mut self, value: &dyn Object) {
        self.byte(b'{');
        value.fields(self);
        self.byte(b'}');
    }

    #[inline(never)]
    fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// Where a value has to be, nothing is null.
    fn null_if_empty(&mut self, start: usize) {
        if self.0.len() == start {
            self.0.extend_from_slice(b"null");
        }
    }

    /// Between two values, but not before the first.
    fn comma(&mut self) {
        if !matches!(self.0.last(), None | Some(b'{' | b'[')) {
            self.0.push(b',');
        }
    }

    #[inline(never)]
    fn string(&mut self, text: &str) {
        self.0.push(b'"');
        for &byte in text.as_bytes() {
            match byte {
                b'"' | b'\\' => self.0.extend([b'\\', byte]),
                0..b' ' => {
                    let low = b"0123456789abcdef"[usize::from(byte & 15)];
                    self.0.extend_from_slice(b"\\u00");
                    self.0.extend([b'0' + (byte >> 4), low]);
                }
                _ => self.0.push(byte),
            }
        }
        self.0.push(b'"');
    }
}

impl<T: Object> ToJson for T {
    fn to_json(&self, out: &mut Writer) {
        out.object(self);
    }
}

impl<T: ToJson> ToJson for Vec<T> {
    fn to_json(&self, out: &mut Writer) {
        out.byte(b'[');
        for value in self {
            out.item(value);
        }
        out.byte(b']');
    }
}

impl<T: ToJson> ToJson for Option<T> {
    fn to_json(&self, out: &mut Writer) {
        if let Some(value) = self {
            value.to_json(out);
        }
    }
}

impl ToJson for String {
    fn to_json(&self, out: &mut Writer) {
        out.string(self);
    }
}

impl ToJson for &str {
    fn to_json(&self, out: &mut Writer) {
        out.string(self);
    }
}

impl ToJson for bool {
    fn to_json(&self, out: &mut Writer) {
        let word = if *self { "true" } else { "false" };
        out.0.extend_from_slice(word.as_bytes());
    }
}

impl ToJson for u64 {
    fn to_json(&self, out: &mut Writer) {
        write_u64(&mut out.0, *self);
    }
}

impl ToJson for u32 {
    fn to_json(&self, out: &mut Writer) {
        write_u64(&mut out.0, u64::from(*self));
    }
}

impl ToJson for i64 {
    fn to_json(&self, out: &mut Writer) {
        write_i64(&mut out.0, *self);
    }
}

/// `json_object! { Type: field, other as "name" }`: the JSON of a struct is an object of all its fields.
macro_rules! json_object {
    ($type:ident: $($field:ident $(as $name:literal)?),*) => {
        impl $crate::lab::json::Object for $type {
            fn fields(&self, out: &mut $crate::lab::json::Writer) {
                // Without `..`: a field that is forgotten does not compile.
                let Self { $($field),* } = self;
                $(out.field(json_object!(@name $field $($name)?), $field);)*
            }
        }
    };
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $name:literal) => { $name };
}
pub(crate) use json_object;

#[cfg(test)]
mod tests {
    use super::*;

    struct Sample {
        kind: &'static str,
        list: Vec<Option<i64>>,
        gone: Option<bool>,
        none: Vec<String>,
        yes: bool,
    }
    json_object! { Sample: kind as "type", list, gone, none, yes }

    #[test]
    fn writes_json() {
        let sample = |kind, list| Sample {
            kind,
            list,
            gone: None,
            none: Vec::new(),
            yes: true,
        };
        let full = sample("a\"\\b\n\u{1f}é😀", vec![Some(i64::MIN), None, Some(7)]);
        assert_eq!(text_of(&None::<u32>), "null");
        assert_eq!(
            text_of(&vec![full, sample("", Vec::new())]),
            concat!(
                r#"[{"type":"a\"\\b\u000a\u001fé😀","list":[-9223372036854775808,null,7],"#,
                r#""none":[],"yes":true},{"type":"","list":[],"none":[],"yes":true}]"#
            )
        );
    }
}
