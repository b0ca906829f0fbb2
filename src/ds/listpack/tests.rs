//! The listpack against a vector of byte strings, and against bytes of a real server.
use super::*;
use crate::ds::seeded::Seeded;

fn values(lp: &Listpack) -> Vec<Vec<u8>> {
    lp.iter().map(|entry| entry.to_vec()).collect()
}

fn check(lp: &Listpack, truth: &[Vec<u8>], seed: u64) {
    assert_eq!(values(lp), truth, "seed {seed}");
    assert_eq!(lp.len(), truth.len(), "seed {seed}");
    let mut back: Vec<_> = lp.iter().rev().map(|entry| entry.to_vec()).collect();
    back.reverse();
    assert_eq!(back, truth, "seed {seed}");
    let again = Listpack::from_bytes(lp.as_bytes().to_vec()).expect("own bytes are valid");
    assert_eq!(&again, lp, "seed {seed}");
}

/// Operations on many entries, from `index` on or equal to `value`.
fn step_many(
    rng: &mut Seeded,
    lp: &mut Listpack,
    truth: &mut Vec<Vec<u8>>,
    (index, value): (usize, Vec<u8>),
    seed: u64,
) {
    let pos = lp.seek(index as i64);
    match rng.below(4) {
        0 if pos.is_some() => {
            let count = rng.below(5);
            let removed = lp.delete_range(index as i64 - truth.len() as i64, count);
            assert_eq!(
                truth.drain(index..(index + count).min(truth.len())).count(),
                removed
            );
        }
        1 => {
            let skip = rng.below(3);
            let found = lp.find(&value, pos.unwrap_or(Listpack::START), skip);
            let from = if pos.is_some() { index } else { 0 };
            let expected = (from..truth.len())
                .step_by(skip + 1)
                .find(|&i| truth[i] == value);
            assert_eq!(
                found,
                expected.and_then(|i| lp.seek(i as i64)),
                "seed {seed}"
            );
        }
        2 => {
            let (skip, max) = (rng.below(3), rng.below(4));
            let needle = Needle::new(&value);
            let matching: Vec<usize> = (0..truth.len()).filter(|&i| truth[i] == value).collect();
            assert_eq!(lp.count_matching(&needle), matching.len());
            let gone: Vec<usize> = matching.into_iter().skip(skip).take(max).collect();
            assert_eq!(
                lp.remove_matching(&needle, skip, max),
                gone.len(),
                "seed {seed}"
            );
            gone.iter().rev().for_each(|&i| drop(truth.remove(i)));
        }
        _ => {
            let mut tail = lp.split_off(index as i64);
            check(&tail, &truth[index..], seed);
            if rng.below(2) == 0 {
                lp.append(&tail);
            } else {
                tail.append(lp);
                *lp = tail;
                truth.rotate_left(index);
            }
        }
    }
}

fn step(rng: &mut Seeded, lp: &mut Listpack, truth: &mut Vec<Vec<u8>>, seed: u64) {
    let value = rng.value();
    let index = rng.below(truth.len() + 1);
    let pos = lp.seek(index as i64);
    assert_eq!(pos.is_some(), index < truth.len(), "seed {seed}");
    match (rng.below(14), pos) {
        (8..=11, _) => step_many(rng, lp, truth, (index, value), seed),
        (0..=2, _) => {
            lp.push(&value);
            truth.push(value);
        }
        (3, _) => {
            lp.push_front(&value);
            truth.insert(0, value);
        }
        (4, Some(pos)) => {
            let at = lp.insert_before(pos, &value);
            assert!(lp.get(at).eq_bytes(&value));
            truth.insert(index, value);
        }
        (5, Some(pos)) => {
            let at = lp.insert_after(pos, &value);
            assert!(lp.get(at).eq_bytes(&value));
            truth.insert(index + 1, value);
        }
        (6, Some(pos)) => {
            lp.replace(pos, &value);
            truth[index] = value;
        }
        (7, Some(pos)) => {
            let next = lp.delete(pos);
            truth.remove(index);
            assert_eq!(
                next.map(|at| lp.get(at).to_vec()).as_ref(),
                truth.get(index),
                "seed {seed}"
            );
        }
        (12, Some(pos)) => {
            let int = rng.next() as i64 >> rng.below(64);
            lp.replace_int(pos, int);
            truth[index] = int.to_string().into_bytes();
        }
        _ => {
            let int = rng.next() as i64 >> rng.below(64);
            lp.push_int(int);
            truth.push(int.to_string().into_bytes());
        }
    }
}

