//! `trigger`: realistic events, signed with the account's secret, posted to a running service.

use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use chrono::SubsecRound as _;
use clap::Args;
use keywright_providers::sample::Step;
use keywright_providers::{Inlet, Sample};

use super::part::configured;
use super::{Context, misused, say};
use crate::chance;
use crate::clock::{Clock, SystemClock};
use crate::config::{Account, Config};
use crate::sender::{Sender, nobody_there, on_this_machine};
use crate::standin::StandIn;
use crate::trigger::{Scenario, Told, asks, begun, goods, scene_of, set, tag_of, tell};

/// So long nothing must be asked until the stand-in for the provider's API goes.
const QUIET: Duration = Duration::from_secs(3);

/// So long before what it says of a thing changes.
const PAUSE: Duration = Duration::from_secs(1);

/// Makes realistic events of an account's kind, signed with its secret, and posts them.
#[derive(Debug, Args)]
pub(super) struct Trigger {
    /// As in `[providers.ACCOUNT]`.
    account: String,
    /// purchase, renewal, cancel, refund, dispute, payment-failed, plan-change, or lifecycle
    /// (all in order). What needs a purchase begins with one, unless --set tag=TAG names it.
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(Scenario::names()))]
    scenario: String,
    /// The service's address; by default where the configuration listens.
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// Changes a value: item, `item_next`, quantity, email, name, company, country, locale,
    /// amount, currency, tag, cycle (the period that it begins in: 0 is the purchase's, 1 the first
    /// renewal's), at, live, subscription.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// Prints the requests and posts nothing.
    #[arg(long)]
    print: bool,
    /// Posts the events in random order.
    #[arg(long)]
    shuffle: bool,
    /// Posts each event so many times.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    duplicate: u32,
}

impl Trigger {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<()> {
        let config = context.config()?;
        let Some(account) = config.accounts.get(&self.account) else {
            let known = configured(config.accounts.keys());
            bail!("there is no account {:?}; {known}", self.account);
        };
        let base = if self.print { None } else { Some(self.base(&config)?) };
        let told = self.tell(account, &config)?;
        let mut samples: Vec<Sample> = told.into_iter().flat_map(|told| told.samples).collect();
        let Some(base) = base else { return samples.iter().try_for_each(print) };
        let sender = Sender::new(&base)?;
        let stand_in = stand_in(account, &samples)?;
        if self.shuffle {
            // In no order that an API could stand in: it knows from the first how all of it ends.
            stand_in.iter().for_each(|there| there.learn(&samples));
        }
        let originals = samples.len();
        let copies: Vec<Sample> =
            (1..self.duplicate).flat_map(|_| samples.iter().cloned()).collect();
        samples.extend(copies);
        if self.shuffle {
            chance::shuffle(&mut samples)?;
            // Keys are asked for while the order is placed, and before anything comes of it.
            samples.sort_by_key(|sample| sample.inlet != Inlet::Fulfil);
        }
        let mut answers = Vec::new();
        for (position, sample) in samples.iter().enumerate() {
            if let Some(there) = stand_in.as_ref().filter(|_| !self.shuffle && position < originals)
            {
                there.learn_next(sample, PAUSE).await;
            }
            let answered = sender.send(&self.account, sample).await.map_err(unanswered)?;
            say(format!("{} {}", answered.status, sample.title))?;
            answers.push(answered.status);
        }
        match stand_in {
            Some(stand_in) => {
                say("the provider's API is stood in for until nothing more is asked")?;
                stand_in.idle(QUIET).await;
            }
            None if samples.iter().any(|sample| asks(account, sample, SystemClock.now())) => {
                say(format!(
                    "{} is asked about this and does not know it; with api_url = \
                     \"http://127.0.0.1:PORT\" in [providers.{}] this command answers in its place",
                    account.provider.facts().title,
                    account.name
                ))?;
            }
            None => {}
        }
        not_accepted(&answers).map_or(Ok(()), |message| Err(anyhow::Error::msg(message)))
    }

    /// The service's address, as it was given or as the configuration has it.
    fn base(&self, config: &Config) -> anyhow::Result<String> {
        match &self.to {
            Some(to) if to.starts_with("http://") || to.starts_with("https://") => Ok(to.clone()),
            Some(to) => Err(misused(format!("--to {to}: write http://{to}"))),
            None if config.server.listen.port() == 0 => {
                Err(misused("the configuration listens on any free port: say --to URL"))
            }
            None => Ok(address(config)),
        }
    }

    fn settings(&self) -> anyhow::Result<Vec<(&str, &str)>> {
        let parted = self.settings.iter().map(|setting| {
            setting.split_once('=').ok_or_else(|| {
                let right = "write KEY=VALUE, as in --set email=ada@example.com";
                misused(format!("--set {setting}: {right}"))
            })
        });
        parted.collect()
    }

