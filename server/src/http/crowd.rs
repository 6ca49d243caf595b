//! How many connections one address holds open at once.
//!
//! A connection costs memory before anything is asked on it, and there is room for so many only. One address
//! gets a part of that room; whoever wants more is hung up on until one of theirs ends. Counted is
//! the other end of the connection, for IPv6 the network that one customer has. A proxy that is trusted to
//! say for whom it speaks speaks for everybody, and is not counted.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use super::{client::Proxies, limits::one_customer};

pub struct Crowd {
    /// Nought is no limit.
    most: u32,
    proxies: Proxies,
    held: Mutex<HashMap<IpAddr, u32>>,
}

/// A connection's place among those of its address; given back when it is dropped.
pub struct Place(Option<(Arc<Crowd>, IpAddr)>);

impl Crowd {
    pub fn new(most: u32, proxies: Proxies) -> Self {
        Self {
            most,
            proxies,
            held: Mutex::default(),
        }
    }

    /// None when this address has as many as it gets.
    pub fn enter(self: &Arc<Self>, peer: IpAddr) -> Option<Place> {
        if self.most == 0 || self.proxies.trust(peer.to_canonical()) {
            return Some(Place(None));
        }
        let customer = one_customer(peer);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(customer).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Place(Some((Arc::clone(self), customer))))
    }

    fn leave(&self, customer: IpAddr) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&customer) {
            *count -= 1;
            if *count == 0 {
                held.remove(&customer);
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some((crowd, customer)) = self.0.take() {
            crowd.leave(customer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crowd(most: u32, proxies: &str) -> Arc<Crowd> {
        Arc::new(Crowd::new(most, proxies.parse().unwrap()))
    }

    #[test]
    fn an_address_has_so_many_and_others_have_theirs() {
        let crowd = crowd(2, "");
        let one: IpAddr = "192.0.2.7".parse().unwrap();
        let places = [crowd.enter(one), crowd.enter(one)];
        assert!(places.iter().all(Option::is_some));
        assert!(crowd.enter(one).is_none());
        assert!(crowd.enter("::ffff:192.0.2.7".parse().unwrap()).is_none());
        assert!(crowd.enter("192.0.2.8".parse().unwrap()).is_some());
        drop(places);
        assert!(crowd.enter(one).is_some());
        assert!(
            crowd.held.lock().unwrap().is_empty(),
            "nothing is remembered"
        );
    }

    #[test]
    fn a_trusted_proxy_and_no_limit_are_not_counted() {
        let proxy: IpAddr = "10.0.0.1".parse().unwrap();
        for crowd in [crowd(1, "10.0.0.0/8"), crowd(0, "")] {
            let places: Vec<_> = (0..50).map(|_| crowd.enter(proxy)).collect();
            assert!(places.iter().all(Option::is_some));
        }
    }
}
