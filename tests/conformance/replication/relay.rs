//! A link between two servers that can be cut at any byte.
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::thread;

/// When the link breaks, and how often it has.
#[derive(Clone)]
struct Cuts {
    /// As many bytes are passed on; negative: no end.
    budget: Arc<AtomicI64>,
    made: Arc<AtomicU64>,
}

/// See the head of this file.
pub struct Relay {
    port: u16,
    cuts: Cuts,
    over: Arc<AtomicBool>,
}

impl Relay {
    /// A link to the server of this port.
    pub fn to(target: u16) -> std::io::Result<Relay> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let relay = Relay {
            port: listener.local_addr()?.port(),
            cuts: Cuts {
                budget: Arc::new(AtomicI64::new(-1)),
                made: Arc::default(),
            },
            over: Arc::default(),
        };
        let (cuts, over) = (relay.cuts.clone(), relay.over.clone());
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                // A cut lasts until somebody comes again.
                cuts.budget.store(-1, Ordering::Relaxed);
                if let Ok(far) = TcpStream::connect(("127.0.0.1", target)) {
                    join(near, far, &cuts);
                }
            }
        });
        Ok(relay)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The link breaks once so many bytes more have gone to the replica.
    pub fn cut_after(&self, bytes: i64) {
        self.cuts.budget.store(bytes, Ordering::Relaxed);
    }

    /// How often the link was cut.
    pub fn cuts(&self) -> u64 {
        self.cuts.made.load(Ordering::Relaxed)
    }

    /// A cut that has not come yet does not come.
    pub fn mend(&self) {
        self.cuts.budget.store(-1, Ordering::Relaxed);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // The listener looks up once more.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn join(near: TcpStream, far: TcpStream, cuts: &Cuts) {
    let pairs = [near.try_clone(), far.try_clone()];
    let [Ok(near_2), Ok(far_2)] = pairs else {
        return;
    };
    let cuts = cuts.clone();
    thread::spawn(move || copy(near_2, far_2, None));
    thread::spawn(move || copy(far, near, Some(cuts)));
}

/// Copies until one side ends or the link is cut; then both sides end.
fn copy(mut from: TcpStream, mut to: TcpStream, cuts: Option<Cuts>) {
    let mut buffer = [0; 4096];
    while let Ok(n @ 1..) = from.read(&mut buffer) {
        let left = cuts
            .as_ref()
            .map_or(-1, |c| c.budget.load(Ordering::Relaxed));
        let len = if left < 0 { n } else { n.min(left as usize) };
        let sent = to.write_all(&buffer[..len]);
        if let Some(cuts) = &cuts {
            if len < n {
                cuts.made.fetch_add(1, Ordering::Relaxed);
            } else if left >= 0 {
                cuts.budget.fetch_sub(len as i64, Ordering::Relaxed);
            }
        }
        if sent.is_err() || len < n {
            break;
        }
    }
    for stream in [from, to] {
        // It may be gone already.
        let _ = stream.shutdown(Shutdown::Both);
    }
}
