//! Certificates by the address that a delivery names. Nothing of a delivery is proven while its
//! certificate is fetched, so whoever sends nonsense must not make us do much: one call an address,
//! few at once, none again for a while where none was found, and all within the time that a
//! provider waits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex as Turn, Semaphore};
use tokio::time::timeout;

use super::FetchError;

/// One call for a certificate.
const CALL_MAX: Duration = Duration::from_secs(2);

/// All waiting for a certificate, with that for one's turn. A delivery has four seconds, and is
/// still to be stored.
const WAIT_MAX: Duration = Duration::from_secs(3);

const KEPT: Duration = Duration::from_secs(3600);
const KNOWN_MAX: usize = 64;

/// How long an address is left alone that had none.
const LEFT_ALONE: Duration = Duration::from_secs(30);
const LEFT_ALONE_MAX: usize = 512;

/// Addresses that never had one, asked at the same time and waited for.
const AT_ONCE: usize = 4;
const WAITED_FOR_MAX: usize = 256;

/// The text of a certificate; `None`: there is none at that address.
type Found = Result<Option<Arc<Vec<u8>>>, FetchError>;

/// What is known of addresses, and who asks them.
#[derive(Debug)]
pub(super) struct Certificates {
    kept: Mutex<Kept>,
    strangers: Semaphore,
}

#[derive(Debug, Default)]
struct Kept {
    known: HashMap<String, (Instant, Arc<Vec<u8>>)>,
    left_alone: HashMap<String, (Instant, Found)>,
    /// Whose turn it is to ask an address: the others wait for what comes of it.
    turns: HashMap<String, Weak<Turn<()>>>,
}

impl Default for Certificates {
    fn default() -> Self {
        Self { kept: Mutex::default(), strangers: Semaphore::new(AT_ONCE) }
    }
}

impl Certificates {
    /// What is at that address, from before or by this `call`.
    pub(super) async fn at(
        &self,
        address: &str,
        host: &str,
        call: impl Future<Output = Found>,
    ) -> Found {
        let late = |why: &str| FetchError::Unreachable {
            host: host.to_owned(),
            why: format!("{why}; it is asked again"),
        };
        let (turn, is_known) = {
            let mut kept = self.kept();
            if let Some(found) = kept.found(address) {
                return found;
            }
            let crowded = || late("too many certificates are asked for");
            (kept.turn(address).ok_or_else(crowded)?, kept.known.contains_key(address))
        };
        let asked = async {
            let _turn = turn.lock().await;
            // Whoever had the turn before may have brought it.
            if let Some(found) = self.kept().found(address) {
                return found;
            }
            // An address that had one before waits for no stranger's.
            let _place = match is_known {
                true => None,
                false => self.strangers.acquire().await.ok(),
            };
            let found = timeout(CALL_MAX, call).await;
            let found = found.unwrap_or_else(|_| Err(late("the certificate came too slowly")));
            self.kept().keep(address, found.clone());
            found
        };
        let found = timeout(WAIT_MAX, asked).await;
        found.unwrap_or_else(|_| Err(late("others are asked before")))
    }

    /// Nothing panics while it is held, so poison tells nothing.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn found(&self, address: &str) -> Option<Found> {
        let fresh = |at: &Instant, time: Duration| at.elapsed() < time;
        if let Some((at, text)) = self.known.get(address)
            && fresh(at, KEPT)
        {
            return Some(Ok(Some(Arc::clone(text))));
        }
        let (at, found) = self.left_alone.get(address)?;
        fresh(at, LEFT_ALONE).then(|| found.clone())
    }

    /// `None`: too many others are waited for.
    fn turn(&mut self, address: &str) -> Option<Arc<Turn<()>>> {
        if let Some(turn) = self.turns.get(address).and_then(Weak::upgrade) {
            return Some(turn);
        }
        self.turns.retain(|_, turn| turn.strong_count() > 0);
        if self.turns.len() >= WAITED_FOR_MAX && !self.known.contains_key(address) {
            return None;
        }
        let turn = Arc::default();
        self.turns.insert(address.to_owned(), Arc::downgrade(&turn));
        Some(turn)
    }

    fn keep(&mut self, address: &str, found: Found) {
        let now = Instant::now();
        match found {
            Ok(Some(text)) => {
                self.left_alone.remove(address);
                put(&mut self.known, KNOWN_MAX, address, (now, text));
            }
            found => {
                if found.is_ok() {
                    self.known.remove(address);
                }
                put(&mut self.left_alone, LEFT_ALONE_MAX, address, (now, found));
            }
        }
    }
}

