//! What a Lua variable can hold. A value is 16 bytes and copied freely; everything of variable size lives in the heap's
//! arenas and is named by its index there.

/// An interned string: two strings are equal if and only if their `id`s are. The hash is carried along so that a table
/// needs no look into the arena to find a name.
#[derive(Clone, Copy, Debug)]
pub struct Str {
    pub(crate) id: u32,
    pub(crate) hash: u32,
}

impl PartialEq for Str {
    fn eq(&self, other: &Str) -> bool {
        self.id == other.id
    }
}

/// A value of the language. Indices point into the arenas of the heap that made them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    Nil,
    Bool(bool),
    Num(f64),
    Str(Str),
    Table(u32),
    /// A closure: of a function that was written in Lua, or of a library function that keeps something.
    Func(u32),
    /// A library function, by its place in the table of all of them.
    Native(u16),
    /// A function of the host, by the number that the host gave it.
    Host(u16),
    Thread(u32),
    /// A light userdata: a pointer that means something to the host; `cjson.null` is number 0.
    Light(u32),
}

impl Value {
    /// Whether a condition takes it as true.
    #[inline]
    pub fn truthy(self) -> bool {
        !matches!(self, Value::Nil | Value::Bool(false))
    }

    /// Its type as `type()` and error messages name it.
    pub fn type_name(self) -> &'static str {
        match self {
            Value::Nil => "nil",
            Value::Bool(_) => "boolean",
            Value::Num(_) => "number",
            Value::Str(_) => "string",
            Value::Table(_) => "table",
            Value::Func(_) | Value::Native(_) | Value::Host(_) => "function",
            Value::Thread(_) => "thread",
            Value::Light(_) => "userdata",
        }
    }

    /// Whether it can be called without asking a metatable.
    pub(crate) fn is_function(self) -> bool {
        matches!(self, Value::Func(_) | Value::Native(_) | Value::Host(_))
    }
}

/// Says that an error was raised; the error value waits in the machine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thrown;
