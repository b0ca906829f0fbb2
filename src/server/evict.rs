//! Keeping within `maxmemory` and `maxmemory-clients`: the gates before a command, and what goes on between commands.
use super::node::Node;
use crate::command::replication::Stage;
use crate::command::{ClientId, Effect, memory};

/// Keys between two looks at how long eviction has taken.
const KEYS_A_LOOK: u32 = 16;
/// `maxmemory-clients` is taken as this much at least.
const CLIENTS_LEAST: i64 = 128 << 10;

/// Microseconds that a command may wait for eviction, by `maxmemory-eviction-tenacity`: linear up to 10, then by 15
/// percent more each, at last without end.
fn time_limit_us(tenacity: u32) -> u64 {
    match tenacity {
        0..=10 => u64::from(tenacity) * 50,
        11..=99 => (10..tenacity).fold(500.0, |us, _| us * 1.15) as u64,
        _ => u64::MAX,
    }
}

impl Node {
    /// Before each command: whether there is memory for one that needs some (`needs_memory`). One that does not may run
    /// in any case.
    #[inline(always)]
    pub(super) fn memory_gate(&mut self, needs_memory: bool) -> bool {
        if self.config.maxmemory_clients != 0 {
            self.evict_clients();
        }
        if self.config.maxmemory == 0 {
            return true;
        }
        self.server.out_of_memory = !self.make_room();
        !self.server.out_of_memory || !needs_memory
    }

    /// Evicts keys until the node is within `maxmemory` again. What takes longer than it may goes on after the command.
    /// False if the node is beyond it, and nothing can be evicted. O(databases + clients), and O(samples) for each key.
    fn make_room(&mut self) -> bool {
        let limit = i64::try_from(self.config.maxmemory).unwrap_or(i64::MAX);
        let is_beyond = |node: &Node| memory::used(&node.ks, &node.server) > limit;
        self.server.evicting = false;
        let follows = self.ks.follows && self.config.text("replica-ignore-maxmemory") == b"yes";
        if limit == 0 || self.ks.loading || self.ks.paused || follows || !is_beyond(self) {
            self.within_memory(true);
            return true;
        }
        // What eviction takes is not the next command's time.
        self.stamp_us = None;
        let (start_us, mut evicted) = (self.meter.micros(), 0);
        let mut possible = true;
        while possible && is_beyond(self) && !self.server.evicting {
            possible = self.evict_one();
            evicted += 1;
            if evicted % KEYS_A_LOOK == 0 {
                let limit_us = time_limit_us(self.config.maxmemory_eviction_tenacity);
                self.server.evicting = self.meter.micros() - start_us > limit_us;
            }
        }
        let usec = self.meter.micros() - start_us;
        self.note_spike("eviction-cycle", usec);
        self.propagate_expired();
        self.publish_events(None);
        self.within_memory(possible && !self.server.evicting);
        possible
    }

    /// Evicts a key; a real server has a kind of delay for its deletion alone.
    fn evict_one(&mut self) -> bool {
        if self.config.latency_monitor_threshold == 0 {
            return self.ks.evict_one();
        }
        let start_us = self.meter.micros();
        let evicted = self.ks.evict_one();
        let usec = self.meter.micros() - start_us;
        self.note_spike("eviction-del", usec);
        evicted
    }

    /// Keeps count of the time that the node is beyond `maxmemory`.
    fn within_memory(&mut self, within: bool) {
        let now_us = self.server.now_us;
        let stats = &mut self.server.stats;
        match stats.beyond_memory_since_us {
            Some(since_us) if within => {
                stats.beyond_memory_us += now_us - since_us;
                stats.beyond_memory_since_us = None;
            }
            None if !within => stats.beyond_memory_since_us = Some(now_us),
            _ => {}
        }
    }

    /// What is left to evict once an input is dealt with.
    pub(super) fn evict_on(&mut self) {
        if self.server.evicting {
            self.make_room();
        }
        if self.config.maxmemory_clients != 0 {
            self.evict_clients();
        }
    }

    /// Ends the connections that take most until all others together are within `maxmemory-clients`. O(clients) each.
    fn evict_clients(&mut self) {
        let limit = self.clients_limit();
        if limit == 0 {
            return;
        }
        loop {
            let (mut total, mut worst): (i64, Option<(u32, ClientId)>) = (0, None);
            for client in self.server.clients.iter() {
                if client.no_evict
                    || client.obeyed
                    || client.stage() != Stage::None
                    || client.close_after_reply
                {
                    continue;
                }
                let bytes = memory::ClientUsage::of(client, &self.ks, None).total as i64;
                total += bytes;
                // A real server keeps them in classes, by powers of two; of one class the oldest goes first.
                let class = bytes.ilog2();
                if worst.is_none_or(|(most, _)| class > most) {
                    worst = Some((class, client.id));
                }
            }
            let worst = worst.filter(|_| total > limit);
            let Some(client) = worst.and_then(|(_, id)| self.server.clients.get_mut(id)) else {
                break;
            };
            client.out.reset();
            client.query = Vec::new();
            client.close_after_reply = true;
            self.server.stats.evicted_clients += 1;
            self.server.effects.push(Effect::Close(client.id));
        }
    }

    /// Bytes that the clients may take together; 0: as much as they like.
    fn clients_limit(&self) -> i64 {
        let bytes = match self.config.maxmemory_clients {
            percent @ ..0 => (u128::from(self.config.maxmemory) * percent.unsigned_abs() as u128
                / 100)
                .min(i64::MAX as u128) as i64,
            bytes => bytes,
        };
        if bytes == 0 {
            0
        } else {
            bytes.max(CLIENTS_LEAST)
        }
    }

    /// The greatest memory that was in use, as far as the cron saw.
    pub(super) fn note_peak(&mut self) {
        let used = memory::used(&self.ks, &self.server);
        let peak = &mut self.server.stats.peak_memory;
        *peak = used.max(*peak);
    }
}
