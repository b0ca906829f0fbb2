//! The command line, read as a real server reads it: a configuration file, then `--name value` options over it.
use redlab::resp::parse::split_args;
use std::io::Read;

/// Settings as lines of a configuration file, in order: the later one wins.
#[derive(Debug, Default)]
pub struct Settings {
    /// Absolute path of the file, if there was one.
    pub config_file: String,
    /// Each directive with its arguments.
    pub directives: Vec<Vec<Vec<u8>>>,
    /// What follows `user` on its lines: names, each with rules.
    pub users: Vec<Vec<Vec<u8>>>,
    /// `--redlab-seed`: makes everything random repeatable.
    pub seed: Option<u64>,
    /// It is to be a Sentinel; what its file says.
    pub sentinel: bool,
    pub text: Vec<u8>,
}

/// What the command line asks for.
pub enum Start {
    Serve(Box<Settings>),
    Say(String),
}

const HELP: &str = "\
Usage: redlab-server [/path/to/redis.conf] [options] [-]
       redlab-server /path/to/sentinel.conf --sentinel [options]
       redlab-server -v or --version
       redlab-server -h or --help

Options are those of redis.conf with two dashes in front; a lone dash at the end
reads more of them from standard input. --redlab-seed N makes runs repeatable.

Examples:
       redlab-server --port 7000
       redlab-server /etc/redis.conf --loglevel verbose
       echo 'port 7000' | redlab-server -";

/// Reads the arguments (the program's name first), the file and the standard input that they name.
pub fn read(args: &[String]) -> Result<Start, String> {
    let mut rest = &args[1..];
    match rest {
        [one] if one == "-v" || one == "--version" => {
            return Ok(Start::Say(format!(
                "redlab-server v={} bits={}",
                env!("CARGO_PKG_VERSION"),
                usize::BITS
            )));
        }
        [one] if one == "-h" || one == "--help" => return Ok(Start::Say(HELP.into())),
        _ => {}
    }
    let mut settings = Settings {
        sentinel: is_sentinel(args),
        ..Settings::default()
    };
    let mut text = Vec::new();
    if let [file, ..] = rest
        && !file.starts_with('-')
    {
        rest = &rest[1..];
        text = std::fs::read(file)
            .map_err(|e| format!("Fatal error, can't open config file '{file}': {e}"))?;
        settings.config_file = std::fs::canonicalize(file)
            .map_or_else(|_| file.clone(), |p| p.to_string_lossy().into_owned());
        settings.text = text.clone();
    }
    let mut stdin = false;
    if let [.., dash] = rest
        && dash == "-"
    {
        stdin = true;
        rest = &rest[..rest.len() - 1];
    }
    if stdin {
        text.push(b'\n');
        std::io::stdin()
            .read_to_end(&mut text)
            .map_err(|e| format!("Fatal error, can't read standard input: {e}"))?;
    }
    parse_text(&text, &mut settings)?;
    parse_options(rest, &mut settings)?;
    Ok(Start::Serve(Box::new(settings)))
}

/// Whether the name of the program, or an option, says that it is to be a Sentinel.
fn is_sentinel(args: &[String]) -> bool {
    let named = |name| args[0].ends_with(name);
    ["redis-sentinel", "valkey-sentinel"].into_iter().any(named)
        || args[1..].iter().any(|arg| arg == "--sentinel")
}

/// The message that ends a start with a bad setting.
pub fn fatal(line: usize, text: &[u8], why: &str) -> String {
    format!(
        "\n*** FATAL CONFIG FILE ERROR (Redis 7.2.4) ***\nReading the configuration file, at line {line}\n>>> '{}'\n{why}",
        String::from_utf8_lossy(text)
    )
}

