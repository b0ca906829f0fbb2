//! Users at the start, and the files that ACL LOAD, ACL SAVE and CONFIG REWRITE are about.
use redlab::command::acl::{Acl, AclFile, parse};
use redlab::command::config::{ConfigFile, Directory};
use redlab::command::{Config, Registry};
use redlab::server::Node;

/// A file by its path.
#[derive(Clone)]
pub struct DiskFile(pub String);

impl DiskFile {
    fn replace(&self, text: &[u8]) -> std::io::Result<()> {
        // First beside it: a crash must not leave half a file.
        let beside = format!("{}.tmp-{}", self.0, std::process::id());
        std::fs::write(&beside, text)?;
        std::fs::rename(&beside, &self.0)
    }

    /// The file with this path; none if that is empty.
    pub fn boxed(path: &str) -> Option<Box<dyn AclFile>> {
        (!path.is_empty()).then(|| Box::new(DiskFile(path.into())) as Box<dyn AclFile>)
    }
}

impl AclFile for DiskFile {
    fn load(&mut self, registry: &Registry, config: &Config) -> Result<Acl, String> {
        let path = &self.0;
        let opening = |why| format!("Error loading ACLs, opening file '{path}': {why}");
        let text = std::fs::read(path).map_err(|e| opening(words(&e)))?;
        parse(path, &text, registry, config)
    }

    fn save(&mut self, text: &[u8]) -> bool {
        self.replace(text).is_ok()
    }

    fn copied(&self) -> Box<dyn AclFile> {
        Box::new(self.clone())
    }
}

impl ConfigFile for DiskFile {
    fn read(&mut self) -> Result<Vec<u8>, String> {
        match std::fs::read(&self.0) {
            // As a real server: one that is gone is written anew.
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            read => read.map_err(|e| words(&e)),
        }
    }

    fn write(&mut self, text: &[u8]) -> Result<(), String> {
        self.replace(text).map_err(|e| words(&e))
    }

    fn copied(&self) -> Box<dyn ConfigFile> {
        Box::new(self.clone())
    }
}

/// The working directory of this process.
pub struct Working;

impl Directory for Working {
    fn change(&mut self, path: &[u8]) -> Result<Vec<u8>, String> {
        use std::os::unix::ffi::{OsStrExt, OsStringExt};
        let path = std::ffi::OsStr::from_bytes(path);
        std::env::set_current_dir(path).map_err(|e| words(&e))?;
        let here = std::env::current_dir().map_err(|e| words(&e))?;
        Ok(here.into_os_string().into_vec())
    }

    fn copied(&self) -> Box<dyn Directory> {
        Box::new(Working)
    }
}

/// The system's words for what went wrong.
fn words(e: &std::io::Error) -> String {
    let why = e.to_string();
    why.split(" (os error").next().unwrap_or_default().into()
}

/// The users of the configuration's `user` lines, or those of the ACL file. The error is what the log has to say.
pub fn set_users(node: &mut Node, lines: &[Vec<Vec<u8>>], path: &str) -> Result<(), Vec<String>> {
    let Some(mut file) = DiskFile::boxed(path) else {
        return node.set_users(|acl, registry, config| {
            for line in lines {
                let refused = |(rule, why): (Vec<u8>, _)| {
                    let [rule, name] = [&rule, &line[0]].map(|w| String::from_utf8_lossy(w));
                    vec![
                        format!(
                            "Error loading ACL rule '{rule}' for the user named '{name}': {why}"
                        ),
                        "Critical error while loading ACLs. Exiting.".into(),
                    ]
                };
                acl.add_line(line, registry, config).map_err(refused)?;
            }
            Ok(())
        });
    };
    if !lines.is_empty() {
        return Err(vec![
            "Users stand in the configuration file and there is an ACL file as well: use one of them, not both.".into(),
        ]);
    }
    node.set_users(|acl, registry, config| {
        let users = file.load(registry, config);
        let abort = |why| {
            vec![format!(
                "Aborting Redis startup because of ACL errors: {why}"
            )]
        };
        users.map(|users| acl.replace(users)).map_err(abort)
    })
}
