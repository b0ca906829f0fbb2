//! Truth-teller tests: the table against `BTreeMap`, step by step, and the promises of SCAN.

use super::*;
use crate::base::rng::Rng;
use std::collections::{BTreeMap, BTreeSet};

/// Keys on both sides of the inline limit, among them the empty one.
fn key(n: u64) -> Vec<u8> {
    let mut key = format!("{n}").into_bytes();
    if n == 0 {
        key.clear();
    }
    key.resize(key.len() + (n % 5) as usize * 6, b'.');
    key
}

fn fill<V: Default>(dict: &mut Dict<V>, keys: std::ops::Range<u64>) {
    keys.for_each(|n| assert!(dict.insert(&key(n), V::default()).is_none()));
}

fn drain<V>(dict: &mut Dict<V>, keys: std::ops::Range<u64>) {
    keys.for_each(|n| assert!(dict.remove(&key(n)).is_some()));
}

/// Every structural promise: chains hold each live entry once, in the bucket of its hash.
fn check<V>(dict: &Dict<V>) {
    let mut seen = BTreeSet::new();
    for (at, table) in dict.tables.iter().enumerate() {
        let mut used = 0;
        for bucket in 0..table.size() {
            dict.each_of_chain(table.head(bucket), &mut |id| {
                let entry = &dict.entries[id.0];
                assert_eq!(entry.hash, dict.hash(&entry.key) as u32);
                assert_eq!(entry.hash & table.mask(), bucket);
                assert!(at == 1 || !dict.is_rehashing() || bucket >= dict.rehash);
                assert!(seen.insert(id), "entry {id:?} stands in two chains");
                used += 1;
            });
        }
        assert_eq!(used, table.used);
    }
    assert_eq!(seen.len(), dict.len());
    assert_eq!(dict.is_rehashing(), dict.tables[1].size() > 0);
    assert!(dict.ids().eq(seen));
}

#[test]
fn mirrors_a_map() {
    for seed in 0..24 {
        println!("seed {seed}");
        let mut rng = Rng::new(seed);
        let mut dict = Dict::new((seed, 99));
        let mut truth: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
        let steps = if seed < 20 { 2_000 } else { 30_000 };
        for step in 0..steps {
            one_operation(&mut rng, &mut dict, &mut truth, step, steps);
            assert_eq!(dict.len(), truth.len());
            if steps == 2_000 || step % 1_000 == 0 {
                check(&dict);
            }
        }
        let mut all: Vec<_> = dict.iter().map(|(_, k, v)| (k.to_vec(), *v)).collect();
        all.sort();
        assert!(all.into_iter().eq(truth.clone()));
        for key in truth.keys() {
            assert!(dict.remove(key).is_some());
        }
        check(&dict);
        assert!(dict.is_empty() && dict.entries.limit() == 0);
        (0..steps).for_each(|_| dict.resume_resize());
        dict.rehash_steps(u32::MAX);
        assert_eq!(dict.buckets(), u64::from(INITIAL_SIZE));
    }
}

fn one_operation(
    rng: &mut Rng,
    dict: &mut Dict<u64>,
    truth: &mut BTreeMap<Vec<u8>, u64>,
    step: u64,
    steps: u64,
) {
    // Growth for half of the run, then shrinking.
    let growing = step < steps / 2;
    let k = key(rng.below(steps));
    match rng.below(12) {
        0..=5 if growing => assert_eq!(dict.insert(&k, step), truth.insert(k, step)),
        0..=5 => {
            let near = truth.range(k..).next().map(|(k, _)| k.clone());
            if let Some(k) = near {
                assert_eq!(dict.remove(&k), truth.remove(&k));
            }
        }
        6 => {
            let (id, new) = dict.find_or_insert(&k, || step);
            assert_eq!(new, !truth.contains_key(&k));
            truth.entry(k.clone()).or_insert(step);
            assert_eq!(dict.entry(id), (&k[..], &truth[&k]));
            assert_eq!(dict.find(&k), Some(id));
        }
        7 => {
            if let Some(id) = dict.find(&k) {
                let (key, value) = dict.remove_id(id).expect("just found");
                assert_eq!(truth.remove(&*key), Some(value));
                assert!(!dict.is_live(id) && dict.remove_id(id).is_none());
            }
        }
        8 => {
            if let Some(value) = dict.get_mut(&k) {
                *value += 1;
                *truth.get_mut(&k).expect("both have it") += 1;
            }
        }
        9 => {
            dict.rehash_steps(rng.below(4) as u32);
        }
        10 if rng.below(50) == 0 => dict.pause_resize(),
        10 if rng.below(20) == 0 => dict.resume_resize(),
        _ => assert_eq!(dict.get(&k), truth.get(&k)),
    }
}

