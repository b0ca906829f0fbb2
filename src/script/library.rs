//! Libraries of functions: code that is loaded once, and offers functions by name.
use super::engine::{Engine, Event};
use super::lua::Value;
use super::shebang::{self, ScriptFlags};
use std::collections::BTreeMap;

/// Fuel that a library may use while it is loaded. A real server gives it half a second.
const LOAD_FUEL: i64 = 400_000;

/// A function of a library.
#[derive(Clone, Debug)]
pub struct Function {
    pub name: Vec<u8>,
    pub description: Option<Vec<u8>>,
    pub flags: ScriptFlags,
    /// Where the machine keeps it.
    pub kept: usize,
}

/// A library.
#[derive(Clone, Debug)]
pub struct Library {
    pub name: Vec<u8>,
    pub code: Vec<u8>,
    pub functions: Vec<Function>,
}

/// What becomes of libraries that are there when others are restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    Flush,
    Append,
    Replace,
}

/// All libraries, and the machine that runs their functions. It is made at the first library.
#[derive(Clone, Debug, Default)]
pub struct Libraries {
    limit: usize,
    pub engine: Option<Box<Engine>>,
    all: BTreeMap<Vec<u8>, Library>,
    /// Functions by their names in small letters: the library, and which of its functions.
    index: BTreeMap<Vec<u8>, (Vec<u8>, usize)>,
    bytes: usize,
}

const BAD_NAME: &str = "Library names can only contain letters, numbers, or underscores(_) and must be at least one \
                        character long";

/// Whether a library or a function may be called so.
fn is_name(name: &[u8]) -> bool {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    !name.is_empty() && name.iter().all(plain)
}

/// An error of the command: `ERR` and the parts.
fn err(parts: &[&[u8]]) -> Vec<u8> {
    [b"ERR ", parts.concat().as_slice()].concat()
}

/// The name in the first line of a library, and how many bytes the line takes without its end.
fn head(code: &[u8]) -> Result<(&[u8], usize), Vec<u8>> {
    if !code.starts_with(b"#!") {
        return Err(err(&[b"Missing library metadata"]));
    }
    let end = code.iter().position(|&b| b == b'\n');
    let end = end.ok_or_else(|| err(&[b"Invalid library metadata"]))?;
    let mut words = shebang::words(&code[..end]);
    let engine = words.next().unwrap_or_default();
    let mut name: Option<&[u8]> = None;
    for word in words {
        let value = word
            .strip_prefix(b"name=")
            .ok_or_else(|| err(&[b"Invalid metadata value given: ", word]))?;
        if name.replace(value).is_some() {
            let text = b"Invalid metadata value, name argument was given multiple times";
            return Err(err(&[text]));
        }
    }
    let name = name.ok_or_else(|| err(&[b"Library name was not given"]))?;
    if !is_name(name) {
        return Err(err(&[BAD_NAME.as_bytes()]));
    }
    let engine = engine.strip_prefix(b"#!").unwrap_or(engine);
    if !engine.eq_ignore_ascii_case(b"lua") {
        return Err(err(&[b"Engine '", engine, b"' not found"]));
    }
    Ok((name, end))
}

impl Libraries {
    /// None yet; together they may use about `limit` bytes.
    pub fn new(limit: usize) -> Libraries {
        Libraries {
            limit,
            ..Libraries::default()
        }
    }

    /// The machine for functions.
    pub fn engine(&mut self) -> &mut Engine {
        let limit = self.limit;
        self.engine
            .get_or_insert_with(|| Box::new(Engine::for_functions(limit)))
    }

    /// The libraries, by name.
    pub fn all(&self) -> impl ExactSizeIterator<Item = &Library> {
        self.all.values()
    }

    /// How many functions there are.
    pub fn functions(&self) -> usize {
        self.index.len()
    }

    /// Bytes that the libraries take, as a real server would count them.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The function of this name, in any case.
    pub fn find(&self, name: &[u8]) -> Option<&Function> {
        let (library, at) = self.index.get(&name.to_ascii_lowercase())?;
        self.all.get(library)?.functions.get(*at)
    }

