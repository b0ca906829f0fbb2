//! A link between two servers that can be cut at any byte.
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread;

/// Passes on as many bytes as there are; negative: no end.
type Budget = Arc<AtomicI64>;

/// See the head of this file.
pub struct Relay {
    port: u16,
    budget: Budget,
    over: Arc<AtomicBool>,
}

impl Relay {
    /// A link to the server of this port.
    pub fn to(target: u16) -> std::io::Result<Relay> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let relay = Relay {
            port: listener.local_addr()?.port(),
            budget: Arc::new(AtomicI64::new(-1)),
            over: Arc::default(),
        };
        let (budget, over) = (relay.budget.clone(), relay.over.clone());
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                // A cut lasts until somebody comes again.
                budget.store(-1, Ordering::Relaxed);
                if let Ok(far) = TcpStream::connect(("127.0.0.1", target)) {
                    join(near, far, &budget);
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
        self.budget.store(bytes, Ordering::Relaxed);
    }

    /// A cut that has not come yet does not come.
    pub fn mend(&self) {
        self.budget.store(-1, Ordering::Relaxed);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // The listener looks up once more.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn join(near: TcpStream, far: TcpStream, budget: &Budget) {
    let pairs = [near.try_clone(), far.try_clone()];
    let [Ok(near_2), Ok(far_2)] = pairs else {
        return;
    };
    let budget = budget.clone();
    thread::spawn(move || copy(near_2, far_2, None));
    thread::spawn(move || copy(far, near, Some(budget)));
}

/// Copies until one side ends or the budget is used up; then both sides end.
fn copy(mut from: TcpStream, mut to: TcpStream, budget: Option<Budget>) {
    let mut buffer = [0; 4096];
    while let Ok(n @ 1..) = from.read(&mut buffer) {
        let left = budget.as_ref().map_or(-1, |b| b.load(Ordering::Relaxed));
        let len = if left < 0 { n } else { n.min(left as usize) };
        if to.write_all(&buffer[..len]).is_err() || len < n {
            break;
        }
        if let Some(budget) = budget.as_ref().filter(|_| left >= 0) {
            budget.fetch_sub(len as i64, Ordering::Relaxed);
        }
    }
    for stream in [from, to] {
        // It may be gone already.
        let _ = stream.shutdown(Shutdown::Both);
    }
}
