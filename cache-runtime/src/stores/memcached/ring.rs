//! Which server has a key (rendezvous hashing), and which servers are lost.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::config::MemcachedAddress;

/// How long a lost server is left alone, before one operation tries it again.
const PAUSE: Duration = Duration::from_secs(1);

/// The servers of a store, and whether they answer.
#[derive(Debug)]
pub(super) struct Ring {
    servers: Vec<Server>,
    /// Times are milliseconds since then.
    origin: Instant,
}

#[derive(Debug)]
struct Server {
    address: MemcachedAddress,
    /// `host:port-`, with which the hashed text of its score begins.
    salt: String,
    /// 0: it answers. Otherwise it is lost, and not tried before this time.
    retry_at: AtomicU64,
}

/// A set of servers, a bit for each.
pub(super) type Servers = u64;

/// Which servers may be asked, as of the beginning of an operation.
#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    up: Servers,
    /// Those that are lost, and due to be tried again.
    due: Servers,
}

impl Ring {
    pub(super) fn new(addresses: &[MemcachedAddress]) -> Self {
        let server = |address: &MemcachedAddress| Server {
            address: address.clone(),
            salt: format!("{address}-"),
            retry_at: AtomicU64::new(0),
        };
        Self {
            servers: addresses.iter().map(server).collect(),
            origin: Instant::now(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.servers.len()
    }

    pub(super) fn address(&self, server: usize) -> &MemcachedAddress {
        &self.servers[server].address
    }

    pub(super) fn all(&self) -> Servers {
        Servers::MAX >> (Servers::BITS as usize - self.len())
    }

    pub(super) fn view(&self) -> View {
        let mut view = View { up: 0, due: 0 };
        for (at, server) in self.servers.iter().enumerate() {
            match server.retry_at.load(Ordering::Relaxed) {
                0 => view.up |= 1 << at,
                retry_at if retry_at <= self.now() => view.due |= 1 << at,
                _ => {}
            }
        }
        view
    }

    /// Returns the server for `name` among those not tried yet; a lost one only if there is no other.
    pub(super) fn choose(&self, name: &[u8], view: &mut View, tried: Servers) -> Option<usize> {
        loop {
            let candidates = (view.up | view.due) & !tried;
            let Some(best) = self.best(name, candidates) else {
                return self.best(name, self.all() & !tried);
            };
            let bit = 1 << best;
            if view.due & bit == 0 {
                return Some(best);
            }
            view.due &= !bit;
            if self.may_try(best) {
                // The whole operation may try it.
                view.up |= bit;
                return Some(best);
            }
        }
    }

    /// Notes that it did not answer.
    pub(super) fn lost(&self, server: usize) {
        if self.len() == 1 {
            // There is no other to switch to, and the breaker in front of the store knows best.
            return;
        }
        let retry_at = self.now() + PAUSE.as_millis() as u64;
        let server = &self.servers[server];
        if server.retry_at.swap(retry_at, Ordering::Relaxed) == 0 {
            tracing::warn!(
                server = %server.address,
                "a memcached server does not answer; its keys go to the others",
            );
        }
    }

    /// Notes that it answered.
    pub(super) fn found(&self, server: usize) {
        let server = &self.servers[server];
        // Usually it was there all the time, and shared memory need not be written.
        if server.retry_at.load(Ordering::Relaxed) != 0
            && server.retry_at.swap(0, Ordering::Relaxed) != 0
        {
            tracing::info!(server = %server.address, "a memcached server is back");
        }
    }

    /// Returns whether this caller may try a lost server, while the others wait for the result.
    fn may_try(&self, server: usize) -> bool {
        let retry_at = &self.servers[server].retry_at;
        let (seen, now) = (retry_at.load(Ordering::Relaxed), self.now());
        let later = now + PAUSE.as_millis() as u64;
        seen != 0
            && seen <= now
            && retry_at
                .compare_exchange(seen, later, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    fn best(&self, name: &[u8], among: Servers) -> Option<usize> {
        if among.count_ones() <= 1 {
            return (among != 0).then_some(among.trailing_zeros() as usize);
        }
        (0..self.len())
            .filter(|at| among & (1 << at) != 0)
            .max_by_key(|at| {
                let salt = &self.servers[*at].salt;
                // Of two with the same score, the one with the greater text.
                (murmur3(salt.as_bytes().iter().chain(name)), salt)
            })
    }

    fn now(&self) -> u64 {
        // Never 0, which means that a server answers.
        1 + self.origin.elapsed().as_millis() as u64
    }
}

/// MurmurHash3 of 32 bits with seed 0: with it, `pymemcache` finds the same servers.
fn murmur3<'a>(bytes: impl Iterator<Item = &'a u8>) -> u32 {
    let mix = |block: u32| {
        block
            .wrapping_mul(0xCC9E_2D51)
            .rotate_left(15)
            .wrapping_mul(0x1B87_3593)
    };
    let (mut hash, mut block, mut length) = (0_u32, 0_u32, 0_u32);
    for byte in bytes {
        block |= u32::from(*byte) << (8 * (length % 4));
        length += 1;
        if length % 4 == 0 {
            hash = (hash ^ mix(block)).rotate_left(13);
            hash = hash.wrapping_mul(5).wrapping_add(0xE654_6B64);
            block = 0;
        }
    }
    hash ^= mix(block) ^ length;
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85EB_CA6B);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xC2B2_AE35);
    hash ^ (hash >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(ports: &[u16]) -> Ring {
        let addresses = ports
            .iter()
            .map(|port| MemcachedAddress::new("10.0.0.1", *port));
        Ring::new(&addresses.collect::<Vec<_>>())
    }

    #[test]
    fn scores_are_those_of_pymemcache() {
        // From pymemcache 4.0.0: murmur3_32(f"127.0.0.1:11211-{key}").
        let long = "k".repeat(250);
        for (key, score) in [
            ("", 141_464_522),
            ("a", 1_120_911_589),
            ("foo", 553_244_281),
            (":1:user:9", 3_486_643_462),
            (&long, 953_954_270),
        ] {
            let text = format!("127.0.0.1:11211-{key}");
            assert_eq!(murmur3(text.as_bytes().iter()), score, "{key}");
        }
    }

    #[test]
    fn servers_are_those_of_pymemcache() {
        // From pymemcache 4.0.0: RendezvousHash([…]).get_node(f"key:{n}"), the last digit.
        let ring = ring(&[1, 2, 3]);
        let choice = |n| {
            let server = ring.best(format!("key:{n}").as_bytes(), ring.all());
            ring.address(server.unwrap()).port.to_string()
        };
        let choices: String = (0..24).map(choice).collect();
        assert_eq!(choices, "322311312122321212331322");
    }

    #[test]
    fn a_lost_server_moves_its_own_keys_alone() {
        let ring = ring(&[1, 2, 3]);
        let names: Vec<String> = (0..3000).map(|n| format!("key:{n}")).collect();
        let choose = |name: &String| {
            let mut view = ring.view();
            ring.choose(name.as_bytes(), &mut view, 0).unwrap()
        };
        let before: Vec<usize> = names.iter().map(choose).collect();
        ring.lost(1);
        let mut counts = [0; 3];
        let mut moved = [0; 3];
        for (name, before) in names.iter().zip(&before) {
            counts[*before] += 1;
            let after = choose(name);
            assert_ne!(after, 1);
            if *before == 1 {
                moved[after] += 1;
            } else {
                assert_eq!(after, *before);
            }
        }
        assert!(counts.iter().all(|count| *count > 800), "{counts:?}");
        assert!(moved[0] > 300 && moved[2] > 300, "{moved:?}");
        ring.found(1);
        assert_eq!(names.iter().map(choose).collect::<Vec<_>>(), before);
    }

    #[test]
    fn one_operation_tries_a_lost_server_again() {
        let ring = ring(&[1, 2]);
        ring.lost(0);
        assert_eq!(ring.view().due, 0, "not at once");
        // As if a second had passed.
        ring.servers[0].retry_at.store(1, Ordering::Relaxed);
        let name = (0..)
            .map(|n| n.to_string())
            .find(|name| ring.best(name.as_bytes(), 3) == Some(0))
            .unwrap();
        let (mut first, mut second) = (ring.view(), ring.view());
        assert_eq!(ring.choose(name.as_bytes(), &mut first, 0), Some(0));
        assert_eq!(ring.choose(name.as_bytes(), &mut first, 0), Some(0));
        assert_eq!(ring.choose(name.as_bytes(), &mut second, 0), Some(1));
    }

    #[test]
    fn lost_servers_are_asked_if_there_is_no_other() {
        let ring = ring(&[1, 2, 3]);
        (0..3).for_each(|server| ring.lost(server));
        let (mut view, mut tried) = (ring.view(), 0);
        for _ in 0..3 {
            let server = ring.choose(b"k", &mut view, tried).unwrap();
            assert_eq!(tried & (1 << server), 0);
            tried |= 1 << server;
        }
        assert_eq!(tried, ring.all());
        assert_eq!(ring.choose(b"k", &mut view, tried), None);
    }
}