    /// Loads a library; its name. O(length).
    ///
    /// # Errors
    /// What is wrong with it; then nothing has changed.
    pub fn load(&mut self, code: &[u8], replace: bool) -> Result<Vec<u8>, Vec<u8>> {
        let (name, _) = head(code)?;
        if !replace && self.all.contains_key(name) {
            return Err(err(&[b"Library '", name, b"' already exists"]));
        }
        let name = name.to_vec();
        let library = self.build(code)?;
        let policy = if replace {
            Policy::Replace
        } else {
            Policy::Append
        };
        self.join(vec![library], policy)?;
        Ok(name)
    }

    /// Loads several libraries, or none of them. O(length).
    ///
    /// # Errors
    /// What is wrong with one of them.
    pub fn restore(&mut self, codes: &[Vec<u8>], policy: Policy) -> Result<(), Vec<u8>> {
        let mut libraries = Vec::new();
        for code in codes {
            match self.build(code) {
                Ok(library) => libraries.push(library),
                Err(error) => {
                    self.release(libraries);
                    return Err(error);
                }
            }
        }
        self.join(libraries, policy)
    }

    /// Takes libraries in, if nothing stands in their way.
    fn join(&mut self, libraries: Vec<Library>, policy: Policy) -> Result<(), Vec<u8>> {
        let leaves = |name: &[u8]| {
            policy == Policy::Flush
                || policy == Policy::Replace && libraries.iter().any(|new| new.name == name)
        };
        let mut names: Vec<Vec<u8>> = Vec::new();
        let mut functions: Vec<Vec<u8>> = Vec::new();
        for old in self.all.values().filter(|old| !leaves(&old.name)) {
            names.push(old.name.clone());
            functions.extend(old.functions.iter().map(|f| f.name.to_ascii_lowercase()));
        }
        let mut problem = None;
        for library in &libraries {
            if names.contains(&library.name) {
                problem = Some(err(&[b"Library ", &library.name, b" already exists"]));
            }
            names.push(library.name.clone());
            for function in &library.functions {
                let small = function.name.to_ascii_lowercase();
                if problem.is_none() && functions.contains(&small) {
                    problem = Some(err(&[b"Function ", &function.name, b" already exists"]));
                }
                functions.push(small);
            }
        }
        if let Some(problem) = problem {
            self.release(libraries);
            return Err(problem);
        }
        if policy == Policy::Flush {
            let all = std::mem::take(&mut self.all);
            self.release(all.into_values().collect());
        }
        for library in libraries {
            if let Some(old) = self.all.insert(library.name.clone(), library) {
                self.release(vec![old]);
            }
        }
        self.number();
        Ok(())
    }

    /// Works the index and the bytes out anew. O(functions).
    fn number(&mut self) {
        self.index.clear();
        self.bytes = 0;
        for library in self.all.values() {
            self.bytes += library.code.len() + library.name.len() + 100;
            for (at, function) in library.functions.iter().enumerate() {
                let small = function.name.to_ascii_lowercase();
                self.bytes += small.len() + 120;
                self.index.insert(small, (library.name.clone(), at));
            }
        }
    }

    /// Leaves the functions of libraries to the collector.
    fn release(&mut self, libraries: Vec<Library>) {
        for function in libraries.iter().flat_map(|library| &library.functions) {
            self.engine().release(function.kept);
        }
    }

    /// Forgets a library; false if there is none of this name.
    pub fn delete(&mut self, name: &[u8]) -> bool {
        let Some(library) = self.all.remove(name) else {
            return false;
        };
        self.release(vec![library]);
        self.number();
        true
    }

    /// Forgets all libraries, and the machine with them.
    pub fn flush(&mut self) {
        *self = Libraries::new(self.limit);
    }

    /// Takes what was logged while libraries were loaded.
    pub fn said(&mut self) -> Vec<(u8, Vec<u8>)> {
        let engine = self.engine.as_mut();
        engine.map_or_else(Vec::new, |engine| std::mem::take(&mut engine.said))
    }

    /// Runs the code of a library, which offers its functions meanwhile.
    fn build(&mut self, code: &[u8]) -> Result<Library, Vec<u8>> {
        let (name, skip) = head(code)?;
        let engine = self.engine();
        let function = engine.compile(&code[skip..], b"@user_function");
        let function = function.map_err(|text| err(&[b"Error compiling function: ", &text]))?;
        let mut functions: Vec<Function> = Vec::new();
        engine.begin_load(function);
        let outcome = run(engine, &mut functions);
        engine.end_load();
        let problem = match outcome {
            Err(text) => Some(err(&[b"Error registering functions: ", &text])),
            Ok(()) if functions.is_empty() => Some(err(&[b"No functions registered"])),
            Ok(()) => None,
        };
        let library = Library {
            name: name.to_vec(),
            code: code.to_vec(),
            functions,
        };
        match problem {
            None => Ok(library),
            Some(problem) => {
                self.release(vec![library]);
                Err(problem)
            }
        }
    }
}

