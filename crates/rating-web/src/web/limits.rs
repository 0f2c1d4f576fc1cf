//! How often something may be asked.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use crate::clock::Moment;
use crate::refusal::Refusal;

/// Requests of one person: so many at once, and so many a second in the long run.
const PERSON: Rate = Rate { burst: 300.0, each_second: 60.0 };
/// Passwords and one-time links tried from one address.
const DOOR: Rate = Rate { burst: 30.0, each_second: 0.5 };
/// Buckets kept before idle ones are forgotten.
const MOST: usize = 10_000;

/// All limits of the room.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    people: Buckets<i64>,
    doors: Buckets<IpAddr>,
}

impl Limits {
    pub(super) fn of_person(&self, person: i64, now: Moment) -> Result<(), Refusal> {
        self.people.take(person, PERSON, now)
    }

    /// Counts a try to come in.
    pub(super) fn of_door(&self, address: IpAddr, now: Moment) -> Result<(), Refusal> {
        self.doors.take(network(address), DOOR, now)
    }
}

/// Whose address it is: whoever has an address of IPv6 has 2^64 of them.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(long) => Ipv6Addr::from_bits(long.to_bits() >> 64 << 64).into(),
    }
}

#[derive(Debug, Clone, Copy)]
struct Rate {
    burst: f64,
    each_second: f64,
}

#[derive(Debug)]
struct Buckets<K>(Mutex<HashMap<K, (f64, Moment)>>);

impl<K> Default for Buckets<K> {
    fn default() -> Buckets<K> {
        Buckets(Mutex::default())
    }
}

impl<K: Hash + Eq> Buckets<K> {
    fn take(&self, key: K, rate: Rate, now: Moment) -> Result<(), Refusal> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let filled = |(left, since): (f64, Moment)| {
            let seconds = (now.millis() - since.millis()).max(0) as f64 / 1000.0;
            (left + seconds * rate.each_second).min(rate.burst)
        };
        if buckets.len() >= MOST {
            buckets.retain(|_, &mut bucket| filled(bucket) < rate.burst);
        }
        let bucket = buckets.entry(key).or_insert((rate.burst, now));
        let left = filled(*bucket);
        *bucket = (left - if left < 1.0 { 0.0 } else { 1.0 }, now);
        if left < 1.0 {
            return Err(Refusal::too_often("Too many requests: wait a moment."));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_let_through_and_then_a_trickle() {
        let buckets = Buckets::default();
        let rate = Rate { burst: 3.0, each_second: 1.0 };
        let ask = |millis| buckets.take("a", rate, Moment::at(millis)).is_ok();
        assert_eq!([ask(0), ask(0), ask(0), ask(0)], [true, true, true, false]);
        assert_eq!([ask(999), ask(1000), ask(1001)], [false, true, false]);
        assert!(buckets.take("b", rate, Moment::at(1001)).is_ok());
    }

    #[test]
    fn a_network_of_ipv6_is_one_door() {
        let of = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(of("203.0.113.9"), "203.0.113.9");
    }
}
