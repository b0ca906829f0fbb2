//! Sentinels and the servers that they watch, some of them redlab's and some of them real: failovers of every kind, seen from
//! the outside.

mod alike;
mod fleet;
mod process;
mod refused;
mod scenes;
mod votes;

use crate::Options;
use fleet::Plan;
use process::Make::{self, Real, Redlab};
use std::sync::Mutex;
use std::time::Instant;

/// A name and what is done.
type Scene = (String, Box<dyn Fn() -> Result<(), String> + Send + Sync>);

/// As many scenes are played at the same time: mostly they wait.
const TOGETHER: usize = 3;

/// Who is there, in a word.
fn cast(nodes: &[Make], sentinels: &[Make]) -> String {
    let say = |makes: &[Make]| {
        let count = |make| makes.iter().filter(|one| **one == make).count();
        match (count(Redlab), count(Real)) {
            (0, n) => format!("{n} real"),
            (n, 0) => format!("{n} redlab"),
            (n, m) => format!("{n} redlab and {m} real"),
        }
    };
    format!("{} nodes, {} sentinels", say(nodes), say(sentinels))
}

fn scenes() -> Vec<Scene> {
    let mut all: Vec<Scene> = Vec::new();
    type Play = fn(&Plan) -> Result<(), String>;
    let mut add = |what: &str, play: Play, nodes: &[Make], sentinels: &[Make]| {
        let plan = Plan::of(nodes, sentinels);
        let name = format!("{what}: {}", cast(nodes, sentinels));
        all.push((name, Box::new(move || play(&plan))));
    };
    add("killed", scenes::killed, &[Redlab; 3], &[Real; 3]);
    add("killed", scenes::killed, &[Real; 3], &[Redlab; 3]);
    add("killed", scenes::killed, &[Redlab; 3], &[Redlab; 3]);
    add(
        "killed",
        scenes::killed,
        &[Redlab, Real, Real],
        &[Real, Real, Redlab],
    );
    add(
        "killed",
        scenes::killed,
        &[Real, Redlab, Redlab],
        &[Real, Redlab, Redlab],
    );
    add("hung", scenes::hung, &[Redlab; 3], &[Real; 3]);
    add(
        "hung",
        scenes::hung,
        &[Real, Redlab, Real],
        &[Redlab, Redlab, Real],
    );
    add("commanded", scenes::commanded, &[Redlab; 4], &[Real; 3]);
    add(
        "commanded",
        scenes::commanded,
        &[Real; 4],
        &[Redlab, Real, Redlab],
    );
    add("chosen", scenes::chosen, &[Redlab; 4], &[Real; 3]);
    add("chosen", scenes::chosen, &[Real; 4], &[Redlab; 3]);
    add("guarded", scenes::guarded, &[Redlab; 3], &[Real; 3]);
    add(
        "guarded",
        scenes::guarded,
        &[Real; 3],
        &[Redlab, Redlab, Real],
    );
    add("handed over", scenes::handed_over, &[Redlab; 3], &[Real; 3]);
    for (name, make) in [("redlab", Redlab), ("itself", Real)] {
        let name = format!("alike: {name} and a real sentinel");
        all.push((name, Box::new(move || alike::compare(&alike::plan(make)))));
    }
    all.push((
        "refused: lines of the file".into(),
        Box::new(refused::compare),
    ));
    all
}

/// Plays the scenes whose names have one of the words in them.
pub fn play(options: &Options) -> Result<(usize, Vec<String>), String> {
    let program = match options.text("server") {
        Some(program) => program.into(),
        None => crate::replication::program()?,
    };
    process::begin(options.number("port", 27_300)? as u16, program);
    let mut chosen = scenes();
    let words = &options.words;
    chosen.retain(|(name, _)| {
        words.is_empty() || words.iter().any(|word| name.contains(word.as_str()))
    });
    let count = chosen.len();
    let queue = Mutex::new(chosen.into_iter());
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..TOGETHER {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().expect("nobody panics with it").next();
                    let Some((name, scene)) = next else { return };
                    let started = Instant::now();
                    let outcome = scene();
                    println!("{name}: {:.1} s", started.elapsed().as_secs_f64());
                    if let Err(why) = outcome {
                        failures
                            .lock()
                            .expect("nobody panics with it")
                            .push(format!("{name}: {why}"));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("nobody panics with it");
    Ok((count - failures.len(), failures))
}
