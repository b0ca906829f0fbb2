//! Bytes that come and go on the connections to servers.
use super::event::Wire;
use super::instance::Kind;
use super::link::{Asked, LinkId, Pipe};
use super::{Level, Out, Place, Sentinel};
use crate::resp::request::command;
use crate::resp::value::{Value, parse_value};

/// The channel that Sentinels find each other on.
pub(super) const HELLO: &str = "__sentinel__:hello";
/// Bytes of an answer that is not whole; more is no INFO.
const ANSWER_MOST: usize = 1 << 20;

impl Sentinel {
    /// Asks for the connections of a server that are missing.
    pub(super) fn dial(&mut self, place: Place) {
        let instance = self.at(place);
        let (id, kind, addr) = (instance.link, instance.kind, instance.addr.clone());
        let now_ms = self.now_ms;
        for hellos in [false, true] {
            let Some(link) = self.links.get_mut(&id) else {
                return;
            };
            let pipe = match hellos {
                true => &mut link.hellos,
                false => &mut link.commands,
            };
            if pipe.is_some() || (hellos && kind == Kind::Sentinel) {
                continue;
            }
            self.last_wire += 1;
            let wire = self.last_wire;
            *pipe = Some(Pipe {
                wire,
                stands: false,
                since_ms: now_ms,
                buf: Vec::new(),
                early: Vec::new(),
            });
            self.wires.insert(wire, (id, hellos));
            let (host, port) = (addr.ip.clone(), addr.port);
            self.out.push(Out::Dial { wire, host, port });
            self.introduce(place, hellos);
        }
        if let Some(link) = self.links.get_mut(&id) {
            link.down = false;
        }
    }

    /// The first words on a connection.
    fn introduce(&mut self, place: Place, hellos: bool) {
        let options = &self.groups[place.group].options;
        let (user, password) = match self.at(place).kind {
            Kind::Sentinel if !self.settings.pass.is_empty() => {
                (self.settings.user.clone(), self.settings.pass.clone())
            }
            Kind::Sentinel => {
                let own = String::from_utf8_lossy(&self.password).into_owned();
                (String::new(), own)
            }
            _ => (options.auth_user.clone(), options.auth_pass.clone()),
        };
        let name = format!(
            "sentinel-{}-{}",
            &self.id[..8],
            if hellos { "pubsub" } else { "cmd" }
        );
        let auth = self.name_of(place, "AUTH");
        match (user.is_empty(), password.is_empty()) {
            (_, true) => {}
            (true, false) => self.tell(place, hellos, &[&auth, &password]),
            (false, false) => self.tell(place, hellos, &[&auth, &user, &password]),
        }
        let client = self.name_of(place, "CLIENT");
        self.tell(place, hellos, &[&client, "SETNAME", &name]);
        match hellos {
            true => {
                let subscribe = self.name_of(place, "SUBSCRIBE");
                self.tell(place, true, &[&subscribe, HELLO]);
            }
            false => self.ping(place),
        }
    }

    /// What a command is called at a server of a group (`rename-command`).
    pub(super) fn name_of(&self, place: Place, command: &str) -> String {
        let renames = &self.groups[place.group].options.renames;
        let is_it = |(old, _): &&(String, String)| old.eq_ignore_ascii_case(command);
        let renamed = renames.iter().find(is_it);
        match renamed {
            Some((_, new)) if self.at(place).kind != Kind::Sentinel => new.clone(),
            _ => command.into(),
        }
    }

    /// Sends a command whose answer says nothing.
    fn tell(&mut self, place: Place, hellos: bool, words: &[&str]) {
        if hellos {
            let link = self.at(place).link;
            return self.send(link, true, words);
        }
        self.ask(place, Asked::Nothing, words);
    }

    /// Sends a command to a server; whether there was a connection.
    pub(super) fn ask(&mut self, place: Place, what: Asked, words: &[&str]) -> bool {
        let instance = self.at(place);
        let (link, about) = (instance.link, instance.id);
        match self.link_mut(link) {
            Some(link) if link.commands.is_some() => link.due.push_back((what, about)),
            _ => return false,
        }
        self.send(link, false, words);
        true
    }

    fn send(&mut self, link: LinkId, hellos: bool, words: &[&str]) {
        let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        let bytes = command(&words);
        let Some(link) = self.links.get_mut(&link) else {
            return;
        };
        let pipe = match hellos {
            true => &mut link.hellos,
            false => &mut link.commands,
        };
        match pipe {
            Some(pipe) if pipe.stands => self.out.push(Out::Send(pipe.wire, bytes)),
            Some(pipe) => pipe.early.extend_from_slice(&bytes),
            None => {}
        }
    }

