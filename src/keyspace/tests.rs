//! The keyspace against plain models: random operations on every type, then the books must agree.
use super::*;
use crate::base::rng::Rng;
use crate::base::time::Millis;
use std::collections::BTreeMap;

fn keyspace(seed: u64) -> Keyspace {
    let mut ks = Keyspace::new(2, Rng::new(seed));
    ks.now_ms = 1_000_000;
    ks
}

fn key(n: u64) -> Vec<u8> {
    format!("key:{n}").into_bytes()
}

/// What the keyspace should hold: per database and key the text and when it expires.
type Model = BTreeMap<(usize, Vec<u8>), (Vec<u8>, Option<Millis>)>;

fn step(ks: &mut Keyspace, model: &mut Model, rng: &mut Rng) {
    let index = rng.below(2) as usize;
    let key = key(rng.below(40));
    let at = (index, key.clone());
    match rng.below(8) {
        0..=2 => {
            let text = vec![b'x'; rng.below(100) as usize];
            let keep = rng.below(2) == 0;
            ks.db(index).set_str(&key, &text, keep);
            let old = model.get(&at).and_then(|(_, expiry)| *expiry);
            model.insert(at, (text, old.filter(|_| keep)));
        }
        3 => {
            let there = ks.db(index).remove(&key);
            assert_eq!(there, model.remove(&at).is_some());
        }
        4 => {
            let moment = ks.now_ms + 1 + rng.below(200) as i64;
            let there = ks.db(index).exists(&key) && ks.db(index).set_expire(&key, moment);
            if let Some(entry) = model.get_mut(&at) {
                entry.1 = Some(moment);
            }
            assert_eq!(there, model.contains_key(&at));
        }
        5 => {
            let had = ks.db(index).persist(&key);
            let expiry = model.get_mut(&at).and_then(|entry| entry.1.take());
            assert_eq!(had, expiry.is_some());
        }
        6 => {
            if let Ok(Some(value)) = ks.db(index).write_as::<Str>(&key) {
                value.append(b"more");
                let entry = model.get_mut(&at).expect("the model has it too");
                entry.0.extend_from_slice(b"more");
            }
        }
        _ => {
            ks.now_ms += rng.below(30) as i64;
            let now = ks.now_ms;
            model.retain(|_, (_, expiry)| expiry.is_none_or(|at| at > now));
        }
    }
}

/// Everything that can be counted from scratch is what the books say.
fn check_books(ks: &mut Keyspace, model: &Model, context: &str) {
    ks.settle();
    let mut sum = 0;
    for index in 0..ks.count() {
        let table = ks.table(index);
        let measured: i64 = table
            .dict()
            .iter()
            .map(|(_, key, object)| {
                (table::key_mem_bytes(key.len()) + object.value.mem_bytes()) as i64 / 8 * 8
            })
            .sum();
        assert_eq!(table.data_bytes(), measured, "{context}");
        sum += measured;
        let volatile = table
            .dict()
            .ids()
            .filter(|id| table.expire_at(*id).is_some());
        assert_eq!(volatile.count(), table.volatile_len(), "{context}");
    }
    assert_eq!(ks.data_bytes(), sum, "{context}");
    for ((index, key), (text, expiry)) in model {
        let mut db = ks.db(*index);
        assert_eq!(db.expire_at(key), *expiry, "{context}");
        let value = db.read_as::<Str>(key).ok().flatten();
        assert_eq!(value.map(Str::to_vec).as_ref(), Some(text), "{context}");
    }
}

#[test]
fn books_agree_with_the_data() {
    for seed in 0..20 {
        let mut rng = Rng::new(seed);
        let (mut ks, mut model) = (keyspace(seed), Model::new());
        for n in 0..600 {
            step(&mut ks, &mut model, &mut rng);
            if n % 20 == 0 {
                check_books(&mut ks, &model, &format!("seed {seed}, step {n}"));
            }
        }
        ks.flush(0, true);
        ks.swap(0, 1);
        model.retain(|(index, _), _| *index == 1);
        let moved = model
            .into_iter()
            .map(|((_, key), v)| ((0, key), v))
            .collect();
        check_books(&mut ks, &moved, &format!("seed {seed}, swapped"));
    }
}

