//! What is done at a machine whose append-only file is damaged: the check tool with `--fix`, before the next start.
use super::disk::Disk;
use crate::persist::aof::check::check;
use crate::persist::aof::manifest::Manifest;

/// Where a node with the usual names has its append-only file, and the list of the files that make it up.
pub const DIRECTORY: &str = "appendonlydir/";
pub const MANIFEST: &str = "appendonlydir/appendonly.aof.manifest";

/// Cuts the first damaged file of commands where it is no longer sound, and empties those behind it, which the data cannot
/// be continued with; whether there was one. Snapshots and the list itself are not repaired. O(bytes).
pub fn repair(disk: &mut Disk) -> bool {
    let manifest = disk.read(MANIFEST).ok().map(Manifest::parse);
    let Some(Ok(manifest)) = manifest else {
        return false;
    };
    let mut damaged = false;
    for file in manifest.files() {
        let path = [DIRECTORY, &String::from_utf8_lossy(&file.name)].concat();
        let Ok(bytes) = disk.read(&path) else {
            continue;
        };
        let sound = match bytes {
            _ if damaged => 0,
            [b'R', b'E', b'D', b'I', b'S', ..] => bytes.len(),
            bytes => check(bytes, "").ok_up_to,
        };
        if sound < bytes.len() {
            let kept = bytes[..sound].to_vec();
            disk.put(&path, &kept);
            damaged = true;
        }
    }
    damaged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::disk::Speed;

    const SET: &[u8] = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n";

    #[test]
    fn the_first_damaged_file_is_cut_and_what_follows_is_emptied() {
        let mut disk = Disk::new(Speed::default(), 0);
        assert!(!repair(&mut disk));
        let list = b"file a seq 1 type b\nfile b seq 1 type i\nfile c seq 2 type i\n";
        disk.put(MANIFEST, list);
        disk.put("appendonlydir/a", SET);
        disk.put("appendonlydir/b", &[SET, b"*3\r\n$3x"].concat());
        disk.put("appendonlydir/c", SET);
        assert!(repair(&mut disk));
        for (name, left) in [("a", SET), ("b", SET), ("c", b"")] {
            assert_eq!(
                disk.read(&[DIRECTORY, name].concat()).unwrap(),
                left,
                "{name}"
            );
        }
        assert!(!repair(&mut disk));
        disk.put(MANIFEST, b"nonsense");
        assert!(!repair(&mut disk));
    }
}