    fn pipe_mut(&mut self, wire: Wire) -> Option<(LinkId, bool, &mut Pipe)> {
        let (id, hellos) = *self.wires.get(&wire)?;
        let link = self.links.get_mut(&id)?;
        let pipe = match hellos {
            true => link.hellos.as_mut()?,
            false => link.commands.as_mut()?,
        };
        Some((id, hellos, pipe))
    }

    /// A connection stands; `own` is this side's address.
    pub fn stands(&mut self, wire: Wire, own: &str) {
        let Some((id, _, pipe)) = self.pipe_mut(wire) else {
            return;
        };
        pipe.stands = true;
        let early = std::mem::take(&mut pipe.early);
        self.out.push(Out::Send(wire, early));
        if let Some(link) = self.link_mut(id) {
            link.own_ip = own.into();
        }
    }

    /// A connection is no more, or never was.
    pub fn lost(&mut self, wire: Wire) {
        if let Some((id, hellos)) = self.wires.remove(&wire) {
            self.forget_pipe(id, hellos);
        }
    }

    /// Bytes have come. O(bytes).
    pub fn heard(&mut self, wire: Wire, bytes: &[u8]) {
        let Some((id, hellos, pipe)) = self.pipe_mut(wire) else {
            return;
        };
        let mut buf = std::mem::take(&mut pipe.buf);
        buf.extend_from_slice(bytes);
        let mut at = 0;
        let broken = loop {
            match parse_value(&buf[at..]) {
                Ok(Some((value, len))) => {
                    at += len;
                    let taken = match hellos {
                        true => self.hello_came(id, value),
                        false => self.answered(id, value),
                    };
                    if !taken {
                        break true;
                    }
                }
                Ok(None) => break buf.len() - at > ANSWER_MOST,
                Err(_) => break true,
            }
        };
        if broken {
            return self.hang_up(id, hellos);
        }
        buf.drain(..at);
        if let Some((_, _, pipe)) = self.pipe_mut(wire) {
            pipe.buf = buf;
        }
    }

    /// Something on the connection for hellos.
    fn hello_came(&mut self, id: LinkId, value: Value) -> bool {
        let now_ms = self.now_ms;
        let Some(items) = value.as_items() else {
            return true; // the answers to the first words
        };
        if let Some(link) = self.link_mut(id) {
            link.hello_ms = now_ms;
        }
        if let [Value::Bulk(word), Value::Bulk(_), Value::Bulk(text)] = items
            && word == b"message"
        {
            let text = String::from_utf8_lossy(text).into_owned();
            if !text.contains(&self.id) {
                self.hello(&text);
            }
        }
        true
    }

    /// An answer to a command; false if none was due.
    fn answered(&mut self, id: LinkId, value: Value) -> bool {
        let Some((asked, about)) = self.link_mut(id).and_then(|link| link.due.pop_front()) else {
            return false;
        };
        let Some(place) = self.find(about) else {
            return true;
        };
        match (asked, &value) {
            (Asked::Nothing, _) => {}
            (Asked::Ping, value) => self.ponged(place, value),
            (Asked::Info, Value::Bulk(text) | Value::Verbatim(_, text)) => {
                let text = text.clone();
                self.informed(place, text);
            }
            (Asked::Info, _) => {}
            (Asked::Down, Value::Array(items)) => {
                if let [Value::Int(down), Value::Bulk(leader), Value::Int(epoch)] = &items[..] {
                    let leader = String::from_utf8_lossy(leader).into_owned();
                    let epoch = u64::try_from(*epoch).unwrap_or(0);
                    self.says(place, *down == 1, leader, epoch);
                }
            }
            (Asked::Down, _) => {}
            (Asked::Publish, value) => {
                if !value.is_error() {
                    let now_ms = self.now_ms;
                    self.at_mut(place).published_ms = now_ms;
                }
            }
        }
        true
    }

    /// The answer to a PING.
    fn ponged(&mut self, place: Place, value: &Value) {
        let now_ms = self.now_ms;
        let text = value.as_bytes().unwrap_or_default().to_vec();
        let id = self.at(place).link;
        let good = ["PONG", "LOADING", "MASTERDOWN"];
        let good = good.iter().any(|word| text.starts_with(word.as_bytes()));
        if let Some(link) = self.link_mut(id) {
            link.pong_ms = now_ms;
            if good {
                link.good_ms = now_ms;
                link.unanswered_ms = 0;
            }
        }
        if text.starts_with(b"PONG") {
            self.at_mut(place).rebooted_ms = None;
        } else if text.starts_with(b"BUSY") && self.at(place).sdown {
            // A script that does not end keeps the server from answering.
            let script = self.name_of(place, "SCRIPT");
            self.log(
                Level::Notice,
                "A busy server is told to end its script".into(),
            );
            self.ask(place, Asked::Nothing, &[&script, "KILL"]);
        }
    }
}