    /// What goes on from here: the same again, in the period that was told of last.
    fn continued(&self, tag: &str, steps: &[Step]) -> String {
        let cycle = steps.contains(&Step::Renewal).then(|| "cycle=1".to_owned());
        let others = self.settings.iter().filter(|setting| !setting.starts_with("cycle="));
        let all = std::iter::once(format!("tag={tag}")).chain(cycle).chain(others.cloned());
        all.map(|setting| format!("--set {setting}")).collect::<Vec<_>>().join(" ")
    }

    fn tell(&self, account: &Account, config: &Config) -> anyhow::Result<Vec<Told>> {
        let scenario = Scenario::parse(&self.scenario).context("there is no such scenario")?;
        // What the tag tells is whole seconds.
        let now = SystemClock.now().trunc_subsecs(0);
        let settings = self.settings()?;
        let given = |name: &str| {
            settings.iter().rev().find(|(key, _)| *key == name).map(|(_, value)| *value)
        };
        // A purchase that is continued is that of the same customer, and began when it did.
        let steps = scenario.steps(given("tag").is_some());
        let goods = goods(account, &config.catalogue, given("item"))?;
        let (tag, start) = match given("tag") {
            Some(tag) => (tag.to_owned(), begun(tag).unwrap_or(now)),
            None => {
                let start = goods.bought_at(&steps, now);
                (tag_of(start, &chance::tag()?), start)
            }
        };
        let mut scene = scene_of(account, goods, &tag, start);
        for (key, value) in &settings {
            set(&mut scene, key, value).map_err(misused)?;
        }
        if !self.print && given("tag").is_none() {
            say(format!(
                "tag {tag} (continue this purchase with {})",
                self.continued(&tag, &steps)
            ))?;
        }
        Ok(tell(account, &scene, &steps, now)?)
    }
}

/// Answers at the account's `api_url` for the provider, where that is this very machine and the
/// events lead to questions.
fn stand_in(account: &Account, samples: &[Sample]) -> anyhow::Result<Option<StandIn>> {
    let here =
        account.credentials.settings.get("api_url").and_then(|url| url.strip_prefix("http://"));
    let asked = samples.iter().any(|sample| !sample.answers.is_empty());
    let (Some(address), true) = (here, asked) else { return Ok(None) };
    let address = address.trim_end_matches('/');
    let stand_in = StandIn::start(address)
        .with_context(|| format!("cannot stand in for the provider's API at {address}"))?;
    Ok(Some(stand_in))
}

/// Where the configuration listens, as this machine reaches it.
fn address(config: &Config) -> String {
    on_this_machine(config.server.listen)
}

/// What to do where nothing listens.
fn unanswered(error: anyhow::Error) -> anyhow::Error {
    match nobody_there(&error) {
        true => {
            anyhow!("{error:#}; is `keywright serve` running there? --to names another address")
        }
        false => error,
    }
}

/// What to say where not every event was taken.
fn not_accepted(answers: &[u16]) -> Option<String> {
    let refused = answers.iter().filter(|status| !(200..300).contains(*status)).count();
    let all = |wanted: u16| answers.iter().all(|status| *status == wanted);
    let why = match () {
        () if refused == 0 => return None,
        () if all(401) => "401: the service has another secret for this account; reload it",
        () if all(404) => "404: the service has no such account; reload it",
        () => "",
    };
    let count = match (refused, answers.len()) {
        (_, 1) => "the event was not accepted".to_owned(),
        (refused, all) if refused == all => format!("none of {all} events was accepted"),
        (1, all) => format!("1 of {all} events was not accepted"),
        (refused, all) => format!("{refused} of {all} events were not accepted"),
    };
    Some(if why.is_empty() { count } else { format!("{count}; {why}") })
}

fn print(sample: &Sample) -> anyhow::Result<()> {
    say(format!("# {}", sample.title))?;
    if !sample.query.is_empty() {
        say(format!("? {}", sample.query))?;
    }
    for (name, value) in &sample.headers {
        say(format!("{name}: {value}"))?;
    }
    say("")?;
    say(String::from_utf8_lossy(&sample.body))?;
    say("")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_taken_is_counted_and_where_all_were_refused_it_says_what_to_do() {
        for (answers, told) in [
            (&[200, 202][..], None),
            (&[503], Some("the event was not accepted")),
            (&[200, 503], Some("1 of 2 events was not accepted")),
            (&[200, 401, 401], Some("2 of 3 events were not accepted")),
            (&[500, 503], Some("none of 2 events was accepted")),
            (
                &[401, 401],
                Some(
                    "none of 2 events was accepted; 401: the service has another secret for this \
                     account; reload it",
                ),
            ),
            (
                &[404],
                Some("the event was not accepted; 404: the service has no such account; reload it"),
            ),
        ] {
            assert_eq!(not_accepted(answers).as_deref(), told, "{answers:?}");
        }
    }
}
