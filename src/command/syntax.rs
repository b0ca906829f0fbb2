//! The notation of argument syntax in records, and the tree that COMMAND DOCS shows of it.
//!
//! ```text
//! name            an argument               name:integer     of a type other than string
//! name#0          found by key spec 0       TOKEN            a word that stands for itself
//! TOKEN/name      such a word, named        TOKEN=name       an argument after a word
//! name<a|b>       one of these              name(a b)        these together
//! [..]            may be left out           ..+  ..++        may be repeated; with its word
//! ..@1.2.0        since                     ..~1.2.0         deprecated since
//! .."text"        shown under another name  !*/name          a token that does not start with a capital
//! ```
//!
//! `""` is the empty token. The marks stand in the order `#`, `"`, `+`, `@`, `~`.
use super::{Command, Ctx, Outcome};

/// What an argument is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArgKind {
    /// `string`, `integer`, `key` and so on.
    Value(&'static str),
    /// A word that stands for itself.
    PureToken,
    OneOf(Vec<Arg>),
    Block(Vec<Arg>),
}

/// One argument of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arg {
    pub name: &'static str,
    pub kind: ArgKind,
    /// The word before it, or that it is.
    pub token: Option<&'static str>,
    /// What users see in place of the name.
    pub display: Option<&'static str>,
    /// Which key specification finds it.
    pub key_spec: Option<i32>,
    pub since: Option<&'static str>,
    pub deprecated_since: Option<&'static str>,
    pub optional: bool,
    pub multiple: bool,
    /// A repetition repeats the token too.
    pub multiple_token: bool,
}

impl Arg {
    /// The name as COMMAND DOCS gives it: a token without a name of its own is named after itself.
    pub fn name(&self) -> String {
        match self.kind {
            ArgKind::PureToken if self.token == Some(self.name) => self.name.to_ascii_lowercase(),
            _ => self.name.into(),
        }
    }

    /// The type's name in COMMAND DOCS.
    pub fn type_name(&self) -> &'static str {
        match &self.kind {
            ArgKind::Value(name) => name,
            ArgKind::PureToken => "pure-token",
            ArgKind::OneOf(_) => "oneof",
            ArgKind::Block(_) => "block",
        }
    }

    /// The arguments inside a oneof or a block.
    pub fn inner(&self) -> &[Arg] {
        match &self.kind {
            ArgKind::OneOf(args) | ArgKind::Block(args) => args,
            _ => &[],
        }
    }
}

/// Reads the notation; `None` if it is malformed. O(length).
pub fn parse(notation: &'static str) -> Option<Vec<Arg>> {
    let mut reader = Reader { rest: notation };
    let args = reader.list(' ')?;
    reader.rest.is_empty().then_some(args)
}

struct Reader {
    rest: &'static str,
}

impl Reader {
    fn take(&mut self, mark: char) -> bool {
        match self.rest.strip_prefix(mark) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn until(&mut self, stop: impl Fn(char) -> bool) -> &'static str {
        let end = self.rest.find(stop).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        word
    }

    fn name(&mut self) -> &'static str {
        self.until(|c| {
            matches!(
                c,
                ' ' | '<'
                    | '>'
                    | '('
                    | ')'
                    | '['
                    | ']'
                    | '|'
                    | ':'
                    | '#'
                    | '"'
                    | '+'
                    | '@'
                    | '~'
                    | '/'
                    | '='
            )
        })
    }

    fn list(&mut self, separator: char) -> Option<Vec<Arg>> {
        let mut args = Vec::new();
        if self.rest.is_empty() {
            return Some(args);
        }
        loop {
            args.push(self.arg()?);
            if !self.take(separator) {
                return Some(args);
            }
        }
    }

    fn arg(&mut self) -> Option<Arg> {
        if self.take('[') {
            let mut arg = self.arg()?;
            arg.optional = true;
            return self.take(']').then_some(arg);
        }
        let mut token = None;
        let odd = self.take('!');
        if odd {
            let word = self.until(|c| matches!(c, '/' | ' ' | '|' | '>' | ')' | ']'));
            token = Some(if word == "\"\"" { "" } else { word });
        } else if let Some(rest) = self.rest.strip_prefix("\"\"") {
            self.rest = rest;
            token = Some("");
        } else if self.rest.starts_with(|c: char| c.is_ascii_uppercase()) {
            token = Some(self.name());
        }
        let (name, kind) = match token {
            Some(_) if self.take('=') => self.body()?,
            Some(word) => {
                let name = if self.take('/') { self.name() } else { word };
                (name, ArgKind::PureToken)
            }
            None => self.body()?,
        };
        let mut arg = Arg {
            name,
            kind,
            token,
            display: None,
            key_spec: None,
            since: None,
            deprecated_since: None,
            optional: false,
            multiple: false,
            multiple_token: false,
        };
        self.marks(&mut arg)?;
        Some(arg)
    }

    fn body(&mut self) -> Option<(&'static str, ArgKind)> {
        let name = self.name();
        let kind = if self.take('<') {
            let args = self.list('|')?;
            self.take('>').then_some(ArgKind::OneOf(args))?
        } else if self.take('(') {
            let args = self.list(' ')?;
            self.take(')').then_some(ArgKind::Block(args))?
        } else if self.take(':') {
            ArgKind::Value(self.name())
        } else {
            ArgKind::Value("string")
        };
        (!name.is_empty()).then_some((name, kind))
    }

    fn marks(&mut self, arg: &mut Arg) -> Option<()> {
        let version = |c: char| !c.is_ascii_digit() && c != '.';
        if self.take('#') {
            arg.key_spec = Some(self.until(|c| !c.is_ascii_digit()).parse().ok()?);
        }
        if self.take('"') {
            arg.display = Some(self.until(|c| c == '"'));
            self.take('"').then_some(())?;
        }
        arg.multiple = self.take('+');
        arg.multiple_token = self.take('+');
        if self.take('@') {
            arg.since = Some(self.until(version));
        }
        if self.take('~') {
            arg.deprecated_since = Some(self.until(version));
        }
        Some(())
    }
}

