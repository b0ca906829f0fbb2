//! JSON as the engine takes it in.
use redlab::lab::plain::Plain;
use serde_json::Value;

/// The same value.
pub fn plain(json: &Value) -> Plain {
    match json {
        Value::Null => Plain::Null,
        Value::Bool(flag) => Plain::Bool(*flag),
        Value::Number(n) => Plain::Number(n.as_f64().expect("a double")),
        Value::String(text) => Plain::Text(text.clone()),
        Value::Array(list) => Plain::List(list.iter().map(plain).collect()),
        Value::Object(map) => {
            let fields = map.iter().map(|(name, value)| (name.clone(), plain(value)));
            Plain::Fields(fields.collect())
        }
    }
}
