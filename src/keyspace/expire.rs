//! Active expiry: the server looks at random volatile keys by itself, so that what nobody asks for goes as well.
use super::Keyspace;

/// Keys looked at in one round, as `active-expire-effort` 1 does.
const SAMPLE: usize = 20;
/// A database is left once fewer than this share of a sample had expired.
const STALE_PERCENT: usize = 10;
/// Rounds in one cycle and database: what the time limit of a real server's cycle comes to.
const MAX_ROUNDS: usize = 64;

impl Keyspace {
    /// One cycle over all databases, called by the node's cron; deletes at most `SAMPLE * MAX_ROUNDS` keys a database.
    pub fn expire_cycle(&mut self) {
        if !self.active_expire || self.paused || self.follows || self.loading {
            return;
        }
        for index in 0..self.count() {
            for _ in 0..MAX_ROUNDS {
                if !self.expire_round(index) {
                    break;
                }
            }
        }
    }

    /// One sample of one database; whether another round is worth it.
    fn expire_round(&mut self, index: usize) -> bool {
        let volatile = self.tables[index].volatile_len();
        let sample = SAMPLE.min(volatile);
        let (mut expired, mut left_ms) = (0, 0i128);
        for _ in 0..sample {
            let Some((id, at_ms)) = self.tables[index].random_volatile(&mut self.rng) else {
                break;
            };
            if at_ms <= self.now_ms {
                self.db(index).expire_now(id);
                expired += 1;
            } else {
                left_ms += i128::from(at_ms) - i128::from(self.now_ms);
            }
        }
        if expired < sample {
            let mean = left_ms / (sample - expired) as i128;
            self.tables[index].saw_ttl(mean as i64);
        }
        expired * 100 > sample * STALE_PERCENT
    }
}