/// The arguments as one line for people: `key value [NX | XX] [GET]`. O(length).
pub fn usage(notation: &'static str) -> String {
    let mut line = String::new();
    for arg in parse(notation).unwrap_or_default() {
        if !line.is_empty() {
            line.push(' ');
        }
        render(&arg, &mut line);
    }
    line
}

fn render(arg: &Arg, line: &mut String) {
    if arg.optional {
        line.push('[');
    }
    let mut plain = String::new();
    match &arg.kind {
        ArgKind::PureToken => plain.push_str(word(arg.token.unwrap_or(""))),
        ArgKind::Value(_) => plain.push_str(arg.display.unwrap_or(arg.name)),
        ArgKind::OneOf(args) => join(args, " | ", &mut plain),
        ArgKind::Block(args) => join(args, " ", &mut plain),
    }
    // Alternatives need a fence of their own where none is around them.
    if matches!(arg.kind, ArgKind::OneOf(_))
        && (!arg.optional || arg.token.is_some() || arg.multiple)
    {
        plain = format!("<{plain}>");
    }
    let token = match (&arg.kind, arg.token) {
        (ArgKind::PureToken, _) | (_, None) => String::new(),
        (_, Some(token)) => format!("{} ", word(token)),
    };
    line.push_str(&token);
    line.push_str(&plain);
    if arg.multiple {
        let token = if arg.multiple_token { &token } else { "" };
        line.push_str(&format!(" [{token}{plain} ...]"));
    }
    if arg.optional {
        line.push(']');
    }
}

fn word(token: &str) -> &str {
    if token.is_empty() { "\"\"" } else { token }
}

fn join(args: &[Arg], separator: &str, line: &mut String) {
    for (i, arg) in args.iter().enumerate() {
        if i > 0 {
            line.push_str(separator);
        }
        render(arg, line);
    }
}

/// The reply of `CONTAINER HELP`, from the records of the subcommands.
pub fn help(ctx: &mut Ctx<'_>, container: &Command) -> Outcome {
    let mut lines = vec![format!(
        "{} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        container.name.to_ascii_uppercase()
    )];
    let subs = container.subs.iter().filter(|sub| sub.name != "help");
    for sub in subs {
        let line = format!("{} {}", sub.name.to_ascii_uppercase(), usage(sub.syntax));
        lines.push(line.trim_end().into());
        lines.push(format!("    {}", sub.summary));
    }
    lines.push("HELP".into());
    lines.push("    Print this help.".into());
    ctx.out.array(lines.len());
    for line in lines {
        ctx.out.simple(&line);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_lines() {
        for (notation, expected) in [
            ("", ""),
            (
                "key:key#0 value [condition<NX|XX>@2.6.12] [GET@6.2.0]",
                "key value [NX | XX] [GET]",
            ),
            (
                "[LIMIT=limit(offset:integer count:integer)] [GET=get-pattern:pattern++]",
                "[LIMIT offset count] [GET get-pattern [GET get-pattern ...]]",
            ),
            ("operation<AND|OR> key:key#1+", "<AND | OR> key [key ...]"),
            (
                "[operator<!=/equal|!~/approximately>] id<!*/auto|id>",
                "[= | ~] <* | id>",
            ),
            (
                "where\"ip:port\"~2.8.12 host<host|!\"\"/empty-string>",
                "ip:port <host | \"\">",
            ),
            (
                "data(parameter value)+",
                "parameter value [parameter value ...]",
            ),
        ] {
            assert_eq!(usage(notation), expected, "{notation}");
        }
    }

    #[test]
    fn malformed_notation_is_seen() {
        for notation in ["a<b", "[a", "a b)", "a<b|>", "TOKEN=", "a\"b"] {
            assert_eq!(parse(notation), None, "{notation}");
        }
    }
}