#[test]
fn mirrors_a_vector() {
    for seed in 0..200 {
        let mut rng = Seeded::new(seed);
        let (mut lp, mut truth) = (Listpack::new(), Vec::new());
        for _ in 0..120 {
            step(&mut rng, &mut lp, &mut truth, seed);
            check(&lp, &truth, seed);
        }
    }
}

#[test]
fn seek_counts_from_both_ends() {
    let mut lp = Listpack::new();
    for len in 0..20i64 {
        for index in -len - 2..len + 2 {
            let expected = if index < 0 { index + len } else { index };
            let found = lp.seek(index).and_then(|pos| lp.get(pos).as_i64());
            assert_eq!(found, (0..len).contains(&expected).then_some(expected));
        }
        lp.push_int(len);
    }
    assert_eq!(lp.seek(i64::MIN), None);
    assert_eq!(lp.seek(i64::MAX), None);
}

fn unhex(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&hex[i..i + 2], 16).expect("hex"))
        .collect()
}

/// Bytes inside a `DUMP` of a list that holds every integer width and the numbers around each limit.
const REAL: &str = "87000000170000017f01c08002dfff02d00002cfff02f1001003f1008003f1ff7f03f2ff7fff04f2ffff7f04f20000\
8004f30000800005f3ffffff7f05f30000008005f4000000800000000009f4ffffffffffffff7f09f4000000000000008009933932323333373230\
333638353437373538303814822d3003833030370480018361626304ff";
const REAL_VALUES: &str = "0,127,128,-1,-4096,4095,4096,-32768,32767,-32769,8388607,-8388608,8388608,2147483647,\
-2147483648,2147483648,9223372036854775807,-9223372036854775808,9223372036854775808,-0,007,,abc";

#[test]
fn bytes_equal_a_real_servers() {
    let mut lp = Listpack::new();
    REAL_VALUES
        .split(',')
        .for_each(|value| lp.push(value.as_bytes()));
    assert_eq!(lp.as_bytes(), unhex(REAL));
    let read = Listpack::from_bytes(unhex(REAL)).expect("valid");
    assert_eq!(values(&read).join(&b','), REAL_VALUES.as_bytes());
}

#[test]
fn backlen_takes_a_byte_more_just_below_a_power() {
    // Seen in DUMP: a string of 16378 bytes (16383 with its encoding) ends in 00 FF FF.
    let mut lp = Listpack::new();
    lp.push(&[b'x'; 16_377]);
    assert_eq!(lp.bytes(), 16_391);
    lp.push(&[b'x'; 16_378]);
    assert_eq!(lp.as_bytes()[lp.bytes() - 4..], [0x00, 0xFF, 0xFF, 0xFF]);
    assert_eq!(
        lp.iter().rev().map(|entry| entry.len()).collect::<Vec<_>>(),
        [16_378, 16_377]
    );
    for size in [
        62, 63, 64, 125, 126, 127, 4093, 4094, 4095, 4096, 2_097_145, 2_097_146, 2_097_147,
    ] {
        let value = vec![b'z'; size];
        let mut lp = Listpack::new();
        lp.push(&value);
        assert_eq!(lp.bytes(), EMPTY_BYTES + Listpack::entry_bytes(&value));
        check(&lp, &[value], 0);
    }
}

#[test]
fn integers_only_where_they_print_back() {
    for text in [
        "",
        "-",
        "+1",
        "-0",
        "00",
        "01",
        " 1",
        "1 ",
        "1.0",
        "9223372036854775808",
        "-9223372036854775809",
    ] {
        assert_eq!(parse_int(text.as_bytes()), None, "{text}");
    }
    for int in [0, 1, -1, 10, i64::MAX, i64::MIN, i64::MAX - 1, i64::MIN + 1] {
        let mut out = Vec::new();
        write_int(int, &mut out);
        assert_eq!(out, int.to_string().as_bytes());
        assert_eq!(parse_int(&out), Some(int));
        assert_eq!(Entry::Int(int).len(), out.len());
    }
}

