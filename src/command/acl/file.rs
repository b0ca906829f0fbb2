//! Users as text: the lines of an ACL file, and `user` lines of a configuration file.
use super::{Acl, Refusal, User, merge_selectors};
use crate::command::{Config, Registry};

/// Where a node keeps its users. Reading and writing is the host's.
pub trait AclFile {
    /// The users that the file has now, or all that is wrong with it.
    fn load(&mut self, registry: &Registry, config: &Config) -> Result<Acl, String>;

    /// Puts this text in place of the file's. Whether that worked; if not, why is the host's to tell.
    fn save(&mut self, text: &[u8]) -> bool;

    /// Another handle of the same file.
    fn copied(&self) -> Box<dyn AclFile>;
}

impl Clone for Box<dyn AclFile> {
    fn clone(&self) -> Self {
        self.copied()
    }
}

const UNCHANGED: &str =
    "WARNING: ACL errors detected, no change to the previously active ACL rules was performed";

/// What a real server adds to a message about a line; `path` names the file.
struct Report<'a> {
    path: &'a str,
    text: String,
}

impl Report<'_> {
    fn add(&mut self, line: usize, what: &str) {
        let text = [self.path, ":", &line.to_string(), what, ". "];
        text.into_iter().for_each(|part| self.text.push_str(part));
    }
}

/// The users of an ACL file, with a default user that may do everything if it names none. O(bytes * commands).
pub fn parse(path: &str, text: &[u8], registry: &Registry, config: &Config) -> Result<Acl, String> {
    let mut acl = Acl::new(registry, &Config::default());
    let mut names: Vec<&[u8]> = Vec::new();
    let text_of = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut report = Report {
        path,
        text: String::new(),
    };
    for (number, line) in (1..).zip(text.split(|&b| b == b'\n')) {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let mut words = line.split(|&b| b == b' ');
        let (Some(b"user"), Some(name)) = (words.next(), words.next()) else {
            report.add(
                number,
                " should start with user keyword followed by the username",
            );
            continue;
        };
        if names.contains(&name) {
            let name = text_of(name);
            let text = ["WARNING: Duplicate user '", &name, "' found on line "];
            report.text.extend(text);
            report.text.push_str(&[&number.to_string(), ". "].concat());
            continue;
        }
        names.push(name);
        let mut user = acl.fresh(name, registry, config);
        let Ok(rules) = merge_selectors(words) else {
            report.add(number, ": Unmatched parenthesis in selector definition.");
            continue;
        };
        let mut told = false;
        for rule in rules {
            match user.apply(&rule, registry, config) {
                // The rest of the line may be wrong only because of the first error.
                Err(why) if why != super::selector::UNKNOWN => {
                    if !told {
                        report.add(number, &[": ", why].concat());
                    }
                    told = true;
                }
                Err(why) => {
                    let rule = text_of(&rule);
                    let text = [": Error in applying operation '", &rule, "': ", why];
                    report.add(number, &text.concat());
                }
                Ok(()) => {}
            }
        }
        acl.put(user);
    }
    if report.text.is_empty() {
        return Ok(acl);
    }
    report.text.push_str(UNCHANGED);
    Err(report.text)
}

impl Acl {
    /// A user by the words of a `user` line: the name, then rules. The error is the rule that was refused, and why.
    pub fn add_line(
        &mut self,
        words: &[Vec<u8>],
        registry: &Registry,
        config: &Config,
    ) -> Result<(), (Vec<u8>, Refusal)> {
        let [name, rules @ ..] = words else {
            return Ok(());
        };
        let mut user: User = self.fresh(name, registry, config);
        let rules = rules.iter().map(Vec::as_slice);
        let rules = merge_selectors(rules).map_err(|word| (word, super::selector::SYNTAX))?;
        for rule in rules {
            let applied = user.apply(&rule, registry, config);
            applied.map_err(|why| (rule.to_vec(), why))?;
        }
        self.put(user);
        Ok(())
    }

    /// All users as the lines of a file.
    pub fn text(&self) -> Vec<u8> {
        let mut text = Vec::new();
        for user in self.users() {
            text.extend_from_slice(&user.describe());
            text.push(b'\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<String, String> {
        let registry = crate::command::Registry::new(&[], |_| true);
        let acl = parse("f", text.as_bytes(), &registry, &Config::default())?;
        Ok(String::from_utf8_lossy(&acl.text()).into_owned())
    }

    #[test]
    fn files_are_read_as_a_real_server_reads_them() {
        let default = "user default on nopass sanitize-payload ~* &* +@all\n";
        assert_eq!(
            load("\n\n  user a on +@all (~x &y)\r\n"),
            Ok(format!(
                "user a on sanitize-payload resetchannels +@all (~x resetchannels &y -@all)\n{default}"
            ))
        );
        assert_eq!(
            load("user default off\n"),
            Ok("user default off sanitize-payload resetchannels -@all\n".into())
        );
        for (text, why) in [
            (
                "user\n",
                "f:1 should start with user keyword followed by the username. ",
            ),
            (
                "# a\n",
                "f:1 should start with user keyword followed by the username. ",
            ),
            (
                "user a on\nuser a\n",
                "WARNING: Duplicate user 'a' found on line 2. ",
            ),
            (
                "user a (+no) on +zz\nuser b foo bar\n",
                "f:1: Error in applying operation '(+no)': Unknown command or category name in ACL. f:1: Error in \
                 applying operation '+zz': Unknown command or category name in ACL. f:2: Syntax error. ",
            ),
        ] {
            assert_eq!(load(text), Err(format!("{why}{UNCHANGED}")));
        }
    }
}