#[test]
fn the_cycle_deletes_what_nobody_asks_for() {
    let mut ks = keyspace(1);
    for n in 0..1000 {
        let key = key(n);
        ks.db(0).set_str(&key, b"x", false);
        if n % 2 == 0 {
            let moment = ks.now_ms + 100;
            ks.db(0).set_expire(&key, moment);
        }
    }
    ks.expire_cycle();
    assert_eq!((ks.table(0).len(), ks.stats.expired), (1000, 0));
    ks.now_ms += 100;
    ks.active_expire = false;
    ks.expire_cycle();
    assert_eq!(ks.table(0).len(), 1000);
    ks.active_expire = true;
    ks.expire_cycle();
    assert_eq!((ks.table(0).len(), ks.stats.expired), (500, 500));
    assert_eq!(ks.propagated.len(), 500);
    assert_eq!(ks.propagated[0].argv[0], b"UNLINK");
    ks.params.lazy_expire = false;
    ks.db(0).set_str(b"k", b"x", false);
    let now = ks.now_ms;
    ks.db(0).set_expire(b"k", now);
    ks.propagated.clear();
    assert!(!ks.db(0).exists(b"k"));
    assert_eq!(ks.propagated[0].argv, [&b"DEL"[..], b"k"]);
}

#[test]
fn every_change_breaks_a_watch() {
    let check = |what: &str, broken: bool, change: fn(&mut Keyspace)| {
        let mut ks = keyspace(2);
        ks.db(0).set_str(b"k", b"x", false);
        ks.watch(7, 0, b"k");
        change(&mut ks);
        assert_eq!(ks.unwatch(7), broken, "{what}");
        assert!(ks.watches.is_empty() && !ks.unwatch(7), "{what}");
    };
    check("a read", false, |ks| _ = ks.db(0).read(b"k"));
    check("another database", false, |ks| {
        ks.db(1).set_str(b"k", b"x", false)
    });
    check("set", true, |ks| ks.db(0).set_str(b"k", b"x", false));
    check("modified", true, |ks| {
        ks.db(0).modified(b"k", Class::GENERIC, "expire")
    });
    check("its time came", true, |ks| {
        let now = ks.now_ms;
        ks.db(0).set_expire(b"k", now);
    });
    check("expired on access", true, |ks| {
        let now = ks.now_ms;
        ks.db(0).set_expire(b"k", now);
        ks.db(0).exists(b"k");
    });
    check("swapped", true, |ks| ks.swap(1, 0));
    check("swapped with itself", false, |ks| ks.swap(0, 0));
    check("removed", true, |ks| _ = ks.db(0).remove(b"k"));
    check("flushed", true, |ks| _ = ks.flush(0, true));
    check("another database flushed", false, |ks| {
        _ = ks.flush(1, true)
    });
}

#[test]
fn a_watched_key_past_its_time_is_none() {
    let check = |what: &str, broken: bool, change: fn(&mut Keyspace)| {
        let mut ks = keyspace(2);
        ks.db(0).set_str(b"k", b"x", false);
        let now = ks.now_ms;
        ks.db(0).set_expire(b"k", now);
        ks.watch(7, 0, b"k");
        ks.watch(7, 0, b"none");
        change(&mut ks);
        assert_eq!(ks.unwatch(7), broken, "{what}");
    };
    check("nothing", false, |_| {});
    check("deleted", false, |ks| _ = ks.db(0).exists(b"k"));
    check("flushed", false, |ks| _ = ks.flush(0, true));
    check("swapped away", false, |ks| ks.swap(0, 1));
    check("written", true, |ks| ks.db(0).set_str(b"k", b"y", false));
    check("swapped for one that is there", true, |ks| {
        ks.db(1).set_str(b"none", b"y", false);
        ks.swap(0, 1);
    });
}

#[test]
fn lookups_count_as_they_should() {
    let mut ks = keyspace(3);
    ks.db(0).set_str(b"k", b"x", false);
    ks.now_ms += 5000;
    let mut db = ks.db(0);
    let id = db.live(b"k").expect("there");
    db.peek(b"k");
    db.probe(b"k", true);
    assert_eq!(db.idle_seconds(id), 5, "asking is not using");
    db.probe(b"nothing", true);
    db.read(b"k");
    assert_eq!(db.idle_seconds(id), 0);
    assert_eq!((ks.stats.hits, ks.stats.misses), (2, 1));
}
