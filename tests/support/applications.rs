//! Application processes and a database for random worlds, as acts.
use redlab::base::rng::Rng;
use serde_json::{Value, json};

const CACHE_ASIDE: &str = "
on_request(function(key, value)
  if value then
    db.put(key, value)
    return redis.call('DEL', key)
  end
  local ok, found = pcall(redis.call, 'GET', key)
  if ok and found then return found end
  found = db.get(key)
  redis.pcall('SET', key, found, 'PX', 200 + random(2000))
  return found
end)";

const LOCK: &str = "
local function load(key)
  local mine = tostring(random(1e9))
  for try = 1, 20 do
    if redis.call('SET', 'lock:' .. key, mine, 'NX', 'PX', 500) then
      record('locked', key, mine)
      local row = db.get(key)
      redis.call('SET', key, row, 'PX', 300)
      record('unlocked', key, mine, redis.call('EVAL', [[
        if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
        return 0]], 1, 'lock:' .. key, mine))
      return row
    end
    sleep(10 + random(20))
    local found = redis.call('GET', key)
    if found then return found end
  end
  error('nobody gave the lock up')
end
on_request(function(key) return redis.call('GET', key) or load(key) end)";

const WRITE_BEHIND: &str = "
local queue = redis.connect('n1', 3000)
spawn(function()
  while true do
    local ok, item = pcall(queue.call, queue, 'BLPOP', 'todo', 1)
    if ok and item then
      local key = item[2]
      db.put(key, redis.call('GET', key) or '')
    elseif not ok then
      log(item)
      sleep(250)
    end
  end
end)
on_request(function(key, value)
  if not value then return redis.call('GET', key) or db.get(key) end
  redis.call('SET', key, value)
  redis.call('RPUSH', 'todo', key)
end)";

/// Programs that end by an error, use up memory, or work without end.
const BOMBS: [&str; 5] = [
    "local t = {} while true do t[#t + 1] = string.rep('x', #t) end",
    "local function f(n) return 1 + f(n + 1) end f(1)",
    "while true do spawn(function() sleep(1) end) end",
    "while true do pcall(redis.call, 'GET', 'k') end",
    "local s = 'x' while true do s = s .. s end",
];

/// The acts of an application that runs from `from_ms` to `to_ms`, with faults; times are ms since the start.
pub fn application(rng: &mut Rng, from_ms: i64, to_ms: i64) -> Vec<(i64, Value)> {
    let programs = [CACHE_ASIDE, LOCK, WRITE_BEHIND];
    let source = programs[rng.below(3) as usize];
    let workers = 1 + rng.below(8);
    let mut acts = vec![
        (
            from_ms,
            json!({"act": "database", "name": "db", "rows": 50, "read_us": 1000 + rng.below(40_000), "workers": workers,
                "queue": 20 + rng.below(200)}),
        ),
        (
            from_ms,
            json!({"act": "app", "name": "shop", "source": source, "database": "db", "timeout_us": 300_000}),
        ),
        (
            from_ms,
            json!({"act": "load", "name": "users", "to": "shop", "prefix": "item", "keys": 60, "clients": 1 + rng.below(40),
                "rate_per_s": 10 + rng.below(200), "writes": rng.below(30)}),
        ),
    ];
    let mut at_ms = from_ms;
    for _ in 0..rng.below(6) {
        at_ms = (at_ms + rng.below(2000) as i64).min(to_ms);
        let act = match rng.below(8) {
            0 => json!({"act": "slow", "database": "db", "percent": 50 + rng.below(2000)}),
            1 => json!({"act": "kill", "host": "db"}),
            2 => json!({"act": "start", "host": "db"}),
            3 => json!({"act": "pause", "host": "shop"}),
            4 => json!({"act": "resume", "host": "shop"}),
            5 => json!({"act": "kill", "host": "shop"}),
            6 => json!({"act": "partition", "groups": [["shop"], ["db"]]}),
            _ => json!({"act": "start", "host": "shop"}),
        };
        acts.push((at_ms, act));
    }
    let bomb = BOMBS[rng.below(5) as usize];
    acts.push((
        to_ms - 200,
        json!({"act": "app", "name": "bomb", "source": bomb}),
    ));
    acts.push((to_ms, json!({"act": "kill", "host": "bomb"})));
    acts.push((to_ms, json!({"act": "kill", "host": "shop"})));
    acts
}
