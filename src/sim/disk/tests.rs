use super::*;
use crate::base::rng::Rng;

const FAST: Speed = Speed {
    latency_us: 10,
    bytes_per_s: 1_000_000,
    flush_us: 100,
};

fn disk() -> Disk {
    Disk::new(FAST, 0)
}

/// Waits for a sync; how it ended.
fn wait(disk: &mut Disk, ticket: Ticket) -> Result<(), DiskError> {
    loop {
        let at = disk.next_event_us().expect("a sync is on its way");
        disk.advance(at);
        if let Some((_, result)) = disk.take_done().into_iter().find(|(t, _)| *t == ticket) {
            return result;
        }
    }
}

fn sync(disk: &mut Disk, path: &str) {
    let ticket = disk.sync(path).expect("there is such a file");
    wait(disk, ticket).expect("no fault is set");
}

fn sync_names(disk: &mut Disk) {
    let ticket = disk.sync_dir("");
    wait(disk, ticket).expect("no fault is set");
}

/// What a power cut leaves of a file.
fn after_crash(mut disk: Disk, path: &str, torn: usize) -> Option<Vec<u8>> {
    disk.crash(torn);
    disk.read(path).ok().map(<[u8]>::to_vec)
}

/// A file `a` whose first bytes and name are safe.
fn with_safe(bytes: &[u8]) -> Disk {
    let mut disk = disk();
    disk.append("a", bytes).expect("room");
    sync(&mut disk, "a");
    sync_names(&mut disk);
    disk
}

#[test]
fn what_is_not_synced_dies_with_the_machine() {
    let mut disk = with_safe(b"safe");
    disk.append("a", b" and not").expect("room");
    assert_eq!(disk.read("a"), Ok(&b"safe and not"[..]));
    assert_eq!(after_crash(disk, "a", 0).as_deref(), Some(&b"safe"[..]));
}

#[test]
fn a_name_needs_its_directory_synced() {
    let mut disk = disk();
    disk.append("dir/new", b"bytes").expect("room");
    sync(&mut disk, "dir/new");
    let root = disk.sync_dir("");
    wait(&mut disk, root).expect("no fault is set");
    disk.crash(0);
    assert_eq!(disk.read("dir/new"), Err(DiskError::NotFound));
    disk.append("dir/new", b"bytes").expect("room");
    sync(&mut disk, "dir/new");
    let dir = disk.sync_dir("dir");
    wait(&mut disk, dir).expect("no fault is set");
    assert_eq!(
        after_crash(disk, "dir/new", 0).as_deref(),
        Some(&b"bytes"[..])
    );
}

#[test]
fn a_rename_is_all_or_nothing() {
    let mut disk = with_safe(b"old");
    disk.append("temp", b"new").expect("room");
    sync(&mut disk, "temp");
    disk.rename("temp", "a").expect("there is one");
    assert_eq!(disk.read("a"), Ok(&b"new"[..]));
    let pending = disk.sync_dir("");
    let before = Disk::new(FAST, 0);
    let mut cut = std::mem::replace(&mut disk, before);
    cut.crash(0);
    assert_eq!((cut.read("a"), cut.list("").count()), (Ok(&b"old"[..]), 1));

    let mut disk = with_safe(b"old");
    disk.append("temp", b"new").expect("room");
    sync(&mut disk, "temp");
    disk.rename("temp", "a").expect("there is one");
    assert_eq!(disk.sync_dir(""), pending);
    wait(&mut disk, pending).expect("no fault is set");
    assert_eq!(after_crash(disk, "a", 0).as_deref(), Some(&b"new"[..]));
}

