//! `dir`: where a node's files are. Changing it is the host's.
use super::Config;
use crate::command::Error;

/// The working directory of a node's host.
pub trait Directory {
    /// Goes to another directory; its full name. Errors are the system's words.
    fn change(&mut self, path: &[u8]) -> Result<Vec<u8>, String>;

    /// Another handle of the same.
    fn copied(&self) -> Box<dyn Directory>;
}

impl Clone for Box<dyn Directory> {
    fn clone(&self) -> Self {
        self.copied()
    }
}

impl Config {
    /// CONFIG SET with `dir` among the parameters: all of them or none. A host that has no directories has this one only.
    pub fn set_all_and_dir(
        &mut self,
        pairs: &[(&[u8], &[u8])],
        host: &mut Option<Box<dyn Directory>>,
    ) -> Result<(), Error> {
        let before = self.clone();
        self.set_all(pairs)?;
        let dir = pairs
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(b"dir"));
        let Some((name, path)) = dir else {
            return Ok(());
        };
        let here = before.text("dir");
        // What stands behind a zero byte is nothing to the system.
        let path = path.split(|b| *b == 0).next().unwrap_or_default();
        let changed = match host {
            _ if path.is_empty() => Err("dir can't be empty".into()),
            Some(host) => host.change(path),
            None => match path.strip_suffix(b"/").unwrap_or(path) {
                path if path == b"." || path == here => Ok(here),
                _ => Err("No such file or directory".into()),
            },
        };
        match changed {
            Ok(dir) => {
                self.keep("dir", dir);
                Ok(())
            }
            Err(why) => {
                *self = before;
                let name = String::from_utf8_lossy(name);
                let text = "ERR CONFIG SET failed (possibly related to argument '";
                Err(Error::new([text, &name, "') - ", &why].concat()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What CONFIG SET says, and what is so then.
    fn set(config: &mut Config, pairs: &[(&str, &str)]) -> (String, Vec<u8>, Vec<u8>) {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(a, b)| (a.as_bytes(), b.as_bytes()))
            .collect();
        let said = match config.set_all_and_dir(&pairs, &mut None) {
            Ok(()) => String::new(),
            Err(error) => String::from_utf8_lossy(&error.0).into_owned(),
        };
        (said, config.text("dir"), config.text("maxmemory"))
    }

    #[test]
    fn all_or_none() {
        let mut config = Config::default();
        let failed = |why: &str| {
            let text = "ERR CONFIG SET failed (possibly related to argument 'dir') - ";
            (text.to_owned() + why, b"/data".to_vec(), b"0".to_vec())
        };
        let guarded = failed("can't set protected config");
        assert_eq!(set(&mut config, &[("dir", "/data")]), guarded);
        config
            .directive(&[b"enable-protected-configs".to_vec(), b"yes".to_vec()])
            .expect("a parameter");
        let missing = failed("No such file or directory");
        let both = [("maxmemory", "5"), ("dir", "/other")];
        assert_eq!(set(&mut config, &both), missing);
        let empty = failed("dir can't be empty");
        assert_eq!(set(&mut config, &[("dir", "")]), empty);
        let here = (String::new(), b"/data".to_vec(), b"5".to_vec());
        for path in ["/data", "/data/", ".", "./"] {
            let both = [("dir", path), ("maxmemory", "5")];
            assert_eq!(set(&mut config, &both), here, "{path}");
        }
    }
}
