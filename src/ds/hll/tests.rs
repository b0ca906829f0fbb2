use super::*;
use crate::ds::seeded::Seeded;

/// The registers by their definition, from the hash alone.
struct Truth([u8; REGISTERS]);

impl Truth {
    fn add(&mut self, element: &[u8]) -> bool {
        let (index, rank) = hash::place(element);
        let higher = rank > self.0[index];
        self.0[index] = rank.max(self.0[index]);
        higher
    }
}

fn registers(hll: &[u8]) -> Vec<u8> {
    let mut all = Registers::new();
    all.merge(hll).expect("sound");
    all.as_bytes().to_vec()
}

#[test]
fn the_worked_example() {
    let mut hll = new();
    assert_eq!(add(&mut hll, b"a", 3000), Ok(true));
    assert_eq!(add(&mut hll, b"a", 3000), Ok(false));
    assert_eq!(hll[HEADER..], [0x71, 0xa6, 0x84, 0x4e, 0x57]);
    assert_eq!(decode(&hll), b"Z:12711 v:2,1 Z:3672");
    assert_eq!(count(&hll), Ok(1));
}

#[test]
fn both_encodings_hold_the_registers() {
    for seed in 0..60 {
        let mut rng = Seeded::new(seed);
        let max = [0, 20, 100, 1000, 3000, 20_000][rng.below(6)];
        let (mut sparse, mut dense) = (new(), new());
        assert_eq!(to_dense(&mut dense), Ok(true));
        let mut truth = Truth([0; REGISTERS]);
        for _ in 0..rng.below(3000) {
            let element = rng.next().to_le_bytes();
            let element = &element[..rng.below(9)];
            let higher = truth.add(element);
            assert_eq!(add(&mut sparse, element, max), Ok(higher), "seed {seed}");
            assert_eq!(add(&mut dense, element, max), Ok(higher), "seed {seed}");
            assert!(is_dense(&sparse) || sparse.len() as u64 <= max.max(18));
        }
        assert_eq!(registers(&sparse), truth.0, "seed {seed}");
        assert_eq!(registers(&dense), truth.0, "seed {seed}");
        assert_eq!(count(&sparse), count(&dense), "seed {seed}");
        let mut copy = new();
        let all = Registers(truth.0);
        all.store(&mut copy, max).expect("sound");
        assert_eq!(registers(&copy), truth.0, "seed {seed}");
        assert_eq!(Ok(all.count()), count(&copy), "seed {seed}");
    }
}

#[test]
fn a_high_rank_makes_it_dense() {
    let mut hll = new();
    assert_eq!(set(&mut hll, 7, 32, 3000), Ok(true));
    assert!(!is_dense(&hll));
    assert_eq!(set(&mut hll, 7, 33, 3000), Ok(true));
    assert!(is_dense(&hll));
    assert_eq!(registers(&hll)[7], 33);
}

#[test]
fn the_estimate_is_cached_until_it_is_marked() {
    let mut hll = new();
    assert_eq!(cached(&hll), Some(0));
    cache(&mut hll, 0x0102_0304);
    assert_eq!(hll[8..16], [4, 3, 2, 1, 0, 0, 0, 0]);
    assert_eq!(cached(&hll), Some(0x0102_0304));
    invalidate(&mut hll);
    assert_eq!(cached(&hll), None);
}

#[test]
fn full_registers_end_at_the_highest_bit() {
    assert_eq!(Registers([51; REGISTERS]).count(), 1 << 63);
    assert_eq!(Registers([63; REGISTERS]).count(), 1 << 63);
    assert_eq!(Registers::new().count(), 0);
}

#[test]
fn it_passes_its_own_test() {
    assert_eq!(self_test(3000), Ok(()));
}

#[test]
fn foreign_bytes_never_panic() {
    let mut sound = 0;
    for seed in 0..20_000 {
        let mut rng = Seeded::new(seed);
        let mut hll = new();
        for _ in 0..rng.below(20) {
            add(&mut hll, &rng.next().to_le_bytes(), 3000).expect("sound");
        }
        for _ in 0..rng.below(4) {
            let at = HEADER + rng.below(hll.len() - HEADER);
            match rng.below(4) {
                0 => hll.truncate(at + 1),
                1 => hll[at] = rng.next() as u8,
                2 => hll.push(rng.next() as u8),
                _ => hll.insert(at, rng.next() as u8),
            }
        }
        assert!(is_hll(&hll));
        inspect(&hll, 5);
        sound += usize::from(count(&hll).is_ok());
        for _ in 0..5 {
            let _ = add(
                &mut hll,
                &rng.next().to_le_bytes(),
                [50, 3000][rng.below(2)],
            );
            let _ = set(
                &mut hll,
                rng.below(REGISTERS),
                1 + rng.below(51) as u8,
                3000,
            );
            assert!(is_hll(&hll));
        }
        let _ = to_dense(&mut hll);
        inspect(&hll, 5);
    }
    assert!(sound > 2000, "the fuzzer must reach the inside: {sound}");
    let bare = b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\0".to_vec();
    assert!(is_hll(&bare) && count(&bare) == Err(Corrupt));
    assert_eq!(add(&mut bare.clone(), b"a", 3000), Err(Corrupt));
    assert!(!is_hll(b"HYLL\x02\0\0\0\0\0\0\0\0\0\0\0") && !is_hll(&bare[..15]));
}

#[test]
fn inspect_lays_it_open() {
    let mut hll = new();
    add(&mut hll, b"a", 3000).expect("sound");
    let view = inspect(&hll, 2);
    assert_eq!((view.encoding, view.cached), ("sparse", None));
    assert_eq!(
        (view.estimate, view.registers.len()),
        (Some(1.0), REGISTERS)
    );
    assert_eq!(view.runs.split(' ').count(), 2);
    to_dense(&mut hll).expect("sound");
    assert_eq!(inspect(&hll, 2).runs, "");
}
