//! A world of nine nodes (three primaries with two replicas each) under 1,000 commands a second: how much faster than time it
//! runs, how long it takes to be ready, what a copy costs, and how long going back takes at 100,000 events.
#![allow(clippy::disallowed_methods)] // a bench reads the clock
use redlab::sim::timeline::Timeline;
use redlab::sim::world::{Act, LoadSetup, Setup};
use std::time::Instant;

const START_US: i64 = 1_700_000_000_000_000;

fn ms(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1000.0
}

fn estate() -> Timeline {
    let mut timeline = Timeline::new(1, START_US);
    for n in 0..9 {
        let mut setup = Setup::named(&format!("n{}", n + 1));
        if n % 3 > 0 {
            setup.config = vec![format!("replicaof n{} 6379", n / 3 * 3 + 1)];
        }
        timeline.act(Act::Add(setup)).expect("there is room");
    }
    timeline
}

fn main() {
    let start = Instant::now();
    let mut timeline = estate();
    println!("nine nodes ready: {:.1} ms", ms(start));
    for n in 0..3 {
        let mut load = LoadSetup::new(&format!("app{n}"), n * 3);
        load.rate_per_s = 333;
        load.mix.writes = 50;
        timeline.act(Act::Load(load)).expect("there is room");
    }
    timeline.run_until(START_US + 5_000_000, u64::MAX / 2);
    let start = Instant::now();
    let events = timeline.run_until(START_US + 65_000_000, u64::MAX / 2);
    let took = start.elapsed().as_secs_f64();
    println!(
        "60 s of 1,000 commands a second: {took:.2} s, {:.0}x real time, {events} events, {:.2} us each",
        60.0 / took,
        took * 1e6 / events as f64
    );
    let start = Instant::now();
    let copy = timeline.world().clone();
    println!(
        "a copy of the world: {:.2} ms, {} events",
        ms(start),
        copy.happened()
    );
    let mut now = timeline.world().happened();
    for back in [1, 1, 1000, 20_000, 50_000] {
        now = now.saturating_sub(back);
        let start = Instant::now();
        timeline.seek(now);
        println!("back by {back} events: {:.1} ms", ms(start));
    }
}