#[test]
fn a_sync_covers_what_was_there_when_it_was_asked() {
    let mut disk = with_safe(b"");
    disk.append("a", &[1; 1000]).expect("room");
    let ticket = disk.sync("a").expect("there is one");
    disk.append("a", &[2; 500]).expect("room");
    let extent = disk.extent("a").expect("there is one");
    assert_eq!(
        (extent.cached, extent.platter, extent.in_flight),
        (1500, 0, 1000)
    );
    wait(&mut disk, ticket).expect("no fault is set");
    assert_eq!(disk.extent("a").map(|e| e.platter), Ok(1000));
    assert_eq!(after_crash(disk, "a", 0).map(|b| b.len()), Some(1000));
}

#[test]
fn the_device_takes_its_time_and_one_thing_at_a_time() {
    let mut disk = with_safe(b"");
    let begun = disk.now_us;
    disk.append("a", &[1; 5000]).expect("room");
    disk.append("b", &[1; 1000]).expect("room");
    let (a, b) = (disk.sync("a"), disk.sync("b"));
    // 10 µs latency, 1 byte a µs, 100 µs to flush.
    disk.advance(begun + 5109);
    assert_eq!(disk.take_done(), []);
    disk.advance(begun + 5110);
    assert_eq!(disk.take_done(), [(a.expect("there is one"), Ok(()))]);
    disk.advance(begun + 5110 + 1110);
    assert_eq!(disk.take_done(), [(b.expect("there is one"), Ok(()))]);
}

#[test]
fn a_write_can_be_torn_at_any_byte() {
    for torn in 0..=12 {
        let mut disk = with_safe(b"head");
        disk.append("a", b"12345678").expect("room");
        let _ticket = disk.sync("a").expect("there is one");
        disk.append("a", b"later").expect("room");
        let left = after_crash(disk, "a", torn).expect("the name was safe");
        assert_eq!(left.len(), 4 + torn.min(8), "torn at {torn}");
    }
}

#[test]
fn the_kernel_writes_out_what_is_old() {
    let mut disk = with_safe(b"");
    let at = disk.now_us;
    disk.append("a", b"old").expect("room");
    disk.advance(at + 20_000_000);
    disk.append("a", b"young").expect("room");
    assert_eq!(disk.extent("a").map(|e| e.platter), Ok(0));
    disk.advance(at + 36_000_000);
    assert_eq!(disk.extent("a").map(|e| e.platter), Ok(3));
    disk.advance(at + 100_000_000);
    assert_eq!(disk.extent("a").map(|e| e.platter), Ok(8));
    assert_eq!(disk.next_event_us(), None, "nothing is left to do");
}

#[test]
fn a_full_disk_takes_what_fits() {
    let mut disk = with_safe(b"1234");
    disk.capacity = Some(10);
    assert_eq!(disk.append("a", b"567890ab"), Ok(6));
    assert_eq!(disk.append("a", b"c"), Err(DiskError::Full));
    assert_eq!(disk.append("b", b"c"), Err(DiskError::Full));
    // A file that was cut takes its room until the platter knows.
    disk.truncate("a", 2).expect("there is one");
    assert_eq!(disk.append("b", b"cdefghij"), Ok(6));
    disk.remove("b").expect("there is one");
    sync(&mut disk, "a");
    assert_eq!(disk.append("b", b"cdefghij"), Ok(8));
}

#[test]
fn faults_are_told_once_each() {
    let mut disk = with_safe(b"x");
    disk.failing_writes = 1;
    assert_eq!(disk.append("a", b"y"), Err(DiskError::Io));
    assert_eq!(disk.append("a", b"y"), Ok(1));
    disk.failing_syncs = 1;
    let ticket = disk.sync("a").expect("there is one");
    assert_eq!(wait(&mut disk, ticket), Err(DiskError::Io));
    assert_eq!(disk.extent("a").map(|e| e.platter), Ok(1));
    sync(&mut disk, "a");
    assert_eq!(disk.extent("a").map(|e| e.platter), Ok(2));
}

#[test]
fn a_bit_turns_over_on_the_platter_only() {
    let mut disk = with_safe(b"A");
    disk.append("a", b"B").expect("room");
    assert_eq!(disk.flip("a", 1, 0), Err(DiskError::NotFound));
    assert_eq!(disk.flip("a", 0, 1), Ok(()));
    assert_eq!(disk.read("a"), Ok(&b"CB"[..]));
}

