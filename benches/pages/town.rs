//! A small town of customers, lived through by the real code: what comes from the providers is
//! signed, kept, applied and mailed, machines are activated. Everything else is a copy of it.

use std::path::Path;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use keywright::apply::Apply;
use keywright::books::{Books, Shelf};
use keywright::clock::Clock;
use keywright::config::Config;
use keywright::fetch::Fetch;
use keywright::intake::Intake;
use keywright::keyring::Keyring;
use keywright::machines::Machines;
use keywright::machines::given::{Key, Machine};
use keywright::post::{Post, Settings};
use keywright::store::rows::{EventFilter, LicenseFilter};
use keywright::store::{Options, Store};
use keywright::support::acts::Wish;
use keywright::support::view::LicenseView;
use keywright::support::{Asked, Support};
use keywright::trigger::{scene, tell};
use keywright_providers::sample::{Scene, Step};
use tokio::sync::Notify;

/// Where copies are made of: kind, account, product of its item.
const ACCOUNTS: [(&str, &str); 4] =
    [("stripe", "shop-eu"), ("stripe", "shop-us"), ("lemonsqueezy", "lemon"), ("paddle", "paddle")];

/// Little ever comes from it, and long ago.
pub(crate) const TINY: &str = "tiny";

/// Purchases that are copied.
pub(crate) const PURCHASES: usize = 400;

/// Events that they come to, roughly.
pub(crate) const EVENTS_ABOUT: i64 = 3_000;

/// Of the hook that is told everything.
const HOOK: &str = "whsec_YmVuY2htYXJrYmVuY2htYXJrYmVuY2htYXJr";

/// Renewals of the one long life.
const LONG_LIFE: usize = 66;

/// Licenses of the one large order: the most that an order line may have.
const LARGE_ORDER: u32 = keywright::rules::fold::QUANTITY_MAX;

/// One customer who buys again and again.
pub(crate) const RESELLER: &str = "reseller@trade.example";

/// A clock that goes when it is moved.
#[derive(Debug)]
pub(crate) struct Hands(Mutex<DateTime<Utc>>);

impl Hands {
    pub(crate) fn set(&self, at: DateTime<Utc>) {
        *self.0.lock().unwrap() = at;
    }
}

impl Clock for Hands {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

/// How far the tables were filled: their highest ids.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filled {
    pub(crate) events: i64,
    pub(crate) sales: i64,
}

/// A service without its HTTP server.
pub(crate) struct Town {
    pub(crate) store: Store,
    pub(crate) support: Support,
    pub(crate) intake: Intake,
    pub(crate) clock: Arc<Hands>,
    apply: Apply,
    pub(crate) post: Post,
    machines: Machines,
}

impl Town {
    pub(crate) async fn found(database: &str, folder: &Path, at: DateTime<Utc>) -> Self {
        let config = config(folder);
        let store = Store::open(&database.parse().unwrap(), Options::default()).unwrap();
        store.migrate().await.unwrap();
        let entropy = keywright::chance::bytes().unwrap();
        let keyring = Keyring::open_or_create(&config.signing.key_file, true, &entropy).unwrap();
        let settings = Settings::open(
            &config.mail,
            &config.server.public_url,
            Arc::new(|product: &str| Some(product.to_owned())),
            Arc::new(|_: &str| String::new()),
        );
        let shelf = Shelf::new(Books::new(config, keyring));
        let hands = Arc::new(Hands(Mutex::new(at)));
        let clock: Arc<dyn Clock> = Arc::<Hands>::clone(&hands);
        let (bell, bells) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let support = Support::new(
            store.clone(),
            shelf.clone(),
            Arc::clone(&clock),
            Arc::clone(&bell),
            Arc::clone(&bells),
        );
        let intake = Intake::new(
            store.clone(),
            shelf.clone(),
            Arc::clone(&clock),
            Arc::clone(&bell),
            Arc::clone(&bells),
            Fetch::new().unwrap(),
        );
        Self {
            post: Post::new(store.clone(), settings.unwrap(), Arc::clone(&clock), bells.clone()),
            machines: Machines::new(&support),
            intake: intake.await.unwrap(),
            apply: Apply::new(store.clone(), shelf, clock, (bell, bells), Fetch::new().unwrap()),
            store,
            support,
            clock: hands,
        }
    }

    /// Was it filled before?
    pub(crate) async fn is_filled(&self) -> bool {
        let newest = self.support.event_list(EventFilter::default(), None, 1).await;
        !newest.unwrap().items.is_empty()
    }

    /// The lives that are copied, spread evenly from the clock's time over `length`.
    pub(crate) async fn live(&self, length: TimeDelta) -> Filled {
        let begin = self.clock.now();
        let step = length / i32::try_from(PURCHASES).unwrap();
        for number in 0..PURCHASES {
            self.clock.set(begin + step * i32::try_from(number).unwrap());
            self.purchase(number).await;
        }
        self.rest().await;
        self.activate().await;
        self.filled().await
    }