/// In place of the oldest, where there are too many.
fn put<T>(
    map: &mut HashMap<String, (Instant, T)>,
    most: usize,
    address: &str,
    value: (Instant, T),
) {
    if map.len() >= most && !map.contains_key(address) {
        let oldest = map.iter().min_by_key(|(_, (at, _))| *at).map(|(address, _)| address.clone());
        oldest.map(|oldest| map.remove(&oldest));
    }
    map.insert(address.to_owned(), value);
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const HOST: &str = "api.example.com";

    fn text(text: &str) -> Found {
        Ok(Some(Arc::new(text.as_bytes().to_vec())))
    }

    #[tokio::test]
    async fn whoever_asks_for_the_same_waits_for_the_one_call() {
        let (certificates, calls) = (Certificates::default(), AtomicUsize::new(0));
        let ask = || {
            certificates.at("a", HOST, async {
                calls.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                text("certificate")
            })
        };
        let (one, two, three) = tokio::join!(ask(), ask(), ask());
        assert_eq!((&one, &two, &three), (&text("certificate"), &one, &one));
        assert_eq!(calls.into_inner(), 1);
    }

    #[tokio::test]
    async fn few_invented_addresses_are_asked_at_once_and_hold_up_no_known_one() {
        let certificates = Certificates::default();
        certificates.at("known", HOST, async { text("certificate") }).await.unwrap();
        certificates.kept().known.get_mut("known").unwrap().0 -= KEPT;
        let calls = AtomicUsize::new(0);
        let invented: Vec<String> = (0..20).map(|number| format!("invented {number}")).collect();
        let asked = invented.iter().map(|address| {
            certificates.at(address, HOST, async {
                calls.fetch_add(1, Ordering::Relaxed);
                std::future::pending().await
            })
        });
        let mut asked: Vec<_> = asked.map(Box::pin).collect();
        for ask in &mut asked {
            assert!(at_once(ask).await.is_none());
        }
        assert_eq!(calls.load(Ordering::Relaxed), AT_ONCE);
        let renewed = certificates.at("known", HOST, async { text("another") }).await;
        assert_eq!(renewed, text("another"));
    }

    /// What it comes to at once, where it does.
    async fn at_once<T>(future: &mut (impl Future<Output = T> + Unpin)) -> Option<T> {
        tokio::select! {
            biased;
            done = future => Some(done),
            () = std::future::ready(()) => None,
        }
    }

    #[tokio::test]
    async fn nobody_drives_out_a_certificate_with_invented_names() {
        let certificates = Certificates::default();
        certificates.at("known", HOST, async { text("certificate") }).await.unwrap();
        for number in 0..2 * LEFT_ALONE_MAX {
            let address = format!("invented {number}");
            assert_eq!(certificates.at(&address, HOST, async { Ok(None) }).await, Ok(None));
        }
        assert_eq!(certificates.kept().left_alone.len(), LEFT_ALONE_MAX);
        let known = certificates.at("known", HOST, async { Ok(None) }).await;
        assert_eq!(known, text("certificate"));
        // Of those that are certificates the oldest goes.
        for number in 0..KNOWN_MAX {
            certificates.at(&format!("{number}"), HOST, async { text("other") }).await.unwrap();
        }
        let kept = certificates.kept();
        assert_eq!((kept.known.len(), kept.known.contains_key("known")), (KNOWN_MAX, false));
    }

    #[tokio::test]
    async fn an_address_that_had_none_is_left_alone_for_a_while() {
        let certificates = Certificates::default();
        let busy = FetchError::NotNow { host: HOST.to_owned(), status: 503, after: None };
        let failed = certificates.at("a", HOST, async { Err(busy.clone()) }).await;
        assert_eq!(failed, Err(busy.clone()));
        assert_eq!(certificates.at("a", HOST, async { text("x") }).await, Err(busy));
        certificates.kept().left_alone.get_mut("a").unwrap().0 -= LEFT_ALONE;
        assert_eq!(certificates.at("a", HOST, async { text("x") }).await, text("x"));
    }
}