/// Runs the code of a library to its end, and notes the functions that it offers.
fn run(engine: &mut Engine, functions: &mut Vec<Function>) -> Result<(), Vec<u8>> {
    let mut fuel = LOAD_FUEL;
    loop {
        match engine.resume(fuel) {
            Event::Done => return Ok(()),
            Event::Failed => return Err(engine.error_text()),
            Event::Register => match registered(engine, functions) {
                Ok(function) => {
                    functions.push(function);
                    engine.lua.answer(&[]);
                }
                Err(text) => engine.raise(text.as_bytes(), false),
            },
            Event::Yielded => return Err(b"ERR FUNCTION LOAD timeout".into()),
            Event::Call { .. } | Event::CheckAcl => engine.raise(b"not while loading", false),
        }
        fuel = engine.lua.fuel_left();
    }
}

/// The function that `register_function` was called with.
fn registered(engine: &mut Engine, known: &[Function]) -> Result<Function, &'static str> {
    let arguments = engine.lua.arguments().to_vec();
    let (name, callback, description, flags) = match arguments[..] {
        [Value::Table(table)] => named(engine, table)?,
        [_] => {
            return Err(
                "calling server.register_function with a single argument is only applicable to Lua table \
                        (representing named arguments).",
            );
        }
        [name, callback] => {
            let name = engine.text_of(name);
            let name = name.ok_or("first argument to server.register_function must be a string")?;
            if !callback.is_function() {
                return Err("second argument to server.register_function must be a function");
            }
            (name, callback, None, ScriptFlags::default())
        }
        _ => return Err("wrong number of arguments to server.register_function"),
    };
    if !is_name(&name) {
        return Err(BAD_NAME);
    }
    if known.iter().any(|f| f.name.eq_ignore_ascii_case(&name)) {
        return Err("Function already exists in the library");
    }
    Ok(Function {
        name,
        description,
        flags,
        kept: engine.keep(callback),
    })
}

type Named = (Vec<u8>, Value, Option<Vec<u8>>, ScriptFlags);

/// The same with named arguments.
fn named(engine: &mut Engine, table: u32) -> Result<Named, &'static str> {
    const UNKNOWN: &str = "unknown argument given to server.register_function";
    let pairs: Vec<_> = engine.lua.heap.tab(table).pairs().collect();
    let (mut name, mut callback, mut description) = (None, None, None);
    let mut flags = ScriptFlags::default();
    for (key, value) in pairs {
        let Value::Str(key) = key else {
            return Err(UNKNOWN);
        };
        match engine.lua.heap.bytes(key).to_ascii_lowercase().as_slice() {
            b"function_name" => {
                let text = engine.text_of(value);
                name = Some(text.ok_or(
                    "function_name argument given to server.register_function must be a string",
                )?);
            }
            b"description" => {
                let text = engine.text_of(value);
                description = Some(text.ok_or(
                    "description argument given to server.register_function must be a string",
                )?);
            }
            b"callback" => {
                if !value.is_function() {
                    return Err(
                        "callback argument given to server.register_function must be a function",
                    );
                }
                callback = Some(value);
            }
            b"flags" => flags = flags_of(engine, value)?,
            _ => return Err(UNKNOWN),
        }
    }
    let name = name.ok_or("server.register_function must get a function name argument")?;
    let callback = callback.ok_or("server.register_function must get a callback argument")?;
    Ok((name, callback, description, flags))
}

fn flags_of(engine: &Engine, value: Value) -> Result<ScriptFlags, &'static str> {
    let Value::Table(table) = value else {
        return Err(
            "flags argument to server.register_function must be a table representing function flags",
        );
    };
    let mut flags = ScriptFlags::default();
    let items = engine.lua.heap.tab(table);
    let items = (1..).map(|at| items.get_num(f64::from(at)));
    for item in items.take_while(|item| *item != Value::Nil) {
        let known = match item {
            Value::Str(name) => flags.add(engine.lua.heap.bytes(name)),
            _ => false,
        };
        if !known {
            return Err("unknown flag given");
        }
    }
    Ok(flags)
}