    async fn purchase(&self, number: usize) {
        let (_, account) = ACCOUNTS[number % 10 % ACCOUNTS.len()];
        let steps: &[Step] = match number % 40 {
            // Its purchase never comes.
            13 => &[Step::Refund],
            3 | 23 => &[Step::Purchase, Step::Refund],
            5 | 15 | 25 | 35 => &[Step::Purchase, Step::Renewal],
            8 => &[Step::Purchase, Step::Dispute],
            9 => &[Step::Purchase, Step::PaymentFailed],
            _ => &[Step::Purchase],
        };
        self.tell(account, &format!("p{number}"), steps, |scene| {
            scene.quantity = if number % 4 == 1 { 6 } else { 1 };
            if number % 20 == 7 {
                "price_nobody_mapped".clone_into(&mut scene.item);
                scene.item_next.clone_from(&scene.item);
                scene.item_first.clone_from(&scene.item);
            }
            if number % 50 == 30 {
                RESELLER.clone_into(&mut scene.email);
            }
            // Not of the account's mode.
            scene.live = number % 50 != 49;
        })
        .await;
        // Somebody is too quick, and takes it back.
        if number % 20 == 11 {
            let license = self.newest_license(&Self::address(&format!("p{number}"))).await;
            self.act(&license.id, "ann", [Wish::Suspend, Wish::Reinstate]).await;
        }
    }

    async fn act(&self, license: &str, by: &str, wishes: impl IntoIterator<Item = Wish>) {
        for wish in wishes {
            let asked = Asked { by: by.to_owned(), ..Asked::default() };
            self.support.act(license, wish, asked).await.unwrap();
            self.apply.settle().await.unwrap();
        }
    }

    /// Lives of which there is one each: the rare account, a long life, a large order, and what
    /// support did.
    pub(crate) async fn live_once(&self) -> Filled {
        self.tell(TINY, "t1", &[Step::Purchase, Step::Cancel], |_| {}).await;
        self.tell(TINY, "t2", &[Step::Purchase], |scene| {
            "price_of_another_world".clone_into(&mut scene.item);
        })
        .await;
        let mut long = vec![Step::Purchase];
        long.extend([Step::Renewal; LONG_LIFE]);
        self.tell("shop-eu", "longlife", &long, |_| {}).await;
        self.tell("shop-eu", "largeorder", &[Step::Purchase], |scene| {
            scene.quantity = LARGE_ORDER;
        })
        .await;
        self.rest().await;
        let suspended = self.newest_license(&Self::address("t1")).await;
        self.act(&suspended.id, "bench", [Wish::Suspend]).await;
        self.rest().await;
        self.filled().await
    }

    /// Of the customer of that tag.
    pub(crate) fn address(tag: &str) -> String {
        format!("buyer.{tag}@customer.example")
    }

    /// The newest of this customer.
    pub(crate) async fn newest_license(&self, email: &str) -> LicenseView {
        let filter = LicenseFilter { email: Some(email.to_owned()), ..LicenseFilter::default() };
        let mut page = self.support.license_list(filter, None, 1).await.unwrap();
        page.items.pop().expect(email)
    }

    async fn tell(&self, account: &str, tag: &str, steps: &[Step], change: impl Fn(&mut Scene)) {
        let (books, now) = (self.support.shelf.now(), self.clock.now());
        let of = books.account(account).unwrap();
        let mut scene = scene(of, &books.config.catalogue, tag, now).unwrap();
        change(&mut scene);
        for told in tell(of, &scene, steps, now).unwrap() {
            for sample in told.samples {
                self.intake.deliver(account, &sample.request()).await.unwrap();
            }
            self.apply.settle().await.unwrap();
        }
    }

    /// Everything that is due is done.
    async fn rest(&self) {
        self.apply.settle().await.unwrap();
        self.post.run_once().await.unwrap();
    }

    /// Every other license runs on a machine.
    async fn activate(&self) {
        let all = LicenseFilter::default();
        let licenses = self.support.license_list(all, None, 10_000).await.unwrap().items;
        let active = licenses.iter().filter(|license| license.status == "active");
        for license in active.step_by(2) {
            let key = Key::try_from(license.key.clone()).unwrap();
            let machine = Machine {
                fingerprint: license.id.clone().try_into().unwrap(),
                name: None,
                platform: None,
                version: None,
            };
            self.machines.activate(&key, machine, None).await.unwrap();
        }
    }

    async fn filled(&self) -> Filled {
        let read = |tx: &mut keywright::store::Tx<'_>| {
            let newest = tx.event_list(&EventFilter::default(), None, 1)?;
            let licenses =
                tx.license_list(&LicenseFilter::default(), DateTime::UNIX_EPOCH, None, 9)?;
            Ok((newest.first().map(|row| row.id), licenses.iter().map(|row| row.sale_id).max()))
        };
        let (events, sales) = self.store.read("filled", read).await.unwrap();
        Filled { events: events.unwrap(), sales: sales.unwrap() }
    }
}

fn config(folder: &Path) -> Config {
    let file = folder.join("keywright.toml");
    let path = folder.display();
    let mut text = format!(
        "[signing]\nkey_file = \"{path}/signing.pem\"\n[mail]\ndirectory = \"{path}/mail\"\n\
         [hooks.erp]\nurl = \"https://erp.example/licenses\"\nsecret = \"{HOOK}\"\n\
         [products.pro]\ninterval = \"P1Y\"\n[products.lite]\ninterval = \"P1M\"\n\
         [products.ever]\n"
    );
    let accounts = ACCOUNTS.iter().copied().chain([("stripe", TINY)]);
    for ((kind, account), product) in accounts.zip(["lite", "pro", "ever", "pro", "lite"]) {
        text += &format!(
            "[providers.{account}]\nkind = \"{kind}\"\n\
             secrets = [\"whsec_benchmark_0123456789_{account}\"]\n\
             [providers.{account}.products]\n\"price_{account}\" = \"{product}\"\n"
        );
    }
    std::fs::write(&file, text).unwrap();
    Config::load_with(&file, []).unwrap()
}