#[test]
fn more_entries_than_the_count_holds() {
    let mut lp = Listpack::new();
    for _ in 0..65_534 {
        lp.push(b"1");
    }
    assert_eq!((lp.len(), lp.count()), (65_534, 65_534));
    lp.push(b"2");
    lp.push(b"3");
    assert_eq!((lp.len(), lp.count()), (65_536, COUNT_UNKNOWN));
    assert_eq!(lp.seek(-1).map(|pos| lp.get(pos)), Some(Entry::Int(3)));
    assert_eq!(lp.seek(65_534).map(|pos| lp.get(pos)), Some(Entry::Int(2)));
    assert_eq!((lp.seek(65_536), lp.seek(-65_537)), (None, None));
    assert_eq!(lp.delete_range(10, 65_000), 65_000);
    assert_eq!((lp.len(), lp.count()), (536, COUNT_UNKNOWN));
    assert!(Listpack::from_bytes(lp.as_bytes().to_vec()).is_ok());
    let tail = lp.split_off(500);
    assert_eq!((lp.len(), tail.len(), tail.count()), (500, 36, 36));
}

/// Walks everything that trusts the bytes.
fn exercise(mut lp: Listpack) {
    let len = lp.len();
    assert_eq!(lp.iter().rev().count(), len);
    lp.find(b"12", Listpack::START, 1);
    lp.inspect(usize::MAX);
    lp.remove_matching(&Needle::new(b"a"), 0, usize::MAX);
    lp.push_front(b"a");
    lp.delete_range(-1, 1);
}

#[test]
fn foreign_bytes_never_panic() {
    let mut accepted = 0;
    for seed in 0..20_000 {
        let mut rng = Seeded::new(seed);
        let mut bytes = unhex(REAL);
        for _ in 0..=rng.below(3) {
            match rng.below(4) {
                0 => bytes.truncate(rng.below(bytes.len() + 1)),
                1 => bytes.insert(rng.below(bytes.len() + 1), rng.next() as u8),
                _ if bytes.is_empty() => {}
                _ => {
                    let at = rng.below(bytes.len());
                    bytes[at] = if rng.below(2) == 0 {
                        0xE0 | rng.next() as u8
                    } else {
                        rng.next() as u8
                    };
                }
            }
        }
        if rng.below(4) > 0 && bytes.len() >= EMPTY_BYTES {
            let total = (bytes.len() as u32).to_le_bytes();
            bytes[..4].copy_from_slice(&total);
            bytes[4..6].copy_from_slice(&[0xFF, 0xFF]);
        }
        if let Ok(lp) = Listpack::from_bytes(bytes) {
            accepted += 1;
            exercise(lp);
        }
    }
    assert!(
        accepted > 1000,
        "the fuzzer must reach the inside: {accepted}"
    );
}

#[test]
fn lengths_beyond_the_buffer_are_refused() {
    for hex in [
        "",
        "07000000000000",
        "08000000000000ff",
        "07000000ffff00",
        "0d0000000100f0ffffffff00000006ff",
        "100000000100f0ffffffff0000000009ff",
        "0800000001008000ff",
        "090000000100e100ff",
        "0a00000001000180ffff",
        "09000000020005010000ff",
    ] {
        assert!(Listpack::from_bytes(unhex(hex)).is_err(), "{hex}");
    }
    assert!(
        Listpack::from_bytes(
            unhex("0700000000" /* no entries */)
                .into_iter()
                .chain([0, 0xFF])
                .collect()
        )
        .is_ok()
    );
}

#[test]
fn a_view_tells_each_byte() {
    let mut lp = Listpack::new();
    lp.push(b"hi");
    lp.push(b"5");
    lp.push(b"-70000");
    let view = lp.inspect(2);
    assert!(view.cut);
    assert_eq!(
        (view.total_bytes, view.len, view.entries.len()),
        (lp.bytes() as u32, 3, 2)
    );
    let all = lp.inspect(10);
    let rows: Vec<_> = all
        .entries
        .iter()
        .map(|e| {
            (
                e.offset,
                e.encoding,
                e.header_bytes,
                e.data_bytes,
                e.backlen_bytes,
                &e.value[..],
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            (6, "str6", 1, 2, 1, &b"hi"[..]),
            (10, "uint7", 1, 0, 1, b"5"),
            (12, "int24", 1, 3, 1, b"-70000")
        ]
    );
}