/// The lines of a file.
fn parse_text(text: &[u8], settings: &mut Settings) -> Result<(), String> {
    for (at, line) in text.split(|&b| b == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() || line[0] == b'#' {
            continue;
        }
        let words = split_args(line)
            .ok_or_else(|| fatal(at + 1, line, "Unbalanced quotes in configuration line"))?;
        // The Sentinel reads its lines itself.
        let own = settings.sentinel
            && words
                .first()
                .is_some_and(|w| w.eq_ignore_ascii_case(b"sentinel"));
        if let [name, ..] = words.as_slice()
            && !own
        {
            add(
                settings,
                [name.to_ascii_lowercase()]
                    .into_iter()
                    .chain(words[1..].to_vec())
                    .collect(),
            )?;
        }
    }
    Ok(())
}

/// `--name value …`: the word after a name is its value even if it starts with dashes; more values follow until the next name.
fn parse_options(args: &[String], settings: &mut Settings) -> Result<(), String> {
    let mut at = 0;
    while at < args.len() {
        let Some(name) = args[at].strip_prefix("--") else {
            return Err(fatal(
                1,
                args[at].as_bytes(),
                "Bad directive or wrong number of arguments",
            ));
        };
        if name == "sentinel" {
            at += 1;
            continue;
        }
        let mut words = split_args(name.as_bytes()).ok_or_else(|| {
            fatal(
                1,
                name.as_bytes(),
                "Unbalanced quotes in configuration line",
            )
        })?;
        if words.is_empty() {
            return Err(fatal(
                1,
                name.as_bytes(),
                "Bad directive or wrong number of arguments",
            ));
        }
        words[0].make_ascii_lowercase();
        at += 1;
        let save = words == [b"save".to_vec()];
        let next_is_name = args.get(at).is_none_or(|next| next.starts_with("--"));
        if save && next_is_name {
            words.push(Vec::new());
        } else if words.len() == 1 && at < args.len() {
            words.push(args[at].clone().into_bytes());
            at += 1;
        }
        while at < args.len() && !args[at].starts_with("--") {
            words.push(args[at].clone().into_bytes());
            at += 1;
        }
        add(settings, words)?;
    }
    Ok(())
}

fn add(settings: &mut Settings, words: Vec<Vec<u8>>) -> Result<(), String> {
    if words[0] == b"redlab-seed" {
        let seed = words
            .get(1)
            .and_then(|w| std::str::from_utf8(w).ok()?.parse().ok());
        settings.seed = Some(seed.ok_or("redlab-seed takes a number from 0 to 2^64 - 1")?);
    } else if words[0] == b"user" && words.len() > 1 {
        if settings.users.iter().any(|user| user[0] == words[1]) {
            let name = String::from_utf8_lossy(&words[1]);
            let why = format!(
                "Error in user declaration '{name}': Duplicate user found. A user can only be defined once in config files"
            );
            return Err(fatal(
                settings.directives.len() + 1,
                &words.join(&b' '),
                &why,
            ));
        }
        settings.users.push(words[1..].to_vec());
    } else {
        settings.directives.push(words);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directives(args: &[&str]) -> Vec<String> {
        let args: Vec<String> = args.iter().map(|a| a.to_string()).collect();
        let mut settings = Settings::default();
        parse_options(&args, &mut settings).expect("good options");
        settings
            .directives
            .iter()
            .map(|words| {
                let words: Vec<_> = words.iter().map(|w| String::from_utf8_lossy(w)).collect();
                words.join("|")
            })
            .collect()
    }

    #[test]
    fn options_take_their_values() {
        assert_eq!(
            directives(&["--port", "1", "--save", "--bind", "a", "b", "--save", ""]),
            ["port|1", "save|", "bind|a|b", "save|"]
        );
        assert_eq!(
            directives(&["--save", "60", "1", "--requirepass", "--x", "--save"]),
            ["save|60|1", "requirepass|--x", "save|"]
        );
        assert_eq!(
            directives(&["--port 12", "--appendonly", "no"]),
            ["port|12", "appendonly|no"]
        );
    }
}