/// What files are after a crash: names, and the bytes that each had when it was last synced.
#[derive(Default)]
struct Truth {
    cached: BTreeMap<String, (u64, Vec<u8>)>,
    kept_names: BTreeMap<String, u64>,
    kept_bytes: BTreeMap<u64, Vec<u8>>,
    files: u64,
}

impl Truth {
    fn crash(&mut self) {
        let bytes = |inode: &u64| self.kept_bytes.get(inode).cloned().unwrap_or_default();
        let left = self.kept_names.iter();
        self.cached = left
            .map(|(name, inode)| (name.clone(), (*inode, bytes(inode))))
            .collect();
    }
}

/// One random step on both.
fn step(rng: &mut Rng, disk: &mut Disk, truth: &mut Truth) {
    const NAMES: [&str; 3] = ["a", "b", "c"];
    let name = NAMES[rng.below(3) as usize];
    let known = truth.cached.contains_key(name);
    match rng.below(20) {
        0..=9 => {
            let bytes = vec![rng.below(256) as u8; rng.below(50) as usize];
            disk.append(name, &bytes).expect("room");
            if !known {
                truth.files += 1;
                truth.cached.insert(name.into(), (truth.files, Vec::new()));
            }
            let (_, cached) = truth.cached.get_mut(name).expect("just made");
            cached.extend(bytes);
        }
        10..=11 if known => {
            let (_, cached) = truth.cached.get_mut(name).expect("known");
            let len = rng.below(cached.len() as u64 + 1) as usize;
            disk.truncate(name, len).expect("known");
            cached.truncate(len);
        }
        12 if known => {
            disk.rename(name, "a").expect("known");
            let file = truth.cached.remove(name).expect("known");
            truth.cached.insert("a".into(), file);
        }
        13 if known => {
            disk.remove(name).expect("known");
            truth.cached.remove(name);
        }
        14..=16 if known => {
            sync(disk, name);
            let (inode, cached) = &truth.cached[name];
            truth.kept_bytes.insert(*inode, cached.clone());
        }
        17..=18 => {
            sync_names(disk);
            let names = truth.cached.iter();
            truth.kept_names = names.map(|(n, (inode, _))| (n.clone(), *inode)).collect();
        }
        19 => {
            disk.crash(0);
            truth.crash();
            // What came back is what the platter has: the same again after the next cut.
            for (inode, bytes) in truth.cached.values() {
                truth.kept_bytes.insert(*inode, bytes.clone());
            }
        }
        _ => {}
    }
}

#[test]
fn a_crash_leaves_what_was_synced() {
    for seed in 0..300 {
        let (mut rng, mut disk, mut truth) = (Rng::new(seed), disk(), Truth::default());
        for at in 0..200 {
            step(&mut rng, &mut disk, &mut truth);
            let ours: Vec<_> = disk
                .list("")
                .map(|n| (n, disk.read(n).expect("listed")))
                .collect();
            let theirs = truth.cached.iter();
            let theirs: Vec<_> = theirs
                .map(|(n, (_, bytes))| (n.as_str(), bytes.as_slice()))
                .collect();
            assert_eq!(ours, theirs, "seed {seed}, step {at}");
        }
    }
}

#[test]
fn the_kernel_writes_out_that_a_file_was_cut() {
    let mut disk = with_safe(b"a whole line, half a li");
    disk.truncate("a", 13).expect("there is such a file");
    disk.append("a", b"!").expect("room");
    disk.advance(WRITE_OUT_AGE_US + 2 * WRITE_OUT_EVERY_US);
    assert_eq!(disk.next_event_us(), None);
    assert_eq!(
        after_crash(disk, "a", 0).as_deref(),
        Some(&b"a whole line,!"[..])
    );
}
