//! Times and memory of the hash table and the skiplist: `cargo bench --bench ds_tables`.
//!
//! Prints nanoseconds an operation, bytes an element as the allocator counts them, and the longest
//! single operation while a table grows to a million entries. Not a test: nothing here can fail.
#![allow(clippy::disallowed_methods)] // a bench reads the clock

use redlab::base::rng::Rng;
use redlab::ds::dict::Dict;
use redlab::ds::skiplist::Skiplist;
use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts live bytes, each block with the four bytes and the rounding that dlmalloc adds on wasm32.
struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);

fn cost(size: usize) -> usize {
    (size + 4).next_multiple_of(8).max(16)
}

// SAFETY: every call is passed on to the system allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(cost(layout.size()), Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        LIVE.fetch_sub(cost(layout.size()), Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// A clock in nanoseconds and a place to print to: native and wasm differ in nothing else.
struct Bench<'a> {
    now: &'a dyn Fn() -> f64,
    print: &'a dyn Fn(&str),
}

impl Bench<'_> {
    /// Runs `f` for 0 to n − 1 and prints the mean time.
    fn time(&self, name: &str, n: u64, mut f: impl FnMut(u64)) {
        let start = (self.now)();
        (0..n).for_each(&mut f);
        let each = ((self.now)() - start) / n as f64;
        (self.print)(&format!("{name:<44} {each:>9.0} ns"));
    }

    /// As `time`, and looks for the longest call.
    fn time_longest(&self, name: &str, n: u64, mut f: impl FnMut(u64)) {
        let (mut longest, mut at) = (0f64, 0);
        let mut last = (self.now)();
        for i in 0..n {
            f(i);
            let now = (self.now)();
            if now - last > longest {
                (longest, at) = (now - last, i);
            }
            last = now;
        }
        let ms = longest / 1e6;
        (self.print)(&format!("{name:<44} {ms:>9.3} ms at {at}"));
    }

    fn memory(&self, name: &str, before: usize, n: u64) {
        let each = (LIVE.load(Ordering::Relaxed) - before) as f64 / n as f64;
        (self.print)(&format!("{name:<44} {each:>9.1} B each"));
    }
}

