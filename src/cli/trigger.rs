//! `trigger`: realistic events, signed with the account's secret, posted to a running service.

use std::time::Duration;

use anyhow::{Context as _, bail};
use chrono::SubsecRound as _;
use clap::Args;
use keywright_providers::sample::Step;
use keywright_providers::{Inlet, Sample};

use super::part::configured;
use super::{Context, misused, say};
use crate::chance;
use crate::clock::{Clock, SystemClock};
use crate::config::{Account, Config};
use crate::sender::{Sender, on_this_machine};
use crate::standin::StandIn;
use crate::trigger::{Scenario, Told, begun, goods, scene_of, set, tag_of, tell};

/// So long nothing must be asked until the stand-in for the provider's API goes.
const QUIET: Duration = Duration::from_secs(3);

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
        let told = self.tell(account, &config)?;
        let mut samples: Vec<Sample> = told.into_iter().flat_map(|told| told.samples).collect();
        if self.print {
            return samples.iter().try_for_each(print);
        }
        let copies: Vec<Sample> =
            (1..self.duplicate).flat_map(|_| samples.iter().cloned()).collect();
        samples.extend(copies);
        if self.shuffle {
            chance::shuffle(&mut samples)?;
            // Keys are asked for while the order is placed, and before anything comes of it.
            samples.sort_by_key(|sample| sample.inlet != Inlet::Fulfil);
        }
        let base = self.to.clone().unwrap_or_else(|| address(&config));
        let sender = Sender::new(&base)?;
        let stand_in = stand_in(account, &samples)?;
        let mut refused = 0;
        for sample in &samples {
            let answered = sender.send(&self.account, sample).await?;
            say(format!("{} {}", answered.status, sample.title))?;
            refused += u32::from(!(200..300).contains(&answered.status));
        }
        if let Some(stand_in) = stand_in {
            say("the provider's API is stood in for until nothing more is asked")?;
            stand_in.idle(QUIET).await;
        }
        if refused > 0 {
            bail!("{refused} of {} events were not accepted", samples.len());
        }
        Ok(())
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
    stand_in.learn(samples);
    Ok(Some(stand_in))
}

/// Where the configuration listens, as this machine reaches it.
pub(super) fn address(config: &Config) -> String {
    on_this_machine(config.server.listen)
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