/// Entries present from the first to the last call of a scan are all seen, whatever the table
/// does meanwhile.
#[test]
fn scan_misses_nothing_that_stays() {
    for seed in 0..60 {
        println!("seed {seed}");
        let mut rng = Rng::new(seed);
        let mut dict = Dict::new((seed, 1));
        let residents = 1 + rng.below(400);
        let visitors = rng.below(4_000);
        for n in 0..residents {
            dict.insert(format!("stay{n}").as_bytes(), n);
        }
        // Half of the runs start full and shrink, half start small and grow.
        let shrink = seed % 2 == 0;
        if shrink {
            (0..visitors).for_each(|n| assert_eq!(dict.insert(&key(n), n), None));
        }
        let mut seen = BTreeSet::new();
        let (mut cursor, mut next, mut calls) = (0, 0, 0u64);
        loop {
            cursor = dict.scan(cursor, &mut |id| {
                seen.insert(dict.key(id).to_vec());
            });
            calls += 1;
            for _ in 0..rng.below(12) {
                if shrink {
                    dict.remove(&key(next));
                } else if next < visitors {
                    dict.insert(&key(next), next);
                }
                next += 1;
            }
            if cursor == 0 {
                break;
            }
            assert!(calls < 100_000, "a scan ends");
        }
        for n in 0..residents {
            assert!(seen.contains(format!("stay{n}").as_bytes()), "lost {n}");
        }
    }
}

#[test]
fn a_quiet_scan_sees_each_entry_once_and_takes_any_cursor() {
    let mut dict = Dict::<()>::new((5, 6));
    fill(&mut dict, 0..1_500);
    for _ in 0..2 {
        let (mut cursor, mut seen) = (0, Vec::new());
        loop {
            cursor = dict.scan(cursor, &mut |id| seen.push(id));
            if cursor == 0 {
                break;
            }
        }
        assert_eq!(seen.len(), dict.len());
        seen.sort();
        assert!(dict.ids().eq(seen));
        for odd in [u64::MAX, 1 << 40, 12345, 1 << 31] {
            dict.scan(odd, &mut |_| ());
        }
        dict.rehash_steps(u32::MAX);
    }
    assert_eq!(Dict::<()>::new((0, 0)).scan(77, &mut |_| ()), 0);
}

#[test]
fn sizes_follow_the_real_server() {
    let mut dict = Dict::<()>::new((1, 2));
    fill(&mut dict, 0..513);
    let text = dict.htstats(false);
    assert_eq!(
        text,
        "Hash table 0 stats (main hash table):\n table size: 512\n number of elements: 512\n\
         Hash table 1 stats (rehashing target):\n table size: 1024\n number of elements: 1\n"
    );
    dict.rehash_steps(u32::MAX);
    assert_eq!(dict.buckets(), 1024);
    drain(&mut dict, 129..513);
    assert!(!dict.is_rehashing());
    dict.remove(&key(128));
    assert_eq!(dict.buckets(), 1024 + 128);
    assert_eq!(dict.inspect(8).tables.len(), 2);
}

#[test]
fn paused_tables_wait_until_chains_are_long() {
    let mut dict = Dict::<()>::new((1, 2));
    dict.pause_resize();
    fill(&mut dict, 0..16);
    assert_eq!(dict.buckets(), 4);
    dict.insert(&key(16), ());
    assert_eq!(dict.buckets(), 4 + 32);
    assert!(dict.rehash_steps(100), "no bucket moves while paused");
    dict.resume_resize();
    assert!(!dict.rehash_steps(100));
    check(&dict);
}

#[test]
fn random_entries_are_even_and_found_in_sparse_tables() {
    let mut rng = Rng::new(3);
    let mut dict: Dict<u32> = Dict::new((1, 2));
    fill(&mut dict, 0..100);
    for _ in 0..100_000 {
        let id = dict.random(&mut rng).expect("not empty");
        *dict.value_mut(id) += 1;
    }
    assert!(dict.iter().all(|(_, _, &n)| (800..1200).contains(&n)));

    let mut sparse = Dict::<()>::new((1, 2));
    fill(&mut sparse, 0..50_000);
    drain(&mut sparse, 1..50_000);
    let id = sparse.random(&mut rng).expect("one is left");
    assert_eq!(sparse.key(id), key(0));
    sparse.remove_id(id);
    assert_eq!(sparse.random(&mut rng), None);
}

#[test]
fn samples_are_distinct_and_live() {
    let mut rng = Rng::new(9);
    let mut dict = Dict::new((1, 2));
    for n in 0..700 {
        dict.insert(&key(n), ());
        let mut out = Vec::new();
        dict.sample(&mut rng, 5, &mut out);
        let distinct: BTreeSet<_> = out.iter().collect();
        assert_eq!(distinct.len(), out.len());
        assert!(out.iter().all(|&id| dict.is_live(id)));
        assert!(!out.is_empty() && out.len() <= 5);
    }
}

#[test]
fn entries_are_as_small_as_planned() {
    let (key, set, zset) = if cfg!(target_pointer_width = "32") {
        (16, 24, 32)
    } else {
        (24, 32, 40)
    };
    assert_eq!(size_of::<KeyBox>(), key);
    assert_eq!(size_of::<Entry<()>>(), set);
    assert_eq!(size_of::<Entry<f64>>(), zset);
    assert_eq!(Slab::<Entry<f64>>::SLOT_BYTES, zset);
    assert_eq!(Slab::<Entry<()>>::SLOT_BYTES, set);
}