/// Writes a number into a member of about ten bytes without allocating.
fn name(buffer: &mut [u8; 10], n: u64) -> &[u8] {
    let mut rest = n;
    for place in buffer.iter_mut().rev() {
        *place = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    buffer
}

/// A permutation of 0..n (n a power of ten, the factor coprime to it).
fn shuffled(i: u64, n: u64) -> u64 {
    (i * 7_368_787 + 12_345) % n
}

fn dicts(bench: &Bench, n: u64) {
    let before = LIVE.load(Ordering::Relaxed);
    let mut buffer = [0; 10];
    let mut dict: Dict<f64> = Dict::new((1, 2));
    bench.time(&format!("dict insert, growing to {n}"), n, |i| {
        dict.insert(name(&mut buffer, i), 0.0);
    });
    bench.memory("  memory (10-byte keys, 8-byte values)", before, n);
    dict.rehash_steps(u32::MAX);
    bench.time("dict find, random order", n, |i| {
        black_box(dict.find(name(&mut buffer, shuffled(i, n))));
    });
    bench.time("dict find, absent", n, |i| {
        black_box(dict.find(name(&mut buffer, n + i)));
    });
    bench.time("dict insert over, random order", n, |i| {
        dict.insert(name(&mut buffer, shuffled(i, n)), 1.0);
    });
    let mut rng = Rng::new(1);
    bench.time("dict random", n, |_| {
        black_box(dict.random(&mut rng));
    });
    let (mut cursor, mut seen) = (0, 0u64);
    bench.time("dict scan a bucket", n, |_| {
        cursor = dict.scan(cursor, &mut |_| seen += 1);
    });
    black_box(seen);
    bench.time("dict iterate", 1, |_| {
        black_box(dict.iter().map(|(_, _, v)| v).sum::<f64>());
    });
    bench.time("dict remove, random order", n, |i| {
        dict.remove(name(&mut buffer, shuffled(i, n)));
    });
    let mut set: Dict<()> = Dict::new((1, 2));
    let before = LIVE.load(Ordering::Relaxed);
    for i in 0..n {
        set.insert(name(&mut buffer, i), ());
    }
    bench.memory("set memory", before, n);
}

fn zsets(bench: &Bench, n: u64) {
    let before = LIVE.load(Ordering::Relaxed);
    let mut buffer = [0; 10];
    let mut dict: Dict<f64> = Dict::new((1, 2));
    let mut list = Skiplist::new(1);
    let mut ids = Vec::with_capacity(n as usize);
    let vector = cost(n as usize * 4);
    bench.time(&format!("zset insert with dict, growing to {n}"), n, |i| {
        let score = shuffled(i, n) as f64;
        let (id, _) = dict.find_or_insert(name(&mut buffer, i), || score);
        list.insert(&dict, score, id.0);
        ids.push(id.0);
    });
    bench.memory("  memory (10-byte members)", before + vector, n);
    let mut total = 0;
    bench.time("zset rank with dict find", n, |i| {
        let id = dict.find(name(&mut buffer, shuffled(i, n))).expect("here");
        total += list.rank(&dict, *dict.value(id), id.0).expect("here");
    });
    bench.time("skiplist rank", n, |i| {
        let score = shuffled(i, n) as f64;
        total += list.rank(&dict, score, ids[i as usize]).expect("here");
    });
    bench.time("skiplist by rank", n, |i| {
        black_box(list.by_rank(shuffled(i, n)));
    });
    bench.time("skiplist iterate", 1, |_| {
        black_box(list.iter().map(|(score, _)| score).sum::<f64>());
    });
    bench.time("skiplist update, order kept", n, |i| {
        let score = shuffled(i, n) as f64;
        assert!(list.update(&dict, score, ids[i as usize], score + 0.25));
    });
    bench.time("skiplist update, order changed", n, |i| {
        let score = shuffled(i, n) as f64;
        let new = shuffled(i + 1, n) as f64 + 0.5;
        assert!(list.update(&dict, score + 0.25, ids[i as usize], new));
    });
    bench.memory("  memory after updates", before + vector, n);
    bench.time("skiplist remove", n, |i| {
        let score = shuffled(i + 1, n) as f64 + 0.5;
        assert!(list.remove(&dict, score, ids[i as usize]));
    });
    bench.time("skiplist insert, equal scores", n, |i| {
        list.insert(&dict, 1.0, ids[shuffled(i, n) as usize]);
    });
    let mut list = Skiplist::new(2);
    bench.time("skiplist insert, ascending", n, |i| {
        list.insert(&dict, i as f64, ids[i as usize]);
    });
    let mut list = Skiplist::new(2);
    bench.time("skiplist load sorted", 1, |_| {
        list.extend_sorted((0..n).map(|i| (i as f64, ids[i as usize])));
    });
    black_box(total);
}

fn pauses(bench: &Bench, n: u64) {
    let mut buffer = [0; 10];
    let mut dict: Dict<f64> = Dict::new((1, 2));
    let mut list = Skiplist::new(1);
    bench.time_longest("longest dict insert", n, |i| {
        dict.insert(name(&mut buffer, i), shuffled(i, n) as f64);
    });
    let ids: Vec<_> = dict.iter().map(|(id, _, &score)| (id, score)).collect();
    bench.time_longest("longest skiplist insert", n, |i| {
        let (id, score) = ids[i as usize];
        list.insert(&dict, score, id.0);
    });
    bench.time_longest("longest dict remove", n, |i| {
        dict.remove_id(ids[i as usize].0);
    });
}

fn run(bench: &Bench) {
    for n in [1_000, 100_000, 1_000_000] {
        dicts(bench, n);
        zsets(bench, n);
    }
    pauses(bench, 1_000_000);
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    let start = std::time::Instant::now();
    run(&Bench {
        now: &|| start.elapsed().as_nanos() as f64,
        print: &|line| println!("{line}"),
    });
}
